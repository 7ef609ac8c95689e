"""Time, chance and coroutines of the real world, as the core's ports want them.
Measuring the reactor and its garbage is reactor.py."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.core.ports import Log, Timer
from chatd.edge.delays import Delays
from chatd.edge.ports import Reactor


class ReactorClock:
    """ports.Clock by the system's clocks and the reactor's timers."""

    def __init__(self, reactor: Reactor) -> None:
        self._delays = Delays(reactor)

    def now(self) -> int:
        """Milliseconds since 1970 UTC, for what is stored."""
        return time.time_ns() // 1_000_000

    monotonic = staticmethod(time.monotonic)
    """Seconds that only rise, for what is measured; asked too often for a detour."""

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call once, after ``seconds``."""
        return self._delays.callLater(seconds, call)


class SystemIds:
    """ports.Ids by the kernel's random numbers."""

    def secret(self) -> str:
        """192 unguessable bits, in 32 URL-safe letters."""
        return secrets.token_urlsafe(24)

    def below(self, n: int) -> int:
        """A number from 0 to n-1."""
        return secrets.randbelow(n)


class Spawner:
    """ports.Spawn: runs coroutines that wait for Deferreds, and knows how many are not done."""

    def __init__(self, journal: Log) -> None:
        self._journal = journal
        self.running = 0

    def __call__(self, coroutine: Coroutine[Any, Any, None], /) -> None:
        """Run it to its end; what it raises is logged, with the coroutine's name."""
        self.running += 1
        try:
            waits: Deferred[Any] = coroutine.send(None)
        except StopIteration:  # most go to their end without waiting, and need no Deferred
            self.running -= 1
        except Exception as error:  # noqa: BLE001 - nobody else would hear of it
            self._failed(coroutine, error)
        else:
            waits.addBoth(self._go_on, coroutine)

    def _go_on(self, result: object, coroutine: Coroutine[Any, Any, None]) -> None:
        """What it waited for gives it its ``result`` by itself, but no failure."""
        try:
            if isinstance(result, Failure):
                waits: Deferred[Any] = result.throwExceptionIntoGenerator(coroutine)  # type: ignore[no-untyped-call]  # half typed library
            else:
                waits = coroutine.send(None)
        except StopIteration:
            self.running -= 1
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(coroutine, error)
        else:
            waits.addBoth(self._go_on, coroutine)

    def _failed(self, coroutine: Coroutine[Any, Any, None], error: Exception) -> None:
        self.running -= 1
        name = getattr(coroutine, "__qualname__", "coroutine")
        self._journal.fault("task_failed", error, task=name)
