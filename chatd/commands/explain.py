"""Explaining a decision: what is known of somebody and a room is gathered here, and nothing done.
How it is walked and told is core/explaining; the limits behind it are core/limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from chatd.commands.host import Caller, Host
from chatd.commands.places import case_of
from chatd.core import commands as c
from chatd.core import names
from chatd.core.case import ABOUT_NO_ROOM, MODERATING, Case, Verb
from chatd.core.control import Explained
from chatd.core.errors import Refused
from chatd.core.explaining import Place, Question, explained
from chatd.core.log import Rank, UserId
from chatd.core.policy import Actor, decide
from chatd.core.rooms import Person, Room

VERBS: dict[str, Verb] = {
    **{verb: verb for verb in get_args(Verb) if verb != "see"},
    **dict.fromkeys(("history", "search", "who"), "read"),
    **dict.fromkeys(("typing", "write"), "send"),
    "unreact": "react",
    "unban": "ban",
    "bans": "ban",
    "unmute": "mute",
    **dict.fromkeys(("slow", "readonly", "read-only"), "rule"),
    **dict.fromkeys(
        ("announce", "emergency", "reports", "settle", "drain", "undrain", "reload", "loglevel"),
        "operate",
    ),
}
"""The verbs that can be asked about: the policy's, and commands that ask it for one of these."""


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who is here, or has an account."""

    user_id: UserId
    name: str
    actor: Actor
    disabled: bool = False
    person: Person | None = None


async def explain(host: Host, session: Caller, command: c.Explain) -> Explained:
    """Walk to the rule that decides."""
    word = command.verb.lower()
    verb = VERBS.get(word)
    if verb is None:
        raise Refused("bad_field", f"'verb' is {command.verb!r}; allowed: {', '.join(VERBS)}")
    if command.room is None and verb not in ABOUT_NO_ROOM | MODERATING:
        raise Refused("bad_field", f"{word} is about a room; name one in 'room'")
    known = await _known(host, command.user)
    room = None if verb in ABOUT_NO_ROOM else await _room(host, command.room)
    case, place = await _case(host, known, verb, room, command)
    log_in = None
    if known.person is None and verb != "login":
        log_in = decide(case_of(host, known.actor, known.user_id, "login"))
    return explained(
        Question(
            user=known.name,
            word=word,
            case=case,
            room=room.label if room else (command.room or ""),
            target=command.target or "",
            place=place,
            here=known.person is not None,
            disabled=known.disabled,
            guests_off=not host.settings.guests,
            log_in=log_in,
            history=room is None or room.passing is None,
            limits=tuple(await host.limits.explain(known.user_id, known.name, case.verb, room)),
        )
    )


async def _known(host: Host, name: str) -> Known:
    person = host.named(name)
    if person is not None and person.guest:
        return Known(person.user_id, person.name, person.actor, person=person)
    try:
        account = await host.store.account(names.account_name(name))
    except names.BadName:
        account = None
    if account is None:
        says = f"there is no account {name!r}, and no guest of this name is here"
        raise Refused("no_such_user", says)
    actor = Actor(guest=False, operator=account.operator)
    here = host.by_id(account.user_id)
    return Known(account.user_id, account.name, actor, account.disabled, here)


async def _room(host: Host, name: str | None) -> Room | None:
    try:
        return None if name is None else await host.find_room(name)
    except (Refused, names.BadName):
        return None


async def _case(
    host: Host, known: Known, verb: Verb, room: Room | None, command: c.Explain
) -> tuple[Case, Place]:
    """What the handler of this verb would ask, and where they are."""
    about = verb if room or verb not in MODERATING else "operate"
    rank = await _rank(host, known, room)
    over, over_operator, own = None, False, command.target is None
    if command.target is not None:
        target = await _known(host, command.target)
        own = target.user_id == known.user_id
        if verb in MODERATING:
            over, over_operator = await _rank(host, target, room), target.actor.operator
    case = case_of(
        host, known.actor, known.user_id, about, room, rank,
        own=own, over=over, over_operator=over_operator,
        last_owner=verb == "leave" and await _last_owner(host, known, room),
    )  # fmt: skip
    if room is not None:
        return case, "inside" if rank else "outside"
    named = command.room is not None and verb not in ABOUT_NO_ROOM
    return case, "nowhere" if named else "none"


async def _last_owner(host: Host, known: Known, room: Room | None) -> bool:
    return room is not None and await host.store.last_owner(room.room_id, known.user_id)


async def _rank(host: Host, known: Known, room: Room | None) -> Rank | None:
    if room is None:
        return None
    if known.person is not None:
        place = known.person.rooms.get(room.room_id)
        return place.rank if place else None
    kept = await host.store.membership(room.room_id, known.user_id)
    return kept.rank if kept else None
