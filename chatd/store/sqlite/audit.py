"""The audit log in the database. Functions that take a Transaction write, the others read through a
connection. What a record is, and whether the chain is whole, is core/audit."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Any

from chatd.core.audit import BEGINNING, NO_DEED, Deed, Head, Record, Wanted, chained
from chatd.core.log import UserId
from chatd.store.sqlite.standing import of_the_gone
from chatd.store.sqlite.transaction import Transaction

SALT_BYTES = 16
SINCE = 3
"""The schema that brought the log."""

_HEAD = """SELECT ifnull((SELECT max(number) FROM audit), 0),
    ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0)"""
_HASH = "SELECT CAST(hash AS BLOB) FROM audit WHERE number = ?"
_INSERT = """INSERT INTO audit
(number, ts, verb, actor_id, target_id, who, what, who_seal, what_seal, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# As bytes: a log that was tampered with must be readable to be told so.
_RECORD = """SELECT number, ts, CAST(verb AS BLOB), CAST(actor_id AS BLOB),
    CAST(target_id AS BLOB), CAST(who AS BLOB), CAST(what AS BLOB), CAST(who_seal AS BLOB),
    CAST(what_seal AS BLOB), CAST(hash AS BLOB)
FROM audit"""
_AFTER = f"{_RECORD} WHERE number > ? ORDER BY number LIMIT ?"
_BEFORE = f"{_RECORD} WHERE number < ? AND ts >= ? AND ts < ? ORDER BY number DESC LIMIT ?"
_OF_VERB = f"""{_RECORD} WHERE verb = ? AND number < ? AND ts >= ? AND ts < ?
ORDER BY number DESC LIMIT ?"""
_FORGET_ACTOR = "UPDATE audit SET who = NULL WHERE actor_id = ? AND actor_id <> ''"
# Whoever failed to log in has no id and no name, and their address may be the target's own.
# Who did it on the host has a name; no account of chatd's is meant, so it stays.
_FORGET_TARGET = """UPDATE audit SET what = NULL,
    who = CASE WHEN actor_id <> '' OR who GLOB '{"salt":"*","name":"[^"]*' THEN who END
WHERE target_id = ? AND target_id <> ''"""
_END = 2**62
_PAGE = 500


def record(transaction: Transaction, *deeds: Deed) -> None:
    """See the port."""
    wanted = [deed for deed in deeds if deed != NO_DEED]
    if not wanted:
        return
    newest = _head(transaction.execute)
    for deed in wanted:
        salts = (secrets.token_hex(SALT_BYTES), secrets.token_hex(SALT_BYTES))
        made = chained(deed, newest, salts)
        transaction.execute(_INSERT, _row(made))
        newest = Head(made.number, made.hash, made.number)
        for user_id in of_the_gone(transaction, deed):
            forget(transaction, user_id)


def note(connection: sqlite3.Connection, *deeds: Deed) -> None:
    """Record these in a database that may be too old to have an audit log; then it does not. Raises
    sqlite3.Error."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < SINCE:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        record(Transaction(connection), *deeds)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def head(connection: sqlite3.Connection) -> Head:
    """See the port."""
    return _head(connection.execute)


def after(connection: sqlite3.Connection, number: int, limit: int) -> list[Record]:
    """See the port: ``audit``."""
    return [_record(*row) for row in connection.execute(_AFTER, (number, limit))]


def found(
    connection: sqlite3.Connection, wanted: Wanted, before: int | None, limit: int
) -> list[Record]:
    """See the port. Names are in what may be erased, so they are looked for page by page."""
    some: list[Record] = []
    top: int | None = _END if before is None else before
    while top is not None and len(some) < limit:
        asked = (top, wanted.since, wanted.until, _PAGE)
        rows = (
            connection.execute(_OF_VERB, (wanted.verb, *asked))
            if wanted.verb
            else connection.execute(_BEFORE, asked)
        )
        page = [_record(*row) for row in rows]
        some += [each for each in page if wanted.holds(each)]
        top = page[-1].number if len(page) == _PAGE else None
    return some[:limit]


def forget(transaction: Transaction, user_id: UserId) -> None:
    """For an erasure: the words by which one would know who it was. The chain stays whole."""
    transaction.execute(_FORGET_ACTOR, (user_id,))
    transaction.execute(_FORGET_TARGET, (user_id,))


def _head(execute: Any) -> Head:
    number, given = execute(_HEAD).fetchone()
    (kept,) = execute(_HASH, (number,)).fetchone() or (BEGINNING.encode(),)
    return Head(number, _text(kept), max(number, given))


def _row(record: Record) -> tuple[object, ...]:
    r = record
    content = (r.number, r.ts, r.verb, r.actor_id, r.target_id, r.who, r.what)
    return (*content, r.who_seal, r.what_seal, r.hash)


def _record(
    number: int,
    ts: Any,
    verb: bytes,
    actor_id: bytes,
    target_id: bytes,
    who: bytes | None,
    what: bytes | None,
    who_seal: bytes,
    what_seal: bytes,
    hash_: bytes,
) -> Record:
    return Record(
        number=number,
        ts=ts if isinstance(ts, int) else -1,
        verb=_text(verb),
        actor_id=_text(actor_id),
        target_id=_text(target_id),
        who=None if who is None else _text(who),
        what=None if what is None else _text(what),
        who_seal=_text(who_seal),
        what_seal=_text(what_seal),
        hash=_text(hash_),
    )


def _text(raw: bytes | None) -> str:
    return "" if raw is None else raw.decode(errors="replace")
