"""How busy the reactor is, told to an observer; and what makes its timers and pauses steadier.
The one file that knows private names of Twisted's reactor; without them it measures coarsely."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import LoopingCall

SAMPLE = 0.25
"""Seconds between two samples where ticks cannot be measured one by one."""

Seconds = Callable[[], float]


class TickingPoller:
    """An epoll object that tells how long the reactor was busy between two polls."""

    def __init__(self, poller: Any, observe: Callable[[float], None], clock: Seconds) -> None:
        self._poll = poller.poll
        self._observe = observe
        self._clock = clock
        self._woke = 0.0
        self.ticks = 0
        # the reactor calls these per connection: no detour
        self.register = poller.register
        self.modify = poller.modify
        self.unregister = poller.unregister
        self.close = poller.close
        self.fileno = poller.fileno

    def poll(self, timeout: float = -1, maxevents: int = -1) -> list[tuple[int, int]]:
        """The reactor has done its work, and waits for more."""
        if self.ticks:
            self._observe(self._clock() - self._woke)
        self.ticks += 1
        try:
            events: list[tuple[int, int]] = self._poll(timeout, maxevents)
        finally:
            self._woke = self._clock()
        return events


def measure_ticks(
    reactor: Any, observe: Callable[[float], None], clock: Seconds = time.perf_counter
) -> bool:
    """Tell ``observe`` the seconds of each tick: from a poll's return to the next poll.

    False: this reactor keeps its poller elsewhere, and ``observe`` gets now and then how late a
    timer was, which is a tick's length or nearly nothing.
    """
    poller = getattr(reactor, "_poller", None)
    wanted = ("poll", "register", "modify", "unregister", "close", "fileno")
    if isinstance(reactor, EPollReactor) and all(hasattr(poller, name) for name in wanted):
        ticking = TickingPoller(poller, observe, clock)
        reactor._poller = ticking  # noqa: SLF001  # see above
        return True
    _sample(reactor, observe)
    return False


def _sample(reactor: Any, observe: Callable[[float], None]) -> None:
    due = [reactor.seconds()]

    def look() -> None:
        due.append(reactor.seconds() + SAMPLE)
        observe(max(0.0, reactor.seconds() - due.pop(0)))

    sampling = LoopingCall(look)
    sampling.clock = reactor
    sampling.start(SAMPLE)


def keep_steady(reactor: Any) -> bool:
    """Let the reactor's timers follow the monotonic clock: when the wall clock is set, no deadline
    comes early or an hour late. To be called before the first timer is made; False: too late, or
    this reactor has no clock of that kind."""
    if reactor.getDelayedCalls() or not callable(getattr(reactor, "seconds", None)):
        return False
    reactor.seconds = time.monotonic
    delayed = reactor.callLater(0, int)
    steady: bool = abs(delayed.getTime() - time.monotonic()) < 1
    delayed.cancel()
    if not steady:
        del reactor.seconds
    return steady


def freeze_garbage() -> None:
    """After the boot: what is there now stays, and no collection looks at it again."""
    gc.collect()
    gc.freeze()
