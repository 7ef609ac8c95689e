"""Entries about messages that are there, and topics: edits, deletions, reactions. New messages are
appending's."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from chatd.core.log import (
    TOPIC_WITHIN,
    Appended,
    Author,
    Draft,
    Entry,
    RoomId,
    UserId,
    placeless,
)
from chatd.core.ports import NoSuchTarget, StoreFailed, TooManyReactions
from chatd.core.reactions import MOST, MOST_OWN
from chatd.store.sqlite import audit, indexing
from chatd.store.sqlite.transaction import Transaction

_FIND = """SELECT m.room_id, m.seq, m.ts, m.user_id, m.name, m.guest, m.text, m.key, m.reply_to,
    m.id, ifnull(e.text, m.text), m.edited, m.deleted
FROM messages m LEFT JOIN changes e ON e.room_id = m.room_id AND e.seq = m.edited
WHERE m.room_id = ? AND m.seq = ?"""
_CHANGE = """SELECT room_id, seq, kind, ts, user_id, name, guest, target, text
FROM changes WHERE room_id = ? AND seq = ?"""
_INSERT = """INSERT INTO changes (room_id, seq, kind, ts, user_id, name, guest, target, text)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_EDIT = "UPDATE messages SET edited = ? WHERE room_id = ? AND seq = ?"
_DELETE = "UPDATE messages SET text = '', edited = NULL, deleted = ? WHERE room_id = ? AND seq = ?"
# Left to itself the planner walks through all changes of the room.
_DELETE_EDITS = """UPDATE changes INDEXED BY changes_edits SET text = ''
WHERE room_id = ? AND target = ? AND kind = 'edited'"""
_DELETE_REACTIONS = "DELETE FROM reactions WHERE room_id = ? AND target = ?"
_REACTION = """SELECT seq, present FROM reactions
WHERE room_id = ? AND target = ? AND emoji = ? AND user_id = ?"""
_THERE = """SELECT 1 FROM reactions
WHERE room_id = ? AND target = ? AND emoji = ? AND present LIMIT 1"""
# From one emoji to the next: what it costs does not depend on how many people have reacted.
_DIFFERENT = """SELECT count(sign), ifnull(sum(EXISTS (
    SELECT 1 FROM reactions o WHERE o.room_id = ?1 AND o.target = ?2 AND o.emoji = sign
    AND o.user_id = ?3 AND o.present
)), 0) FROM (
    WITH RECURSIVE following (sign) AS (
        SELECT (SELECT emoji FROM reactions
            WHERE room_id = ?1 AND target = ?2 AND present ORDER BY emoji LIMIT 1)
        UNION ALL
        SELECT (SELECT r.emoji FROM reactions r
            WHERE r.room_id = ?1 AND r.target = ?2 AND r.emoji > following.sign AND r.present
            ORDER BY r.emoji LIMIT 1)
        FROM following WHERE following.sign IS NOT NULL LIMIT ?4
    ) SELECT sign FROM following
)"""
_REACT = """INSERT INTO reactions (room_id, target, emoji, user_id, seq, name, present)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room_id, target, emoji, user_id)
DO UPDATE SET seq = excluded.seq, name = excluded.name, present = excluded.present"""
_TOPIC = "UPDATE rooms SET topic = ? WHERE room_id = ? AND topic <> ?"
_LAST_TOPIC = """SELECT room_id, seq, kind, ts, user_id, name, guest, target, text FROM changes
WHERE room_id = ? AND seq > ? AND kind = 'topic' ORDER BY seq DESC LIMIT 1"""


class Target(Struct, frozen=True):
    """The message that a draft is about: its entry, and how it stands now."""

    entry: Entry
    number: int
    text: str
    edited: int | None
    deleted: int | None


def change(transaction: Transaction, room_id: RoomId, draft: Draft) -> Appended:
    """Store one draft that is no message. ANSWERS are raised before the first write."""
    if draft.kind == "topic":
        return _retitle(transaction, room_id, draft)
    target = find(transaction, room_id, draft.target)
    if draft.kind == "deleted":
        return _delete(transaction, draft, target)
    if target.deleted is not None:
        raise NoSuchTarget(draft.target)
    if draft.kind == "edited":
        return _edit(transaction, draft, target)
    return _react(transaction, draft, target)


def find(transaction: Transaction, room_id: RoomId, seq: int | None) -> Target:
    """The message at ``seq``. Raises NoSuchTarget."""
    row = transaction.execute(_FIND, (room_id, seq)).fetchone()
    if row is None:
        raise NoSuchTarget(seq)
    return Target(message_entry(row[:9]), *row[9:])


