"""Being there: who is in a room, typing, read markers, and the ping that is also a barrier.
Coming and going are told by chatd/node."""

from __future__ import annotations

from chatd.commands.history import readable
from chatd.commands.host import Caller, Host
from chatd.commands.places import must, place_of
from chatd.core import commands as c
from chatd.core.events import Marked, Ok, Person, Read, Roster, Typing

ROSTER = 500
"""Lines of one answer to `who`; a larger room is counted, not listed."""


async def who(host: Host, session: Caller, command: c.Who) -> Roster:
    """Who is in a room: those online first, then its other members."""
    room = await readable(host, session.me, command.room)
    here = [
        Person(user=p.name, role=p.rooms[room.room_id].rank.value, online=True, guest=p.guest)
        for p in list(room.present)[:ROSTER]
    ]
    online = {p.user_id for p in room.present}
    members = await host.store.members(room.room_id, ROSTER + 1)
    away = [
        Person(user=m.name, role=m.rank.value, guest=m.guest)
        for m in members
        if m.user_id not in online
    ]
    people = here + away
    more = len(room.present) > ROSTER or len(members) > ROSTER or len(people) > ROSTER
    rules = host.laid.rules(room.room_id)
    return Roster(
        room=room.name,
        people=people[:ROSTER],
        present=len(room.present),
        more=more,
        slow=rules.slow,
        read_only=rules.read_only,
    )


async def typing(host: Host, session: Caller, command: c.Typing) -> Ok:
    """Tell those in the room, unless they are too slow for it, or too many."""
    me = session.me
    place = await place_of(host, me, command.room)
    must(host, me, "send", place)
    if len(place.room.present) > host.settings.announce_limit:
        return Ok()
    event = Typing(room=place.room.name, user=me.name, on=command.on)
    host.tell_room(place.room, event, but=session, ephemeral=True)
    return Ok()


async def read(host: Host, session: Caller, command: c.Read) -> Marked:
    """Move the read marker forward, and tell one's other sessions."""
    me = session.me
    place = await place_of(host, me, command.room)
    seq = min(command.seq, place.room.tail)
    before = place.read
    if place.lasting and seq > before and place.room.passing is None:
        seq = await host.store.mark(me.user_id, place.room.room_id, seq)
    place.read = max(place.read, seq)
    if place.read > before:
        event = Read(room=place.room.name, seq=place.read)
        host.tell_person(me, event, label=place.room.label, but=session)
    return Marked(room=place.room.name, seq=place.read)


async def ping(host: Host, session: Caller, command: c.Ping) -> Ok:
    """Answered when all that this session sent before has been carried out."""
    return Ok()
