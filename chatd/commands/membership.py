"""Rooms and who belongs to them: join, leave, create, invite, role, and the list of rooms.
Rooms of two are direct; what is said in them is messages; who is online is presence."""

from __future__ import annotations

from collections.abc import Callable

from chatd.commands.act import Act
from chatd.commands.host import Caller, Host
from chatd.commands.limiting import Entering
from chatd.commands.places import asked, case_of, entered, must, place_of, refusal, topic_of, unseen
from chatd.core import commands as c
from chatd.core import names
from chatd.core.errors import Refused
from chatd.core.events import Attending, Invited, Ok, RoomLine, RoomList
from chatd.core.limits import met
from chatd.core.log import Member, Membership, Rank, RoomId, UserId
from chatd.core.policy import Verb, decide
from chatd.core.ports import LastOwner, NameTaken, NoSuchMember
from chatd.core.rooms import Attendance, Person, Room

NOWHERE = RoomId(0)
"""No room has it."""


async def join(host: Host, session: Caller, command: c.Join) -> Attending:
    """Enter a room; joining twice is harmless."""
    me = session.me
    try:
        room = await host.find_room(command.room)
    except Refused:
        # The answer for a hidden room takes one question more: so does this one.
        await host.store.membership(NOWHERE, me.user_id)
        raise
    place = me.rooms.get(room.room_id)
    if place is None:
        place = await _enter(host, session, command, room)
    return told(host, place)


async def _enter(host: Host, session: Caller, command: c.Join, room: Room) -> Attendance:
    me = session.me
    kept = await _membership(host, room, me.user_id)
    rank = kept.rank if kept else None
    _may_join(host, me, command, room, rank)
    lasting = kept is not None or not me.guest
    with host.limits.entering(room.room_id, me.user_id) as way:
        _count(host, me, way)
        if kept is None:
            await _space(host, room, way)
            if lasting:
                await host.store.set_member(room.room_id, me.member())
                host.moved(me.user_id)
            await _or_undone(
                host, room, me.user_id, lasting, lambda: _may_join(host, me, command, room, rank)
            )
        read = kept.read if kept else 0
        return attend(host, session, me, room, rank or Rank.MEMBER, lasting=lasting, read=read)


def _may_join(host: Host, me: Person, command: c.Join, room: Room, rank: Rank | None) -> None:
    verdict = decide(case_of(host, me.actor, me.user_id, "join", room, rank))
    if not verdict.allowed:
        raise unseen(command.room) if verdict.code == "forbidden" else refusal(verdict)


async def _membership(host: Host, room: Room, user_id: UserId) -> Membership | None:
    """As it is when this returns: read again where somebody moved them meanwhile."""
    while True:
        before = host.moves(user_id)
        kept = await host.store.membership(room.room_id, user_id)
        if host.moves(user_id) == before:
            return kept


async def _or_undone(
    host: Host, room: Room, user_id: UserId, member: bool, ask: Callable[[], None]
) -> None:
    """Ask again, now that the store has answered: whoever was banned meanwhile was not in the room
    yet, so nobody put them out. Raises what ``ask`` does, and then they are no member either."""
    try:
        ask()
    except Refused:
        if member:
            await host.store.drop_member(room.room_id, user_id)
            host.moved(user_id)
        raise


def attend(
    host: Host,
    session: Caller,
    me: Person,
    room: Room,
    rank: Rank,
    *,
    lasting: bool = True,
    quiet: bool = False,
    read: int = 0,
) -> Attendance:
    """Be in the room; one's other sessions are told from where they hear it. Whose line ended while
    this was decided, and who is back by another, is there by that one."""
    me = host.by_id(me.user_id) or me
    fresh = room.room_id not in me.rooms
    place = host.attend(me, room, rank, lasting=lasting, quiet=quiet, read=read, by=session)
    if fresh:
        host.tell_person(me, entered(host, place), label=room.label, but=session)
    return place