def next_seq(transaction: Transaction, room_id: RoomId) -> int:
    """The seq of the room's next entry. Raises StoreFailed when there is no such room,
    or one without history."""
    last = transaction.last_seq(room_id)
    if last is None or not transaction.keeps(room_id):
        raise StoreFailed(f"there is no room {room_id} with a history")
    return last + 1


def message_entry(row: tuple[Any, ...]) -> Entry:
    """The entry in a row of messages."""
    room_id, seq, ts, user_id, name, guest, text, key, reply_to = row
    return Entry(
        room_id=room_id,
        seq=seq,
        kind="message",
        author=Author(user_id, name, bool(guest)),
        ts=ts,
        text=text,
        key=key,
        reply_to=reply_to,
    )


def _retitle(transaction: Transaction, room_id: RoomId, draft: Draft) -> Appended:
    if transaction.execute(_TOPIC, (draft.text, room_id, draft.text)).rowcount:
        return Appended(_store(transaction, room_id, draft, None))
    since = (transaction.last_seq(room_id) or 0) - TOPIC_WITHIN
    row = transaction.execute(_LAST_TOPIC, (room_id, since)).fetchone()
    return Appended(change_entry(row) if row else placeless(room_id, draft), again=True)


def _edit(transaction: Transaction, draft: Draft, target: Target) -> Appended:
    room_id, seq = target.entry.room_id, target.entry.seq
    if draft.text == target.text:
        edited = target.edited
        done = target.entry if edited is None else _change_at(transaction, room_id, edited)
        return Appended(done, again=True)
    entry = _store(transaction, room_id, draft, seq)
    transaction.execute(_EDIT, (entry.seq, room_id, seq))
    indexing.change(transaction, target.number, room_id, target.text, draft.text)
    return Appended(entry)


def _delete(transaction: Transaction, draft: Draft, target: Target) -> Appended:
    room_id, seq = target.entry.room_id, target.entry.seq
    if target.deleted is not None:
        return Appended(_change_at(transaction, room_id, target.deleted), again=True)
    entry = _store(transaction, room_id, draft, seq)
    transaction.execute(_DELETE, (entry.seq, room_id, seq))
    transaction.execute(_DELETE_EDITS, (room_id, seq))
    transaction.execute(_DELETE_REACTIONS, (room_id, seq))
    indexing.change(transaction, target.number, room_id, target.text, "")
    audit.record(transaction, draft.deed)
    return Appended(entry)


def _react(transaction: Transaction, draft: Draft, target: Target) -> Appended:
    room_id, seq = target.entry.room_id, target.entry.seq
    user_id: UserId = draft.author.user_id
    there = transaction.execute(_REACTION, (room_id, seq, draft.text, user_id)).fetchone()
    wanted = draft.kind == "reacted"
    if there is None and not wanted:
        return Appended(target.entry, again=True)
    if there is not None and bool(there[1]) == wanted:
        return Appended(_change_at(transaction, room_id, there[0]), again=True)
    if wanted:
        _another(transaction, target.entry, draft)
    entry = _store(transaction, room_id, draft, seq)
    name = draft.author.name
    row = (room_id, seq, draft.text, user_id, entry.seq, name, wanted)
    transaction.execute(_REACT, row)
    return Appended(entry)


def _another(transaction: Transaction, message: Entry, draft: Draft) -> None:
    """Raises TooManyReactions when this emoji would be one too many on the message."""
    room_id, seq, user_id = message.room_id, message.seq, draft.author.user_id
    if transaction.execute(_THERE, (room_id, seq, draft.text)).fetchone():
        return
    count, own = transaction.execute(_DIFFERENT, (room_id, seq, user_id, MOST)).fetchone()
    if count >= MOST or own >= MOST_OWN:
        raise TooManyReactions(count < MOST)


def _store(transaction: Transaction, room_id: RoomId, draft: Draft, target: int | None) -> Entry:
    who = draft.author
    seq = next_seq(transaction, room_id)
    text = "" if draft.kind == "deleted" else draft.text
    row = (room_id, seq, draft.kind, draft.ts, who.user_id, who.name, who.guest, target, text)
    transaction.execute(_INSERT, row)
    transaction.gave_seqs({room_id: seq})
    return change_entry(row)


def _change_at(transaction: Transaction, room_id: RoomId, seq: int) -> Entry:
    return change_entry(transaction.execute(_CHANGE, (room_id, seq)).fetchone())


def change_entry(row: tuple[Any, ...]) -> Entry:
    """The entry in a row of changes."""
    room_id, seq, kind, ts, user_id, name, guest, target, text = row
    return Entry(
        room_id=room_id,
        seq=seq,
        kind=kind,
        author=Author(user_id, name, bool(guest)),
        ts=ts,
        text=text,
        target=target,
    )
