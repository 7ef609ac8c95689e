"""Making a backup beside whatever uses the database: a copy of one moment, checked before it gets
its name. What it says of itself is backup_manifest's; putting it back is backup_restore's."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from chatd.store import CannotOpen
from chatd.store.sqlite import schema
from chatd.store.sqlite.backup_manifest import (
    DATABASE,
    MANIFEST,
    BadBackup,
    Manifest,
    describe,
    encode,
    read,
    summed,
)
from chatd.store.sqlite.backup_verify import good
from chatd.store.sqlite.failures import code_of, free_bytes
from chatd.store.sqlite.opening import InUse, Lock, connect

PAGES = 256
"""Copied at a time; between two steps a Ctrl-C is heard."""

_NAME = re.compile(r"\d{8}T\d{6}\.\d{3}Z")
_PARTIAL = ".partial"
_FULL = {errno.ENOSPC, errno.EDQUOT}


class BackupFailed(Exception):
    """There is no backup, and nothing was left behind; the text says why and what to do."""


class Backup(Struct, frozen=True):
    """A backup that was made and verified, the older ones that were removed for it, and those
    whose time is later than its own."""

    folder: Path
    manifest: Manifest
    removed: tuple[Path, ...]
    ahead: tuple[Path, ...]


def back_up(database: Path, into: Path, *, version: str, now: int, keep: int = 0) -> Backup:
    """Copy the database into a new folder in ``into``, named by its time. ``now``: milliseconds
    since 1970 UTC. ``keep``: how many good backups stay in there, 0 for all. What is ahead of
    ``now`` neither counts nor goes.

    Raises BackupFailed and CannotOpen.
    """
    if not schema.plan(database).now:
        raise CannotOpen(f"there is no database {database}: see store.path")
    name = stamp(now)
    with _told(into, database), _alone(into):
        _sweep(into)
        if (into / name).exists():
            raise BackupFailed(f"there is a backup {into / name} already, and it stays as it is")
        created = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
        manifest = _make(database, into / name, version, created)
        return Backup(into / name, manifest, _thin_out(into, keep, now), ahead(into, now))


def stamp(now: int) -> str:
    """A time as part of a file's name; later ones sort higher."""
    return f"{datetime.fromtimestamp(now // 1000, UTC):%Y%m%dT%H%M%S}.{now % 1000:03d}Z"


def backups(into: Path) -> list[Path]:
    """The backups in a folder, oldest first; whether they are good is not looked at. Raises
    PermissionError."""
    try:
        there = [entry for entry in into.iterdir() if _NAME.fullmatch(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(entry for entry in there if (entry / MANIFEST).exists())


def ahead(into: Path, now: int) -> tuple[Path, ...]:
    """The backups in a folder whose time is yet to come: the clock is wrong, or it was."""
    return tuple(folder for folder in backups(into) if folder.name > stamp(now))


def chosen(folder: Path, now: int) -> Path:
    """The backup that a folder is, or else the newest one in it: of those that are not ahead of
    ``now``, if there are any, for what was made since the clock was mended is newer than what
    stands there from before. Raises BadBackup."""
    if (folder / MANIFEST).exists():
        return folder
    found = backups(folder)
    if not found:
        raise BadBackup(
            f"there is no backup in {folder}: neither a {MANIFEST} nor folders with one"
        )
    return max([each for each in found if each.name <= stamp(now)] or found)


# --- making one ---


def _make(database: Path, folder: Path, version: str, created: str) -> Manifest:
    partial = folder.with_name(f".{folder.name}{_PARTIAL}")
    partial.mkdir(mode=0o700)
    try:
        copy = partial / DATABASE
        _copy(database, copy)
        manifest = describe(copy, chatd=version, created=created, files={DATABASE: summed(copy)})
        _write(partial / MANIFEST, encode(manifest))
        good(partial)
        sync(partial)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    sync(folder.parent)
    return manifest


def _copy(database: Path, target: Path) -> None:
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(connect(database, write=False)) as source,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        # One snapshot for all steps. Without it, whatever is written meanwhile would make the copy
        # begin anew after each step, and with many writers it would never end.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM meta").fetchone()
        copy.execute("PRAGMA synchronous = OFF")  # synced below, once
        source.backup(copy, pages=PAGES)
        copy.execute(
            "PRAGMA journal_mode = DELETE"
        ).fetchone()  # one file, for readers without a WAL
    sync(target)


def _write(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(fd)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk. Raises OSError."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# --- the folder of backups ---


@contextmanager
def _alone(into: Path) -> Iterator[None]:
    """One backup at a time in a folder: what a killed one left can then be told from another's."""
    made = [folder for folder in (into, *into.parents) if not folder.exists()]
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        lock = Lock(into / ".backup")
    except InUse:
        raise BackupFailed(f"another `chatd backup` writes into {into}: let it end") from None
    except CannotOpen as no:  # a disk that is full is told as such, with what is needed
        raise (no.__cause__ or no) from None
    try:
        yield
    except BaseException:
        _unmake(made)
        raise
    finally:
        lock.release()


def _unmake(made: list[Path]) -> None:
    """Take away the folders that were made for a backup that there is not."""
    with suppress(OSError):  # somebody else put something in there
        for folder in made:
            (folder / ".backup.lock").unlink(missing_ok=True)
            folder.rmdir()


def _sweep(into: Path) -> None:
    """Remove what killed ones left."""
    for entry in into.iterdir():
        if entry.name.startswith(".") and entry.name.endswith(_PARTIAL):
            shutil.rmtree(entry)


def _thin_out(into: Path, keep: int, now: int) -> tuple[Path, ...]:
    """Remove the oldest, all but ``keep``; the one of ``now`` is the newest. One whose manifest is
    damaged neither counts nor goes, nor does one that is ahead: somebody shall look at it."""
    old_enough = [folder for folder in backups(into) if folder.name <= stamp(now)]
    whole = [folder for folder in old_enough if _has_manifest(folder)]
    old = tuple(whole[:-keep]) if keep else ()
    for folder in old:
        going = folder.with_name(f".{folder.name}{_PARTIAL}")
        folder.rename(going)
        shutil.rmtree(going)
    return old


def _has_manifest(folder: Path) -> bool:
    try:
        read(folder)
    except BadBackup:
        return False
    return True


# --- what went wrong ---


@contextmanager
def _told(into: Path, database: Path) -> Iterator[None]:
    try:
        yield
    except BadBackup as bad:
        raise BackupFailed(
            f"the copy is not good, and was removed: {bad}; see `chatd doctor --full`"
        ) from bad
    except (sqlite3.Error, OSError) as error:
        raise BackupFailed(explained(error, into, database)) from error


def explained(error: sqlite3.Error | OSError, into: Path, database: Path) -> str:
    """Why something could not be written into a folder."""
    full = getattr(error, "errno", 0) in _FULL or code_of(error) == sqlite3.SQLITE_FULL
    if full:
        needed, free = database.stat().st_size >> 20, free_bytes(into / DATABASE) >> 20
        return (
            f"no room in {into}: the database has {needed} MiB, and {free} MiB are free there; "
            "free some space, or choose another disk"
        )
    if isinstance(error, PermissionError):
        return f"user {os.geteuid()} may not write {error.filename or into}: {error.strerror}"
    return f"cannot write into {into}: {error}"
