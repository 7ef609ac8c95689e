"""Finding messages by their words.
What a word is, chatd/store/words says; keeping the index is indexing's."""

from __future__ import annotations

import sqlite3

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
_EVERYWHERE = listed(
    _NAMES,
    f"""{_SELECT} AND (rooms.kind = 'public' OR EXISTS (
        SELECT 1 FROM members WHERE members.room_id = m.room_id AND members.user_id = ?
    )) {_NEWEST}""",  # noqa: S608  own constants
)
_PRIVATE = """SELECT members.room_id FROM members
CROSS JOIN rooms ON rooms.room_id = members.room_id AND rooms.kind <> 'public'
WHERE members.user_id = ? LIMIT ?"""
_END = 2**62
_NAMED = 200
"""So many private rooms of one person are named to the index. Whoever has more finds enough in
them: then each hit is looked at."""

_hits = msgspec.json.Decoder(list[tuple[int, str, int, MessageRow]])


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
        match = _visible(connection, member) + words
        hits = fetch(connection, _EVERYWHERE, (match, below, member, limit), _hits)
    return [
        Found(room=room, message=row.message(RoomId(where)), cursor=number)
        for number, room, where, row in hits
    ]


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
