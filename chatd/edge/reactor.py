"""How busy the reactor is, told to an observer; the end of its turns; steadier timers and pauses.
The one file that knows private names of Twisted's reactor; without them it measures coarsely."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import LoopingCall
from twisted.python import log

SAMPLE = 0.25
"""Seconds between two samples where ticks cannot be measured one by one."""

MOMENTS = 0.05
"""Seconds over which the load is smoothed."""

THRESHOLDS = (20_000, 20, 20)
"""New objects before the youngest are collected, then so many collections before those older: what
a turn makes for a large room dies with it, and looking at it in between finds nothing."""

MOST_EVENTS = 128
"""Connections in one turn at most: what they brought is told before the others are read, while it
is still in the processor's cache. And to ask for as many as there are takes memory for all."""

MOST_WRITERS = 64
"""Transports that are looked through for each broadcast at most."""

Seconds = Callable[[], float]


Call = Callable[[], None]
Writers = Callable[[], Sequence[object] | None]
"""Gives some transports; None where each has to be looked at."""


class Turns(Protocol):
    """The turns of a reactor, as far as others may put something at their end."""

    def at_end(self, call: Call, /) -> None:
        """Call once, when all else of this turn is done."""
        ...

    def soon(self, call: Call, /) -> None:
        """Call once, after what happens now, and in this turn if it has not come to its end."""
        ...

    def load(self) -> float:
        """The share of the last moments in which the reactor was busy, 0 to 1."""
        ...


class NextTurns:
    """Where the turns of a reactor are not known: the end of one is the beginning of the next."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def at_end(self, call: Call) -> None:
        """As soon as the reactor can."""
        self._reactor.callLater(0, call)

    soon = at_end

    def load(self) -> float:
        """Nobody knows, so nobody shall wait."""
        return 0.0


class TickingPoller:
    """An epoll object that tells how long the reactor was busy between two polls, and does what is
    to be done at the end of a turn. ``soonest``: seconds until the reactor's next timer, or None.
    ``first`` is given what a poll found, and gives what is left for the reactor (see reads.py).
    """

    def __init__(
        self,
        poller: Any,
        observe: Callable[[float], None],
        clock: Seconds,
        soonest: Callable[[], float | None],
    ) -> None:
        self._poll = poller.poll
        self._observe = observe
        self._clock = clock
        self._soonest = soonest
        self._ending: list[Call] = []
        self._next: list[Call] = []
        self.first: Callable[[list[tuple[int, int]]], list[tuple[int, int]]] | None = None
        self._woke = clock()
        self._load = 0.0
        self.ticks = 0
        # the reactor calls these per connection: no detour
        self.register = poller.register
        self.modify = poller.modify
        self.unregister = poller.unregister
        self.close = poller.close
        self.fileno = poller.fileno

    def poll(self, timeout: float = -1, maxevents: int = -1) -> list[tuple[int, int]]:
        """The reactor has done its work, and waits for more. ``maxevents`` is the reactor's number
        of connections; MOST_EVENTS of them are a turn, and whoever is left is first in the next."""
        del maxevents
        if self._next or self._ending:
            timeout = self._end_turn(timeout)
        woke, slept = self._woke, self._clock()
        if self.ticks:
            self._observe(slept - woke)
        self.ticks += 1
        try:
            events: list[tuple[int, int]] = self._poll(timeout, MOST_EVENTS)
        finally:
            self._woke = self._clock()
        span = self._woke - woke
        if span > 0:
            self._load += ((slept - woke) / span - self._load) * min(1.0, span / MOMENTS)
        return events if self.first is None else self.first(events)

    # --- Turns ---
    def at_end(self, call: Call) -> None:
        """Before the next poll."""
        self._ending.append(call)

    def soon(self, call: Call) -> None:
        """Before what is to be done at the end: a timer of the reactor's would cost much more."""
        self._next.append(call)

    def load(self) -> float:
        """Over about MOMENTS seconds."""
        return self._load

    def _end_turn(self, timeout: float) -> float:
        """Gives how long to wait now: a call may have set a timer, or asked for another turn."""
        calls, self._next = self._next, []
        _each(calls)
        calls, self._ending = self._ending, []
        _each(calls)
        if self._next or self._ending:
            return 0.0
        soonest = self._soonest()
        if soonest is None:
            return timeout
        return soonest if timeout < 0 else min(timeout, soonest)


def _each(calls: list[Call]) -> None:
    """Call them all. What one raises is logged, as the reactor does with its timers: the others are
    waited for."""
    for call in calls:
        try:
            call()
        except Exception:  # noqa: BLE001 - see above
            log.err()  # type: ignore[no-untyped-call]  # half typed library


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
        ticking = TickingPoller(poller, observe, clock, reactor.timeout)
        reactor._poller = ticking  # noqa: SLF001  # see above
        return True
    _sample(reactor, observe)
    return False


def writers_of(reactor: Any) -> Writers:
    """Asks a reactor which transports have something to write, or are about to end; None where
    these are too many, or it does not know."""
    writers: Sequence[object] | None = getattr(reactor, "_writes", None)

    def some() -> Sequence[object] | None:
        if writers is None or len(writers) > MOST_WRITERS:
            return None
        if not writers:  # nearly always
            return ()
        try:
            known: Sequence[object] = reactor.getWriters()
        except LookupError:  # it has lost sight of one whose descriptor somebody closed
            return None
        return known

    return some


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
    """After the boot: what is there now stays, and no collection looks at it again; and the others
    come less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
