"""Finding messages by their words.
What a word is, chatd/store/words says; keeping the index is indexing's."""

from __future__ import annotations

import sqlite3
from typing import TypeAlias

import msgspec

from chatd.core.log import Found, RoomId, UserId
from chatd.store.sqlite.indexing import PUBLIC, room_word
from chatd.store.sqlite.reading import (
    EDIT,
    MESSAGE_COLUMNS,
    MESSAGE_NAMES,
    MessageRow,
    fetch,
    listed,
)
from chatd.store.words import terms

_NAMES = f"id, room, room_id, json_array({MESSAGE_NAMES})"
# CROSS JOIN keeps the planner from beginning anywhere but at the index, newest first.
_SELECT = f"""SELECT m.id, rooms.name AS room, m.room_id, {MESSAGE_COLUMNS}
FROM found CROSS JOIN messages m ON m.id = found.rowid
CROSS JOIN rooms ON rooms.room_id = m.room_id {EDIT}
WHERE found MATCH ? AND found.rowid < ?"""  # noqa: S608  own constants
_NEWEST = "ORDER BY found.rowid DESC LIMIT ?"
_IN_ROOM = listed(_NAMES, f"{_SELECT} {_NEWEST}")
_MAY_FIND = """(rooms.kind = 'public' OR EXISTS (
    SELECT 1 FROM members WHERE members.room_id = m.room_id AND members.user_id = ?
))"""
_EVERYWHERE = listed(_NAMES, f"{_SELECT} AND {_MAY_FIND} {_NEWEST}")
_HITS = """SELECT json_group_array(rowid) FROM (
    SELECT rowid FROM found WHERE found MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?
)"""
# json_each gives them in their order, newest first.
_OF_THESE = listed(
    _NAMES,
    f"""SELECT m.id, rooms.name AS room, m.room_id, {MESSAGE_COLUMNS}
    FROM json_each(?) AS hit CROSS JOIN messages m ON m.id = hit.value
    CROSS JOIN rooms ON rooms.room_id = m.room_id {EDIT}
    WHERE {_MAY_FIND} LIMIT ?""",  # noqa: S608  own constants
)
_PRIVATE = """SELECT members.room_id FROM members
CROSS JOIN rooms ON rooms.room_id = members.room_id AND rooms.kind <> 'public'
WHERE members.user_id = ? LIMIT ?"""
_END = 2**62
_NAMED = 200
"""So many private rooms of one person are named to the index. Whoever has more finds enough in
them: then each hit is looked at."""

LOOKED_AT = 200
"""Newest messages with the words that are looked at one by one, before the index is asked for those
that the member may find: the list of what is public grows with every message, and to walk it beside
the words is dearer than these."""

_Hit: TypeAlias = tuple[int, str, int, MessageRow]
_hits = msgspec.json.Decoder(list[_Hit])
_numbers = msgspec.json.Decoder(list[int])


def search(
    connection: sqlite3.Connection,
    query: str,
    room_id: RoomId | None,
    member: UserId,
    cursor: int | None,
    limit: int,
) -> list[Found]:
    """See the port."""
    words = expression(query)
    if not words:
        return []
    below = _END if cursor is None else cursor
    if room_id is not None:
        match = f'"{room_word(room_id)}" AND {words}'
        hits = fetch(connection, _IN_ROOM, (match, below, limit), _hits)
    else:
        hits = _everywhere(connection, words, member, below, limit)
    return [
        Found(room=room, message=row.message(RoomId(where)), cursor=number)
        for number, room, where, row in hits
    ]


def _everywhere(
    connection: sqlite3.Connection, words: str, member: UserId, below: int, limit: int
) -> list[_Hit]:
    """The newest that the member may find. Mostly they are among the newest of all."""
    most = max(LOOKED_AT, 2 * limit)
    numbers = fetch(connection, _HITS, (words, below, most), _numbers)
    these = msgspec.json.encode(numbers).decode()
    hits = fetch(connection, _OF_THESE, (these, member, limit), _hits)
    if len(hits) < limit and len(numbers) == most:
        match, left = _visible(connection, member) + words, limit - len(hits)
        hits += fetch(connection, _EVERYWHERE, (match, numbers[-1], member, left), _hits)
    return hits


def _visible(connection: sqlite3.Connection, member: UserId) -> str:
    """Lets the index pass over what the member may not find: else a word that is common where one
    is not a member would be looked at message by message."""
    rooms = connection.execute(_PRIVATE, (member, _NAMED + 1)).fetchall()
    if len(rooms) > _NAMED:
        return ""
    names = [PUBLIC, *(room_word(room_id) for (room_id,) in rooms)]
    return "(" + " OR ".join(f'"{name}"' for name in names) + ") AND "


def expression(query: str) -> str:
    """The query's words for FTS5 (sqlite.org/fts5.html section 3): each quoted, the last one open;
    "" when it has none. Words hold letters, digits and marks only: nothing to escape."""
    whole, last = terms(query)
    if not last:
        return ""
    return " AND ".join(f'"{word}"' for word in [*whole, last]) + " *"
