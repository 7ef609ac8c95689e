"""Who may do what: every permission in chatd is asked here, and nowhere else. The rules are one
ordered table; the first that speaks decides. To explain a decision is to walk the same table."""

from __future__ import annotations

from collections.abc import Callable

from chatd.core.case import (
    ABOUT_NO_ROOM,
    MAKING,
    MODERATING,
    SPEAKING,
    Actor,
    Case,
    Laid,
    Step,
    Verb,
    Verdict,
)
from chatd.core.log import Rank, RoomKind
from chatd.core.sanctions import Emergency

__all__ = [
    "ABOUT_NO_ROOM", "SPEAKING", "Actor", "Case", "Laid", "Step", "Verb", "Verdict",
    "decide", "lasts", "may", "walk",
]  # fmt: skip

YES_OPERATOR = Verdict(True, "operator")
YES_OWN = Verdict(True, "own")
YES_OPEN = Verdict(True, "open")
YES_MEMBER = Verdict(True, "member")
YES_MODERATOR = Verdict(True, "moderator")
YES_OWNER = Verdict(True, "owner")


def decide(case: Case) -> Verdict:
    """The verdict of the first rule that has one."""
    for _, rule in RULES:
        verdict = rule(case)
        if verdict is not None:
            return verdict
    return NOBODY


def walk(case: Case) -> list[Step]:
    """The rules that are asked, in order; the last one decides, as it does in ``decide``."""
    steps: list[Step] = []
    for name, rule in RULES:
        steps.append(Step(name, rule(case)))
        if steps[-1].verdict is not None:
            return steps
    return [*steps, Step("nobody", NOBODY)]


def may(
    actor: Actor,
    verb: Verb,
    kind: RoomKind | None = None,
    rank: Rank | None = None,
    *,
    own: bool = False,
    may_create: str = "anyone",
) -> Verdict:
    """Decide a case on which nobody has laid anything."""
    return decide(
        Case(
            verb=verb,
            guest=actor.guest,
            operator=actor.operator,
            kind=kind,
            rank=rank,
            own=own,
            may_create=may_create,
        )
    )


