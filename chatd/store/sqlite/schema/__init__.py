"""The numbered schema files, and bringing a database to the newest: plan, backup, apply.
What the tables are is in the .sql files; who reads and writes them is the folder above."""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path

from msgspec import Struct

from chatd.store import CannotOpen
from chatd.store.sqlite import looks
from chatd.store.sqlite.failures import code_of
from chatd.store.sqlite.opening import Lock, Unlocked, connect, make_file

FOLDER = Path(__file__).parent
APPLICATION_ID = 0x63686174
"""The header field (sqlite.org/fileformat2.html, offset 68) by which chatd knows its own files."""
KEPT_BACKUPS = 2
RENEW = "UPDATE meta SET value = lower(hex(randomblob(8))) WHERE name = 'epoch'"
"""Begins a new epoch, in a database of any schema."""

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class SchemaTooNew(CannotOpen):
    """A later chatd made it."""


class ForeignFile(CannotOpen):
    """It is not chatd's."""


class Plan(Struct, frozen=True, kw_only=True):
    """What opening a store would do to it. ``now`` and ``newest`` are schema numbers, 0 for a new
    store; ``backup`` is the file that is made first, None where nothing can be lost."""

    now: int
    newest: int
    files: tuple[str, ...]
    backup: Path | None


def newest(folder: Path = FOLDER) -> int:
    """The highest schema number that this chatd knows. Raises CannotOpen."""
    return len(_names(folder))


def plan(path: Path, folder: Path = FOLDER) -> Plan:
    """Look, and change nothing. Raises CannotOpen."""
    if not path.exists() or path.stat().st_size == 0:
        return _plan(path, 0, folder)
    connection = _open(path, write=False)
    try:
        return _plan(path, _version(connection, path), folder)
    finally:
        connection.close()


def prepare(path: Path, folder: Path, exclusive: bool) -> Lock | Unlocked:
    """Make the file, or bring it to the newest schema; gives the lock to hold while it is open.
    A command beside the daemon locks it only when there is something to do. Raises CannotOpen."""
    make_file(path)
    if not exclusive and not plan(path, folder).files:
        return Unlocked()
    lock = Lock(path)
    try:
        migrate(path, folder)
    except BaseException:
        lock.release()
        raise
    if exclusive:
        return lock
    lock.release()
    return Unlocked()


def migrate(path: Path, folder: Path = FOLDER) -> Plan:
    """Bring the database to the newest schema, each file in a transaction of its own; gives what
    was done. The caller holds the lock. Raises CannotOpen; then files applied so far remain."""
    connection = _open(path, write=True)
    try:
        steps = _plan(path, _version(connection, path), folder)
        if steps.files:
            # Rebuilding a table needs them off; each file's outcome is checked instead.
            connection.execute("PRAGMA foreign_keys = OFF")
            # Lets retention give pages back to the disk. It must come before the first page.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            if steps.backup is not None:
                _back_up(connection, steps.backup)
                _forget_old_backups(path)
            for name in steps.files:
                _apply(connection, path, folder / name)
        looks.renew(connection)
    except (sqlite3.Error, OSError) as error:
        raise CannotOpen(f"cannot prepare {path}: {error}") from error
    finally:
        connection.close()
    return steps


def _plan(path: Path, now: int, folder: Path) -> Plan:
    names = _names(folder)
    if now > len(names):
        raise SchemaTooNew(
            f"{path} has schema {now}, and this chatd knows schemas up to {len(names)}: install "
            f"the chatd that made it, or put back the backup {path}.before-NNNN it left here"
        )
    files = tuple(names[now:])
    backup = Path(f"{path}.before-{now + 1:04d}") if now and files else None
    return Plan(now=now, newest=len(names), files=files, backup=backup)


def _names(folder: Path) -> list[str]:
    names = sorted(entry.name for entry in folder.iterdir() if _NAME.fullmatch(entry.name))
    if [int(name[:4]) for name in names] != list(range(1, len(names) + 1)):
        raise CannotOpen(f"schema files in {folder} are not numbered from 0001 without gaps")
    return names


def _open(path: Path, *, write: bool) -> sqlite3.Connection:
    try:
        return connect(path, write=write)
    except sqlite3.DatabaseError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: sqlite3.DatabaseError) -> CannotOpen:
    if code_of(error) == sqlite3.SQLITE_NOTADB:
        return ForeignFile(f"{path} is no database ({error}): give chatd a path of its own")
    return CannotOpen(f"cannot open {path}: {error}")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        raise _refusal(path, error) from error
    if application != APPLICATION_ID and (application or version or tables):
        raise ForeignFile(f"{path} is another program's database: give chatd a path of its own")
    return int(version)


def _apply(connection: sqlite3.Connection, path: Path, file: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements(file.read_text(encoding="utf-8")):
            connection.execute(statement)
        _check_references(connection, path, file)
        connection.execute(f"PRAGMA user_version = {int(file.name[:4])}")
        connection.execute("COMMIT")
    except (sqlite3.Error, CannotOpen):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check_references(connection: sqlite3.Connection, path: Path, file: Path) -> None:
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise CannotOpen(
            f"{path} cannot take schema {file.name}: rows of {broken[0]} point to missing ones in "
            f"{broken[2]}; nothing was changed, so the older chatd still runs"
        )


def statements(script: str) -> list[str]:
    """The statements of a script, each whole: triggers hold semicolons."""
    found: list[str] = []
    part = ""
    for piece in script.split(";")[:-1]:
        part += piece + ";"
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return found


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    """An online copy; under its name only when it is whole and on the disk. It begins a new epoch:
    once it is put back, positions of clients may name entries that it does not have, and that
    others will take the seqs of."""
    partial = target.with_name(target.name + ".partial")
    _remove(partial)
    fd = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    copy = sqlite3.connect(partial, isolation_level=None)
    try:
        connection.backup(copy)
        copy.execute(RENEW)
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        copy.close()
        os.fsync(fd)
        partial.rename(target)
        _sync_folder(target.parent)
    except BaseException:
        copy.close()
        _remove(partial)
        raise
    finally:
        copy.close()
        os.close(fd)


def _remove(partial: Path) -> None:
    """What a copy that came to nothing leaves: a WAL of another copy would spoil the next one."""
    for each in ("", "-journal", "-wal", "-shm"):
        Path(f"{partial}{each}").unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _forget_old_backups(path: Path) -> None:
    prefix = f"{path.name}.before-"
    kept = [
        entry
        for entry in sorted(path.parent.iterdir())
        if entry.name.startswith(prefix) and entry.name[len(prefix) :].isdigit()
    ]
    for old in kept[:-KEPT_BACKUPS]:
        old.unlink()
