"""Taking one account out of the database, some rows at a time, until nothing tells who it was.
In which order the steps are taken, and what is said about it, is chatd/ops/data_erase's."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from msgspec import Struct

from chatd.core.audit import NO_DEED, Deed
from chatd.core.log import Author, Draft, RoomId, UserId
from chatd.core.ports import NoSuchTarget
from chatd.store.sqlite import audit, sanctions
from chatd.store.sqlite.changing import change
from chatd.store.sqlite.transaction import Transaction

NAME = "erased user"
"""Whom what is left is from. No account and no guest is called so: names have no blanks."""
ROWS = 100
"""Rows of each table that one step changes at most."""

_END = 2**62
_MESSAGES = """SELECT room_id, seq, deleted FROM messages
WHERE (room_id, seq) > (?, ?) AND user_id = ? ORDER BY room_id, seq LIMIT ?"""
_CHANGES = """SELECT room_id, seq FROM changes
WHERE (room_id, seq) > (?, ?) AND user_id = ? ORDER BY room_id, seq LIMIT ?"""
_REACTIONS = """SELECT room_id, target, emoji FROM reactions
WHERE (room_id, target, emoji) > (?, ?, ?) AND user_id = ?
ORDER BY room_id, target, emoji LIMIT ?"""
_RENAME_MESSAGE = """UPDATE messages SET user_id = ?, name = ?, key = NULL
WHERE room_id = ? AND seq = ?"""
_RENAME_CHANGE = "UPDATE changes SET user_id = ?, name = ? WHERE room_id = ? AND seq = ?"
_RENAME_REACTION = """UPDATE reactions SET user_id = ?, name = ?
WHERE room_id = ? AND target = ? AND emoji = ? AND user_id = ?"""
_DIRECT = """SELECT room_id, title, pair FROM rooms
WHERE pair IS NOT NULL AND instr(' ' || pair || ' ', ' ' || ? || ' ')"""
_RENAME_ROOM = "UPDATE rooms SET title = ?, pair = ? WHERE room_id = ?"
_ACCOUNT = "SELECT name FROM accounts WHERE user_id = ?"
_OWNERLESS = """SELECT rooms.name FROM members JOIN rooms ON rooms.room_id = members.room_id
WHERE members.user_id = ? AND members.rank = 'owner' AND NOT EXISTS (
    SELECT 1 FROM members AS others
    JOIN accounts ON accounts.user_id = others.user_id AND NOT accounts.disabled
    WHERE others.room_id = members.room_id AND others.user_id <> members.user_id
    AND others.rank = 'owner'
) ORDER BY rooms.name"""
_SPEAKS = "SELECT 1 FROM accounts WHERE user_id = ? AND NOT disabled"
_DROP_MEMBERS = "DELETE FROM members WHERE user_id = ?"
_DROP_MARKS = "DELETE FROM marks WHERE user_id = ?"
_DROP_TOKENS = "DELETE FROM tokens WHERE user_id = ?"
_DROP_ACCOUNT = "DELETE FROM accounts WHERE user_id = ?"
_REVOKE = "INSERT INTO revocations (user_id, token_id, ts) VALUES (?, '', ?)"


class Erasing(Struct, frozen=True, kw_only=True):
    """One erasure. ``alias`` is the id that what is left gets: made for it and kept nowhere else,
    so that nothing leads back. ``ts``: milliseconds since 1970 UTC. ``deed`` is its record."""

    user_id: UserId
    alias: UserId
    keep_texts: bool
    ts: int
    deed: Deed = NO_DEED


class Place(Struct, frozen=True):
    """Behind which rows of each table to look on."""

    message: tuple[int, int] = (0, 0)
    change: tuple[int, int] = (0, 0)
    reaction: tuple[int, int, str] = (0, 0, "")


class Rows(Struct, frozen=True):
    """Rows that are still the account's, and where to look on. ``messages``: room, seq, and the seq
    of the deletion if there was one."""

    messages: list[tuple[RoomId, int, int | None]]
    changes: list[tuple[RoomId, int]]
    reactions: list[tuple[RoomId, int, str]]
    behind: Place

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.messages or self.changes or self.reactions)


class Gone(Struct, frozen=True):
    """What the account had besides what it said: memberships, tokens, direct rooms; and the rooms
    that no other account owns."""

    memberships: int
    tokens: int
    direct: int
    ownerless: list[str]


def rows_of(connection: sqlite3.Connection, user_id: UserId, place: Place) -> Rows:
    """Some of what the account said and did. Walks through the tables once from place to place."""
    messages = connection.execute(_MESSAGES, (*place.message, user_id, ROWS)).fetchall()
    changes = connection.execute(_CHANGES, (*place.change, user_id, ROWS)).fetchall()
    reactions = connection.execute(_REACTIONS, (*place.reaction, user_id, ROWS)).fetchall()
    behind = Place(
        message=messages[-1][:2] if len(messages) == ROWS else (_END, 0),
        change=changes[-1] if len(changes) == ROWS else (_END, 0),
        reaction=reactions[-1] if len(reactions) == ROWS else (_END, 0, ""),
    )
    return Rows(messages, changes, reactions, behind)


def erase_rows(transaction: Transaction, erasing: Erasing, rows: Rows) -> int:
    """Make these rows nobody's; gives how many texts were removed. Each is removed by a deletion
    that has its place in the room's log, so that whoever reads on hears of it."""
    alias, removed = erasing.alias, 0
    for room_id, seq, deleted in rows.messages:
        if deleted is None and not erasing.keep_texts:
            removed += _delete(transaction, erasing, room_id, seq)
        transaction.execute(_RENAME_MESSAGE, (alias, NAME, room_id, seq))
    for room_id, seq in rows.changes:
        transaction.execute(_RENAME_CHANGE, (alias, NAME, room_id, seq))
    for room_id, target, emoji in rows.reactions:
        key = (room_id, target, emoji, erasing.user_id)
        transaction.execute(_RENAME_REACTION, (alias, NAME, *key))
    return removed


