"""Reading what was said: pages of messages, both ways.
The replay of a gap after a reconnect is chatd/node/catchup; finding by words is search."""

from __future__ import annotations

from chatd.commands.host import Caller, Host
from chatd.commands.places import case_of, refusal, unseen
from chatd.core import commands as c
from chatd.core.errors import Refused
from chatd.core.events import HistoryPage
from chatd.core.policy import decide
from chatd.core.rooms import Person, Room
from chatd.core.telling import message_of


async def history(host: Host, session: Caller, command: c.History) -> HistoryPage:
    """A page of a room that one may read."""
    if command.before is not None and command.after is not None:
        raise Refused("bad_field", "history takes 'before' or 'after', not both")
    room = await readable(host, session.me, command.room)
    messages, more = await host.store.history(
        room.room_id, before=command.before, after=command.after, limit=command.limit
    )
    return HistoryPage(
        room=room.name, messages=[message_of(m, room.name) for m in messages], more=more
    )


async def readable(host: Host, me: Person, name: str) -> Room:
    """The room of this name, if this person may read it."""
    room = await host.find_room(name)
    place = me.rooms.get(room.room_id)
    rank = place.rank if place else None
    verdict = decide(case_of(host, me.actor, me.user_id, "read", room, rank))
    if not verdict.allowed:
        raise unseen(name) if verdict.code == "forbidden" else refusal(verdict)
    return room
