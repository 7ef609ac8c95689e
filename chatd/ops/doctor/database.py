"""Looking into a database without changing a byte of it, beside whoever writes it.
What is well and what is not is stored.py's to judge."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from chatd.ops.doctor.host import Header, Trouble, Unreadable
from chatd.store.sqlite.failures import code_of

BUSY_S = 10.0
MOST = 5
"""Damages that are told: one is reason enough to restore."""
TITLE = "*** in database main ***"
NEXT_TO_NOTHING = 1 << 20

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# Beside the database SQLite needs a file for its index of the write-ahead log.
_WANTS_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write: the write-ahead log of a daemon that was killed stays too,
    for the next start to replay. Raises Unreadable."""
    try:
        uri = f"file:{quote(str(path))}?mode=ro"
        with closing(
            sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        raise Unreadable(str(error), _trouble(error, path)) from error


def _trouble(error: sqlite3.Error, path: Path) -> Trouble:
    code = code_of(error)
    if code in _DAMAGED:
        return "damaged"
    if code in _WANTS_ROOM:
        disk = os.statvfs(path.parent)
        if disk.f_bavail * disk.f_frsize < NEXT_TO_NOTHING:
            return "no_room"
    return "other"


def header(path: Path) -> Header:
    """What the database says of itself. Raises Unreadable."""
    with _open(path) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return Header(application, schema, tables)


def integrity(path: Path, *, full: bool) -> tuple[str, ...]:
    """The first damages that SQLite finds. Raises Unreadable."""
    with _open(path) as connection:
        check = "integrity_check" if full else "quick_check"
        rows = connection.execute(f"PRAGMA {check}({MOST})").fetchall()
        found = [line for (text,) in rows for line in text.splitlines() if line != TITLE]
        wrong = [] if found == ["ok"] else found[:MOST]
        if full and not wrong:
            rows = connection.execute("PRAGMA foreign_key_check").fetchmany(MOST)
            wrong = [f"row {row} of {table} points to none of {to}" for table, row, to, _ in rows]
    return tuple(wrong)


def has_full_text() -> bool:
    """Whether FTS5 is built into SQLite."""
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5(word)")
        except sqlite3.OperationalError:
            return False
    return True
