"""A SQLite store under the microscope: what it reports, and ways of holding its writer up."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from threading import Event
from typing import Any

from twisted.internet.defer import Deferred

from chatd.core.log import RoomId
from chatd.store.sqlite import SqliteStore
from chatd.store.sqlite.blocking import Run
from chatd.store.sqlite.transaction import Transaction
from tests.unit.store.examples import make_room


class Heard:
    """A meter that remembers."""

    def __init__(self) -> None:
        self.operations: list[str] = []
        self.groups: list[int] = []
        self.failures: list[str] = []
        self.depths: list[int] = []

    def operation(self, name: str, seconds: float) -> None:
        assert seconds >= 0
        self.operations.append(name)

    def group(self, size: int, seconds: float) -> None:
        assert seconds >= 0
        self.groups.append(size)

    def failure(self, kind: str) -> None:
        self.failures.append(kind)

    def waiting(self, calls: int) -> None:
        self.depths.append(calls)


class Bench:
    """A store with a room, its meter, and its results counted as they are delivered."""

    def __init__(self, path: Path, *, group: int = 1000, room: bool = True) -> None:
        self.path = path
        self.run = Run()
        self.meter = Heard()
        self.deliveries = 0
        self.store = SqliteStore(path, self._deliver, meter=self.meter, group=group)
        self.lobby = self.run(make_room(self.store)) if room else RoomId(1)
        self.meter.groups.clear()

    def _deliver(self, due: Callable[[], None]) -> None:
        self.deliveries += 1
        self.run.deliver(due)

    def start(self, work: Coroutine[Any, Any, Any]) -> Deferred[Any]:
        """Begin, and go on without waiting."""
        return Deferred.fromCoroutine(work)

    def write(self, work: Callable[[Transaction], object], name: str = "probe") -> Deferred[Any]:
        """Something of the test's own, in the writer's transaction."""
        return self.store._write(name, work)

    def gather(self, *waits: Deferred[Any]) -> list[Any]:
        """What each gave or raised."""

        async def outcome(wait: Deferred[Any]) -> Any:
            try:
                return await wait
            except Exception as error:  # noqa: BLE001  the test will judge it
                return error

        async def everything() -> list[Any]:
            return [await outcome(wait) for wait in waits]

        return self.run(everything())

    def hold(self) -> Event:
        """Keep the writer in a transaction until the event is set."""
        inside, go = Event(), Event()

        def wait(_: Transaction) -> None:
            inside.set()
            assert go.wait(20)

        self.write(wait)
        assert inside.wait(20)
        return go

    def close(self) -> None:
        self.run(self.store.close())
