"""Where a command takes place and whether its user may: asked the same way by every handler.
The rules themselves are in core/policy."""

from __future__ import annotations

from chatd.commands.host import Host
from chatd.core import names
from chatd.core import text as texts
from chatd.core.errors import Refused
from chatd.core.policy import Verb, may
from chatd.core.rooms import Attendance, Person

TOPIC_CHARACTERS = 300


async def place_of(host: Host, me: Person, name: str) -> Attendance:
    """One's place in the room of this name. Does not suspend for a room that is live."""
    room = await host.find_room(name)
    place = me.rooms.get(room.room_id)
    if place is None:
        if room.kind != "public":
            raise unseen(name)
        raise Refused("not_in_room", f"you are not in room {room.name!r}; join it first")
    return place


def room_key(name: str) -> str:
    """The name under which a room is kept, for a name as typed; an impossible one stays as it is,
    and no room has it."""
    try:
        return name if name.startswith("@") else names.room_name(name)
    except names.BadName:
        return name


def unseen(name: str) -> Refused:
    """The answer for a room that is not there, and the same for one that may not be known of.
    ``name`` is as typed in both cases: nothing else may differ."""
    return Refused(
        "no_such_room",
        f"there is no room {name!r} that you may enter; a private one needs an invitation",
    )


def must(me: Person, verb: Verb, place: Attendance, *, own: bool = False) -> None:
    """Raise Refused("forbidden") with what would change it, unless the policy says yes."""
    verdict = may(me.actor, verb, place.room.kind, place.rank, own=own)
    if not verdict.allowed:
        raise Refused("forbidden", verdict.hint)


def topic_of(raw: str) -> str:
    """A topic as it is kept: one clean line, bounded."""
    topic = texts.one_line(raw)
    if len(topic) > TOPIC_CHARACTERS:
        raise Refused("too_long", f"a topic has at most {TOPIC_CHARACTERS} characters")
    return topic