def _count(host: Host, me: Person, way: Entering) -> None:
    """Rooms of two are not counted: others open them, and it is not for them to fill the list."""
    most = host.settings.rooms_per_user
    used = sum(place.room.kind != "direct" for place in me.rooms.values())
    used += way.others(me.user_id)
    if met(used, most) and host.limits.stops("rooms_per_user", user=me.name, rooms=used):
        raise Refused("too_many", f"you are in {most} rooms, the limit; leave one first")


async def _count_theirs(host: Host, member: Member, way: Entering) -> None:
    """An invitation makes somebody a member without asking them: not without bound, either."""
    most = host.settings.rooms_per_user
    kept = await host.store.memberships(member.user_id)
    used = sum(each.room.kind != "direct" for each in kept) + way.others(member.user_id)
    if met(used, most) and host.limits.stops("rooms_per_user", user=member.name, rooms=used):
        raise Refused("too_many", f"{member.name!r} is in {most} rooms, the limit")


async def _space(host: Host, room: Room, way: Entering) -> None:
    if host.limits.off("members_per_room"):
        return
    most = host.settings.members_per_room
    used = await host.limits.members(room) + way.others(room.room_id)
    if met(used, most) and host.limits.stops("members_per_room", room=room.name, members=used):
        raise Refused("too_many", f"room {room.label!r} has {most} members, the limit")


async def leave(host: Host, session: Caller, command: c.Leave) -> Ok:
    """Leave a room, with all one's sessions; not as its last owner while others are members."""
    me = session.me
    place = await place_of(host, me, command.room)
    must(host, me, "leave", place)
    if place.lasting:
        room_id = place.room.room_id
        try:
            await host.store.drop_member(room_id, me.user_id, keep_owner=not me.operator)
        except LastOwner:
            must(host, me, "leave", place, last_owner=True)
            raise
        host.moved(me.user_id)
    # Who comes back by another line meanwhile is another Person.
    host.depart(host.by_id(me.user_id) or me, place.room, "left", by=session)
    return Ok()


async def create(host: Host, session: Caller, command: c.Create) -> Attending:
    """Make a room, be its owner and be in it."""
    me = session.me
    verb: Verb = "create_private" if command.private else "create"
    asked(case_of(host, me.actor, me.user_id, verb))
    name = names.room_name(command.room)
    topic = topic_of(command.topic)
    with host.limits.entering(me.user_id) as way:
        _count(host, me, way)
        try:
            stored = await host.store.create_room(
                name,
                "private" if command.private else "public",
                skeleton=names.skeleton(name),
                topic=topic,
                owner=me.member(Rank.OWNER),
                ts=host.clock.now(),
                history=host.settings.history if command.history is None else command.history,
            )
        except NameTaken as taken:
            # The name of another room is not told: it may be one that nobody may know of.
            same = taken.args[0] == name
            what = "exists; join it" if same else "looks like another room's name; choose another"
            raise Refused("room_exists", f"room {name!r} {what}") from None
        host.moved(me.user_id)
        return told(host, attend(host, session, me, host.room_of(stored), Rank.OWNER))


async def invite(host: Host, session: Caller, command: c.Invite) -> Ok:
    """Make somebody a member; if they are here, they hear the room at once."""
    me = session.me
    place = await place_of(host, me, command.room)
    must(host, me, "invite", place)
    member, room = await host.find_member(command.user), place.room
    kept = await _membership(host, room, member.user_id)
    _not_banned(host, member, room)
    if kept is None:
        with host.limits.entering(room.room_id, member.user_id) as way:
            await _count_theirs(host, member, way)
            await _space(host, room, way)
            await host.store.set_member(room.room_id, member)
            host.moved(member.user_id)
            await _or_undone(
                host, room, member.user_id, True, lambda: _not_banned(host, member, room)
            )
    bring(host, me, member, place.room, kept.rank if kept else Rank.MEMBER)
    return Ok()


