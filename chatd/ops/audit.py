"""The verbs `chatd audit` and `chatd audit verify`, and what other verbs record. The running daemon
has the same as commands; what a record is, and the chain, is core/audit."""

from __future__ import annotations

import os
import pwd
import sqlite3
from argparse import Namespace
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import msgspec

from chatd.core.audit import Deed, Record, Wanted
from chatd.core.audit_walk import Verdict, Walk
from chatd.ops.data_meant import meant
from chatd.store import CannotOpen
from chatd.store.sqlite import audit, schema
from chatd.store.sqlite.audit import SINCE
from chatd.store.sqlite.backup_manifest import DATABASE, BadBackup, at_rest
from chatd.store.sqlite.opening import connect

STEP = 1000
UNREADABLE = (CannotOpen, BadBackup, sqlite3.Error, UnicodeDecodeError)
"""The last is what the library makes of a damaged header."""
FROM_HERE = "host"
"""The address of what is done on the host's command line."""


def person(environ: Mapping[str, str] = os.environ) -> str:
    """Who sits at this command line: behind sudo, the one who asked for it."""
    asked = environ.get("SUDO_USER", "")
    if asked and os.getuid() == 0:
        return asked
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def deed(verb: str, by: str, ts: int, target_id: str = "", **facts: object) -> Deed:
    """Something that is done on the command line."""
    told = {name: str(value) for name, value in facts.items() if value is not None and value != ""}
    return Deed(ts=ts, verb=verb, actor=by, address=FROM_HERE, target_id=target_id, facts=told)


# --- the verbs ---


@dataclass(frozen=True, slots=True)
class Where:
    """Which log is read: of the database, or of the one in a backup, which is told."""

    database: Path
    backup: Path | None = None

    @property
    def told(self) -> str:
        """Behind "the audit log"."""
        return f" in {self.backup}" if self.backup is not None else ""


def audit_list(args: Namespace, database: Path, now: int, out: TextIO, err: TextIO) -> int:
    """``args.by``, ``args.user``, ``args.verb``, ``args.since``, ``args.until``, ``args.limit``,
    ``args.json``: the newest records, oldest of them first. ``now``: milliseconds since 1970 UTC,
    to find the newest backup, if ``args.backup`` is a folder of them."""
    wanted = Wanted(
        actor=args.by, verb=args.verb, user=args.user, since=args.since, until=args.until
    )
    try:
        with closing(_opened(_where(args, database, now, err))) as connection:
            records = audit.found(connection, wanted, None, args.limit)[::-1]
    except UNREADABLE as error:
        err.write(f"chatd: {error}\n")
        return 1
    out.writelines(f"{_as_json(record) if args.json else _as_line(record)}\n" for record in records)
    if not records:
        err.write("no such records\n")
    return 0


def audit_verify(args: Namespace, database: Path, now: int, out: TextIO, err: TextIO) -> int:
    """``args.head``, ``args.json``: 0 when the chain is whole, else 1."""
    try:
        where = _where(args, database, now, err)
        with closing(_opened(where)) as connection:
            verdict = _walked(connection, args.head)
    except UNREADABLE as error:
        err.write(f"chatd: {error}\n")
        return 1
    if args.json:
        told = {"whole": not verdict.flaws, **msgspec.to_builtins(verdict)}
        out.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
    else:
        _tell(verdict, where, out, err)
    return 1 if verdict.flaws else 0


def _walked(connection: sqlite3.Connection, head: str) -> Verdict:
    # First: what a daemon adds meanwhile is behind it, and missing nowhere.
    walk, newest = Walk(head), audit.head(connection)
    try:
        while walk.take(audit.after(connection, walk.last, STEP)):
            pass
    except sqlite3.DatabaseError as error:
        walk.unreadable(str(error))
    return walk.end(newest)


def _tell(verdict: Verdict, where: Where, out: TextIO, err: TextIO) -> None:
    err.writelines(f"record {flaw.number} {flaw.says}\n" for flaw in verdict.flaws)
    if verdict.more:
        err.write(f"and {verdict.more} more\n")
    if verdict.flaws:
        err.write(
            f"the audit log{where.told} is not whole: keep this database, and see "
            "docs/operations.md\n"
        )
        return
    found = f"; record {verdict.found} has the hash you gave" if verdict.found else ""
    records = f"{verdict.records} record{'' if verdict.records == 1 else 's'}"
    whole = f"{records}, head {verdict.head.hash}{found}"
    out.write(f"the audit log{where.told} is whole: {whole}\n")


def _where(args: Namespace, database: Path, now: int, err: TextIO) -> Where:
    if args.backup is None:
        return Where(database)
    folder = Path(args.backup)
    backup = folder if (folder / DATABASE).exists() else meant(folder, now, err)
    return Where(backup / DATABASE, backup)


def _opened(where: Where) -> sqlite3.Connection:
    if not where.database.exists():
        hint = "see store.path" if where.backup is None else "name another backup"
        raise CannotOpen(f"there is no database {where.database}: {hint}")
    try:
        if where.backup is not None:
            return _checked(at_rest(where.database), where.backup)
        return _checked(connect(where.database, write=False), where.database)
    except sqlite3.Error as error:
        raise CannotOpen(f"cannot read {where.database}: {error}") from error


def _checked(connection: sqlite3.Connection, where: Path) -> sqlite3.Connection:
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    newest = schema.newest()
    if SINCE <= version <= newest:
        return connection
    connection.close()
    raise CannotOpen(
        f"{where} has schema {version}; this chatd reads the audit log of {SINCE} to {newest}"
    )


# --- how records are written ---


def _as_json(record: Record) -> str:
    who = record.told_who
    told = {
        "number": record.number,
        "ts": record.ts,
        "verb": record.verb,
        "by": who.name,
        "by_id": record.actor_id,
        "address": who.address,
        "user_id": record.target_id,
        "facts": record.told_what,
        "hash": record.hash,
    }
    return msgspec.json.encode(told).decode()


def _as_line(record: Record) -> str:
    who = record.told_who
    by = f" by {_plain(who.name)}" if who.name else ""
    address = f" from {_plain(who.address)}" if who.address else ""
    facts = "".join(f" {name}={_plain(text)}" for name, text in record.told_what.items())
    return f"{record.number} {_time(record.ts)} {_plain(record.verb)}{by}{address}{facts}"


def _plain(text: str) -> str:
    """For a terminal, and so that one sees where it ends."""
    quoted = any(char in ' "\\=' or not char.isprintable() for char in text) or not text
    return msgspec.json.encode(text).decode() if quoted else text


def _time(ts: int) -> str:
    try:
        when = datetime.fromtimestamp(ts / 1000, UTC)
    except (ValueError, OverflowError, OSError):  # of a record that was tampered with
        return f"@{ts}"
    return when.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
