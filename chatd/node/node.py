"""The node itself: it holds the ports and the parts, and is what commands and the edge call.
What each part does is in the part's own file; starting and stopping the world is daemon.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chatd.commands.host import Caller
from chatd.commands.places import unseen
from chatd.core import names
from chatd.core.buckets import PeakRate
from chatd.core.commands import Position
from chatd.core.errors import BANNED, DRAINING, CloseCode, Refused
from chatd.core.events import Draining, Event, RoomState
from chatd.core.log import Entry, Member, Rank, RoomId, StoredRoom, UserId
from chatd.core.ports import (
    Authenticator,
    Broadcast,
    Bus,
    Clock,
    Dialect,
    Identity,
    Ids,
    Log,
    Meter,
    NameTaken,
    Notice,
    Outbox,
    Process,
    Spawn,
    Store,
    StoreFailed,
    StoreFull,
    Timer,
    put_each,
)
from chatd.core.rooms import Attendance, Hearer, Person, Room
from chatd.core.session import State
from chatd.core.settings import Settings
from chatd.node.attendance import Attendances
from chatd.node.audit import Audit
from chatd.node.catchup import Replay
from chatd.node.control import Control
from chatd.node.fanout import Fanout
from chatd.node.gate import Gate
from chatd.node.greeting import welcome
from chatd.node.hooks import Hooks
from chatd.node.limiting import Limiting
from chatd.node.people import People
from chatd.node.returning import Returning
from chatd.node.revocations import Revocations
from chatd.node.sanctions import LaidDown, close_reason
from chatd.node.session import Session

SOONEST_MS = 200
"""Milliseconds that a stopping process asks even the first client to wait."""
REVOCATIONS = 1.0
"""Seconds between two looks for accounts and tokens that were revoked, by whatever process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that a node needs of the world."""

    store: Store
    bus: Bus
    auth: Authenticator
    clock: Clock
    ids: Ids
    meter: Meter
    log: Log
    spawn: Spawn
    dialects: Mapping[str, Dialect]
    process: Process
    broadcast: Broadcast = put_each


class Node:
    """One running chatd."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self.settings = settings
        self.store, self.auth = ports.store, ports.auth
        self.clock, self.ids = ports.clock, ports.ids
        self.meter, self.log, self.spawn = ports.meter, ports.log, ports.spawn
        self.dialects, self.draining = ports.dialects, False
        self.broadcast = ports.broadcast
        self.sessions: dict[Session, None] = {}
        self._bus = ports.bus
        self._opened = 0
        self._arrivals = PeakRate()
        self._started = 0.0
        self._watch: Timer | None = None
        self.limits = Limiting(self)
        self.gate = Gate(self)
        self.people = People(self)
        self.hooks = Hooks(self)
        self.attendance = Attendances(self)
        self.live_named, self.live_room = self.attendance.named, self.attendance.live
        self.moved, self.moves = self.attendance.moved, self.attendance.moves
        self.fanout = Fanout(self, self.attendance.live)
        self.laid = LaidDown(self)
        self.audit = Audit(self)
        self.control = Control(self, ports.process)
        self.returning = Returning(self)
        self.revocations = Revocations(self)
        self.revocation_mark, self.last_revoked = self.revocations.mark, self.revocations.last

    # --- beginning and end ---
    async def start(self) -> None:
        """Make what must be there, and begin to hear the bus."""
        await self._make_lobby()
        await self.revocations.start()
        await self.laid.look()
        await self.audit.start()
        await self._bus.start(self.fanout.heard, self.fanout.settled)
        self._started = self.clock.monotonic()
        self._watch_store()

    @property
    def young(self) -> bool:
        """See commands.host."""
        return self.clock.monotonic() - self._started < self.settings.linger

    async def _make_lobby(self) -> None:
        name = names.room_name(self.settings.lobby)
        if await self.store.room(name) is None:
            try:
                await self.store.create_room(
                    name,
                    "public",
                    skeleton=names.skeleton(name),
                    topic="",
                    owner=None,
                    ts=self.clock.now(),
                    history=self.settings.history,
                )
            except NameTaken:
                self.log.warning("lobby_taken", room=name)

    async def stop(self) -> None:
        """Hear and watch nothing more; the store is the daemon's to close."""
        if self._watch is not None:
            self._watch.cancel()
        await self._bus.stop()

    # --- the edge's side ---
    def open(self, outbox: Outbox, dialect: Dialect, address: str) -> Session:
        """A new connection: greet it, and let its dialect begin."""
        self._opened += 1
        self._arrivals.count(self.clock.monotonic())
        session = Session(self, self._opened, outbox, dialect, address)
        self.sessions[session] = None
        self.meter.opened(dialect.name)
        self.log.info(
            "session_opened", session=session.number, address=address, dialect=dialect.name
        )
        self.control.saw("session_opened", word=dialect.name, session=session)
        self.fanout.tell_session(session, welcome(self))
        if self.draining:  # its handshake was on the way when the drain began
            self._send_home(session, 1)
        elif (refused := self.admits(address)) is not None:  # banned during its handshake
            session.dismiss(BANNED, close_reason(refused))
        else:
            session.begin()
        return session

    def admits(self, address: str) -> str | None:
        """Why nobody from this address may open a session; None when they may."""
        ban = self.laid.on_address(address)
        return None if ban is None else self.laid.why(ban)

    def closed(self, session: Session, reason: str, *, clean: bool) -> None:
        """A connection is over."""
        self.sessions.pop(session, None)
        self.meter.closed(reason, session.dialect.name)
        self.log.info("session_closed", session=session.number, reason=reason)
        self.control.gone(session)
        user = session.person.name if session.person else ""
        self.control.saw("session_closed", user=user, word=reason, session=session)
        why = "quit" if clean else "gone"
        self.people.unseat(session, why, linger=session.resumes and not clean)

    def trimmed(self, room_id: RoomId, first: int) -> None:
        """A room's log begins at ``first`` now. Who comes back from before it is told so."""
        room = self.attendance.live(room_id)
        if room is not None:
            room.trim(first)

    # --- drain ---
    def hush(self) -> None:
        """Begin to drain: nobody new, and no new commands; what is in hand is finished."""
        self.draining = True
        for session in tuple(self.sessions):
            session.become(State.LEAVING)

    def busy(self) -> int:
        """How many of those who leave still have commands in hand, and hooks posts."""
        return sum(1 for session in self.leaving() if session.busy) + self.hooks.busy

    def leaving(self) -> list[Session]:
        """Those that were told to go, and are still connected."""
        return [each for each in self.sessions if each.state is State.LEAVING]

    def dismiss_all(self) -> None:
        """Tell all who were hushed to come back, each at its own time, and close them.

        The times are spread over as long as the next process needs to take them all: as fast as
        this one was seen to take them, or at the configured rate if that is more.
        """
        rate = max(self.settings.drain_rate, float(self._arrivals.peak))
        leaving = self.leaving()
        window = int(1000 * len(leaving) / rate) + 1
        for session in leaving:
            self._send_home(session, window)

    def _send_home(self, session: Session, window: int) -> None:
        after = SOONEST_MS + self.ids.below(window)
        self.fanout.tell_session(session, Draining(reconnect_after_ms=after))
        session.dismiss(DRAINING, "the server is stopping")

    # --- what other processes did ---
    def _watch_store(self) -> None:
        self._watch = self.clock.later(REVOCATIONS, lambda: self.spawn(self._look()))

    async def _look(self) -> None:
        try:
            await self.revocations.mark()
            await self.laid.look()
            await self.audit.look()
        except (StoreFull, StoreFailed) as error:
            self.log.warning("revocations_unread", reason=str(error))
        finally:
            self._watch_store()

    # --- the commands' side: see commands.host for what each promises ---
    def named(self, name: str) -> Person | None:
        return self.people.named(name)

    def by_id(self, user_id: UserId) -> Person | None:
        return self.people.by_id(user_id)

    def looks_like(self, look: str) -> Person | None:
        return self.people.looks_like(look)

    def rename(self, person: Person, name: str) -> None:
        self.people.rename(person, name)

    def seat(
        self,
        session: Caller,
        identity: Identity,
        *,
        guest: bool,
        mark: int,
        catching: set[RoomId],
    ) -> Person:
        if self.revocations.newest(identity.user_id, identity.token_id) > mark:
            raise Refused("login_failed", "the account or token was revoked just now")
        mine = self._mine(session)
        person = self.people.seat(mine, identity, guest=guest, catching=catching)
        how = "guest" if guest else "token" if identity.token_id else "password"
        self.log.info("logged_in", session=mine.number, user=person.name, kind=how)
        self.control.saw("logged_in", user=person.name, word=how, session=mine)
        return person

    def _mine(self, session: Caller) -> Session:
        if not isinstance(session, Session):
            raise TypeError(f"{session!r} is no session of this node")
        return session

    async def find_room(self, name: str) -> Room:
        key = name if name.startswith("@") else names.room_name(name)
        live = self.attendance.named(key)
        if live is not None and live.kind == "public":
            return live
        stored = await self.store.room(key)
        if stored is None:
            raise unseen(name)
        return self.room_of(stored)

    def room_of(self, stored: StoredRoom) -> Room:
        return self.attendance.of(stored)

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
        return self.attendance.attend(
            person, room, rank, lasting=lasting, quiet=quiet, read=read, by=by
        )

    def depart(self, person: Person, room: Room, reason: str, *, by: Hearer | None = None) -> None:
        self.attendance.depart(person, room, reason, by=by)

    def state_of(self, attendance: Attendance) -> RoomState:
        return self.attendance.state_of(attendance)

    def resume(self, session: Caller, positions: dict[str, Position]) -> None:
        mine = self._mine(session)
        self.returning.replays(mine)
        replay = Replay(self, mine)
        mine.afterwards(lambda: self.spawn(replay.run(positions)))

    def publish(self, entry: Entry, epoch: str = "") -> None:
        self._bus.publish(Notice(entry.room_id, entry.seq, entry, epoch))

    def tell_room(
        self, room: Room, event: Event, *, but: Hearer | None = None, ephemeral: bool = False
    ) -> None:
        self.fanout.tell_room(room, event, but=but, ephemeral=ephemeral)

    def tell_person(
        self, person: Person, event: Event, *, label: str, but: Hearer | None = None
    ) -> None:
        self.fanout.tell_person(person, event, label=label, but=but)

    def tell_all(self, event: Event) -> None:
        self.fanout.tell_all(event)

    def expel(self, user_id: UserId, code: CloseCode, reason: str) -> int:
        return self.laid.expel(user_id, code, reason)

    async def find_member(self, name: str) -> Member:
        return await self.people.find_member(name)
