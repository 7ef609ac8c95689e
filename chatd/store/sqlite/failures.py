"""What SQLite's errors mean for those who asked, and for the connection that met them."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from chatd.core.ports import (
    AccountGone,
    KeyReused,
    LastOwner,
    NameTaken,
    NoSuchMember,
    NoSuchTarget,
    StoreFailed,
    StoreFull,
    TooManyReactions,
)

ANSWERS = (
    AccountGone,
    NameTaken,
    LastOwner,
    NoSuchMember,
    NoSuchTarget,
    KeyReused,
    TooManyReactions,
    StoreFailed,
)
"""What a call may raise before its first write: an answer, not a failure of the group."""

_SPOILED = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOMEM,
}
_LOCKED_OUT = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# A file system may refuse a page although its count says there is a little left.
_NEXT_TO_NOTHING = 1 << 20


def code_of(error: BaseException) -> int:
    """The primary result code (sqlite.org/rescode.html); 0 for what is not SQLite's."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def spoils(error: BaseException) -> bool:
    """Whether the connection should be opened anew after this."""
    return code_of(error) in _SPOILED


def locks_out(error: BaseException) -> bool:
    """Whether no other call could be carried out now either."""
    return code_of(error) in _LOCKED_OUT


def judged(error: Exception, path: Path) -> Exception:
    """What the caller is told: StoreFull, StoreFailed, or the error itself when it is no failure
    of the store but a value that no store could keep, or a fault in chatd."""
    if not isinstance(error, sqlite3.Error):
        return error
    code = code_of(error)
    if code == sqlite3.SQLITE_FULL or (code in _SPOILED and free_bytes(path) < _NEXT_TO_NOTHING):
        return StoreFull(f"no room for {path}: {error}; free some space on its disk")
    if code in _DAMAGED:
        return StoreFailed(f"{path} is damaged ({error}): stop chatd and restore a backup")
    if code == sqlite3.SQLITE_BUSY:
        return StoreFailed(f"another process keeps {path} locked ({error}): end it")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreFailed(f"{path}: {error} ({name})")


def free_bytes(path: Path) -> int:
    """What its disk has left for us; 0 when even that cannot be told."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return 0
    return disk.f_bavail * disk.f_frsize
