"""Sanctions, room rules, reports, the emergency. Functions that take a Transaction write, and raise
the version; the others read through a connection. What follows from them is core/policy."""

from __future__ import annotations

import sqlite3
from typing import Any

from chatd.core.audit import Deed
from chatd.core.log import Author, RoomId
from chatd.core.ports import NoSuchTarget, StoreFailed
from chatd.core.sanctions import Emergency, Report, RoomRules, Sanction, SanctionKind, Subject
from chatd.store.sqlite import audit
from chatd.store.sqlite.changing import find
from chatd.store.sqlite.standing import must_be_there
from chatd.store.sqlite.transaction import Transaction

_VERSION = "SELECT value FROM meta WHERE name = 'sanctions_version'"
_RISE = "UPDATE meta SET value = value + 1 WHERE name = 'sanctions_version'"
_EMERGENCY = "SELECT value FROM meta WHERE name = 'emergency'"
_SET_EMERGENCY = "UPDATE meta SET value = ? WHERE name = 'emergency'"
_SANCTION = """SELECT number, sanctions.kind, subject_kind, subject, shown, sanctions.room_id,
    reason, by_name, ts, until, rooms.name
FROM sanctions LEFT JOIN rooms ON rooms.room_id = sanctions.room_id"""
_IN_FORCE = f"{_SANCTION} WHERE until IS NULL OR until > ? ORDER BY number"
_FORGET = "DELETE FROM sanctions WHERE until <= ?"
_LAY = """INSERT INTO sanctions
(kind, subject_kind, subject, shown, room_id, reason, by_name, ts, until)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_LIFT = """DELETE FROM sanctions
WHERE kind = ? AND subject_kind = ? AND subject = ? AND ifnull(room_id, 0) = ?"""
_NEWEST = f"{_SANCTION} WHERE number = last_insert_rowid()"
_RULES = "SELECT room_id, read_only, slow FROM room_rules"
_SET_RULES = "INSERT INTO room_rules (room_id, read_only, slow) VALUES (?, ?, ?)"
_DROP_RULES = "DELETE FROM room_rules WHERE room_id = ?"
_REPORT = """SELECT number, reports.room_id, rooms.name, seq, author, text, by_name, reason, ts,
    outcome, settled_by, settled_ts
FROM reports JOIN rooms ON rooms.room_id = reports.room_id"""
_SAME_REPORT = f"{_REPORT} WHERE reports.room_id = ? AND seq = ? AND user_id = ?"
_BY_NUMBER = f"{_REPORT} WHERE number = ?"
_OPEN = f"{_REPORT} WHERE outcome = '' ORDER BY number LIMIT ?"
_SETTLED = f"{_REPORT} WHERE outcome <> '' ORDER BY number DESC LIMIT ?"
_COUNT_OPEN = "SELECT count(*) FROM reports WHERE outcome = ''"
_ADD_REPORT = """INSERT INTO reports
(room_id, seq, author_id, author, text, user_id, by_name, reason, ts)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_SETTLE = """UPDATE reports SET outcome = ?, settled_by = ?, settled_ts = ?, text = ''
WHERE number = ? AND outcome = ''"""

_FORGET_SANCTIONS = "DELETE FROM sanctions WHERE subject_kind = 'user' AND subject = ?"
_RENAME_LAYERS = "UPDATE sanctions SET by_name = ? WHERE by_name = ?"
_RENAME_AUTHOR = "UPDATE reports SET author_id = ?, author = ?, text = '' WHERE author_id = ?"
_RENAME_REPORTER = "UPDATE reports SET user_id = ?, by_name = ?, reason = '' WHERE user_id = ?"
_RENAME_SETTLER = "UPDATE reports SET settled_by = ? WHERE settled_by = ?"


def version(connection: sqlite3.Connection) -> int:
    """See the port."""
    return int(connection.execute(_VERSION).fetchone()[0])


def in_force(connection: sqlite3.Connection, now: int) -> list[Sanction]:
    """See the port."""
    return [_sanction(*row) for row in connection.execute(_IN_FORCE, (now,))]


def sanction(
    transaction: Transaction,
    kind: SanctionKind,
    subject: Subject,
    room_id: RoomId | None,
    reason: str,
    by: str,
    ts: int,
    until: int | None,
    deed: Deed,
) -> Sanction:
    """See the port."""
    if room_id is not None:
        _must_be(transaction, room_id)
    must_be_there(transaction, deed.actor_id, subject.value if subject.kind == "user" else "")
    transaction.execute(_FORGET, (ts,))
    transaction.execute(_LIFT, _where(kind, subject, room_id))
    row = (kind, subject.kind, subject.value, subject.shown, room_id, reason, by, ts, until)
    transaction.execute(_LAY, row)
    laid = _sanction(*transaction.execute(_NEWEST).fetchone())
    transaction.execute(_RISE)
    audit.record(transaction, deed)
    return laid


