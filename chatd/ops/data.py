"""The verbs `chatd backup`, `verify`, `restore` and `migrate`: what they say, and their exit codes.
How it is done is chatd/store/sqlite; export and erasure are data_export and data_erase."""

from __future__ import annotations

import json
import sqlite3
from argparse import Namespace
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from time import perf_counter
from typing import TextIO

import msgspec

from chatd import __version__
from chatd.core.audit import Deed
from chatd.ops import audit
from chatd.ops.data_meant import meant, tell_ahead
from chatd.store import CannotOpen
from chatd.store.sqlite import backup as backups
from chatd.store.sqlite import backup_restore, schema
from chatd.store.sqlite.audit import note
from chatd.store.sqlite.backup import BackupFailed
from chatd.store.sqlite.backup_manifest import BadBackup, Manifest
from chatd.store.sqlite.backup_restore import Refusal
from chatd.store.sqlite.backup_verify import verify as verified
from chatd.store.sqlite.opening import Lock, connect


@dataclass(frozen=True, slots=True)
class Place:
    """What the verbs work with. ``now`` gives milliseconds since 1970 UTC; ``by`` is who asks."""

    database: Path
    out: TextIO
    err: TextIO
    now: Callable[[], int]
    by: str = ""


Verb = Callable[[Namespace, Place], bool]


def _telling(verb: Verb) -> Callable[[Namespace, Place], int]:
    """Gives 0 when the verb says that all is well, else 1."""

    @wraps(verb)
    def carry_out(args: Namespace, place: Place) -> int:
        try:
            return 0 if verb(args, place) else 1
        except (BackupFailed, BadBackup, Refusal, CannotOpen) as no:
            place.err.write(f"chatd: {no}\n")
            return 1

    return carry_out


@_telling
def backup(args: Namespace, place: Place) -> bool:
    """``args.dir``, ``args.keep``, ``args.metrics``: a folder for backups, how many good ones to
    keep in it (0: all), and a file for the textfile collector of Prometheus's node_exporter."""
    began, now = perf_counter(), place.now()
    made = backups.back_up(
        place.database, Path(args.dir), version=__version__, now=now, keep=args.keep
    )
    place.out.write(f"made and verified {made.folder}: {_what(made.manifest)}\n")
    _record(place, audit.deed("backup", place.by, now, backup=made.folder))
    for old in made.removed:
        place.out.write(f"removed {old}\n")
    tell_ahead(made.ahead, "they neither count nor go, until they are removed", place.err)
    if args.metrics:
        _report(Path(args.metrics), now, made.manifest.size, perf_counter() - began)
    return True


def _record(place: Place, deed: Deed) -> None:
    """A backup that is good stays one, also where its record finds no room."""
    try:
        with closing(connect(place.database, write=True)) as connection:
            note(connection, deed)
    except sqlite3.Error as error:
        place.err.write(f"chatd: the audit log has no record of this: {error}\n")


def _what(manifest: Manifest) -> str:
    messages, rooms = manifest.rows["messages"], len(manifest.last_seqs)
    return f"{counted(messages, 'message')} in {counted(rooms, 'room')}, {_size(manifest.size)}"


def counted(number: int, thing: str) -> str:
    """So many of it, in words."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _size(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB"


def _report(file: Path, now: int, size: int, seconds: float) -> None:
    """Prometheus's text format (docs/operations.md says what watches it)."""
    text = "".join(
        f"# HELP {name} {says}\n# TYPE {name} gauge\n{name} {value}\n"
        for name, says, value in (
            ("chatd_backup_last_success_timestamp_seconds", "When it began.", now / 1000),
            ("chatd_backup_size_bytes", "Its size.", size),
            ("chatd_backup_duration_seconds", "How long it took.", round(seconds, 3)),
        )
    )
    # The collector reads *.prom at any time: it must never see half of one.
    fresh = file.with_name(f".{file.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(0o644)
        fresh.rename(file)
    except OSError as error:
        raise BackupFailed(
            f"the backup is good, but its metrics could not be written to {file}: {error.strerror}"
        ) from None


@_telling
def verify(args: Namespace, place: Place) -> bool:
    """``args.dir``, ``args.json``: a backup, or a folder of them, of which the newest is meant."""
    verdict = verified(meant(Path(args.dir), place.now(), place.err))
    if args.json:
        told = {
            "backup": str(verdict.folder),
            "good": not verdict.problems,
            "problems": list(verdict.problems),
            "manifest": msgspec.to_builtins(verdict.manifest),
        }
        place.out.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    elif verdict.manifest is not None and not verdict.problems:
        made = f"made {verdict.manifest.created} by chatd {verdict.manifest.chatd}"
        place.out.write(f"{verdict.folder} is good: {_what(verdict.manifest)}, {made}\n")
    else:
        for problem in verdict.problems:
            place.err.write(f"chatd: {verdict.folder} is not good: {problem}\n")
    return not verdict.problems


@_telling
def restore(args: Namespace, place: Place) -> bool:
    """``args.dir``, ``args.replace``, ``args.dry_run``: put a backup, or the newest one in a folder
    of them, in the place of the database."""
    now = place.now()
    backup = meant(Path(args.dir), now, place.err).absolute()
    database, stamp = place.database.absolute(), backups.stamp(now)
    if args.dry_run:
        steps = backup_restore.plan(backup, database, replace=args.replace, stamp=stamp)
    else:
        deed = audit.deed("restore", place.by, now, backup=backup)
        steps = backup_restore.restore(
            backup, database, replace=args.replace, stamp=stamp, deed=deed
        )
    would = "would be " if args.dry_run else ""
    if steps.aside is not None:
        place.out.write(f"the database that was there {would or 'is '}kept as {steps.aside}\n")
    place.out.write(
        f"{steps.database} {would or 'is '}restored from {steps.backup}: {_what(steps.manifest)}, "
        f"as of {steps.manifest.created}\n"
        "a new epoch begins: clients that come back are told recovered: false, and load anew\n"
    )
    has, newest = steps.manifest.schema, schema.newest()
    if has < newest:
        place.out.write(f"it has schema {has}; the next start brings it to {newest}\n")
    if args.dry_run:
        place.out.write("this was a dry run: nothing was changed\n")
    return True


@_telling
def migrate(args: Namespace, place: Place) -> bool:
    """``args.plan``: bring the database to this chatd's schema, or say what that would do."""
    database = place.database.absolute()
    if args.plan or not schema.plan(database).now:
        _tell_steps(schema.plan(database), place, "would apply")
        return True
    lock = Lock(database)
    try:
        steps = schema.migrate(database)
    finally:
        lock.release()
    _tell_steps(steps, place, "applied")
    return True


def _tell_steps(steps: schema.Plan, place: Place, verb: str) -> None:
    if not steps.now:
        place.out.write(f"there is no database {place.database} yet: the first start makes it\n")
    elif not steps.files:
        place.out.write(f"{place.database} has schema {steps.now}, the newest: nothing to do\n")
    for name in steps.files if steps.now else ():
        place.out.write(f"{verb} {name}\n")
    if steps.backup is not None:
        place.out.write(f"{'a copy goes' if verb != 'applied' else 'copied'} to {steps.backup}\n")
