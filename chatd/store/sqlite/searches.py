"""The one thread that searches: who looks for much makes nobody wait who reads or logs in.
How words are found is searching's; the threads that read are readers'."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from math import inf
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
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
AGAIN = 0.05
"""Seconds until a search that was interrupted is again: between two statements it felt nothing."""


class Searches:
    """``seconds``: how long one search may take; a reload changes it."""

    def __init__(self, path: Path, deliver: Deliver, meter: StoreMeter) -> None:
        self.seconds = 2.0
        self._readers = Readers(path, deliver, meter, 1, "searcher")
        self._watch = Watch()
        self._inside: Counter[UserId] = Counter()

    def end(self) -> None:
        """Finish what was asked for and let go of the file. Blocks until that is done."""
        self._readers.end()
        self._watch.end()

    def ask(
        self, work: Callable[..., list[Found]], member: UserId, *args: Any
    ) -> Deferred[list[Found]]:
        """Search when it is this one's turn. ``work`` gets a connection and ``args``.
        Raises SearchesFull; the answer may be SearchTooLong."""
        if self._inside[member] >= OF_ONE or self._inside.total() >= WAITING:
            raise SearchesFull
        self._inside[member] += 1
        call = Call("search", self._watch.within, (self.seconds, work, *args))
        call.answer.addBoth(self._done, member)
        self._readers.ask(call)
        return call.answer

    def _done(self, outcome: Any, member: UserId) -> Any:
        self._inside[member] -= 1
        if not self._inside[member]:
            del self._inside[member]
        return outcome


class Watch:
    """Interrupts a search that takes too long, and never what comes after it. One thread for all of
    them, one at a time: to start one for each search takes longer than most searches.

    A progress handler would not do: while FTS5 merges the lists of a short prefix, SQLite counts no
    step for seconds. An interrupt is seen there, too.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._connection: sqlite3.Connection | None = None  # what is watched
        self._due = inf  # when its time is up
        self._looks = inf  # when the thread looks next
        self._struck = self._ended = False
        self._thread = Thread(target=self._work, name="chatd-store-watch", daemon=True)
        self._thread.start()

    def within(
        self,
        connection: sqlite3.Connection,
        seconds: float,
        work: Callable[..., list[Found]],
        *args: Any,
    ) -> list[Found]:
        """Do the work, but no longer than ``seconds``. Raises SearchTooLong."""
        self._begin(connection, seconds)
        try:
            return work(connection, *args)
        except sqlite3.OperationalError:
            if self._struck:
                raise SearchTooLong from None
            raise
        finally:
            self._over()

    def _begin(self, connection: sqlite3.Connection, seconds: float) -> None:
        with self._changed:
            self._struck = False
            self._connection, self._due = connection, monotonic() + seconds
            if self._due < self._looks:  # else it is soon enough, and need not be woken now
                self._changed.notify()

    def _over(self) -> None:
        with self._changed:
            self._connection, self._due = None, inf

    def end(self) -> None:
        """Nothing is searched any more."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        with self._changed:
            while not self._ended:
                left = self._due - monotonic()
                if self._connection is not None and left <= 0:
                    self._struck = True
                    self._connection.interrupt()
                    left = AGAIN
                self._looks = monotonic() + left
                self._changed.wait(None if left == inf else left)
