"""Rooms, lasting members and read markers. Functions that take a Transaction write; the others read
through a connection. The rooms' logs are appending's and reading's."""

from __future__ import annotations

import sqlite3

import msgspec
from msgspec import Struct

from chatd.core.audit import Deed
from chatd.core.log import Member, Membership, Rank, RoomId, RoomKind, StoredRoom, UserId
from chatd.core.ports import LastOwner, NameTaken, NoSuchMember, StoreFailed
from chatd.store.sqlite import audit
from chatd.store.sqlite.reading import fetch, listed
from chatd.store.sqlite.standing import must_be_there
from chatd.store.sqlite.transaction import LAST, Transaction


class RoomRow(Struct, array_like=True):
    """One room."""

    room_id: int
    name: str
    kind: RoomKind
    topic: str
    title: str | None
    first: int
    last: int
    history: int

    def room(self) -> StoredRoom:
        """As a value."""
        return StoredRoom(
            room_id=RoomId(self.room_id),
            name=self.name,
            kind=self.kind,
            topic=self.topic,
            title=self.title,
            first=self.first,
            last=self.last,
            history=bool(self.history),
        )


class MemberRow(Struct, array_like=True):
    """One member."""

    user_id: str
    name: str
    guest: int
    rank: str

    def member(self) -> Member:
        """As a value."""
        return Member(
            user_id=UserId(self.user_id),
            name=self.name,
            guest=bool(self.guest),
            rank=Rank(self.rank),
        )


_NAMES = "room_id, name, kind, topic, title, first, last, history"
_COLUMNS = f"""rooms.room_id, rooms.name, rooms.kind, rooms.topic, rooms.title, rooms.first,
    {LAST} AS last, rooms.history"""
