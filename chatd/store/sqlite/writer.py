"""The thread that writes: whatever waits while one commit is under way goes into the next.
What the calls do is in appending, rooms and accounts. Nobody but this thread waits for the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter

from chatd.core.ports import StoreFailed, StoreFull
from chatd.store import StoreMeter
from chatd.store.sqlite.appending import append, append_all, append_at_once
from chatd.store.sqlite.calls import Call, Deliver, Line, hand_out
from chatd.store.sqlite.failures import ANSWERS, free_bytes, judged, locks_out
from chatd.store.sqlite.indexing import catch_up, settle
from chatd.store.sqlite.transaction import Transaction, Transactions

_STATES = (StoreFull, StoreFailed)
_ENOUGH = 64 << 20
INDEXED = 200
"""Messages that are indexed in one go: some milliseconds, for which a commit may have to wait."""
GAP = 0.002
"""Seconds without a call after which so many are indexed. Where the next one comes sooner, it would
have to wait for that: the index can."""
HURRY = 10_000
"""With so many behind, they are indexed whenever nothing waits: a search has to have them indexed
before it looks, and does so for twice as many (ROUNDS in store.py)."""
LULL = 0.2
"""Seconds without a call after which fewer than INDEXED are indexed, too, and parts are merged."""
BREATH = 0.01
"""Seconds between two steps of merging what was indexed."""
BEHIND = 100_000
"""With more than so many behind, some are indexed after each group: a search that comes then shall
not wait for minutes."""


class Writer:
    """Carries out calls in groups, each group in one durable transaction.

    While nobody asks for anything, it indexes what was stored, some messages at a time, and where
    it is to ``merge``, merges what was indexed (a daemon's, not that of a command beside it); those
    who store wait for that only when very many are behind.

    Results are delivered after COMMIT, in one go for a group. Within a group the logs' entries
    come first, in the order in which they were asked for; then the rest, in its own order. Callers
    cannot tell: none of them has heard of another's result yet.
    """

    def __init__(
        self, path: Path, deliver: Deliver, meter: StoreMeter, group: int, *, merge: bool
    ) -> None:
        self._path = path
        self._deliver = deliver
        self._meter = meter
        self._group = group
        self._queue: SimpleQueue[Call | None] = SimpleQueue()
        self._line = Line(path, write=True)
        self._transactions = Transactions()
        self._cramped = False
        self._before = self._after = _nothing
        # Messages to index. Whoever ended before may have left some: the first step finds out.
        self.behind = HURRY
        self._merge = merge
        self._loose = merge  # whether there may be something to merge
        # A daemon thread: a process that forgot to close the store shall still be able to end.
        Thread(target=self._work, name="chatd-store-writer", daemon=True).start()

    def ask(self, call: Call) -> None:
        """Queue a call."""
        self._queue.put(call)

    def end(self, before: Callable[[], None], after: Callable[[], None]) -> None:
        """Finish what was asked for and let go of the file. The thread calls ``before`` ahead of
        letting go, so that this is the last connection and cleans up, and ``after`` at its end."""
        self._before, self._after = before, after
        self._queue.put(None)

    def _work(self) -> None:
        while calls := self._take():
            started = perf_counter()
            self._carry_out(calls)
            self._count(calls)
            self._deliver(partial(self._hand_out, calls, perf_counter() - started))
            if self.behind > BEHIND:
                self._index()
        self._before()
        self._line.close()
        self._after()

    def _take(self) -> list[Call]:
        """All that waits, up to the limit; nothing: the end."""
        first = self._first()
        if first is None:
            return []
        calls = [first]
        while len(calls) < self._group and not self._queue.empty():
            call = self._queue.get()
            if call is None:
                self._queue.put(None)
                break
            calls.append(call)
        return calls

    def _first(self) -> Call | None:
        """The next call, once there is one; until then there is time for the index."""
        rest = LULL
        while self.behind or self._loose:
            try:
                return self._queue.get(timeout=self._patience(rest))
            except Empty:
                if self.behind:
                    self._index()
                else:
                    self._loose = self._aside(Call("index", settle, ())) is True
                    rest = BREATH
        return self._queue.get()

    def _patience(self, rest: float) -> float:
        """Seconds for which a call may still come before there is time for the index."""
        if self.behind >= HURRY:
            return 0.0
        return GAP if self.behind >= INDEXED else rest

    def _index(self) -> None:
        """Some of what is behind."""
        call = Call("index", catch_up, (INDEXED,))
        if isinstance(self._aside(call), int):
            self._count([call])
        else:
            self.behind = 0  # until something is stored again, or the next start

    def _aside(self, call: Call) -> object:
        """Carry out what is nobody's acknowledgement; gives what came of it. It need not be on the
        disk at once: the next commit brings it there, and until then, all of it is done or none."""
        self._line.execute("PRAGMA synchronous = NORMAL")
        self._together([call])
        self._line.execute("PRAGMA synchronous = FULL")
        return call.outcome

    def _count(self, calls: list[Call]) -> None:
        """How many are behind after these: those that a search had indexed are not any more, or
        each search that comes soon after it would ask for a commit that has nothing to do. Where as
        many were indexed as may be in one go there may be more."""
        self.behind += sum(call.work is append for call in calls)
        for call in calls:
            if call.work is catch_up and isinstance(call.outcome, int):
                self._loose |= self._merge and call.outcome > 0
                whole = call.outcome < call.args[0]
                self.behind = 0 if whole else max(INDEXED, self._transactions.left)

    def _hand_out(self, calls: list[Call], seconds: float) -> None:
        self._meter.group(len(calls), seconds)
        self._meter.waiting(self._queue.qsize())
        hand_out(calls, self._meter)

    def _carry_out(self, calls: list[Call]) -> None:
        """Set the outcome of each call; one that fails does not take the others with it."""
        error = self._together(calls)
        if error is None or locks_out(error):
            return
        self._cramped |= isinstance(calls[0].outcome, StoreFull)
        if len(calls) == 1 and not self._cramped:
            return
        for at, call in enumerate(calls):
            error = self._together([call])
            if isinstance(call.outcome, StoreFull) or (error is not None and locks_out(error)):
                # The next ones would meet the same; they shall hear it now.
                _refuse(calls[at:], call.outcome)
                return

    def _together(self, calls: list[Call]) -> Exception | None:
        """One transaction for these calls; gives what spoiled it for all of them."""
        try:
            connection = self._line.connection()
            if self._cramped:
                self._make_room(connection)
            if self._at_once(connection, calls):
                return None
            connection.execute("BEGIN IMMEDIATE")
            try:
                _do(self._transactions.begun(connection), calls)
                connection.execute("COMMIT")
            except BaseException:
                self._transactions.undone()
                self._roll_back(connection)
                raise
        except Exception as error:  # noqa: BLE001  a fault in one call must not end the thread
            _refuse(calls, judged(error, self._path))
            self._line.heed(error)
            return error
        return None

    def _at_once(self, connection: sqlite3.Connection, calls: list[Call]) -> bool:
        """Whether these calls were carried out by one statement; nothing was done if not."""
        last = self._transactions.last(connection)
        if last is None or not all(call.work is append for call in calls):
            return False
        try:
            outcomes = append_at_once(last, [call.args for call in calls])
        except BaseException:
            self._transactions.undone()
            raise
        for call, outcome in zip(calls, outcomes or (), strict=bool(outcomes)):
            call.outcome = outcome
        return outcomes is not None

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            # Some errors have rolled back already (sqlite.org/lang_transaction.html, section 3).
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._line.close()
            raise

    def _make_room(self, connection: sqlite3.Connection) -> None:
        """On a full disk the WAL may be what fills it: bring its pages to the file before each
        group, so that it is written from its beginning, until there is room for a long one."""
        with suppress(sqlite3.Error):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._cramped = free_bytes(self._path) < _ENOUGH


def _nothing() -> None:
    pass


def _do(transaction: Transaction, calls: list[Call]) -> None:
    entries = [call for call in calls if call.work is append]
    if entries:
        outcomes = append_all(transaction, [call.args for call in entries])
        for call, outcome in zip(entries, outcomes, strict=True):
            call.outcome = outcome
    for call in calls:
        if call.work is not append:
            try:
                call.outcome = call.work(transaction, *call.args)
            except ANSWERS as answer:
                call.outcome = answer


def _refuse(calls: list[Call], reason: object) -> None:
    for call in calls:
        # Each its own: an exception collects the traceback of every place that it passes.
        call.outcome = type(reason)(*reason.args) if isinstance(reason, _STATES) else reason
