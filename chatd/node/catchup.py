"""The catch-up: a session that comes back gets exactly what it missed, then what is live.
It hears the room only from the turn in which its position has met the room's tail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.commands.places import room_key
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


class Replay:
    """The replay of one log-in: its rooms, one after the other.

    ``session.catching`` is that log-in's own set. Another log-in brings another set, and who leaves
    a room takes it out: so the set tells after every wait whether there is still something to do.
    """

    def __init__(self, node: Node, session: Session) -> None:
        self._node = node
        self._session = session
        self._catching = session.catching

    async def run(self, positions: dict[str, Position]) -> None:
        """All rooms that the client named, in its order. A room that fails says so itself."""
        try:
            for name, position in positions.items():
                if self._over:
                    return
                await self._replay(name, position)
        except Exception as error:  # noqa: BLE001  # half a replay must not look like a whole one
            self._node.log.fault("replay_failed", error, session=self._session.number)
            self._session.fail()
        finally:
            self._node.returning.leave(self._session)

    @property
    def _over(self) -> bool:
        return (
            self._session.state is not State.READY or self._session.catching is not self._catching
        )

    def _waits(self, room: Room) -> bool:
        return not self._over and room.room_id in self._catching

    async def _replay(self, name: str, position: Position) -> None:
        room = self._attended(name)
        if room is None:
            self._lost(name, self._node.store.epoch, 0)
            return
        try:
            if self._waits(room):  # else it was named twice
                await self._replay_room(room, position)
        except (StoreFull, StoreFailed) as error:
            self._node.log.warning("replay_impossible", room=room.room_id, reason=str(error))
            self._give_up(room)

    def _attended(self, name: str) -> Room | None:
        room = self._node.attendance.named(room_key(name))
        person = self._session.person
        if room is None or person is None or room.room_id not in person.rooms:
            return None
        return room

    async def _replay_room(self, room: Room, position: Position) -> None:
        sure = False
        if position.seq > room.tail:  # the client may have heard it from a host that was faster
            sure = await self._node.fanout.verified(room)
        known = room.first - 1 <= position.seq <= room.tail
        same = position.epoch == self._node.attendance.epoch_of(room)
        if not known or not same:
            if sure and same and position.seq > room.tail:
                self._node.returning.knows_more(room, position.seq)
            self._give_up(room)
            return
        seq, limit = position.seq, PAGE
        while self._waits(room):
            entries = room.since(seq)
            if entries is None and room.passing is not None:  # what was said meanwhile is gone
                self._give_up(room)
                return
            if entries is None:
                entries = await self._node.store.read(room.room_id, seq, limit)
                if not entries or entries[0].seq != seq + 1:  # no longer kept: all or nothing
                    self._give_up(room)
                    return
                if not self._waits(room):
                    return
            before, seq = seq, self._say(room, entries, seq)
            if seq == room.tail:
                self._finish(room, position.seq, seq)
                return
            limit = min(PAGE, 2 * (seq - before))  # no more is read again than was told
            self._node.returning.leave(self._session)
            await self._session.outbox.drained()

    def _say(self, room: Room, entries: list[Entry], seq: int) -> int:
        """Tell entries, as far as the room itself has been told; the first ones only, when they
        are long: an outbox that is half full has room for them and for what else is said."""
        left = self._node.settings.outbox_bytes // 4
        for entry in entries:
            if left > 0 and seq < entry.seq <= room.tail:
                event = event_of(entry, room.name)
                left -= self._node.fanout.tell_session(self._session, event, label=room.label)
                seq = entry.seq
        return seq

    def _finish(self, room: Room, since: int, seq: int) -> None:
        self._go_live(room)
        self._node.meter.resumed("recovered", seq - since)
        done = CaughtUp(
            room=room.name,
            recovered=True,
            epoch=self._node.attendance.epoch_of(room),
            seq=seq,
            replayed=seq - since,
        )
        self._node.fanout.tell_session(self._session, done, label=room.label)

    def _go_live(self, room: Room) -> None:
        self._catching.discard(room.room_id)
        self._node.attendance.hear(self._session, room)

    def _give_up(self, room: Room) -> None:
        if self._waits(room):
            self._go_live(room)
            self._lost(room.name, self._node.attendance.epoch_of(room), room.tail)

    def _lost(self, name: str, epoch: str, seq: int) -> None:
        self._node.meter.resumed("lost", 0)
        event = CaughtUp(room=name, recovered=False, epoch=epoch, seq=seq, replayed=0)
        self._node.fanout.tell_session(self._session, event, label=name)
