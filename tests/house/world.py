"""A world that tests control: time that moves when told, chance that repeats, tasks run by hand.
The ports are chatd/core/ports/world.py; a whole node on top of them is house.py."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any


class Pending:
    """Something that a coroutine can await and a test can let happen."""

    def __init__(self) -> None:
        self._then: list[Callable[[], None]] = []
        self._done = False

    def fire(self) -> None:
        """Let those who wait go on, and nobody wait any more."""
        self._done = True
        then, self._then = self._then, []
        for call in then:
            call()

    def when_done(self, call: Callable[[], None]) -> None:
        """Call once it has happened."""
        self._then.append(call)

    def __await__(self) -> Generator[Pending, None, None]:
        if not self._done:
            yield self


@dataclass
class Tasks:
    """ports.Spawn: runs each coroutine at once as far as it goes; keeps what they raise."""

    faults: list[BaseException] = field(default_factory=list)

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run until it ends or waits for something Pending."""
        try:
            pending = coroutine.send(None)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001  # kept for the test to see
            self.faults.append(error)
            return
        pending.when_done(lambda: self.spawn(coroutine))


class Timer:
    """ports.Timer."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        """Let it not happen."""
        self.cancelled = True


class Clock:
    """ports.Clock, moved by ``pass_``. It starts at 2026-01-02T03:04:05Z."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._number = itertools.count()
        self._timers: list[tuple[float, int, Timer]] = []

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return 1_767_323_045_000 + int(self._seconds * 1000)

    def monotonic(self) -> float:
        """Seconds."""
        return self._seconds

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call once, after ``seconds``."""
        timer = Timer(call)
        heapq.heappush(self._timers, (self._seconds + seconds, next(self._number), timer))
        return timer

    def pass_(self, seconds: float) -> None:
        """Let time go by; what is due happens in its order."""
        until = self._seconds + seconds
        while self._timers and self._timers[0][0] <= until:
            self._seconds, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                timer.call()
        self._seconds = until


class Ids:
    """ports.Ids that always counts. ``drawn``: the next numbers, where a test chose them."""

    def __init__(self) -> None:
        self.drawn: deque[int] = deque()
        self._number = itertools.count(1)

    def secret(self) -> str:
        """A new one each time, of the usual length."""
        return f"{next(self._number):022d}"[::-1]

    def below(self, n: int) -> int:
        """A number from 0 to n-1."""
        return (self.drawn.popleft() if self.drawn else next(self._number)) % n
