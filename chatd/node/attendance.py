"""Who hears which room, and what the others are told of coming and going.
Joins are told one by one in a small room; presence is gathered and told once a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatd.core.errors import Refused
from chatd.core.events import Joined, Left, Presence, RoomState
from chatd.core.log import Rank, RoomId, StoredRoom, UserId
from chatd.core.passing import Passing
from chatd.core.rooms import Attendance, Hearer, Person, Room

if TYPE_CHECKING:
    from chatd.node.node import Node

EPOCH = 16
"""Letters in the epoch of a room without history, as many as in the store's."""
MOVES = 10_000
"""Users whose last move is remembered: more than can move while one log-in reads its places."""
GATHER = 1.0
"""Seconds over which changes of presence are gathered into one event."""


class Attendances:
    """The live rooms and who attends them. A room lives while somebody is in it."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._rooms: dict[RoomId, Room] = {}
        self._by_name: dict[str, Room] = {}
        self._moves = 0
        self._moved: dict[UserId, int] = {}
        self.live: Callable[[RoomId], Room | None] = self._rooms.get
        """The room, if somebody attends it."""
        self.named: Callable[[str], Room | None] = self._by_name.get
        """The live room of exactly this name."""

    def moved(self, user_id: UserId) -> None:
        """See commands.host."""
        self._moves += 1
        self._moved.pop(user_id, None)
        self._moved[user_id] = self._moves
        if len(self._moved) > MOVES:
            del self._moved[next(iter(self._moved))]

    def moves(self, user_id: UserId) -> int:
        """See commands.host."""
        return self._moved.get(user_id, 0)

    def all(self) -> list[Room]:
        """Every live room."""
        return list(self._rooms.values())

    def of(self, stored: StoredRoom) -> Room:
        """The live room, or a fresh one that comes alive with its first attendance."""
        passing = None if stored.history else Passing(self._node.ids.secret()[:EPOCH])
        return self._rooms.get(stored.room_id) or Room(stored, passing)

    # --- coming ---
    def attend(
        self,
        person: Person,
        room: Room,
        rank: Rank,
        *,
        lasting: bool,
        quiet: bool,
        read: int,
        by: Hearer | None,
    ) -> Attendance:
        """Put a person into a room; harmless when they are there. All are told but ``by``.
        Raises Refused when the person left while this was decided."""
        if self._node.people.by_id(person.user_id) is not person:
            raise Refused("not_logged_in", "this session is over")
        place = person.rooms.get(room.room_id)
        if place is not None:
            return place
        room = self._wake(room)
        place = Attendance(room, rank, lasting=lasting, read=read)
        person.rooms[room.room_id] = place
        room.attended += 1
        for session in person.sessions:
            self.hear(session, room)
        self._node.control.saw("joined", user=person.name, room=room)
        if person.sessions:
            self.came(person, room, quiet=quiet, by=by)
        return place

    def _wake(self, room: Room) -> Room:
        """The one live object of this room. What it missed while it slept is asked of the store."""
        alive = self._rooms.get(room.room_id)
        if alive is not None:
            return alive
        self._rooms[room.room_id] = self._by_name[room.name] = room
        self._node.meter.rooms(len(self._rooms))
        self._node.spawn(self._node.fanout.verify(room))
        return room

    def hear(self, session: Hearer, room: Room) -> None:
        """Let a session hear a room, unless its replay is still to come."""
        if room.room_id not in session.catching:
            room.add_hearer(session.dialect.name, session)

    def unhear(self, session: Hearer, room: Room) -> None:
        """Harmless when it heard nothing. What it said there itself, nobody will tell it."""
        room.drop_hearer(session.dialect.name, session)
        session.own.difference_update([own for own in session.own if own[0] == room.room_id])

    def came(self, person: Person, room: Room, *, quiet: bool, by: Hearer | None = None) -> None:
        """Somebody is in the room who was not a moment ago."""
        if person in room.present:
            return
        room.present[person] = None
        if quiet:
            self._stir(room, person, online=True)
            return
        joined = Joined(room=room.name, user=person.name, guest=person.guest)
        if self.small(room):
            room.calm(person)
            self._node.tell_room(room, joined, but=by)
        else:
            self._stir(room, person, online=True)
            self._node.tell_person(person, joined, label=room.label, but=by)

    def small(self, room: Room) -> bool:
        """Whether few enough are in it to hear of each other's coming and going."""
        return len(room.present) <= self._node.settings.announce_limit

    # --- going ---
    def went(self, person: Person, room: Room) -> None:
        """Somebody is not online any more, but keeps their place."""
        if person in room.present:
            del room.present[person]
            self._stir(room, person, online=False)

    def depart(self, person: Person, room: Room, reason: str, *, by: Hearer | None = None) -> None:
        """Somebody gives up their place; all are told but ``by``. Harmless when they have none."""
        place = person.rooms.get(room.room_id)
        if place is None:
            return
        room = place.room
        for session in person.sessions:
            session.catching.discard(room.room_id)
            self.unhear(session, room)
        self._node.control.saw("left", user=person.name, room=room, word=reason)
        here = person in room.present
        room.present.pop(person, None)
        left = Left(room=room.name, user=person.name, reason=reason)
        if self.small(room):
            room.calm(person)
            self._node.tell_room(room, left)
        elif here:
            self._stir(room, person, online=False)
        self._node.tell_person(person, left, label=room.label, but=by)
        self._release(person, place)

    def rest(self, person: Person) -> None:
        """Somebody goes offline without giving up a place."""
        for place in list(person.rooms.values()):
            self.went(person, place.room)
            self._release(person, place)

    def _release(self, person: Person, place: Attendance) -> None:
        """A room in which nobody has a place is let go."""
        room = place.room
        del person.rooms[room.room_id]
        room.attended -= 1
        if not room.attended and self._rooms.get(room.room_id) is room:
            del self._rooms[room.room_id], self._by_name[room.name]
            self._node.meter.rooms(len(self._rooms))

    # --- presence ---
    def _stir(self, room: Room, person: Person, *, online: bool) -> None:
        room.stir(person, online=online)
        if not room.gathering:
            room.gathering = True
            self._node.clock.later(GATHER, lambda: self._tell_presence(room))

    def _tell_presence(self, room: Room) -> None:
        room.gathering = False
        stirred = list(room.stirred.values())
        room.stirred.clear()
        if not stirred or self._node.draining:
            return
        named = self.small(room) and len(stirred) <= self._node.settings.announce_limit
        came = [person for person, on in stirred if on and named]
        self._node.tell_room(
            room,
            Presence(
                room=room.name,
                present=len(room.present),
                online=[person.name for person in came],
                offline=[person.name for person, on in stirred if not on and named],
                guests=[person.name for person in came if person.guest],
            ),
            ephemeral=True,
        )

    def state_of(self, place: Attendance) -> RoomState:
        """A room as somebody in it sees it now."""
        room, rules = place.room, self._node.laid.rules(place.room.room_id)
        return RoomState(
            room=room.name,
            epoch=self.epoch_of(room),
            seq=room.tail,
            topic=room.topic,
            kind=room.kind,
            role=place.rank.value,
            read=place.read,
            title=room.title,
            slow=rules.slow,
            read_only=rules.read_only,
            history=room.passing is None,
        )

    def epoch_of(self, room: Room) -> str:
        """The one half of positions in it: the store's, or of its own while it is awake."""
        return self._node.store.epoch if room.passing is None else room.passing.epoch
