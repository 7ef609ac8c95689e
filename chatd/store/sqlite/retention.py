"""Letting go of the oldest entries of rooms' logs, some at a time, and of the disk that they took.
What is old enough is configured; when each step is taken is chatd/ops/data_retention's."""

from __future__ import annotations

import sqlite3
from time import perf_counter

import msgspec
from msgspec import Struct

from chatd.core.log import RoomId
from chatd.store.sqlite import indexing
from chatd.store.sqlite.reading import EDIT, fetch, listed
from chatd.store.sqlite.transaction import LAST, Transaction

ROOMS = 100
"""Rooms that are looked at in one call."""
ENTRIES = 250
"""Entries that one call removes at most."""
LETTERS = 64 << 10
"""Letters of their texts, at most: words must be found again to be taken out of the index."""
SLACK = 256
"""Free pages that stay in the file, for what is said next."""
TURN = 0.01
"""Seconds that giving back may keep the writer from other calls."""

# The end of the messages that are too many is the one before the newest ``keep``.
_OVERDUE = listed(
    "room_id, first, below, ts",
    f"""SELECT rooms.room_id, rooms.first,
    CASE WHEN ? AND {LAST} - rooms.first >= ? THEN ifnull((
        SELECT seq + 1 FROM messages WHERE messages.room_id = rooms.room_id
        ORDER BY seq DESC LIMIT 1 OFFSET ?), 0) ELSE 0 END AS below,
    ifnull(
        (SELECT ts FROM messages WHERE room_id = rooms.room_id AND seq = rooms.first),
        (SELECT ts FROM changes WHERE room_id = rooms.room_id AND seq = rooms.first)) AS ts
    FROM rooms WHERE rooms.room_id > ? ORDER BY rooms.room_id LIMIT ?""",  # noqa: S608  own constants
)
_FIRST = "SELECT first FROM rooms WHERE room_id = ?"
_OLDEST = listed(
    "seq, ts, id, text",
    f"""SELECT m.seq, m.ts, m.id, ifnull(e.text, m.text) AS text FROM messages m {EDIT}
        WHERE m.room_id = ? AND m.seq >= ?
    UNION ALL
    SELECT seq, ts, NULL, '' FROM changes WHERE room_id = ? AND seq >= ?
    ORDER BY seq LIMIT ?""",  # noqa: S608  own constants
)
_SET_FIRST = "UPDATE rooms SET first = ? WHERE room_id = ?"
_DROP_MESSAGES = "DELETE FROM messages WHERE room_id = ? AND seq < ?"
_DROP_CHANGES = "DELETE FROM changes WHERE room_id = ? AND seq < ?"
_DROP_REACTIONS = "DELETE FROM reactions WHERE room_id = ? AND target < ?"
_EMPTY_EDITS = """UPDATE changes INDEXED BY changes_edits SET text = ''
WHERE room_id = ? AND target >= ? AND target < ? AND kind = 'edited'"""
_KEPT = "SELECT count(*) FROM messages"
_FREE = "PRAGMA freelist_count"
_GIVE_BACK = "PRAGMA incremental_vacuum(1)"


class Overdue(Struct, frozen=True):
    """Rooms of one look that have something to remove, each with the seq up to which it has too
    many messages (0: not too many). ``last`` is the room to go on after, None at the end."""

    rooms: list[tuple[RoomId, int]]
    last: RoomId | None


class Trimmed(Struct, frozen=True):
    """How many entries a step removed, and the lowest seq that is still kept."""

    removed: int
    first: int


_Looked = tuple[RoomId, int, int, int | None]
_Old = tuple[int, int, int | None, str]
_looked = msgspec.json.Decoder(list[_Looked])
_old = msgspec.json.Decoder(list[_Old])


def overdue(
    connection: sqlite3.Connection, after: RoomId, cutoff: int, keep: int, most: int = 0
) -> Overdue:
    """Of the ``most`` rooms above ``after`` (0: some), those whose oldest entry is from before
    ``cutoff`` (milliseconds since 1970 UTC), or that have more than ``keep`` messages (0: any
    number)."""
    most = most or ROOMS
    values = (keep > 0, keep, keep, after, most)
    looked = fetch(connection, _OVERDUE, values, _looked)
    rooms = [
        (room_id, below)
        for room_id, first, below, ts in looked
        if below > first or (ts is not None and ts < cutoff)
    ]
    return Overdue(rooms, looked[-1][0] if len(looked) == most else None)


def trim(transaction: Transaction, room_id: RoomId, below: int, cutoff: int) -> Trimmed:
    """Remove some of a room's oldest entries: those with a seq under ``below``, or a time before
    ``cutoff``. The first one that is neither ends it, however old those behind it are: a log has no
    gaps. Of what stays, nothing repeats the words of what goes."""
    (first,) = transaction.execute(_FIRST, (room_id,)).fetchone() or (0,)
    values = (room_id, first, room_id, first, ENTRIES)
    going = _going(_old.decode(transaction.execute(_OLDEST, values).fetchone()[0]), below, cutoff)
    if not going:
        return Trimmed(0, first)
    behind = going[-1][0] + 1
    indexing.remove(transaction, [(id_, room_id, text) for _, _, id_, text in going if id_])
    for statement in (_DROP_MESSAGES, _DROP_CHANGES, _DROP_REACTIONS):
        transaction.execute(statement, (room_id, behind))
    transaction.execute(_EMPTY_EDITS, (room_id, first, behind))
    transaction.execute(_SET_FIRST, (behind, room_id))
    return Trimmed(len(going), behind)


def _going(oldest: list[_Old], below: int, cutoff: int) -> list[_Old]:
    letters = 0
    for place, (seq, ts, _, text) in enumerate(oldest):
        if (seq >= below and ts >= cutoff) or letters > LETTERS:
            return oldest[:place]
        letters += len(text)
    return oldest


def give_back(transaction: Transaction) -> bool:
    """Give some of the free pages back to the disk; whether there are more. A database that was
    made without auto_vacuum keeps them for itself."""
    ends = perf_counter() + TURN
    (free,) = transaction.execute(_FREE).fetchone()
    while free > SLACK and perf_counter() < ends:
        transaction.execute(_GIVE_BACK)  # each execution gives one page, whatever its argument
        before, (free,) = free, transaction.execute(_FREE).fetchone()
        if free == before:
            return False
    return bool(free > SLACK)


def messages_kept(connection: sqlite3.Connection) -> int:
    """How many messages there are."""
    return int(connection.execute(_KEPT).fetchone()[0])
