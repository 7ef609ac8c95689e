"""The fan-out: from a notice to every hearer's outbox, each entry once and in order.
An entry is encoded once per dialect; a gap in the notices is read from the store."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatd.core.events import Event
from chatd.core.log import Entry, RoomId, UserId
from chatd.core.ports import Bundle, Dialect, Frame, Notice, StoreFailed, StoreFull
from chatd.core.rooms import Hearer, Hearers, Person, Room
from chatd.core.telling import event_of

if TYPE_CHECKING:
    from chatd.node.node import Node

BUNDLE = 32 * 1024
"""Bytes of a room's frames that travel as one, at most: an outbox shall not have to take more than
it could bear."""
PAGE = 500
"""Entries read at a time to close a gap."""
RETRY = 1.0
"""Seconds until a gap that could not be read is tried again."""


Own = tuple[RoomId, int]
"""What a session said itself: a room, and the number there."""


class Fanout:
    """Tells rooms and people; owns how far each live room has been told."""

    def __init__(self, node: Node, live: Callable[[RoomId], Room | None]) -> None:
        self._node = node
        self._live = live
        self._holding: deque[Hearers] = deque()
        # Until it is reported: when it began, entries by how many heard them, messages by their ts.
        self._began = 0.0
        self._entries: dict[int, int] = {}
        self._messages: dict[int, int] = {}

    # --- turns ---
    def settled(self) -> None:
        """A turn is over, of the bus or of reading a gap: until now, or until something else is
        told to anybody, what a room is told in it waits to go out as one bundle."""
        try:
            self._let_go()
        finally:
            if self._entries:
                self._report()

    def _hold(self, room: Room, entry: Entry) -> int:
        """Tell an entry, to those who may be told with others at the end of the turn; gives to how
        many."""
        told, label, dialects = 0, room.label, self._node.dialects
        event, now = event_of(entry, room.name), entry.ts
        for name, hearers in room.hearers.items():
            dialect = dialects[name]
            frame = dialect.event(event, label=label, now=now) if hearers else None
            if frame is None:
                continue
            if not dialect.echo:
                told += self._tell_each(hearers, frame, (room.room_id, entry.seq))
                continue
            told += len(hearers)
            held = hearers.held
            if not held:
                self._holding.append(hearers)
            held.append(frame)
            if len(held) * len(frame.payload) > BUNDLE:
                self._let_go()
        return told

    def _let_go(self) -> None:
        # an outbox that overflows may let others be told before those that wait
        while self._holding:
            hearers = self._holding.popleft()
            frames, hearers.held = hearers.held, []
            bundle = frames[0] if len(frames) == 1 else Bundle.of(frames)
            self._node.broadcast(hearers.audience(), bundle)

    # --- the log ---
    def heard(self, notice: Notice) -> None:
        """A notice from the bus: lost, repeated or reordered ones do no harm."""
        room, seq, entry = self._live(notice.room_id), notice.seq, notice.entry
        if room is None or seq <= room.tail:
            return
        if room.passing is not None:
            # In another epoch it was said before the room fell asleep and woke: its number is
            # another's now.
            if entry is not None and room.passing.epoch == notice.epoch:
                self._deliver(room, entry)
            return
        if seq > room.heard:  # noqa: PLR1730 - asked for each message, and max takes longer
            room.heard = seq
        if room.reading:
            return
        if entry is not None and seq == room.tail + 1:
            self._deliver(room, entry)
        if room.heard > room.tail:
            room.reading = True
            self._node.spawn(self._read_gap(room))

    async def verify(self, room: Room) -> None:
        """Tell a room all that the store has: it may have slept, or missed notices."""
        await self.verified(room)

    async def verified(self, room: Room) -> bool:
        """The same; whether there is a store that could say what it has."""
        if room.passing is not None:
            return False
        try:
            room.heard = max(room.heard, await self._node.store.last_seq(room.room_id))
            await self._close_gap(room)
        except (StoreFull, StoreFailed):
            self._later(room)
            return False
        return True

    async def forget(self, user_id: UserId) -> None:
        """If this account was erased: say nothing more of it from what is at hand, and tell every
        room what became of its messages."""
        try:
            if await self._node.store.account_by_id(user_id) is not None:
                return
        except (StoreFull, StoreFailed) as error:  # it may be so
            self._node.log.warning("account_unread", reason=str(error))
        for room in self._node.attendance.all():
            room.recent.clear()
            self._node.spawn(self.verify(room))
            if room.kind == "direct":
                self._node.spawn(self._retitle(room))

    async def _retitle(self, room: Room) -> None:
        """The title of a room of two says who they are, or no more."""
        try:
            stored = await self._node.store.room(room.name)
        except (StoreFull, StoreFailed) as error:
            self._node.log.warning("title_unread", room=room.room_id, reason=str(error))
        else:
            if stored is not None:
                room.retitle(stored.title)

    async def _read_gap(self, room: Room) -> None:
        self._node.meter.gap_read()
        try:
            await self._close_gap(room)
        except (StoreFull, StoreFailed) as error:
            self._node.log.warning("gap_read_failed", room=room.room_id, reason=str(error))
            self._later(room)
        finally:
            room.reading = False

    async def _close_gap(self, room: Room) -> None:
        """Several may do this at the same time: each entry is told by the first that has it."""
        while room.heard > room.tail:
            after, wanted = room.tail, room.heard
            entries = await self._node.store.read(room.room_id, after, PAGE)
            if not entries and room.heard == wanted:
                room.heard = room.tail  # the notice spoke of what no store has
            elif entries and entries[0].seq > after + 1:
                self._node.log.warning("entries_not_kept", room=room.room_id, after=after)
                room.skip(entries[0].seq - 1)
            try:
                for entry in entries:
                    if entry.seq == room.tail + 1:
                        self._deliver(room, entry)
            finally:
                self.settled()

    def _later(self, room: Room) -> None:
        if not room.retrying:
            room.retrying = True
            self._node.clock.later(RETRY, lambda: self._retry(room))

    def _retry(self, room: Room) -> None:
        room.retrying = False
        if self._live(room.room_id) is room:
            self._node.spawn(self.verify(room))

    def _deliver(self, room: Room, entry: Entry) -> None:
        node, entries, messages = self._node, self._entries, self._messages
        if not entries:
            self._began = node.clock.monotonic()
        room.tell(entry)
        told = self._hold(room, entry)
        entries[told] = entries.get(told, 0) + 1
        if entry.kind == "message":
            messages[entry.ts] = messages.get(entry.ts, 0) + 1
        if node.control.watching:  # who watches hears of it after those to whom it was said
            self._let_go()
            node.control.saw(entry.kind, user=entry.author.name, room=room)

    def _report(self) -> None:
        """Of all that was told since the last time; what is told together is measured together."""
        meter, clock, entries = self._node.meter, self._node.clock, self._entries
        seconds = (clock.monotonic() - self._began) / sum(entries.values())
        for hearers, count in entries.items():
            meter.fanned_out(hearers, seconds, count)
        now = clock.now()
        for ts, count in self._messages.items():
            # between two hosts, or two clocks, time may go back
            meter.delivered(max(0, now - ts) / 1000, count)
        entries.clear()
        self._messages.clear()

    # --- telling ---
    def tell_room(
        self, room: Room, event: Event, *, but: Hearer | None = None, ephemeral: bool = False
    ) -> None:
        """Tell all who hear the room; ephemeral events are dropped by those who are slow."""
        self._let_go()
        now = self._node.clock.now()
        for name, hearers in room.hearers.items():
            dialect = self._node.dialects[name]
            frame = dialect.event(event, label=room.label, now=now) if hearers else None
            if frame is None:
                continue
            if but is None:  # nearly always: ask nothing for each of them
                self._node.broadcast(hearers.audience(), frame, ephemeral)
            else:
                self._tell_each(hearers, frame, but=but, ephemeral=ephemeral)

    def _tell_each(
        self,
        hearers: Hearers,
        frame: Frame,
        own: Own | None = None,
        *,
        but: Hearer | None = None,
        ephemeral: bool = False,
    ) -> int:
        """All but one, and but who said it."""
        told = 0
        for hearer in tuple(hearers):  # an outbox that overflows takes its hearer away
            if hearer is not but and not _said(hearer, own):
                hearer.outbox.put(frame, ephemeral=ephemeral)
                told += 1
        return told

    def tell_person(
        self, person: Person, event: Event, *, label: str, but: Hearer | None = None
    ) -> None:
        """Tell all sessions of one person."""
        for hearer in tuple(person.sessions):
            if hearer is not but:
                self.tell_session(hearer, event, label=label)

    def tell_session(self, hearer: Hearer, event: Event, *, label: str = "") -> int:
        """Tell one session; gives how many bytes that takes."""
        self._let_go()
        frame = self.frame(hearer.dialect, event, label)
        if frame is None:
            return 0
        hearer.outbox.put(frame)
        return len(frame.payload)

    def tell_all(self, event: Event) -> None:
        """Tell everybody who is logged in; encoded once for each dialect."""
        self._let_go()
        frames = {d.name: self.frame(d, event, "") for d in self._node.dialects.values()}
        for session in tuple(self._node.sessions):
            frame = frames[session.dialect.name]
            if frame is not None and session.person is not None:
                session.outbox.put(frame)

    def frame(self, dialect: Dialect, event: Event, label: str) -> Frame | None:
        """An event as this dialect says it now."""
        return dialect.event(event, label=label, now=self._node.clock.now())


def _said(hearer: Hearer, own: Own | None) -> bool:
    """Whether the hearer said this itself; asked once, then forgotten."""
    if own is None or own not in hearer.own:
        return False
    hearer.own.remove(own)
    return True
