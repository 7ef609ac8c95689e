"""Who is where right now: people, rooms and attendance, as plain state with one owner, the node.
What lasts is in the store; who is told is decided in chatd/node."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from msgspec.structs import replace

from chatd.core.log import Author, Entry, Member, Rank, RoomId, RoomKind, StoredRoom, UserId
from chatd.core.passing import Passing
from chatd.core.policy import Actor
from chatd.core.ports import Audience, Dialect, Frame, Outbox, Timer

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


class Hearers(dict[Hearer, Outbox]):
    """Who hears a room in one dialect; changed by ``add`` and ``drop`` only. ``held``: frames for
    all of them that wait for the end of a turn (see node/fanout.py)."""

    __slots__ = ("_audience", "held")

    def __init__(self) -> None:
        super().__init__()
        self._audience: Audience | None = None
        self.held: list[Frame] = []

    def add(self, hearer: Hearer) -> None:
        """From now on it hears, too."""
        self[hearer] = hearer.outbox
        self._audience = None

    def drop(self, hearer: Hearer) -> None:
        """Harmless when it heard nothing."""
        if hearer in self:
            del self[hearer]
            self._audience = None

    def audience(self) -> Audience:
        """Their outboxes."""
        if self._audience is None:
            self._audience = Audience(self.values())
        return self._audience


class Attendance:
    """One person's place in one room: rank, read marker, and whether the store knows of it.
    ``cleared``: on what grounds its person may speak here (see commands.places)."""

    __slots__ = ("cleared", "lasting", "rank", "read", "room")

    def __init__(self, room: Room, rank: Rank, *, lasting: bool, read: int = 0) -> None:
        self.room = room
        self.rank = rank
        self.lasting = lasting
        self.read = read
        self.cleared: object = None


class Person:
    """Somebody who is here: an account or a guest, with any number of sessions. ``author``: as an
    entry remembers them."""

    __slots__ = ("author", "guest", "linger", "name", "operator", "rooms", "sessions", "user_id")

    def __init__(self, user_id: UserId, name: str, *, guest: bool, operator: bool = False) -> None:
        self.user_id = user_id
        self.name = name
        self.guest = guest
        self.operator = operator
        self.sessions: dict[Hearer, None] = {}
        self.rooms: dict[RoomId, Attendance] = {}
        self.linger: Timer | None = None
        self.author = Author(user_id, name, guest)

    @property
    def actor(self) -> Actor:
        """This person, as the policy sees them."""
        return Actor(guest=self.guest, operator=self.operator)

    def rename(self, name: str) -> None:
        """From now on."""
        self.name = name
        self.author = Author(self.user_id, name, self.guest)

    def member(self, rank: Rank = Rank.MEMBER) -> Member:
        """This person, as a room's list of members has them."""
        return Member(user_id=self.user_id, name=self.name, guest=self.guest, rank=rank)


class Room:
    """A room that somebody attends, and how far its log has been told (``tail``).

    ``attended`` counts who has a place in it, those too whose line is lost for the moment.
    ``heard`` is the highest seq that a notice spoke of; ``reading`` is set while the gap between
    the two is read, ``retrying`` while a store that failed is given time. ``stirred`` collects who
    came online or went, for the next presence event, ``gathering`` is set until that is due.
    ``passing`` is there in a room that keeps no history: its entries are numbered here.
    """

    __slots__ = (
        "attended", "first", "gathering", "heard", "hearers", "kind", "label", "name", "passing",
        "present", "reading", "recent", "retrying", "room_id", "stirred", "tail", "title", "topic",
    )  # fmt: skip

    def __init__(self, stored: StoredRoom, passing: Passing | None = None) -> None:
        self.passing = passing
        self.room_id = stored.room_id
        self.name = stored.name
        self.kind: RoomKind = stored.kind
        self.topic = stored.topic
        self.retitle(stored.title)
        self.first = stored.first
        self.tail = stored.last
        self.heard = stored.last
        self.reading = False
        self.retrying = False
        self.attended = 0
        self.recent: deque[Entry] = deque(maxlen=RECENT)
        self.hearers: dict[str, Hearers] = {}
        self.present: dict[Person, None] = {}
        self.gathering = False
        self.stirred: dict[UserId, tuple[Person, bool]] = {}

    def retitle(self, title: str | None) -> None:
        """``label`` is how people call the room: its name, or for a direct room the two names. It
        is asked for with each message."""
        self.title = title
        self.label = self.name if title is None else f"@{title}"

    def add_hearer(self, dialect: str, hearer: Hearer) -> None:
        """Let a session hear the room from ``tail`` on."""
        self.hearers.setdefault(dialect, Hearers()).add(hearer)

    def drop_hearer(self, dialect: str, hearer: Hearer) -> None:
        """Harmless when it heard nothing."""
        if dialect in self.hearers:
            self.hearers[dialect].drop(hearer)

    def will_tell(self, seq: int, hearer: Hearer) -> bool:
        """Whether the entry ``seq`` is still to be told, and to this session, too."""
        return seq > self.tail and hearer in self.hearers.get(hearer.dialect.name, {})

    # --- entries at hand ---
    def tell(self, entry: Entry) -> None:
        """The log has been told up to this entry. A message that it deletes is said no more; in a
        room without history, none is."""
        self.tail = entry.seq
        if entry.kind == "topic":
            self.topic = entry.text
        if self.passing is not None:
            return
        if entry.kind == "deleted":
            emptied = [_without_text(e) if _is_of(e, entry.target) else e for e in self.recent]
            self.recent = deque(emptied, maxlen=RECENT)
        self.recent.append(entry)

    def skip(self, seq: int) -> None:
        """The entries up to ``seq`` are kept no more: go on behind them."""
        self.tail = max(self.tail, seq)
        self.recent.clear()

    def trim(self, first: int) -> None:
        """The entries below ``first`` are kept no more, here neither; nor are words of messages
        among them that later edits repeat."""
        self.first = max(self.first, first)
        kept = [_without_text(e) if _edits_below(e, first) else e for e in self.recent]
        self.recent = deque((e for e in kept if e.seq >= first), maxlen=RECENT)

    def since(self, seq: int) -> list[Entry] | None:
        """The entries after ``seq`` up to the tail, when all of them are at hand."""
        missing = self.tail - seq
        if missing > len(self.recent):
            return None
        return [entry for entry in self.recent if entry.seq > seq]

    # --- presence ---
    def stir(self, person: Person, *, online: bool) -> None:
        """Note a change of presence; two that cancel out are none."""
        _, before = self.stirred.pop(person.user_id, (person, online))
        if before is online:
            self.stirred[person.user_id] = person, online

    def calm(self, person: Person) -> None:
        """What was noted of this person has been told in another way."""
        self.stirred.pop(person.user_id, None)


def _is_of(entry: Entry, target: int | None) -> bool:
    """Whether the entry holds words of the message at ``target``."""
    return entry.seq == target or (entry.kind == "edited" and entry.target == target)


def _edits_below(entry: Entry, first: int) -> bool:
    return entry.kind == "edited" and entry.target is not None and entry.target < first


def _without_text(entry: Entry) -> Entry:
    return replace(entry, text="")
