"""Rooms, members and read markers of the reference store."""

from __future__ import annotations

from msgspec.structs import replace

from chatd.core.audit import NO_DEED, Deed
from chatd.core.log import Member, Membership, Rank, RoomId, RoomKind, StoredRoom, UserId
from chatd.core.ports import LastOwner, NameTaken, NoSuchMember, StoreFailed
from chatd.store.memory.audit import record
from chatd.store.memory.kept import Keeper, Room


class Rooms(Keeper):
    """The port's calls about rooms and members."""

    async def room(self, name: str) -> StoredRoom | None:
        """See the port."""
        rooms = self.reading().rooms.values()
        return next((room.now() for room in rooms if room.stored.name == name), None)

    async def create_room(
        self,
        name: str,
        kind: RoomKind,
        *,
        skeleton: str,
        topic: str,
        owner: Member | None,
        ts: int,
        history: bool = True,
        deed: Deed = NO_DEED,
    ) -> StoredRoom:
        """See the port."""
        kept = self.writing()
        for other in kept.rooms.values():
            if other.skeleton == skeleton or other.stored.name == name:
                raise NameTaken(other.stored.name)
        if owner is not None:
            kept.must_be_there(owner.user_id)
        room_id = RoomId(len(kept.rooms) + 1)
        stored = StoredRoom(room_id=room_id, name=name, kind=kind, topic=topic, history=history)
        room = kept.rooms[room_id] = Room(stored, skeleton)
        if owner is not None:
            room.members[owner.user_id] = owner
        record(kept, deed)
        return room.now()

    async def direct_room(self, name: str, one: Member, other: Member, ts: int) -> StoredRoom:
        """See the port."""
        kept = self.writing()
        kept.must_be_there(one.user_id, other.user_id)
        pair = frozenset((one.user_id, other.user_id))
        room = next((room for room in kept.rooms.values() if room.pair == pair), None)
        if room is None:
            if any(room.stored.name == name for room in kept.rooms.values()):
                raise NameTaken(name)
            title = ", ".join(dict.fromkeys((one.name, other.name)))
            room_id = RoomId(len(kept.rooms) + 1)
            stored = StoredRoom(room_id=room_id, name=name, kind="direct", title=title)
            room = kept.rooms[room_id] = Room(stored, None, pair)
        for member in (one, other):
            room.members.setdefault(member.user_id, member)
        return room.now()

    async def set_topic(self, room_id: RoomId, topic: str) -> bool:
        """See the port."""
        room = self.writing().rooms.get(room_id)
        if room is None or room.stored.history:
            raise StoreFailed(f"there is no room {room_id} without history")
        before, room.stored = room.stored.topic, replace(room.stored, topic=topic)
        return topic != before

    async def shared_room(self, one: UserId, other: UserId) -> StoredRoom | None:
        """See the port."""
        pair = frozenset((one, other))
        return next((r.now() for r in self.reading().rooms.values() if r.pair == pair), None)

    async def public_rooms(self, after: str, limit: int) -> list[StoredRoom]:
        """See the port."""
        public = [r.now() for r in self.reading().rooms.values() if r.stored.kind == "public"]
        above = [room for room in public if room.name > after]
        return sorted(above, key=lambda room: room.name)[:limit]

    async def set_member(
        self,
        room_id: RoomId,
        member: Member,
        *,
        deed: Deed = NO_DEED,
        keep_owner: bool = False,
        only_change: bool = False,
    ) -> None:
        """See the port."""
        kept = self.writing()
        room = kept.rooms.get(room_id)
        if room is None:
            raise StoreFailed(f"there is no room {room_id}")
        kept.must_be_there(member.user_id)
        if keep_owner and member.rank is not Rank.OWNER and self._last(room, member.user_id):
            raise LastOwner(room_id)
        if only_change and member.user_id not in room.members:
            raise NoSuchMember(member.user_id)
        room.members[member.user_id] = member
        record(kept, deed)

    async def drop_member(
        self, room_id: RoomId, user_id: UserId, *, deed: Deed = NO_DEED, keep_owner: bool = False
    ) -> None:
        """See the port."""
        kept = self.writing()
        room = kept.rooms.get(room_id)
        if keep_owner and room is not None and self._last(room, user_id):
            raise LastOwner(room_id)
        if room is not None and room.members.pop(user_id, None) is not None:
            record(kept, deed)

    async def last_owner(self, room_id: RoomId, user_id: UserId) -> bool:
        """See the port."""
        room = self.reading().rooms.get(room_id)
        return room is not None and self._last(room, user_id)

    def _last(self, room: Room, user_id: UserId) -> bool:
        one, accounts = room.members.get(user_id), self.reading().accounts
        if one is None or one.guest or one.rank is not Rank.OWNER:
            return False
        others = [
            each.rank
            for other, each in room.members.items()
            if other != user_id and other in accounts and not accounts[other].disabled
        ]
        return bool(others) and Rank.OWNER not in others

    async def members(self, room_id: RoomId, limit: int) -> list[Member]:
        """See the port."""
        room = self.reading().rooms.get(room_id)
        people = room.members.values() if room else ()
        return sorted(people, key=lambda member: (member.name, member.user_id))[:limit]

    async def member_named(self, room_id: RoomId, name: str) -> Member | None:
        """See the port."""
        room = self.reading().rooms.get(room_id)
        named = [member for member in room.members.values() if member.name == name] if room else []
        return min(named, key=lambda member: (member.guest, member.user_id), default=None)

    async def member_count(self, room_id: RoomId) -> int:
        """See the port."""
        room = self.reading().rooms.get(room_id)
        return len(room.members) if room else 0

    async def memberships(self, user_id: UserId) -> list[Membership]:
        """See the port."""
        rooms = sorted(self.reading().rooms.values(), key=lambda room: room.stored.name)
        return [self._membership(room, user_id) for room in rooms if user_id in room.members]

    async def membership(self, room_id: RoomId, user_id: UserId) -> Membership | None:
        """See the port."""
        room = self.reading().rooms.get(room_id)
        return self._membership(room, user_id) if room and user_id in room.members else None

    def _membership(self, room: Room, user_id: UserId) -> Membership:
        read = self.reading().marks.get((user_id, room.stored.room_id), 0)
        return Membership(room=room.now(), rank=room.members[user_id].rank, read=read)

    async def mark(self, user_id: UserId, room_id: RoomId, seq: int) -> int:
        """See the port."""
        self.writing().must_be_there(user_id)
        marks = self.writing().marks
        marks[user_id, room_id] = max(seq, marks.get((user_id, room_id), 0))
        return marks[user_id, room_id]