_ROOM = listed(_NAMES, f"SELECT {_COLUMNS} FROM rooms WHERE name = ?")  # noqa: S608  own constants
_BY_ID = listed(_NAMES, f"SELECT {_COLUMNS} FROM rooms WHERE room_id = ?")  # noqa: S608  own constants
_PUBLIC = listed(
    _NAMES,
    f"SELECT {_COLUMNS} FROM rooms WHERE kind = 'public' AND name > ? ORDER BY name LIMIT ?",  # noqa: S608  own constants
)
_SHARED = listed(_NAMES, f"SELECT {_COLUMNS} FROM rooms WHERE pair = ?")  # noqa: S608  own constants
_TAKEN = "SELECT name FROM rooms WHERE skeleton = ? UNION ALL SELECT name FROM rooms WHERE name = ?"
_BY_PAIR = "SELECT room_id FROM rooms WHERE pair = ?"
_CREATE = """INSERT INTO rooms (name, skeleton, pair, kind, topic, title, created_ts, history)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_TOPIC = "UPDATE rooms SET topic = ? WHERE room_id = ? AND topic <> ?"
_MEMBERS = listed(
    "user_id, name, guest, rank",
    """SELECT user_id, name, guest, rank FROM members WHERE room_id = ?
    ORDER BY name, user_id LIMIT ?""",
)
_NAMED = listed(
    "user_id, name, guest, rank",
    """SELECT user_id, name, guest, rank FROM members WHERE room_id = ? AND name = ?
    ORDER BY guest, user_id LIMIT 1""",
)
_JOIN = """INSERT INTO members (room_id, user_id, name, guest, rank) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (room_id, user_id) DO"""
_KEEP_MEMBER = f"{_JOIN} NOTHING"
_SET_MEMBER = f"""{_JOIN} UPDATE
SET name = excluded.name, guest = excluded.guest, rank = excluded.rank"""
_IS_MEMBER = "SELECT 1 FROM members WHERE room_id = ? AND user_id = ?"
_DROP_MEMBER = "DELETE FROM members WHERE room_id = ? AND user_id = ?"
_LAST_OWNER = """SELECT min(others.rank <> 'owner') FROM members
JOIN members AS others ON others.room_id = members.room_id AND others.user_id <> members.user_id
JOIN accounts ON accounts.user_id = others.user_id AND NOT accounts.disabled
WHERE members.room_id = ? AND members.user_id = ?
AND members.rank = 'owner' AND NOT members.guest"""
_COUNT = "SELECT count(*) FROM members WHERE room_id = ?"
_MEMBERSHIP = f"""SELECT {_COLUMNS}, members.rank, ifnull(marks.seq, 0) AS read FROM members
CROSS JOIN rooms ON rooms.room_id = members.room_id
LEFT JOIN marks ON marks.user_id = members.user_id AND marks.room_id = members.room_id
WHERE members.user_id = ?"""  # noqa: S608  own constants
_ROWS = f"json_array({_NAMES}), rank, read"
_MEMBERSHIPS = listed(_ROWS, f"{_MEMBERSHIP} ORDER BY rooms.name")
_ONE_MEMBERSHIP = listed(_ROWS, f"{_MEMBERSHIP} AND members.room_id = ?")
_MARKED = "SELECT seq FROM marks WHERE user_id = ? AND room_id = ?"
_MARK = """INSERT INTO marks (user_id, room_id, seq) VALUES (?, ?, ?)
ON CONFLICT (user_id, room_id) DO UPDATE SET seq = excluded.seq"""

_rooms = msgspec.json.Decoder(list[RoomRow])
_members = msgspec.json.Decoder(list[MemberRow])
_memberships = msgspec.json.Decoder(list[tuple[RoomRow, str, int]])


def room(connection: sqlite3.Connection, name: str) -> StoredRoom | None:
    """See the port."""
    rows = fetch(connection, _ROOM, (name,), _rooms)
    return rows[0].room() if rows else None


def shared_room(connection: sqlite3.Connection, one: UserId, other: UserId) -> StoredRoom | None:
    """See the port."""
    rows = fetch(connection, _SHARED, (_pair(one, other),), _rooms)
    return rows[0].room() if rows else None


def _pair(one: UserId, other: UserId) -> str:
    return " ".join(sorted({one, other}))


def member_count(connection: sqlite3.Connection, room_id: RoomId) -> int:
    """See the port."""
    return int(connection.execute(_COUNT, (room_id,)).fetchone()[0])


def public_rooms(connection: sqlite3.Connection, after: str, limit: int) -> list[StoredRoom]:
    """See the port."""
    return [row.room() for row in fetch(connection, _PUBLIC, (after, limit), _rooms)]


def members(connection: sqlite3.Connection, room_id: RoomId, limit: int) -> list[Member]:
    """See the port."""
    return [row.member() for row in fetch(connection, _MEMBERS, (room_id, limit), _members)]


def member_named(connection: sqlite3.Connection, room_id: RoomId, name: str) -> Member | None:
    """See the port."""
    rows = fetch(connection, _NAMED, (room_id, name), _members)
    return rows[0].member() if rows else None


def memberships(connection: sqlite3.Connection, user_id: UserId) -> list[Membership]:
    """See the port."""
    rows = fetch(connection, _MEMBERSHIPS, (user_id,), _memberships)
    return [Membership(room=row.room(), rank=Rank(rank), read=read) for row, rank, read in rows]


def membership(
    connection: sqlite3.Connection, room_id: RoomId, user_id: UserId
) -> Membership | None:
    """See the port."""
    for row, rank, read in fetch(connection, _ONE_MEMBERSHIP, (user_id, room_id), _memberships):
        return Membership(room=row.room(), rank=Rank(rank), read=read)
    return None


def create_room(
    transaction: Transaction,
    name: str,
    kind: RoomKind,
    skeleton: str,
    topic: str,
    owner: Member | None,
    ts: int,
    history: bool,
    deed: Deed,
) -> StoredRoom:
    """See the port."""
    taken = transaction.execute(_TAKEN, (skeleton, name)).fetchone()
    if taken is not None:
        raise NameTaken(taken[0])
    if owner is not None:
        must_be_there(transaction, owner.user_id)
    row = (name, skeleton, None, kind, topic, None, ts, history)
    room_id = RoomId(transaction.execute(_CREATE, row).lastrowid or 0)
    if owner is not None:
        _join(transaction, _SET_MEMBER, room_id, owner)
    audit.record(transaction, deed)
    return StoredRoom(room_id=room_id, name=name, kind=kind, topic=topic, history=history)


def direct_room(
    transaction: Transaction, name: str, one: Member, other: Member, ts: int
) -> StoredRoom:
    """See the port."""
    must_be_there(transaction, one.user_id, other.user_id)
    pair = _pair(one.user_id, other.user_id)
    found = transaction.execute(_BY_PAIR, (pair,)).fetchone()
    if found is None and transaction.execute(_TAKEN, (None, name)).fetchone() is not None:
        raise NameTaken(name)
    if found is None:
        title = ", ".join(dict.fromkeys((one.name, other.name)))
        row = (name, None, pair, "direct", "", title, ts, True)
        found = (transaction.execute(_CREATE, row).lastrowid,)
    for member in (one, other):
        _join(transaction, _KEEP_MEMBER, RoomId(found[0]), member)
    (made,) = _rooms.decode(transaction.execute(_BY_ID, found).fetchone()[0])
    return made.room()


def set_topic(transaction: Transaction, room_id: RoomId, topic: str) -> bool:
    """See the port."""
    if transaction.last_seq(room_id) is None or transaction.keeps(room_id):
        raise StoreFailed(f"there is no room {room_id} without history")
    return bool(transaction.execute(_TOPIC, (topic, room_id, topic)).rowcount)


def last_owner(
    connection: sqlite3.Connection | Transaction, room_id: RoomId, user_id: UserId
) -> bool:
    """See the port."""
    return bool(connection.execute(_LAST_OWNER, (room_id, user_id)).fetchone()[0])


def set_member(
    transaction: Transaction,
    room_id: RoomId,
    member: Member,
    deed: Deed,
    keep_owner: bool,
    only_change: bool = False,
) -> None:
    """See the port."""
    if transaction.last_seq(room_id) is None:
        raise StoreFailed(f"there is no room {room_id}")
    must_be_there(transaction, member.user_id)
    if keep_owner and member.rank is not Rank.OWNER:
        _keep_owner(transaction, room_id, member.user_id)
    if only_change:
        there = transaction.execute(_IS_MEMBER, (room_id, member.user_id)).fetchone()
        if there is None:
            raise NoSuchMember(member.user_id)
    _join(transaction, _SET_MEMBER, room_id, member)
    audit.record(transaction, deed)


def drop_member(
    transaction: Transaction, room_id: RoomId, user_id: UserId, deed: Deed, keep_owner: bool
) -> None:
    """See the port."""
    if keep_owner:
        _keep_owner(transaction, room_id, user_id)
    if transaction.execute(_DROP_MEMBER, (room_id, user_id)).rowcount:
        audit.record(transaction, deed)


def _keep_owner(transaction: Transaction, room_id: RoomId, user_id: UserId) -> None:
    if last_owner(transaction, room_id, user_id):
        raise LastOwner(room_id)


def mark(transaction: Transaction, user_id: UserId, room_id: RoomId, seq: int) -> int:
    """See the port."""
    must_be_there(transaction, user_id)
    row = transaction.execute(_MARKED, (user_id, room_id)).fetchone()
    stands = int(row[0]) if row else 0
    if seq <= stands:
        return stands
    transaction.execute(_MARK, (user_id, room_id, seq))
    return seq


def _join(transaction: Transaction, how: str, room_id: RoomId, member: Member) -> None:
    row = (room_id, member.user_id, member.name, member.guest, member.rank.value)
    transaction.execute(how, row)