def _delete(transaction: Transaction, erasing: Erasing, room_id: RoomId, seq: int) -> bool:
    author = Author(erasing.alias, NAME, False)
    draft = Draft(kind="deleted", author=author, ts=erasing.ts, target=seq)
    with suppress(NoSuchTarget):  # retention was here meanwhile
        return not change(transaction, room_id, draft).again
    return False


def erase_account(transaction: Transaction, erasing: Erasing) -> Gone | None:
    """The rest of it: its places in rooms, its marks, tokens and log-in, and what operators know of
    it. Whoever runs the daemon hears of it by a revocation; and from here on no transaction writes
    anything of it, see standing. None: it may speak again, so nothing was done."""
    user_id = erasing.user_id
    if transaction.execute(_SPEAKS, (user_id,)).fetchone() is not None:
        return None
    direct = _leave_direct_rooms(transaction, erasing)
    (name,) = transaction.execute(_ACCOUNT, (user_id,)).fetchone() or ("",)
    alias = Author(erasing.alias, NAME, False)
    sanctions.forget(transaction, Author(user_id, name, False), alias)
    ownerless = [room for (room,) in transaction.execute(_OWNERLESS, (user_id,))]
    memberships = transaction.execute(_DROP_MEMBERS, (user_id,)).rowcount
    transaction.execute(_DROP_MARKS, (user_id,))
    tokens = transaction.execute(_DROP_TOKENS, (user_id,)).rowcount
    transaction.execute(_DROP_ACCOUNT, (user_id,))
    transaction.standing.discard(user_id)
    transaction.execute(_REVOKE, (user_id, erasing.ts))
    audit.forget(transaction, user_id)
    audit.record(transaction, erasing.deed)
    return Gone(memberships=memberships, tokens=tokens, direct=direct, ownerless=ownerless)


def _leave_direct_rooms(transaction: Transaction, erasing: Erasing) -> int:
    """The other one keeps the room, under a title that does not say whom it was shared with."""
    (name,) = transaction.execute(_ACCOUNT, (erasing.user_id,)).fetchone() or ("",)
    rooms = transaction.execute(_DIRECT, (erasing.user_id,)).fetchall()
    for room_id, title, pair in rooms:
        two = [NAME if each == name else each for each in title.split(", ")]
        ids = [erasing.alias if each == erasing.user_id else each for each in pair.split(" ")]
        values = (", ".join(two), " ".join(sorted(ids)), room_id)
        transaction.execute(_RENAME_ROOM, values)
    return len(rooms)
