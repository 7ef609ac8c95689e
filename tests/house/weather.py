"""A store's bad days: results that are late, calls that fail, faults that no store should have.
Around any ports.Store; what the store itself does is chatd/store."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from chatd.core.ports import Store
from tests.house.world import Pending


class Weather:
    """A ports.Store that passes everything on to another.

    While it holds back, a call is carried out at once and its result is late: what the store does
    later is not in it. That is how a store with threads behaves.
    """

    def __init__(self, store: Store) -> None:
        self.asked: list[str] = []
        self.late: deque[tuple[str, Pending]] = deque()
        self._store = store
        self._held: tuple[str, ...] | None = None
        self._failures: list[tuple[str, Exception]] = []
        self._broken: Exception | None = None
        self._fatal: tuple[int, Exception] | None = None

    @property
    def store(self) -> Store:
        """As the port."""
        return cast("Store", self)

    # --- what a test does ---
    def hold(self, *names: str) -> None:
        """From now on the results of these calls (of all, when none is named) are late."""
        self._held = names

    def release(self, count: int | None = None) -> None:
        """Let the oldest ``count`` results arrive; with None all of them, and none is late any
        more."""
        if count is None:
            self._held = None
        while self.late and count != 0:
            self.arrive(0)
            count = None if count is None else count - 1

    def arrive(self, place: int) -> None:
        """Let the one at this place of ``late`` arrive."""
        _, pending = self.late[place]
        del self.late[place]
        pending.fire()

    def fail(self, name: str, error: Exception, times: int = 1) -> None:
        """The next ``times`` calls of this name fail, and do nothing."""
        self._failures += [(name, error)] * times

    def fail_at(self, place: int, error: Exception) -> None:
        """One call from now on fails, whichever it is: the next for 0."""
        self._fatal = (place + len(self.asked), error)

    def breaks(self, error: Exception | None) -> None:
        """Every call fails from now on; None mends it."""
        self._broken = error

    # --- what a store does ---
    def __getattr__(self, name: str) -> Any:
        passed_on = getattr(self._store, name)
        return self._call(name, passed_on) if inspect.iscoroutinefunction(passed_on) else passed_on

    def _call(self, name: str, passed_on: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            self._may_fail(name, len(self.asked))
            try:
                result, error = await passed_on(*args, **kwargs), None
            except Exception as raised:  # noqa: BLE001  # it is late, too
                result, error = None, raised
            if self._held is not None and (not self._held or name in self._held):
                pending = Pending()
                self.late.append((name, pending))
                await pending
            if error is not None:
                raise error
            return result

        return call

    def _may_fail(self, name: str, place: int) -> None:
        self.asked.append(name)
        if self._broken is not None:
            raise self._broken
        if self._fatal is not None and self._fatal[0] == place:
            raise self._fatal[1]
        for failure in self._failures:
            if failure[0] == name:
                self._failures.remove(failure)
                raise failure[1]
