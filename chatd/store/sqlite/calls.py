"""One call on its way to a thread and its result on the way back.
Which thread, and what it does in between, is writer's and readers'."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred

from chatd.core.ports import StoreFailed, StoreFull
from chatd.store import StoreMeter
from chatd.store.sqlite.failures import spoils
from chatd.store.sqlite.opening import connect

Deliver: TypeAlias = Callable[[Callable[[], None]], None]
"""Runs a function soon in the thread that awaits results; may be called from any thread."""


class Call:
    """Something asked of the store, and later what came of it.

    ``answer`` may be cancelled at any time: the work is done all the same, and nobody hears of it.
    """

    __slots__ = ("answer", "args", "asked", "name", "outcome", "work")

    def __init__(self, name: str, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.name = name
        self.work = work
        self.args = args
        self.asked = perf_counter()
        self.answer: Deferred[Any] = Deferred()
        self.outcome: object = None
        """What it gave; an exception was raised."""


def hand_out(calls: Sequence[Call], meter: StoreMeter) -> None:
    """Give each caller its result. Runs in the callers' thread."""
    now = perf_counter()
    for call in calls:
        meter.operation(call.name, now - call.asked)
        if isinstance(call.outcome, Exception):
            _fail(call, call.outcome, meter)
        else:
            call.answer.callback(call.outcome)


def _fail(call: Call, error: Exception, meter: StoreMeter) -> None:
    if isinstance(error, StoreFull):
        meter.failure("full")
    elif isinstance(error, StoreFailed):
        meter.failure("failed")
    call.answer.errback(error)


class Line:
    """A thread's own connection, opened when it is first needed and anew after it was spoiled."""

    def __init__(self, path: Path, *, write: bool) -> None:
        self._path = path
        self._write = write
        self._connection: sqlite3.Connection | None = None

    def connection(self) -> sqlite3.Connection:
        """The connection. May raise sqlite3.Error."""
        if self._connection is None:
            self._connection = connect(self._path, write=self._write)
        return self._connection

    def execute(self, statement: str) -> None:
        """Something that may fail without harm."""
        with suppress(sqlite3.Error):
            self.connection().execute(statement)

    def heed(self, error: Exception) -> None:
        """Give the connection up if this error spoiled it."""
        if spoils(error):
            self.close()

    def close(self) -> None:
        """Let go; may be opened again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
