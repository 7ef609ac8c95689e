"""Who is where right now: people, rooms and attendance, as plain state with one owner, the node.
What lasts is in the store; who is told is decided in chatd/node."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from chatd.core.log import Author, Entry, Member, Rank, RoomId, RoomKind, StoredRoom, UserId
from chatd.core.policy import Actor
from chatd.core.ports import Dialect, Outbox, Timer

RECENT = 64
"""Entries kept at hand per room, to bridge the end of a catch-up without the store."""


class Hearer(Protocol):
    """A session, as rooms know it."""

    outbox: Outbox
    dialect: Dialect
    catching: set[RoomId]
    """Rooms whose live events wait until their replay is out."""
    own: set[tuple[RoomId, int]]
    """What it said itself and has not been passed over yet, in dialects without echo."""


class Attendance:
    """One person's place in one room: rank, read marker, and whether the store knows of it."""

    __slots__ = ("lasting", "rank", "read", "room")

    def __init__(self, room: Room, rank: Rank, *, lasting: bool, read: int = 0) -> None:
        self.room = room
        self.rank = rank
        self.lasting = lasting
        self.read = read


class Person:
    """Somebody who is here: an account or a guest, with any number of sessions."""

    __slots__ = ("guest", "linger", "name", "operator", "rooms", "sessions", "user_id")

    def __init__(self, user_id: UserId, name: str, *, guest: bool, operator: bool = False) -> None:
        self.user_id = user_id
        self.name = name
        self.guest = guest
        self.operator = operator
        self.sessions: dict[Hearer, None] = {}
        self.rooms: dict[RoomId, Attendance] = {}
        self.linger: Timer | None = None

    @property
    def actor(self) -> Actor:
        """This person, as the policy sees them."""
        return Actor(guest=self.guest, operator=self.operator)

    @property
    def author(self) -> Author:
        """This person, as an entry remembers them."""
        return Author(self.user_id, self.name, self.guest)

    def member(self, rank: Rank = Rank.MEMBER) -> Member:
        """This person, as a room's list of members has them."""
        return Member(user_id=self.user_id, name=self.name, guest=self.guest, rank=rank)


class Room:
    """A room that somebody attends, and how far its log has been told (``tail``).

    ``attended`` counts who has a place in it, those too whose line is lost for the moment.
    ``heard`` is the highest seq that a notice spoke of; ``reading`` is set while the gap between
    the two is read. ``stirred`` collects who came online or went, for the next presence event.
    """

    __slots__ = (
        "attended", "first", "heard", "hearers", "kind", "name", "present", "reading", "recent",
        "room_id", "stirred", "tail", "title", "topic",
    )  # fmt: skip

    def __init__(self, stored: StoredRoom) -> None:
        self.room_id = stored.room_id
        self.name = stored.name
        self.kind: RoomKind = stored.kind
        self.topic = stored.topic
        self.title = stored.title
        self.first = stored.first
        self.tail = stored.last
        self.heard = stored.last
        self.reading = False
        self.attended = 0
        self.recent: deque[Entry] = deque(maxlen=RECENT)
        self.hearers: dict[str, dict[Hearer, None]] = {}
        self.present: dict[Person, None] = {}
        self.stirred: dict[str, bool] = {}

    @property
    def label(self) -> str:
        """How people call the room: its name, or for a direct room the two names."""
        return self.name if self.title is None else f"@{self.title}"

    def add_hearer(self, dialect: str, hearer: Hearer) -> None:
        """Let a session hear the room from ``tail`` on."""
        self.hearers.setdefault(dialect, {})[hearer] = None

    def drop_hearer(self, dialect: str, hearer: Hearer) -> None:
        """Harmless when it heard nothing."""
        self.hearers.get(dialect, {}).pop(hearer, None)

    def since(self, seq: int) -> list[Entry] | None:
        """The entries after ``seq`` up to the tail, when all of them are at hand."""
        missing = self.tail - seq
        if missing > len(self.recent):
            return None
        return [entry for entry in self.recent if entry.seq > seq]

    def stir(self, name: str, online: bool) -> bool:
        """Note a change of presence; two that cancel out are none. True when it is the first."""
        first = not self.stirred
        if self.stirred.get(name, online) is online:
            self.stirred[name] = online
        else:
            del self.stirred[name]
        return first