def lasts(left: int | None) -> str:
    """How long yet, for a person. ``left``: milliseconds, None for no end."""
    if left is None:
        return "until it is lifted"
    seconds = -(-left // 1000)
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"for {-(-seconds // size)} {unit} yet"
    return f"for {seconds} s yet"


def _no(rule: str, hint: str) -> Verdict:
    return Verdict(False, rule, hint)


# --- the rules, in the order of their table --------------------------------------------------


def _hidden(case: Case) -> Verdict | None:
    """First, so that no other refusal tells of a room that one may not know of."""
    if case.kind == "direct" and case.rank is None:
        return _no("direct room", "a direct room is for its two people only")
    if case.kind != "private" or case.rank is not None:
        return None
    if case.operator and case.verb in {"join", *MODERATING}:
        return None  # by the door, where the members hear it; never reading from outside
    return _no("private room", "ask one of its owners or moderators for an invitation")


def _banned(case: Case) -> Verdict | None:
    if case.banned is None or case.operator or case.verb in {"leave", "see", "nick"}:
        return None
    where = f"from {case.banned.where}" if case.banned.where else "from this server"
    return _hit("banned", where, case.banned)


def _emergency(case: Case) -> Verdict | None:
    if case.operator or case.emergency is Emergency.OFF:
        return None
    for step, stops, hint in EMERGENCIES:
        if case.emergency >= step and stops(case):
            word = step.word
            told = f"emergency mode {word!r}: {hint}; an operator can end it (emergency off)"
            return Verdict(False, f"emergency {word}", told, "emergency")
    return None


def _muted(case: Case) -> Verdict | None:
    if case.muted is None or case.operator:
        return None
    if case.verb not in SPEAKING | MAKING:
        return None
    return _hit("muted", f"in {case.muted.where}" if case.muted.where else "here", case.muted)


def _hit(code: str, where: str, laid: Laid) -> Verdict:
    reason = f": {laid.reason}" if laid.reason else ""
    hint = f"you are {code} {where} {lasts(laid.left)}{reason}"
    return Verdict(False, code, hint, code, laid.left)


def _read_only(case: Case) -> Verdict | None:
    if not case.read_only or case.moderates or case.verb not in SPEAKING:
        return None
    hint = "this room is read-only: its moderators and owners speak here, others listen"
    return Verdict(False, "read-only", hint, "read_only")


def _slow(case: Case) -> Verdict | None:
    if not case.slow_wait or case.moderates or case.verb != "send" or case.rank is None:
        return None
    seconds = -(-case.slow_wait // 1000)
    hint = f"slow mode: your next message here can be said in {seconds} s"
    return Verdict(False, "slow mode", hint, "slow_mode", case.slow_wait)


def _operate(case: Case) -> Verdict | None:
    if case.verb != "operate":
        return None
    if not case.operator:
        return _no("operator", "only operators of this server may do this")
    if case.over_operator:
        return _no("operator", "an operator is not hit by this; `chatd user disable` is for that")
    return YES_OPERATOR


def _create(case: Case) -> Verdict | None:
    if case.verb not in ("create", "create_private"):
        return None
    if case.operator:
        return YES_OPERATOR
    if case.may_create == "operators":
        return _no("rooms.create", "only operators may create rooms on this server")
    if case.guest and (case.may_create == "members" or case.verb == "create_private"):
        return _no("rooms.create", "log in with an account to create this room")
    return YES_OPEN


def _nick(case: Case) -> Verdict | None:
    if case.verb != "nick":
        return None
    if case.guest:
        return YES_OWN
    return _no("account name", "an account keeps its name; log in as a guest for another")


def _no_room(case: Case) -> Verdict | None:
    return YES_OPEN if case.kind is None or case.verb in ABOUT_NO_ROOM else None


def _direct(case: Case) -> Verdict | None:
    """A direct room is its two people's: no operator, no role, no third."""
    if case.kind != "direct":
        return None
    if case.verb in ("see", "read", "join", "send", "react", "report"):
        return YES_MEMBER
    if case.verb in ("edit", "delete"):
        return YES_OWN if case.own else _no("author", "only its author may change this message")
    return _no(
        "direct room", "a direct room has no topic, roles, invitations or moderators; nobody leaves"
    )


def _outside(case: Case) -> Verdict | None:
    if case.rank is not None:
        return None
    if case.kind == "public" and case.verb in ("see", "read", "join"):
        return YES_OPEN
    if case.operator and case.verb in {"join", *MODERATING}:
        return None if case.verb in MODERATING else YES_OPERATOR
    return _no("membership", "join the room first")


def _last_owner(case: Case) -> Verdict | None:
    """Where an operator gives up a room, an operator has an eye on it."""
    if not case.last_owner or case.operator or case.verb not in ("leave", "role"):
        return None
    return _no(
        "last owner",
        "this would leave the room without an owner: make another member that first (`role`)",
    )


def _everyday(case: Case) -> Verdict | None:
    if case.verb in ("see", "read", "join", "leave", "send", "react", "report"):
        return YES_MEMBER
    if case.verb in ("edit", "delete") and case.own:
        return YES_OWN
    return _no("author", "only its author may edit a message") if case.verb == "edit" else None


def _above(case: Case) -> Verdict | None:
    """Whoever is hit by a moderator stands below them."""
    if case.verb not in MODERATING or case.operator:
        return None
    if case.over_operator:
        return _no("rank", "a moderator cannot hit an operator of the server")
    if case.over is not None and case.rank is not None and _power(case.over) >= _power(case.rank):
        return _no("rank", f"{_A[case.rank]} cannot hit {_A[case.over]} of the room")
    return None


_A = {Rank.MEMBER: "a member", Rank.MODERATOR: "a moderator", Rank.OWNER: "an owner"}


def _power(rank: Rank) -> int:
    return list(Rank).index(rank)


def _ranks(case: Case) -> Verdict | None:
    if case.operator:
        return YES_OPERATOR
    if case.rank is Rank.OWNER:
        return YES_OWNER
    if case.verb == "role":
        return _no("owner", "only an owner of the room may change roles")
    return YES_MODERATOR if case.rank is Rank.MODERATOR else None


def _invite(case: Case) -> Verdict | None:
    return YES_MEMBER if case.verb == "invite" and case.kind == "public" else None


NOBODY = _no("moderator", "only a moderator or owner of the room may do this")

EMERGENCIES: tuple[tuple[Emergency, Callable[[Case], bool], str], ...] = (
    (
        Emergency.NO_GUESTS,
        lambda case: case.guest and case.verb not in ("see", "read", "leave"),
        "guests are not let in for now; log in with an account",
    ),
    (
        Emergency.NO_NEW,
        lambda case: case.verb in ("create", "create_private"),
        "no new rooms for now",
    ),
    (
        Emergency.MEMBERS,
        lambda case: case.verb == "invite" or (case.verb == "join" and case.rank is None),
        "rooms take no new members for now",
    ),
    (
        Emergency.OPERATORS,
        lambda case: case.verb in SPEAKING | MAKING | {"login", "join"},
        "only operators log in or speak for now",
    ),
)
"""What each step stops besides those before it, for all but operators, and how that is said."""

RULES: tuple[tuple[str, Callable[[Case], Verdict | None]], ...] = (
    ("hidden rooms", _hidden),
    ("bans", _banned),
    ("emergency", _emergency),
    ("mutes", _muted),
    ("read-only rooms", _read_only),
    ("slow mode", _slow),
    ("operators' business", _operate),
    ("who makes rooms", _create),
    ("who changes names", _nick),
    ("no room", _no_room),
    ("direct rooms", _direct),
    ("from outside", _outside),
    ("a room keeps an owner", _last_owner),
    ("what members do", _everyday),
    ("who stands above whom", _above),
    ("ranks", _ranks),
    ("invitations", _invite),
)
"""In the order in which they are asked."""
