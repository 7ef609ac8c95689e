"""New entries of the rooms' logs, within the writer's transaction. Reading them is reading's.
Plain messages go in by the dozen: each statement lets go of Python's lock, and while the reactor is
busy every one that the writer must win back costs milliseconds."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import groupby

from chatd.core.log import Appended, Draft, Entry, RoomId
from chatd.core.ports import KeyReused, StoreFailed
from chatd.store.sqlite.changing import change, find, message_entry, next_seq
from chatd.store.sqlite.failures import ANSWERS
from chatd.store.sqlite.transaction import Transaction

SIZES = (64, 32, 16, 8, 4, 2, 1)
"""Messages per statement; few sizes, so that all stay prepared. SQLite 3.26 takes 999 values."""

_INSERT = (
    "INSERT INTO messages (id, room_id, seq, ts, user_id, name, guest, text, key, reply_to) VALUES "
)
_INSERTS = {size: _INSERT + ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * size) for size in SIZES}
_BY_KEY = """SELECT room_id, seq, ts, user_id, name, guest, text, key, reply_to
FROM messages WHERE user_id = ? AND key = ?"""


def append(transaction: Transaction, room_id: RoomId, draft: Draft) -> Appended:
    """Store one draft. What it raises of ANSWERS comes before its first write."""
    next_seq(transaction, room_id)  # raises when there is no such room
    if draft.kind != "message":
        return change(transaction, room_id, draft)
    known = _by_key(transaction, room_id, draft)
    if known is not None:
        return Appended(known, again=True)
    if draft.reply_to is not None:
        find(transaction, room_id, draft.reply_to)
    (entry,) = _places(transaction, [(room_id, draft)])
    _insert(transaction, [entry])
    return Appended(entry)


def append_all(
    transaction: Transaction, drafts: Sequence[tuple[RoomId, Draft]]
) -> list[Appended | Exception]:
    """Store drafts in their order; gives for each what ``append`` gives, or raises of ANSWERS."""
    outcomes: list[Appended | Exception] = []
    for plain, run in groupby(drafts, key=_is_plain):
        store = _by_the_dozen if plain else _one_by_one
        outcomes += store(transaction, list(run))
    return outcomes


def _is_plain(pair: tuple[RoomId, Draft]) -> bool:
    return pair[1].kind == "message" and pair[1].reply_to is None


def _one_by_one(
    transaction: Transaction, drafts: list[tuple[RoomId, Draft]]
) -> list[Appended | Exception]:
    outcomes: list[Appended | Exception] = []
    for room_id, draft in drafts:
        try:
            outcomes.append(append(transaction, room_id, draft))
        except ANSWERS as answer:
            outcomes.append(answer)
    return outcomes


def _by_the_dozen(
    transaction: Transaction, drafts: list[tuple[RoomId, Draft]]
) -> list[Appended | Exception]:
    outcomes: list[Appended | Exception] = []
    while drafts:
        size = next(size for size in SIZES if size <= len(drafts))
        some, drafts = drafts[:size], drafts[size:]
        try:
            entries = _places(transaction, some)
            _insert(transaction, entries)
            outcomes += map(Appended, entries)
        except (sqlite3.IntegrityError, StoreFailed):
            # A key that is known, or no such room; seldom, and the statement has left no trace.
            outcomes += _one_by_one(transaction, some)
    return outcomes


def _places(transaction: Transaction, drafts: Sequence[tuple[RoomId, Draft]]) -> list[Entry]:
    """The entries that these messages become, if they are inserted next."""
    seqs: dict[RoomId, int] = {}
    entries = []
    for room_id, draft in drafts:
        seqs[room_id] = seqs.get(room_id, 0) or next_seq(transaction, room_id) - 1
        seqs[room_id] += 1
        entries.append(
            Entry(
                room_id=room_id,
                seq=seqs[room_id],
                kind="message",
                author=draft.author,
                ts=draft.ts,
                text=draft.text,
                key=draft.key,
                reply_to=draft.reply_to,
            )
        )
    return entries


def _insert(transaction: Transaction, entries: Sequence[Entry]) -> None:
    number = last = transaction.last_id()
    values: list[object] = []
    for number, entry in enumerate(entries, last + 1):
        who = entry.author
        values += (number, entry.room_id, entry.seq, entry.ts, who.user_id, who.name, who.guest)
        values += (entry.text, entry.key, entry.reply_to)
    transaction.execute(_INSERTS[len(entries)], values)
    for entry in entries:
        transaction.gave_seq(entry.room_id, entry.seq)
    transaction.gave_id(number)


def _by_key(transaction: Transaction, room_id: RoomId, draft: Draft) -> Entry | None:
    if draft.key is None:
        return None
    row = transaction.execute(_BY_KEY, (draft.author.user_id, draft.key)).fetchone()
    if row is None:
        return None
    if row[0] != room_id:
        raise KeyReused(draft.key)
    return message_entry(row)
