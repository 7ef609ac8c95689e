"""What is read out of the rooms' logs. Each call is one statement that gives one row of JSON: it is
one snapshot, and stepping row by row would win and lose Python's lock with every row."""

from __future__ import annotations

import sqlite3
from typing import TypeVar

import msgspec
from msgspec import Struct

from chatd.core.log import Author, Earlier, Entry, Kind, RoomId, StoredMessage, UserId
from chatd.core.reactions import MOST, NAMED
from chatd.store.sqlite.transaction import LAST_SEQ

T = TypeVar("T")


def listed(columns: str, select: str) -> str:
    """A statement that gives the rows of ``select`` as one JSON array of arrays."""
    return f"SELECT json_group_array(json_array({columns})) FROM ({select})"  # noqa: S608  own constants


def fetch(
    connection: sqlite3.Connection,
    statement: str,
    values: tuple[object, ...],
    decoder: msgspec.json.Decoder[list[T]],
) -> list[T]:
    """The rows that such a statement gives."""
    return decoder.decode(connection.execute(statement, values).fetchone()[0])


class EntryRow(Struct, array_like=True):
    """One row of a log."""

    seq: int
    kind: Kind
    ts: int
    user_id: str
    name: str
    guest: int
    text: str
    key: str | None
    reply_to: int | None
    target: int | None

    def entry(self, room_id: RoomId) -> Entry:
        """As a value."""
        return Entry(
            room_id=room_id,
            seq=self.seq,
            kind=self.kind,
            author=Author(UserId(self.user_id), self.name, bool(self.guest)),
            ts=self.ts,
            text=self.text,
            key=self.key,
            reply_to=self.reply_to,
            target=self.target,
        )


class MessageRow(Struct, array_like=True):
    """One message as it stands. ``reactions``: of each emoji the first seq, the emoji, how many
    people, and the names of the first, in their order; the emoji are in none."""

    seq: int
    ts: int
    user_id: str
    name: str
    guest: int
    text: str
    key: str | None
    reply_to: int | None
    edited_ts: int | None
    deleted: int | None
    reactions: list[tuple[int, str, int, list[str]]]

    def message(self, room_id: RoomId) -> StoredMessage:
        """As a value."""
        each = sorted(self.reactions) if self.reactions else ()
        return StoredMessage(
            room_id=room_id,
            seq=self.seq,
            ts=self.ts,
            author=Author(UserId(self.user_id), self.name, bool(self.guest)),
            text=self.text,
            key=self.key,
            reply_to=self.reply_to,
            edited_ts=self.edited_ts,
            deleted=self.deleted is not None,
            reactions={emoji: people for _, emoji, _, people in each},
            counts={emoji: count for _, emoji, count, people in each if count > len(people)},
        )


# Whether a subquery's result is still known to be JSON depends on the planner: json() makes it so.
MESSAGE_NAMES = (
    "seq, ts, user_id, name, guest, text, key, reply_to, edited_ts, deleted, json(reactions)"
)
# However many have reacted, few reactions are read into memory. An older database may have more
# than MOST emoji on a message: the first in their own order are told, and no more are looked at.
MESSAGE_COLUMNS = f"""m.seq, m.ts, m.user_id, m.name, m.guest, ifnull(e.text, m.text) AS text,
    m.key, m.reply_to, e.ts AS edited_ts, m.deleted, (
        SELECT json_group_array(json_array(first, sign, people, json((
            SELECT json_group_array(name) FROM (
                SELECT n.name FROM reactions n WHERE n.room_id = m.room_id AND n.target = m.seq
                AND n.emoji = sign AND n.present ORDER BY n.seq LIMIT {NAMED}
            )
        )))) FROM (
            SELECT min(r.seq) AS first, r.emoji AS sign, count(*) AS people FROM reactions r
            WHERE r.room_id = m.room_id AND r.target = m.seq AND r.present
            GROUP BY r.emoji ORDER BY r.emoji LIMIT {MOST}
        )
    ) AS reactions"""  # noqa: S608  own constants
EDIT = "LEFT JOIN changes e ON e.room_id = m.room_id AND e.seq = m.edited"

_MESSAGES = f"SELECT {MESSAGE_COLUMNS} FROM messages m {EDIT} WHERE m.room_id = ?"  # noqa: S608  own constants
_AFTER = listed(MESSAGE_NAMES, f"{_MESSAGES} AND m.seq > ? ORDER BY m.seq LIMIT ?")
_BEFORE = listed(MESSAGE_NAMES, f"{_MESSAGES} AND m.seq < ? ORDER BY m.seq DESC LIMIT ?")
_SAID = """SELECT m.room_id, r.name, r.kind, r.title, m.seq, m.ts FROM messages AS m
CROSS JOIN rooms AS r ON r.room_id = m.room_id WHERE m.user_id = ? AND m.key = ?"""
_AT = listed(MESSAGE_NAMES, f"{_MESSAGES} AND m.seq = ?")
_READ = listed(
    "seq, kind, ts, user_id, name, guest, text, key, reply_to, target",
    """SELECT seq, 'message' AS kind, ts, user_id, name, guest, text, key, reply_to,
        NULL AS target FROM messages WHERE room_id = ? AND seq > ?
    UNION ALL
    SELECT seq, kind, ts, user_id, name, guest, text, NULL, NULL, target
        FROM changes WHERE room_id = ? AND seq > ?
    ORDER BY seq LIMIT ?""",
)
_END = 2**62

_entries = msgspec.json.Decoder(list[EntryRow])
_messages = msgspec.json.Decoder(list[MessageRow])


def read(connection: sqlite3.Connection, room_id: RoomId, after: int, limit: int) -> list[Entry]:
    """See the port."""
    rows = fetch(connection, _READ, (room_id, after, room_id, after, limit), _entries)
    return [row.entry(room_id) for row in rows]


def last_seq(connection: sqlite3.Connection, room_id: RoomId) -> int:
    """See the port."""
    row = connection.execute(LAST_SEQ, (room_id,)).fetchone()
    return int(row[0]) if row else 0


def message(connection: sqlite3.Connection, room_id: RoomId, seq: int) -> StoredMessage | None:
    """See the port."""
    rows = fetch(connection, _AT, (room_id, seq), _messages)
    return rows[0].message(room_id) if rows else None


def said(connection: sqlite3.Connection, user_id: UserId, key: str) -> Earlier | None:
    """See the port."""
    found = connection.execute(_SAID, (user_id, key)).fetchone()
    if found is None:
        return None
    room_id, room, kind, title, seq, ts = found
    return Earlier(room_id=room_id, room=room, kind=kind, title=title, seq=seq, ts=ts)


def history(
    connection: sqlite3.Connection,
    room_id: RoomId,
    before: int | None,
    after: int | None,
    limit: int,
) -> tuple[list[StoredMessage], bool]:
    """See the port."""
    # One more than was asked for tells whether there are more.
    if after is not None:
        rows = fetch(connection, _AFTER, (room_id, after, limit + 1), _messages)
        page = rows[:limit]
    else:
        top = _END if before is None else before
        rows = fetch(connection, _BEFORE, (room_id, top, limit + 1), _messages)
        page = rows[:limit][::-1]
    return [row.message(room_id) for row in page], len(rows) > limit
