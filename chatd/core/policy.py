"""Who may do what: every permission in chatd is asked here, and nowhere else.
A verdict names the rule that decided, so that an answer to "why" is the same as the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chatd.core.log import Rank, RoomKind

Verb = Literal[
    "see", "join", "leave", "read", "send", "edit", "delete", "react", "create", "create_private",
    "topic", "invite", "role", "nick", "direct",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as far as the rules care."""

    guest: bool
    operator: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the rule that gave it, and for a no: what would change it."""

    allowed: bool
    rule: str
    hint: str = ""


YES_OPERATOR = Verdict(True, "operator")
YES_OWN = Verdict(True, "own")
YES_OPEN = Verdict(True, "open")
YES_MEMBER = Verdict(True, "member")
YES_MODERATOR = Verdict(True, "moderator")
YES_OWNER = Verdict(True, "owner")


def may(
    actor: Actor,
    verb: Verb,
    kind: RoomKind | None = None,
    rank: Rank | None = None,
    *,
    own: bool = False,
    may_create: str = "anyone",
) -> Verdict:
    """Decide one case.

    ``kind`` is the room's (None: the verb is about no room), ``rank`` the actor's in it (None: not
    a member), ``own`` whether the message in question is the actor's.
    """
    if verb in ("create", "create_private"):
        return _create(actor, verb, may_create)
    if verb == "nick":
        return _nick(actor)
    if kind is None or verb == "direct":
        return YES_OPEN
    if kind == "direct":
        return _direct(verb, rank, own)
    if rank is None:
        return _outside(actor, verb, kind)
    return _inside(actor, verb, kind, rank, own)


def _create(actor: Actor, verb: Verb, may_create: str) -> Verdict:
    if actor.operator:
        return YES_OPERATOR
    if may_create == "operators":
        return Verdict(False, "rooms.create", "only operators may create rooms on this server")
    if actor.guest and (may_create == "members" or verb == "create_private"):
        return Verdict(False, "rooms.create", "log in with an account to create this room")
    return YES_OPEN


def _nick(actor: Actor) -> Verdict:
    if actor.guest:
        return YES_OWN
    return Verdict(
        False, "account name", "an account keeps its name; log in as a guest for another"
    )


def _direct(verb: Verb, rank: Rank | None, own: bool) -> Verdict:
    """A direct room is its two people's: no operator, no role, no third."""
    if rank is None:
        return Verdict(False, "direct room", "a direct room is for its two people only")
    if verb in ("see", "read", "join", "send", "react"):
        return YES_MEMBER
    if verb in ("edit", "delete"):
        return (
            YES_OWN if own else Verdict(False, "author", "only its author may change this message")
        )
    return Verdict(
        False, "direct room", "a direct room has no topic, roles or invitations, and is not left"
    )


def _outside(actor: Actor, verb: Verb, kind: RoomKind) -> Verdict:
    if kind == "public" and verb in ("see", "read", "join"):
        return YES_OPEN
    if kind == "private" and verb == "join" and actor.operator:
        return YES_OPERATOR  # by the door, where the members hear it; never reading from outside
    if kind == "private":
        return Verdict(
            False, "private room", "ask one of its owners or moderators for an invitation"
        )
    return Verdict(False, "membership", "join the room first")


def _inside(actor: Actor, verb: Verb, kind: RoomKind, rank: Rank, own: bool) -> Verdict:
    if verb in ("see", "read", "join", "leave", "send", "react"):
        return YES_MEMBER
    if verb in ("edit", "delete") and own:
        return YES_OWN
    if verb == "edit":
        return Verdict(False, "author", "only its author may edit a message")
    if actor.operator:
        return YES_OPERATOR
    if rank is Rank.OWNER:
        return YES_OWNER
    if verb == "role":
        return Verdict(False, "owner", "only an owner of the room may change roles")
    if rank is Rank.MODERATOR:
        return YES_MODERATOR
    if verb == "invite" and kind == "public":
        return YES_MEMBER
    return Verdict(False, "moderator", "only a moderator or owner of the room may do this")
