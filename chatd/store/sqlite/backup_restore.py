"""Putting a backup in the place of the database: at each moment, killed or not, either the old one
is there whole, or the new one. Whether a backup is good is backup_verify's to say."""

from __future__ import annotations

import glob
import os
import sqlite3
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace as replaced

from chatd.core.audit import NO_DEED, Deed
from chatd.store import CannotOpen
from chatd.store.sqlite import audit
from chatd.store.sqlite.backup import explained, sync
from chatd.store.sqlite.backup_manifest import DATABASE, BadBackup, File, Manifest
from chatd.store.sqlite.backup_verify import good
from chatd.store.sqlite.failures import free_bytes
from chatd.store.sqlite.opening import Lock, belong, connect
from chatd.store.sqlite.schema import RENEW

_CHUNK = 1 << 20
_BESIDE = ("-wal", "-shm")
_PARTS = ("", "-journal", *_BESIDE)


class Refusal(Exception):
    """A restore that is not done; nothing was changed. The text says why, and what to do."""


class Restore(Struct, frozen=True):
    """What a restore does: ``backup`` becomes ``database``, and the present one, if there is one,
    is kept as ``aside``."""

    backup: Path
    manifest: Manifest
    database: Path
    aside: Path | None
    stamp: str


def plan(backup: Path, database: Path, *, replace: bool, stamp: str) -> Restore:
    """Look at everything, and change nothing. ``stamp`` tells what is moved aside from others.
    Raises Refusal, BadBackup and CannotOpen."""
    manifest, database = good(backup), _real(database)
    if not database.parent.is_dir():
        raise Refusal(f"there is no folder {database.parent} for the database: make it first")
    if not os.access(database.parent, os.W_OK | os.X_OK):
        raise Refusal(
            f"user {os.geteuid()} may not write in {database.parent}, or its disk is read-only"
        )
    if Path(f"{database}.lock").exists():
        Lock(database).release()
    there = database.exists() and database.stat().st_size > 0
    if there and not replace:
        raise Refusal(f"there is a database {database}: --replace moves it aside, and keeps it")
    free = free_bytes(database) + _held(_fresh(database))
    if free < manifest.size:
        raise Refusal(
            f"no room in {database.parent}: the backup has {manifest.size >> 20} MiB, and "
            f"{free >> 20} MiB are free"
        )
    aside = Path(_aside(database, stamp)) if there else None
    return Restore(backup, manifest, database, aside, stamp)


def restore(
    backup: Path, database: Path, *, replace: bool, stamp: str, deed: Deed = NO_DEED
) -> Restore:
    """Do it, and record ``deed`` in the database that is there then. Raises as ``plan`` does."""
    steps = plan(backup, database, replace=replace, stamp=stamp)
    database = steps.database
    lock = Lock(database)
    try:
        fresh = _fresh(database)
        try:
            _lay_ready(steps, fresh, deed)
            _put_in_place(steps, fresh)
        finally:
            _remove(fresh)
    except (OSError, sqlite3.Error) as error:
        raise CannotOpen(explained(error, database.parent, backup / DATABASE)) from error
    finally:
        lock.release()
    return steps


def _real(database: Path) -> Path:
    """What a link leads to is replaced, not the link: it may be there for the sake of its disk."""
    return database.resolve() if database.is_symlink() else database


def _fresh(database: Path) -> Path:
    """What the new database is called until it is ready. One that is there while nobody holds the
    lock was left by a restore that was killed."""
    return database.with_name(f"{database.name}.restoring")


def leftovers(database: Path) -> tuple[Path, ...]:
    """What a restore has of that while it works, or leaves when it is killed; it may all go."""
    fresh = _fresh(_real(database))
    return tuple(Path(f"{fresh}{each}") for each in _PARTS)


def _held(fresh: Path) -> int:
    """The bytes that are free again once it is removed."""
    files = [Path(f"{fresh}{each}") for each in _PARTS]
    return sum(file.stat().st_size for file in files if file.exists())


def _lay_ready(steps: Restore, fresh: Path, deed: Deed) -> None:
    """The copy that will be the database: it begins a new epoch, since positions of clients may
    name entries that it does not have, and that others will take the seqs of."""
    _remove(fresh)
    like = steps.database.parent if steps.aside is None else steps.database
    _copy(steps.backup / DATABASE, fresh, steps.manifest.files[DATABASE], like)
    with closing(connect(fresh, write=True)) as connection:
        connection.execute(RENEW)
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        audit.note(connection, _telling_what_was(steps, deed))
    sync(fresh)


def _telling_what_was(steps: Restore, deed: Deed) -> Deed:
    """The audit log goes on behind the backup's; where the one that was here ended is told, so that
    nobody can say a restore took records away unseen."""
    if deed == NO_DEED or steps.aside is None:
        return deed
    try:
        with closing(connect(steps.database, write=False)) as connection:
            head = audit.head(connection)
    except (sqlite3.Error, CannotOpen):
        told = {"replaced_head": "could not be read"}
    else:
        told = {"replaced_records": str(head.number), "replaced_head": head.hash}
    return replaced(deed, facts={**deed.facts, **told})


def _copy(source: Path, target: Path, expected: File, like: Path) -> None:
    digest, size = sha256(), 0
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as reading, os.fdopen(fd, "wb") as writing:
        belong(fd, like)
        while chunk := reading.read(_CHUNK):
            writing.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    if File(size, digest.hexdigest()) != expected:
        raise BadBackup(f"{source} changed while it was read; nothing was changed")


def _put_in_place(steps: Restore, fresh: Path) -> None:
    aside = Path(_aside(steps.database, steps.stamp))
    if steps.aside is not None:
        _close(steps.database)
        _forget_names(steps.database)
        # A second name: the old database keeps its first one until the new one takes it.
        os.link(steps.database, aside)
    for beside in _BESIDE:  # there only when it could not be closed; it would spoil the new one
        with suppress(FileNotFoundError):
            Path(f"{steps.database}{beside}").rename(f"{aside}{beside}")
    sync(fresh.parent)
    fresh.rename(steps.database)
    sync(fresh.parent)


def _forget_names(database: Path) -> None:
    """A restore that was killed between two steps left the database a second name."""
    for aside in database.parent.glob(f"{glob.escape(database.name)}.before-restore-*Z"):
        if aside.samefile(database) and not Path(f"{aside}-wal").exists():
            aside.unlink()


def _close(database: Path) -> None:
    """Bring what is in its WAL into the file. A damaged one may refuse: then both are kept."""
    with suppress(sqlite3.Error), closing(connect(database, write=True)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _aside(database: Path, stamp: str) -> str:
    return f"{database}.before-restore-{stamp}"


def _remove(path: Path) -> None:
    for each in _PARTS:
        Path(f"{path}{each}").unlink(missing_ok=True)
