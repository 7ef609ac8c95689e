"""The threads of one open store: one that writes, some that read, one that searches; and how calls
reach them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection
from typing import Any, TypeVar, TypeVarTuple, Unpack

from twisted.internet.defer import Deferred

from chatd.core.log import Found, UserId
from chatd.core.ports import StoreFailed
from chatd.store import StoreMeter
from chatd.store.sqlite.calls import Call, Deliver
from chatd.store.sqlite.readers import Later, Readers, at_once
from chatd.store.sqlite.searches import Searches
from chatd.store.sqlite.transaction import Transaction
from chatd.store.sqlite.writer import Writer

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Threads:
    """Sends each call to a thread and gives what to await. Results come by ``deliver``."""

    def __init__(
        self,
        path: Path,
        deliver: Deliver,
        meter: StoreMeter,
        readers: int,
        group: int,
        *,
        merge: bool,
        later: Later = at_once,
    ) -> None:
        self._deliver = deliver
        self._closed = False
        self._writer = Writer(path, deliver, meter, group, merge=merge)
        self._readers = Readers(path, deliver, meter, readers, later=later)
        self.searches = Searches(path, deliver, meter)

    def write(
        self, name: str, work: Callable[[Transaction, Unpack[Ts]], T], *args: *Ts
    ) -> Deferred[T]:
        """Carry out ``work`` in the next group. Raises StoreFailed when closed."""
        return self._asked(self._writer.ask, Call(name, work, args))

    def read(
        self, name: str, work: Callable[[Connection, Unpack[Ts]], T], *args: *Ts
    ) -> Deferred[T]:
        """Carry out ``work`` in a thread that reads. Raises StoreFailed when closed."""
        return self._asked(self._readers.ask, Call(name, work, args))

    async def close(self, release: Callable[[], None]) -> None:
        """Finish everything, then let go of the file and call ``release``."""
        if self._closed:
            return
        self._closed = True
        self._readers.begin()  # what was asked in this turn, too
        done: Deferred[None] = Deferred()

        def ending() -> None:
            release()
            self._deliver(lambda: done.callback(None))

        self._writer.end(self._end_reading, ending)
        await done

    def search(
        self, work: Callable[..., list[Found]], member: UserId, *args: Any
    ) -> Deferred[list[Found]]:
        """Carry out ``work`` in the thread that searches. Raises StoreFailed when closed, and
        SearchesFull."""
        self._check()
        return self.searches.ask(work, member, *args)

    @property
    def behind(self) -> bool:
        """Whether there may be messages that are not in the full-text index yet."""
        return self._writer.behind > 0

    def _end_reading(self) -> None:
        self._readers.end()
        self.searches.end()

    def _check(self) -> None:
        if self._closed:
            raise StoreFailed("the store is closed")

    def _asked(self, ask: Callable[[Call], None], call: Call) -> Deferred[T]:
        self._check()
        ask(call)
        return call.answer