def _not_banned(host: Host, member: Member, room: Room) -> None:
    if host.laid.on_user("ban", member.user_id, room.room_id):
        raise Refused("forbidden", f"{member.name!r} is banned; lift that first")


def bring(host: Host, me: Person, member: Member, room: Room, rank: Rank) -> None:
    """Let a person who is here attend, and tell them who brought them."""
    person = host.by_id(member.user_id)
    if person is None:
        return
    if room.room_id in person.rooms:
        person.rooms[room.room_id].lasting = True
        return
    direct = room.kind == "direct"
    state = host.state_of(host.attend(person, room, rank, lasting=True, quiet=direct))
    invited = Invited(
        room=room.name, by=me.name, epoch=state.epoch, seq=state.seq, direct=direct,
        history=state.history,
    )  # fmt: skip
    host.tell_person(person, invited, label=room.label)


async def role(host: Host, session: Caller, command: c.Role, act: Act) -> Ok:
    """Give a member another rank."""
    me = session.me
    place = await place_of(host, me, command.room)
    must(host, me, "role", place)
    try:
        rank = Rank(command.role)
    except ValueError:
        ranks = ", ".join(r.value for r in Rank)
        raise Refused("bad_field", f"'role' is {command.role!r}; allowed: {ranks}") from None
    member = await host.find_member(command.user)
    kept = await host.store.membership(place.room.room_id, member.user_id)
    if kept is None and _attendance(host, member, place.room) is None:
        raise _no_member(member)
    changed = Member(user_id=member.user_id, name=member.name, guest=member.guest, rank=rank)
    deed = act.deed(member.user_id, user=member.name, room=place.room.label, role=rank.value)
    room_id, keep_owner = place.room.room_id, not me.operator
    try:
        await host.store.set_member(
            room_id, changed, deed=deed, keep_owner=keep_owner, only_change=kept is not None
        )
    except LastOwner:
        must(host, me, "role", place, last_owner=True)
        raise
    except NoSuchMember:
        raise _no_member(member) from None
    host.moved(member.user_id)
    attendance = _attendance(host, member, place.room)  # anew: they may have come or gone
    if attendance is None and kept is None:  # put out meanwhile, before they were a member
        await host.store.drop_member(room_id, member.user_id)
        host.moved(member.user_id)
        raise _no_member(member)
    if attendance is not None:
        attendance.rank, attendance.lasting = rank, True
    return Ok()


def _no_member(member: Member) -> Refused:
    what = f"{member.name!r} is not a member of this room; invite first"
    return Refused("no_such_user", what)


def _attendance(host: Host, member: Member, room: Room) -> Attendance | None:
    person = host.by_id(member.user_id)
    return person.rooms.get(room.room_id) if person else None


async def rooms(host: Host, session: Caller, command: c.Rooms) -> RoomList:
    """A page of the public rooms by name; the first page starts with those one is in."""
    me = session.me
    found = await host.store.public_rooms(command.after, command.limit + 1)
    lines = [] if command.after else [_line(p.room) for p in me.rooms.values()]
    lines += [
        _line(host.room_of(stored), joined=False)
        for stored in found[: command.limit]
        if stored.room_id not in me.rooms
    ]
    more = len(found) > command.limit
    return RoomList(rooms=lines, after=found[command.limit - 1].name if more else None)


def _line(room: Room, *, joined: bool = True) -> RoomLine:
    return RoomLine(
        room=room.name,
        topic=room.topic,
        kind=room.kind,
        present=len(room.present),
        joined=joined,
        title=room.title,
        history=room.passing is None,
    )


def told(host: Host, place: Attendance) -> Attending:
    """One's place as an answer."""
    s = host.state_of(place)
    return Attending(
        room=s.room, epoch=s.epoch, seq=s.seq, topic=s.topic, kind=s.kind, role=s.role,
        read=s.read, title=s.title, slow=s.slow, read_only=s.read_only, history=s.history,
    )  # fmt: skip
