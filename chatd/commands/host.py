"""What handlers may ask of the node, as a port: the only way a command touches the live world.
The node implements it; nothing here knows how."""

from __future__ import annotations

from typing import Protocol

from chatd.commands.limiting import Limiting
from chatd.core.audit import Deed
from chatd.core.commands import Position, Watch
from chatd.core.control import Gathering
from chatd.core.errors import CloseCode
from chatd.core.events import Event, RoomState
from chatd.core.log import Entry, Member, Rank, Revocation, RoomId, StoredRoom, UserId
from chatd.core.ports import Authenticator, Clock, Identity, Ids, Meter, Process, Store
from chatd.core.rooms import Attendance, Hearer, Person, Room
from chatd.core.sanctions import Emergency, RoomRules, Sanction, SanctionKind
from chatd.core.settings import Settings


class Caller(Hearer, Protocol):
    """The session that a command came from."""

    @property
    def address(self) -> str:
        """Where it comes from: an IP address, or "unix"."""
        ...

    @property
    def resumes(self) -> bool:
        """Whether its client comes back with positions after its line was lost."""
        ...

    @property
    def me(self) -> Person:
        """Its user; raises Refused("not_logged_in") while there is none."""
        ...

    @property
    def person(self) -> Person | None:
        """Its user, if it has one."""
        ...

    def dismiss(self, code: CloseCode, reason: str) -> None:
        """Answer what was asked, then close."""
        ...


class LaidDown(Protocol):
    """What operators have laid down, at hand: what a command asks of it does not suspend."""

    @property
    def edition(self) -> int:
        """Another number whenever anything of it has changed."""
        ...

    @property
    def emergency(self) -> Emergency:
        """The step in force."""
        ...

    @property
    def in_force(self) -> list[Sanction]:
        """All bans and mutes, by number."""
        ...

    def on_user(
        self, kind: SanctionKind, user_id: UserId | None, room_id: RoomId | None
    ) -> Sanction | None:
        """The one on this user that holds longest, on the whole server or in this room."""
        ...

    def rules(self, room_id: RoomId | None) -> RoomRules:
        """A room's own."""
        ...

    def slow_wait(self, room_id: RoomId | None, user_id: UserId | None) -> int:
        """Milliseconds until slow mode lets this user speak again."""
        ...

    def spoke(
        self, room_id: RoomId, user_id: UserId, key: str | None, *, nothing: bool = False
    ) -> None:
        """Somebody spoke just now, with this key, or (``nothing``) did not after all."""
        ...

    def repeats(self, room_id: RoomId, user_id: UserId, key: str | None) -> bool:
        """Whether this is the key of what slow mode counts from: the same message again."""
        ...

    async def changed(self) -> None:
        """Read anew what was just changed in the store, and carry out what follows for those here.
        Raises nothing: if that fails, it is done a little later."""
        ...


class Control(Protocol):
    """What operators ask of the whole server; none of it suspends."""

    @property
    def process(self) -> Process: ...
    @property
    def sessions(self) -> int: ...
    @property
    def users(self) -> int: ...
    @property
    def rooms(self) -> int: ...
    @property
    def watchers(self) -> int: ...

    def everybody(self) -> Gathering:
        """Who is connected."""
        ...

    def watch(self, session: Caller, wanted: Watch) -> None:
        """Tell this session what happens from now on, in place of what it watched before."""
        ...

    def unwatch(self, session: Caller) -> None:
        """Harmless when it does not watch."""
        ...


class Owing(Protocol):
    """The audit log, for what must not wait for it."""

    async def note(self, *deeds: Deed) -> None:
        """Record these: now, or when the store can again."""
        ...


