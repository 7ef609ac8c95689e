"""Where a command takes place and whether its user may: asked the same way by every handler.
The rules themselves are in core/policy."""

from __future__ import annotations

from chatd.commands.host import Host
from chatd.core import names
from chatd.core import text as texts
from chatd.core.errors import Refused
from chatd.core.events import Entered
from chatd.core.log import Rank, UserId
from chatd.core.policy import Actor, Case, Laid, Verb, Verdict, decide
from chatd.core.rooms import Attendance, Person, Room
from chatd.core.sanctions import SanctionKind


async def place_of(host: Host, me: Person, name: str) -> Attendance:
    """One's place in the room of this name. Does not suspend where one has a place."""
    place = near(host, me, room_key(name))
    if place is not None:
        return place
    room = await host.find_room(name)
    place = me.rooms.get(room.room_id)
    if place is None:
        if room.kind != "public":
            raise unseen(name)
        raise Refused("not_in_room", f"you are not in room {room.name!r}; join it first")
    return place


def near(host: Host, me: Person, name: str) -> Attendance | None:
    """One's place in the live room that is kept under this name. A name as typed is nearly always
    just that; where there is none, ``place_of`` finds out why."""
    room = host.live_named(name)
    return None if room is None else me.rooms.get(room.room_id)


def grounds(host: Host, me: Person, place: Attendance) -> object:
    """All that can change, between two messages of one person in one room, of what decides whether
    they may be said, but slow mode: an equal value, and the policy says the same."""
    return host.laid.edition, place.rank, me.operator


def entered(host: Host, place: Attendance) -> Entered:
    """One's place as one's other sessions are told of it."""
    s = host.state_of(place)
    return Entered(
        room=s.room, epoch=s.epoch, seq=s.seq, topic=s.topic, kind=s.kind, role=s.role,
        read=s.read, title=s.title, slow=s.slow, read_only=s.read_only, history=s.history,
    )  # fmt: skip


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


def case_of(
    host: Host,
    actor: Actor,
    user_id: UserId | None,
    verb: Verb,
    room: Room | None = None,
    rank: Rank | None = None,
    *,
    own: bool = False,
    over: Rank | None = None,
    over_operator: bool = False,
    last_owner: bool = False,
) -> Case:
    """The one place where a case is put together: of what is known of a person and a room, and of
    what is laid on them now. Does not suspend."""
    laid, room_id = host.laid, room.room_id if room else None
    return Case(
        verb=verb,
        guest=actor.guest,
        operator=actor.operator,
        kind=room.kind if room else None,
        rank=rank,
        own=own,
        may_create=host.settings.may_create,
        over=over,
        over_operator=over_operator,
        banned=_laid(host, "ban", user_id, room),
        muted=_laid(host, "mute", user_id, room),
        read_only=laid.rules(room_id).read_only,
        last_owner=last_owner,
        slow_wait=laid.slow_wait(room_id, user_id),
        emergency=laid.emergency,
    )


def _laid(host: Host, kind: SanctionKind, user_id: UserId | None, room: Room | None) -> Laid | None:
    found = host.laid.on_user(kind, user_id, room.room_id if room else None)
    if found is None:
        return None
    where = room.label if room and found.room_id is not None else ""
    return Laid(found.reason, found.left(host.clock.now()), f"#{where}" if where else "")


def refusal(verdict: Verdict) -> Refused:
    """A verdict that is a no, as it is answered."""
    return Refused(verdict.code, verdict.hint, verdict.retry_after_ms)


def asked(case: Case) -> None:
    """Raise Refused with the rule's code and what would change it, unless the policy says yes."""
    verdict = decide(case)
    if not verdict.allowed:
        raise refusal(verdict)


def must(
    host: Host,
    me: Person,
    verb: Verb,
    place: Attendance,
    *,
    own: bool = False,
    last_owner: bool = False,
) -> None:
    """The same for something that one does in one's room."""
    actor, room, rank = me.actor, place.room, place.rank
    asked(case_of(host, actor, me.user_id, verb, room, rank, own=own, last_owner=last_owner))


def kept(room: Room) -> None:
    """Raise Refused in a room that keeps no history, for what is about messages of the past."""
    if room.passing is not None:
        raise Refused(
            "no_history",
            f"room {room.label!r} keeps no history: what is said there can only be heard",
        )


def line_of(raw: str) -> str:
    """A reason or outcome as it is kept: one clean line."""
    return texts.one_line(raw)


def topic_of(raw: str) -> str:
    """A topic as it is kept: one clean line, bounded."""
    topic = texts.one_line(raw)
    if len(topic) > texts.TOPIC_CHARACTERS:
        raise Refused("too_long", f"a topic has at most {texts.TOPIC_CHARACTERS} characters")
    return topic