def lift(
    transaction: Transaction,
    kind: SanctionKind,
    subject: Subject,
    room_id: RoomId | None,
    deed: Deed,
) -> bool:
    """See the port."""
    lifted = transaction.execute(_LIFT, _where(kind, subject, room_id)).rowcount > 0
    if lifted:
        transaction.execute(_RISE)
        audit.record(transaction, deed)
    return lifted


def room_rules(connection: sqlite3.Connection) -> dict[RoomId, RoomRules]:
    """See the port."""
    return {
        room_id: RoomRules(read_only=bool(read_only), slow=slow)
        for room_id, read_only, slow in connection.execute(_RULES)
    }


def set_room_rules(transaction: Transaction, room_id: RoomId, rules: RoomRules, deed: Deed) -> None:
    """See the port."""
    _must_be(transaction, room_id)
    transaction.execute(_DROP_RULES, (room_id,))
    if rules != RoomRules():
        transaction.execute(_SET_RULES, (room_id, rules.read_only, rules.slow))
    transaction.execute(_RISE)
    audit.record(transaction, deed)


def emergency(connection: sqlite3.Connection) -> Emergency:
    """See the port."""
    return Emergency(connection.execute(_EMERGENCY).fetchone()[0])


def set_emergency(transaction: Transaction, step: Emergency, deed: Deed) -> None:
    """See the port."""
    transaction.execute(_SET_EMERGENCY, (int(step),))
    transaction.execute(_RISE)
    audit.record(transaction, deed)


def report(
    transaction: Transaction, room_id: RoomId, seq: int, by: Author, reason: str, ts: int
) -> Report:
    """See the port."""
    must_be_there(transaction, by.user_id)
    same = (room_id, seq, by.user_id)
    row = transaction.execute(_SAME_REPORT, same).fetchone()
    if row is None:
        target = find(transaction, room_id, seq)
        if target.deleted is not None:
            raise NoSuchTarget(seq)
        author = target.entry.author
        about = (room_id, seq, author.user_id, author.name, target.text)
        transaction.execute(_ADD_REPORT, (*about, by.user_id, by.name, reason, ts))
        transaction.execute(_RISE)
        row = transaction.execute(_SAME_REPORT, same).fetchone()
    return _report(row)


def reports(connection: sqlite3.Connection, settled: bool, limit: int) -> list[Report]:
    """See the port."""
    rows = connection.execute(_SETTLED if settled else _OPEN, (limit,))
    return [_report(row) for row in rows]


def reports_open(connection: sqlite3.Connection) -> int:
    """See the port."""
    return int(connection.execute(_COUNT_OPEN).fetchone()[0])


def settle(
    transaction: Transaction, number: int, outcome: str, by: str, ts: int, deed: Deed
) -> Report | None:
    """See the port."""
    must_be_there(transaction, deed.actor_id)
    if not transaction.execute(_SETTLE, (outcome, by, ts, number)).rowcount:
        return None
    transaction.execute(_RISE)
    audit.record(transaction, deed)
    return _report(transaction.execute(_BY_NUMBER, (number,)).fetchone())


def forget(transaction: Transaction, who: Author, alias: Author) -> None:
    """For an erasure: what was laid on somebody goes; what they did is the alias's, without their
    words."""
    transaction.execute(_FORGET_SANCTIONS, (who.user_id,))
    transaction.execute(_RENAME_LAYERS, (alias.name, who.name))
    transaction.execute(_RENAME_AUTHOR, (alias.user_id, alias.name, who.user_id))
    transaction.execute(_RENAME_REPORTER, (alias.user_id, alias.name, who.user_id))
    transaction.execute(_RENAME_SETTLER, (alias.name, who.name))
    transaction.execute(_RISE)


def _must_be(transaction: Transaction, room_id: RoomId) -> None:
    if transaction.last_seq(room_id) is None:
        raise StoreFailed(f"there is no room {room_id}")


def _where(
    kind: SanctionKind, subject: Subject, room_id: RoomId | None
) -> tuple[str, str, str, int]:
    return kind, subject.kind, subject.value, room_id or 0


def _sanction(
    number: int,
    kind: Any,
    subject_kind: Any,
    subject: str,
    shown: str,
    room_id: RoomId | None,
    reason: str,
    by: str,
    ts: int,
    until: int | None,
    room: str | None,
) -> Sanction:
    return Sanction(
        number=number,
        kind=kind,
        subject=Subject(subject_kind, subject, shown),
        room_id=room_id,
        reason=reason,
        by=by,
        ts=ts,
        until=until,
        room=room,
    )


def _report(row: tuple[Any, ...]) -> Report:
    names = (
        *("number", "room_id", "room", "seq", "author", "text", "by", "reason", "ts"),
        *("outcome", "settled_by", "settled_ts"),
    )
    return Report(**dict(zip(names, row, strict=True)))