class Host(Protocol):
    """One running chatd, as commands see it."""

    @property
    def settings(self) -> Settings: ...
    @property
    def store(self) -> Store: ...
    @property
    def auth(self) -> Authenticator: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def meter(self) -> Meter: ...
    @property
    def laid(self) -> LaidDown: ...
    @property
    def control(self) -> Control: ...
    @property
    def draining(self) -> bool: ...
    @property
    def young(self) -> bool:
        """Whether this process began less than ``guests.linger`` ago: a guest who comes back may
        have been here with the one before it, and nobody has heard that they left."""
        ...

    @property
    def limits(self) -> Limiting: ...
    @property
    def audit(self) -> Owing: ...

    # --- people ---
    def named(self, name: str) -> Person | None:
        """Who is here under this name, whatever its case."""
        ...

    def by_id(self, user_id: UserId) -> Person | None:
        """Who is here with this id."""
        ...

    def looks_like(self, look: str) -> Person | None:
        """Who is here under a name that has this look (core.names.looks)."""
        ...

    def rename(self, person: Person, name: str) -> None:
        """Give a guest a new name and tell the rooms. The name must be free."""
        ...

    async def revocation_mark(self) -> int:
        """Take it before checking who somebody is, and give it to ``seat``: only what is revoked
        after it is a reason to end that session."""
        ...

    def last_revoked(self, user_id: UserId) -> Revocation | None:
        """The last revocation of all that an account had, as of the last ``revocation_mark``."""
        ...

    def seat(
        self,
        session: Caller,
        identity: Identity,
        *,
        guest: bool,
        mark: int,
        catching: set[RoomId],
    ) -> Person:
        """Give the session its user; a guest that it was before leaves. It does not hear the rooms
        in ``catching`` before their replay.

        Raises Refused, with nothing changed, when the connection is gone, the account was revoked
        since ``mark``, or a guest's name was taken meanwhile.
        """
        ...

    # --- rooms ---
    def moved(self, user_id: UserId) -> None:
        """A lasting place of this user was made, changed or taken just now: what is being read of
        their places may not be so any more."""
        ...

    def moves(self, user_id: UserId) -> int:
        """Another number after each ``moved``."""
        ...

    async def find_room(self, name: str) -> Room:
        """The room of this name as typed. Raises Refused("no_such_room") or BadName. Suspends but
        for a public room that is live: how long it takes tells of no other whether it is."""
        ...

    def room_of(self, stored: StoredRoom) -> Room:
        """The live room, or one that comes alive with its first attendance."""
        ...

    def live_named(self, name: str) -> Room | None:
        """The room of exactly this name, if somebody attends it."""
        ...

    def live_room(self, room_id: RoomId) -> Room | None:
        """The room, if somebody attends it."""
        ...

    def attend(
        self,
        person: Person,
        room: Room,
        rank: Rank,
        *,
        lasting: bool,
        quiet: bool = False,
        read: int = 0,
        by: Hearer | None = None,
    ) -> Attendance:
        """Let a person and all their sessions hear a room; ``quiet`` when they come back to it.
        All in it are told but ``by``, who has an answer. Raises Refused when they have left."""
        ...

    def depart(self, person: Person, room: Room, reason: str, *, by: Hearer | None = None) -> None:
        """End a person's attendance and tell the room; harmless when there is none."""
        ...

    def state_of(self, attendance: Attendance) -> RoomState:
        """The room as this person sees it now."""
        ...

    def resume(self, session: Caller, positions: dict[str, Position]) -> None:
        """After the answer, replay each room from its position; hold the room's live events back
        until then."""
        ...

    # --- telling ---
    def publish(self, entry: Entry, epoch: str = "") -> None:
        """Ring the bell for a stored entry; hearers are told in a later turn, after the ack.
        ``epoch``: of a room without history."""
        ...

    def tell_room(
        self, room: Room, event: Event, *, but: Hearer | None = None, ephemeral: bool = False
    ) -> None:
        """Tell all who hear the room."""
        ...

    def tell_all(self, event: Event) -> None:
        """Tell everybody who is logged in."""
        ...

    def expel(self, user_id: UserId, code: CloseCode, reason: str) -> int:
        """Close all sessions of somebody; gives how many."""
        ...

    def tell_person(
        self, person: Person, event: Event, *, label: str, but: Hearer | None = None
    ) -> None:
        """Tell all sessions of one person."""
        ...

    async def find_member(self, name: str) -> Member:
        """Somebody who is here, or has an account. Raises Refused("no_such_user")."""
        ...
