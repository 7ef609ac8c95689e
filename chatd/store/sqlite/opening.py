"""Opening the file: its lock, its mode, and how every connection to it is set up.
What is in it is schema's; who uses the connections is writer's and readers'."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from pathlib import Path
from urllib.parse import quote

from chatd.core.ports import StoreFailed
from chatd.store import CannotOpen

BUSY_S = 10.0
"""How long one waits for another process (`chatd user add`, say) to end its short transaction."""
STATEMENTS = 256
"""Prepared statements each connection keeps; there are fewer than that."""

# Durable at COMMIT: synchronous=FULL syncs the WAL each time, and a crash leaves either all of a
# transaction or none, so there is nothing to check after an unclean stop: SQLite replays the WAL,
# whose frames carry checksums. A quick_check reads the whole file, which takes minutes when it is
# large, and would be paid at each power cut for damage that comes from disks, not from stopping.
_WRITER = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
    # Fewer, larger checkpoints: pages that many commits touch go to the file once for all of them.
    # With 1000, SQLite's own, a third fewer messages a second; with 16000 no more, and the commit
    # that does the checkpoint takes twice as long. docs/performance.md has the figures.
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
    # What a deletion frees is overwritten with zeros.
    "PRAGMA secure_delete = ON",
)
# No mmap_size: it saves 3 %, and an error of the disk would be a signal that ends the daemon.
_READER = (
    "PRAGMA query_only = ON",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
)


class InUse(CannotOpen):
    """Another daemon has it open."""


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection of the thread that calls. Never makes a file. May raise sqlite3.Error."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        cached_statements=STATEMENTS,
    )
    try:
        for pragma in _WRITER if write else _READER:
            connection.execute(pragma)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def make_file(path: Path) -> None:
    """Make an empty file that only its owner can read, when there is none. SQLite gives the WAL
    the same mode."""
    os.close(_usable(path))


def _usable(path: Path) -> int:
    """Open such a file. Raises CannotOpen, because of an OSError."""
    try:
        return _file(path)
    except FileNotFoundError as error:
        raise CannotOpen(
            f"there is no folder {path.parent} for the store {path.name}: make it"
        ) from error
    except OSError as error:
        raise CannotOpen(
            f"cannot open {path}: {error.strerror}; it must be a file that user {os.geteuid()} "
            "may read and write, in a folder that it may write too"
        ) from error


def _file(path: Path) -> int:
    """Open a file that only its owner can read; made when there is none. Raises OSError."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    belong(fd, path.parent)
    return fd


def belong(fd: int, like: Path) -> None:
    """What root makes must belong to whom chatd runs as: the owner of the folder, say."""
    if os.geteuid() == 0:
        owner = like.stat()
        os.fchown(fd, owner.st_uid, owner.st_gid)


def remarks(path: Path) -> tuple[str, ...]:
    """What an operator should hear about the file, though it can be used."""
    mode = path.stat().st_mode
    if not mode & stat.S_IRWXO:
        return ()
    open_to_all = f"{path} is open to every user of this host (mode {stat.S_IMODE(mode):04o})"
    return (f"{open_to_all}: run chmod 0600 {path}",)


class OpenFile:
    """A file that is open, by its path. SQLite goes on with it whatever becomes of the path: all is
    acknowledged, and gone when the process ends."""

    def __init__(self, path: Path) -> None:
        self._path, self._opened = path, path.stat()

    def check(self) -> None:
        """Raises StoreFailed where the path leads to another file by now, or to none."""
        try:
            same = os.path.samestat(self._path.stat(), self._opened)
        except OSError:
            same = False
        if not same:
            raise StoreFailed(
                f"{self._path} is not the file that chatd has open: somebody moved, removed or "
                "replaced it; bring that one back before chatd stops"
            )


class Lock:
    """Holds `PATH.lock` for as long as one daemon uses the store, or one process migrates it. It is
    beside the file that a symbolic link leads to: by whatever name, it is one database."""

    def __init__(self, path: Path) -> None:
        """Raises InUse when another holds it, and CannotOpen."""
        self._fd = _usable(_lock_of(path))
        try:
            # flock, not POSIX locks: those end when any file descriptor of the file is closed.
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._fd, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._fd)
            raise InUse(
                f"{path} is in use by another chatd (process {holder}): stop that one first"
            ) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next one have it; harmless when that was done."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _lock_of(path: Path) -> Path:
    return Path(f"{os.path.realpath(path)}.lock")


class Unlocked:
    """For those who open the store beside the daemon."""

    def release(self) -> None:
        """There is nothing to let go of."""
