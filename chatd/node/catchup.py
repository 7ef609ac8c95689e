"""The catch-up: a session that comes back gets exactly what it missed, then what is live.
It hears the room only from the turn in which its position has met the room's tail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.core import names
from chatd.core.commands import Position
from chatd.core.events import CaughtUp
from chatd.core.log import Entry
from chatd.core.ports import StoreFailed, StoreFull
from chatd.core.rooms import Room
from chatd.core.session import State
from chatd.core.telling import event_of

if TYPE_CHECKING:
    from chatd.node.node import Node
    from chatd.node.session import Session

PAGE = 200
"""Entries replayed before the outbox is given time to drain."""


class CatchUp:
    """Replays rooms for one session after the other."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def replay(self, session: Session, positions: dict[str, Position]) -> None:
        """All rooms that the client named, in its order. A room that fails says so itself."""
        for name, position in positions.items():
            if session.state is not State.READY:
                return
            room = self._attended(session, name)
            if room is None:
                self._lost(session, name, 0)
                continue
            if room.room_id not in session.catching:
                continue  # named twice
            try:
                await self._replay_room(session, room, position)
            except (StoreFull, StoreFailed) as error:
                self._node.log.warning("replay_failed", room=room.room_id, reason=str(error))
                self._give_up(session, room)

    def _attended(self, session: Session, name: str) -> Room | None:
        try:
            folded = names.room_name(name) if not name.startswith("@") else name
        except names.BadName:
            return None
        room = self._node.attendance.named(folded)
        person = session.person
        if room is None or person is None or room.room_id not in person.rooms:
            return None
        return room

    async def _replay_room(self, session: Session, room: Room, position: Position) -> None:
        whole = position.seq >= room.first - 1 and position.epoch == self._node.store.epoch
        if whole and position.seq > room.tail:  # the room may have slept: ask before giving up
            await self._node.fanout.verify(room)
        if not whole or position.seq > room.tail:
            self._give_up(session, room)
            return
        seq = position.seq
        while (entries := room.since(seq)) is None:
            page = await self._node.store.read(room.room_id, seq, PAGE)
            if not page or page[0].seq != seq + 1:  # no longer kept: all or nothing
                self._give_up(session, room)
                return
            seq = self._say(session, room, page, seq)
            await session.outbox.drained()
            if session.state is not State.READY or room.room_id not in session.catching:
                return
        seq = self._say(session, room, entries, seq)
        self._go_live(session, room)
        done = CaughtUp(
            room=room.name,
            recovered=True,
            epoch=self._node.store.epoch,
            seq=seq,
            replayed=seq - position.seq,
        )
        self._node.fanout.tell_session(session, done, label=room.label)
        self._node.meter.resumed("recovered", done.replayed)

    def _say(self, session: Session, room: Room, entries: list[Entry], seq: int) -> int:
        """Tell entries of the store, as far as the room itself has been told."""
        for entry in entries:
            if seq < entry.seq <= room.tail:
                event = event_of(entry, room.name)
                self._node.fanout.tell_session(session, event, label=room.label)
                seq = entry.seq
        return seq

    def _go_live(self, session: Session, room: Room) -> None:
        session.catching.discard(room.room_id)
        if session.person is not None and room.room_id in session.person.rooms:
            self._node.attendance.hear(session, room)

    def _give_up(self, session: Session, room: Room) -> None:
        self._go_live(session, room)
        self._lost(session, room.name, room.tail)

    def _lost(self, session: Session, name: str, seq: int) -> None:
        self._node.meter.resumed("lost", 0)
        event = CaughtUp(
            room=name, recovered=False, epoch=self._node.store.epoch, seq=seq, replayed=0
        )
        self._node.fanout.tell_session(session, event, label=name)
