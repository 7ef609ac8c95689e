"""The few threads that hash passwords, with a bounded queue before them: the Hop of a daemon.
What they compute is passwords."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from chatd.core.errors import Refused

T = TypeVar("T")


class AuthMeter(Protocol):
    """What the threads report of themselves, in the reactor's thread."""

    def hashed(self, seconds: float) -> None:
        """One piece of work took so long, without its waiting."""
        ...

    def inside(self, passwords: int) -> None:
        """So many pieces of work run or wait now."""
        ...


class Unmetered:
    """The meter of nobody."""

    def hashed(self, seconds: float) -> None:
        """Hear nothing."""

    def inside(self, passwords: int) -> None:
        """Hear nothing."""


class Threads:
    """Runs work in ``size`` threads; at most ``queue`` pieces wait, more are refused.

    ``from_thread`` is the reactor's callFromThread. All methods belong to the reactor's thread.
    """

    def __init__(
        self,
        from_thread: Callable[[Callable[[], None]], Any],
        size: int,
        queue: int,
        meter: AuthMeter | None = None,
    ) -> None:
        self._from_thread = from_thread
        self._meter = meter or Unmetered()
        self._size = size
        self._queue = queue
        self._pool = ThreadPool(0, size, "auth")
        self._running = False
        self._inside = 0
        self._last = 0.0

    def start(self) -> None:
        """Take work. Threads are made when there is some."""
        self._running = True
        self._pool.start()

    def stop(self) -> None:
        """Take no more: what waits is refused, what runs is waited for (one hash at most)."""
        self._running = False
        if self._pool.started:
            self._pool.stop()

    def __call__(self, work: Callable[[], T], /) -> Deferred[T]:
        """Run ``work``; gives its outcome. Raises Refused: rate_limited when too much waits,
        draining when stopped."""
        self._check()
        self._count(1)
        # The count must fall when the work is done, not when somebody stops waiting for it: a
        # Deferred that was cancelled would make room in a queue that is still full.
        outcome: Deferred[T] = Deferred()
        self._pool.callInThreadWithCallback(
            lambda ok, result: self._from_thread(lambda: self._done(outcome, ok, result)),
            self._timed,
            work,
        )
        return outcome

    def _check(self) -> None:
        if not self._running:
            raise _draining()
        if self._inside >= self._size + self._queue:
            wait = self._last * self._inside / self._size
            raise Refused(
                "rate_limited",
                "many people are logging in at this moment; wait and log in again",
                max(100, round(wait * 1000)),
            )

    def _timed(self, work: Callable[[], T]) -> tuple[T, float]:
        if not self._running:
            raise _draining()
        begun = perf_counter()
        return work(), perf_counter() - begun

    def _done(self, outcome: Deferred[T], ok: bool, result: Any) -> None:
        self._count(-1)
        if isinstance(result, Failure):
            outcome.errback(result)
        else:
            answer, self._last = result
            self._meter.hashed(self._last)
            outcome.callback(answer)

    def _count(self, more: int) -> None:
        self._inside += more
        self._meter.inside(self._inside)


def _draining() -> Refused:
    return Refused("draining", "the server is stopping; reconnect and log in again")
