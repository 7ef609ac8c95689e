"""Rooms of two: one opens it, the other hears it at once, and nobody leaves it.
What is said in them is messages; all other rooms are membership."""

from __future__ import annotations

from collections.abc import Callable

from chatd.commands.host import Caller, Host
from chatd.commands.limiting import Entering
from chatd.commands.membership import attend, bring, told
from chatd.commands.places import asked, case_of
from chatd.core import commands as c
from chatd.core.errors import Refused
from chatd.core.events import Attending
from chatd.core.limits import met
from chatd.core.log import Member, Rank, StoredRoom
from chatd.core.rooms import Attendance


async def direct(host: Host, session: Caller, command: c.Direct) -> Attending:
    """Open the room shared with one other person."""
    return told(host, await direct_with(host, session, command.user))


async def direct_with(
    host: Host, session: Caller, name: str, begins: Callable[[], None] = lambda: None
) -> Attendance:
    """One's place in the direct room with ``name``, who hears it too if they are here. ``begins``
    is called before a room is made; if it raises, none is."""
    me = session.me
    asked(case_of(host, me.actor, me.user_id, "direct"))
    other = await host.find_member(name)
    if other.user_id == me.user_id:
        raise Refused("bad_field", "a direct room needs somebody else than oneself")
    room = host.room_of(await _room_of_two(host, session, other, begins))
    place = me.rooms.get(room.room_id)
    if place is None:
        place = attend(host, session, me, room, Rank.MEMBER, quiet=True)
    bring(host, me, other, place.room, Rank.MEMBER)
    return place


async def _room_of_two(
    host: Host, session: Caller, other: Member, begins: Callable[[], None]
) -> StoredRoom:
    """The one that there is, or a new one within the limits for those."""
    me = session.me
    fresh = "@" + host.ids.secret()[:12].lower()
    with host.limits.entering(("direct", me.user_id)) as way:
        new = await host.store.shared_room(me.user_id, other.user_id) is None
        if new:
            begins()
            _count_direct(host, session, way)
        room = await host.store.direct_room(fresh, me.member(), other, host.clock.now())
    if new:  # nobody leaves one
        host.moved(me.user_id)
        host.moved(other.user_id)
    return room


def _count_direct(host: Host, session: Caller, way: Entering) -> None:
    me, most = session.me, host.settings.direct_rooms_per_user
    used = sum(place.room.kind == "direct" for place in me.rooms.values())
    used += way.others(("direct", me.user_id))
    if met(used, most) and host.limits.stops("direct_rooms_per_user", user=me.name, rooms=used):
        raise Refused("too_many", f"you are in {most} rooms of two, the limit for opening more")
    wait = host.limits.paced(session, "direct")
    if wait:
        after = int(wait * 1000) + 1
        pace = host.settings.paces["direct"]
        raise Refused("rate_limited", f"over {pace} for new rooms of two; wait {after} ms", after)
