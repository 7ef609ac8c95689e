"""What the store keeps, as values: drafts going in, entries of a room's log coming out.
A room's log is gap-free: messages, edits, deletions, reactions and topics all take a seq."""

from __future__ import annotations

from enum import Enum
from typing import Literal, NewType

from msgspec import Struct

from chatd.core.audit import NO_DEED, Deed

RoomId = NewType("RoomId", int)
UserId = NewType("UserId", str)  # "u…" an account, "g…" a guest; never shown to others

Kind = Literal["message", "edited", "deleted", "reacted", "unreacted", "topic"]
RoomKind = Literal["public", "private", "direct"]


class Rank(Enum):
    """What a member may do in a room; the order is the order of power."""

    MEMBER = "member"
    MODERATOR = "moderator"
    OWNER = "owner"


class Author(Struct, frozen=True):
    """Who wrote an entry: the lasting id, the name at that time, and whether it was a guest."""

    user_id: UserId
    name: str
    guest: bool


class Draft(Struct, frozen=True, kw_only=True):
    """An entry before the store has given it its seq.

    ``text`` is the message, the new text, the emoji or the topic, as ``kind`` says. ``target`` is
    the seq of the message that an edit, deletion or reaction is about. ``key`` makes a resend
    harmless: (author, key) is unique for as long as the message is kept. ``ts`` is milliseconds
    since 1970 UTC. ``deed`` is recorded with it: a moderator's deletion has one.
    """

    kind: Kind
    author: Author
    ts: int
    text: str = ""
    key: str | None = None
    reply_to: int | None = None
    target: int | None = None
    deed: Deed = NO_DEED


class Entry(Struct, frozen=True, kw_only=True):
    """A draft that has its place: durable, in room ``room_id`` at ``seq``."""

    room_id: RoomId
    seq: int
    kind: Kind
    author: Author
    ts: int
    text: str = ""
    key: str | None = None
    reply_to: int | None = None
    target: int | None = None


class Appended(Struct, frozen=True):
    """What ``append`` gives back. ``again``: the key was known, ``entry`` is the first one and
    nothing new was stored; the same when the draft would change nothing (a reaction that is already
    there, a second deletion, the text or the topic that it is)."""

    entry: Entry
    again: bool = False


TOPIC_WITHIN = 1000
"""Newest entries of a room's log among which the one is looked for that made its topic so: to set
the topic that it is costs little however long the log is."""


def placeless(room_id: RoomId, draft: Draft) -> Entry:
    """What is so, and no entry at hand made it so: it has the seq 0, before all entries."""
    return Entry(
        room_id=room_id, seq=0, kind=draft.kind, author=draft.author, ts=draft.ts, text=draft.text
    )


class StoredMessage(Struct, frozen=True, kw_only=True):
    """A message as it stands now: with its last text, its reactions, or deleted (then no text).

    ``reactions``: each emoji with the names of those who reacted, as they came; ``counts``: how
    many these are, where not all are named (see core.reactions).
    """

    room_id: RoomId
    seq: int
    ts: int
    author: Author
    text: str
    key: str | None = None
    reply_to: int | None = None
    edited_ts: int | None = None
    deleted: bool = False
    reactions: dict[str, list[str]] = {}
    counts: dict[str, int] = {}


class StoredRoom(Struct, frozen=True, kw_only=True):
    """A room as the store knows it. ``first`` is the lowest seq still kept, ``last`` the highest
    given (0: none yet). ``title`` is for direct rooms: the names of the two. Without ``history``
    nothing that is said in it is ever stored."""

    room_id: RoomId
    name: str
    kind: RoomKind
    topic: str = ""
    title: str | None = None
    first: int = 1
    last: int = 0
    history: bool = True


class Earlier(Struct, frozen=True, kw_only=True):
    """A message that was sent with some key: where, and when. ``room``: the room's name."""

    room_id: RoomId
    room: str
    kind: RoomKind
    title: str | None
    seq: int
    ts: int


class Membership(Struct, frozen=True, kw_only=True):
    """One person's lasting place in one room, with the read marker (0: nothing read)."""

    room: StoredRoom
    rank: Rank
    read: int = 0


class Member(Struct, frozen=True, kw_only=True):
    """One line of a room's members."""

    user_id: UserId
    name: str
    guest: bool
    rank: Rank


class Account(Struct, frozen=True, kw_only=True):
    """A user who was made by ``chatd user add``. ``password`` is the encoded hash, never shown."""

    user_id: UserId
    name: str
    password: str
    operator: bool = False
    disabled: bool = False


class Alike(Struct, frozen=True):
    """Whose name looks like another: the name of an account, that of a webhook. Nobody else may
    have one that looks like these, or an alert could be anybody's."""

    account: str | None = None
    hook: str | None = None


class Token(Struct, frozen=True, kw_only=True):
    """A bot's token: its id, its label, the account that it logs in; the secret is not kept."""

    token_id: str
    user_id: UserId
    label: str
    created_ts: int


class Revocation(Struct, frozen=True, kw_only=True):
    """That an account was disabled, its password changed, or one of its tokens revoked.
    ``number`` rises; ``token_id`` is empty when all sessions of the account must end. After a
    restore numbers are given again: the same number at another time ``ts`` is another one."""

    number: int
    user_id: UserId
    ts: int
    token_id: str = ""


class Found(Struct, frozen=True, kw_only=True):
    """One hit of a search: the message, its room's name, and its place for paging on."""

    room: str
    message: StoredMessage
    cursor: int
