"""What the calls of one transaction share, and the next ones go on knowing: the connection, and
which numbers are next. Beginning and ending it is writer's."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from chatd.core.log import RoomId, UserId

# A room whose oldest entries, or all of them, were removed goes on counting from there.
LAST = """max(
    rooms.first - 1,
    ifnull((SELECT max(seq) FROM messages WHERE messages.room_id = rooms.room_id), 0),
    ifnull((SELECT max(seq) FROM changes WHERE changes.room_id = rooms.room_id), 0)
)"""
LAST_SEQ = f"SELECT {LAST} FROM rooms WHERE room_id = ?"  # noqa: S608  no foreign text
_ROOM = f"SELECT {LAST}, kind = 'public', history FROM rooms WHERE room_id = ?"  # noqa: S608  own constants
_LAST_ID = "SELECT ifnull(max(id), 0) FROM messages"
_INDEXED = "SELECT value FROM meta WHERE name = 'indexed'"


MOST = 10_000
"""Rooms of which the numbers, and authors who, are remembered from one transaction to the next."""


class Transaction:
    """From BEGIN IMMEDIATE to COMMIT, and on to the next one if nobody else has written meanwhile
    (see Transactions): then what it remembers holds."""

    __slots__ = (
        "_ids", "_indexed", "_passing", "_public", "_seqs", "execute", "standing", "version",
    )  # fmt: skip

    def __init__(self, connection: sqlite3.Connection, version: int | None = None) -> None:
        self.execute = connection.execute
        self.version = version
        """What PRAGMA data_version says: another number when somebody else has committed."""
        self.standing: set[UserId] = set()
        """Authors who may have something stored, as far as that was asked (see standing)."""
        self._seqs: dict[RoomId, int] = {}
        self._public: set[RoomId] = set()
        self._passing: set[RoomId] = set()
        self._ids: int | None = None
        self._indexed: int | None = None

    @property
    def is_long(self) -> bool:
        """Whether it remembers so much that it is better to begin anew."""
        return len(self._seqs) > MOST or len(self.standing) > MOST

    def last_seq(self, room_id: RoomId) -> int | None:
        """The highest seq that was given in the room; None when there is no such room."""
        if room_id not in self._seqs:
            row = self.execute(_ROOM, (room_id,)).fetchone()
            if row is None:
                return None
            last, public, history = row
            self._seqs[room_id] = last
            if public:
                self._public.add(room_id)
            if not history:
                self._passing.add(room_id)
        return self._seqs[room_id]

    def is_public(self, room_id: RoomId) -> bool:
        """Whether everybody may read the room."""
        return self.last_seq(room_id) is not None and room_id in self._public

    def keeps(self, room_id: RoomId) -> bool:
        """Whether a room of which last_seq was asked has a history."""
        return room_id not in self._passing

    def last_id(self) -> int:
        """The highest messages.id that was given."""
        if self._ids is None:
            self._ids = max(self.indexed(), int(self.execute(_LAST_ID).fetchone()[0]))
        return self._ids

    def indexed(self) -> int:
        """The highest messages.id that the full-text index has been given."""
        if self._indexed is None:
            self._indexed = int(self.execute(_INDEXED).fetchone()[0])
        return self._indexed

    @property
    def left(self) -> int:
        """How many messages the index has not been given, as far as that was asked."""
        return (self._ids or 0) - (self._indexed or 0)

    def now_indexed(self, number: int) -> None:
        """Remember that the index has been given those up to here."""
        self._indexed = number

    def gave_seqs(self, seqs: Mapping[RoomId, int]) -> None:
        """Remember that entries of these rooms now have seqs up to these."""
        self._seqs.update(seqs)

    def gave_id(self, number: int) -> None:
        """Remember that a message now has this id."""
        self._ids = number


class Transactions:
    """One after the other on a connection: what one remembers the next one knows, for as long as
    nobody else has written in between; asking anew for each room of a group takes the writer as
    long as storing what is said in it."""

    def __init__(self) -> None:
        self._last: Transaction | None = None
        self._of: sqlite3.Connection | None = None

    def begun(self, connection: sqlite3.Connection) -> Transaction:
        """For what comes after BEGIN IMMEDIATE. To be followed by ``undone`` if it does not come to
        its COMMIT."""
        # Another number when somebody else committed: sqlite.org/pragma.html#pragma_data_version
        now = int(connection.execute("PRAGMA data_version").fetchone()[0])
        last = self.last(connection)
        if last is None or last.version != now:
            last = self._last = Transaction(connection, now)
            self._of = connection
        return last

    def last(self, connection: sqlite3.Connection) -> Transaction | None:
        """The last one, if it was this connection's, and what it remembers is not too much."""
        last = self._last if self._of is connection else None
        return None if last is None or last.is_long else last

    @property
    def left(self) -> int:
        """How many messages wait for the index, as far as the last one found out."""
        return 0 if self._last is None else self._last.left

    def undone(self) -> None:
        """What was remembered last is not so."""
        self._last = None
