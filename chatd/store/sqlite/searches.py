"""The one thread that searches: who looks for much makes nobody wait who reads or logs in.
How words are found is searching's; the threads that read are readers'."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from twisted.internet.defer import Deferred

from chatd.core.log import Found, UserId
from chatd.core.ports import SearchesFull, SearchTooLong
from chatd.store import StoreMeter
from chatd.store.sqlite.calls import Call, Deliver
from chatd.store.sqlite.readers import Readers

WAITING = 32
"""Searches that may wait or run, of all."""
OF_ONE = 2
"""And of one person."""


class Searches:
    """``seconds``: how long one search may take; a reload changes it."""

    def __init__(self, path: Path, deliver: Deliver, meter: StoreMeter) -> None:
        self.seconds = 2.0
        self._readers = Readers(path, deliver, meter, 1, "searcher")
        self._inside: Counter[UserId] = Counter()
        self.end = self._readers.end

    def ask(
        self, work: Callable[..., list[Found]], member: UserId, *args: Any
    ) -> Deferred[list[Found]]:
        """Search when it is this one's turn. ``work`` gets a connection and ``args``.
        Raises SearchesFull; the answer may be SearchTooLong."""
        if self._inside[member] >= OF_ONE or self._inside.total() >= WAITING:
            raise SearchesFull
        self._inside[member] += 1
        call = Call("search", within, (self.seconds, work, *args))
        call.answer.addBoth(self._done, member)
        self._readers.ask(call)
        return call.answer

    def _done(self, outcome: Any, member: UserId) -> Any:
        self._inside[member] -= 1
        if not self._inside[member]:
            del self._inside[member]
        return outcome


def within(
    connection: sqlite3.Connection, seconds: float, work: Callable[..., list[Found]], *args: Any
) -> list[Found]:
    """Do the work, but no longer than ``seconds``. Raises SearchTooLong.

    A progress handler would not do: while FTS5 merges the lists of a short prefix, SQLite counts no
    step for seconds. An interrupt is seen there, too.
    """
    watch = _Watch(connection, seconds)
    try:
        return work(connection, *args)
    except sqlite3.OperationalError:
        if watch.struck:
            raise SearchTooLong from None
        raise
    finally:
        watch.over()


class _Watch:
    """Interrupts a connection when the time is up, and never after ``over``."""

    def __init__(self, connection: sqlite3.Connection, seconds: float) -> None:
        self.struck = False
        self._lock, self._over = Lock(), False
        self._connection = connection
        self._timer = Timer(seconds, self._strike)
        self._timer.daemon = True
        self._timer.start()

    def _strike(self) -> None:
        with self._lock:
            if not self._over:
                self.struck = True
                self._connection.interrupt()

    def over(self) -> None:
        """The next statement is not this one's."""
        with self._lock:
            self._over = True
        self._timer.cancel()
