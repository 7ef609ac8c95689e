"""Why somebody may do something or not, step by step, and what would change it: a pure answer.
The rules are policy's, asked in its order; what is known of the case is gathered by commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from chatd.core.case import MODERATING, SPEAKING, Case, Verb, Verdict
from chatd.core.control import Explained, Reason
from chatd.core.limits import Standing
from chatd.core.policy import decide, walk

Place = Literal["none", "nowhere", "outside", "inside"]
"""The verb names no room; there is no such room; they are not in it; they are."""
PLACED: frozenset[Verb] = frozenset(
    {"leave", "send", "edit", "delete", "react", "topic", "invite", "role", "report"}
)
"""What is done in a room that one is in: to be there is asked before anything else."""
ENTERING: frozenset[Verb] = frozenset({"join", "read"})
CHANGING: frozenset[Verb] = frozenset({"edit", "delete", "react"})
"""What is about messages of the past, where it is asked first whether the room keeps any."""
LOOKING_BACK = frozenset({"read", "history", "search", "report"})
"""The same as words, where that is asked last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that the answer depends on. ``word``: the verb as it was asked. ``log_in``: the verdict
    on a log-in, for somebody who is not here and would have to come first. ``history``: whether the
    room keeps any."""

    user: str
    word: str
    case: Case
    room: str = ""
    target: str = ""
    place: Place = "none"
    here: bool = True
    disabled: bool = False
    guests_off: bool = False
    log_in: Verdict | None = None
    limits: tuple[Standing, ...] = ()
    history: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """One step: what was asked, what was found, and the verdict where that decides."""

    asked: str
    found: str
    verdict: Verdict | None = None


def explained(question: Question) -> Explained:
    """The steps up to the one that decides."""
    steps: list[Found] = []
    for step in _steps(question):
        steps.append(step)
        if step.verdict is not None:
            break
    verdict = steps[-1].verdict or Verdict(False, "nobody", "no rule speaks of this")
    return Explained(
        user=question.user,
        verb=question.word,
        room=question.room,
        allowed=verdict.allowed,
        rule=verdict.rule,
        refusal="" if verdict.allowed else verdict.code,
        says=verdict.hint or _because(verdict),
        change=change(question, verdict),
        steps=[
            Reason(asked=each.asked, found=each.found, decides=each.verdict is not None)
            for each in steps
        ],
    )


def _steps(q: Question) -> Iterator[Found]:
    yield _account(q)
    if q.case.verb == "login" and q.case.guest:
        yield _guests(q)
    if q.case.verb != "login":
        yield _here(q)
    if q.place != "none":
        yield _room(q)
    yield from _limits(q)
    if not q.history and q.case.verb in CHANGING:
        yield NO_HISTORY
    for step in walk(q.case):
        verdict = _as_told(q.case, step.verdict)
        told = _told(q.case, step.rule, verdict)
        if not q.history and q.word in LOOKING_BACK and verdict is not None and verdict.allowed:
            yield Found(step.rule, told)
            yield NO_HISTORY
        yield Found(step.rule, told, verdict)


def _account(q: Question) -> Found:
    kind = "a guest" if q.case.guest else "an account"
    if q.disabled:
        hint = "the account is disabled; a log-in with it is refused"
        return Found("account", f"{kind}, disabled", Verdict(False, "disabled", hint, _LOGIN))
    return Found("account", f"{kind}, an operator" if q.case.operator else kind)


_LOGIN = "login_failed"
NO_HISTORY = Found(
    "history",
    "the room keeps none",
    Verdict(
        False, "history", "the room keeps no history: what is said can only be heard", "no_history"
    ),
)


def _guests(q: Question) -> Found:
    if not q.guests_off:
        return Found("guests", "this server lets guests in")
    return Found(
        "guests",
        "this server lets no guests in",
        Verdict(False, "guests.allowed", "no guests here: they need an account", "guests_off"),
    )


def _here(q: Question) -> Found:
    if q.here:
        return Found("connected", "yes")
    if q.log_in is not None and not q.log_in.allowed:
        return Found("connected", f"no, and a log-in is refused: {q.log_in.hint}", q.log_in)
    return Found("connected", "no; they would have to log in first, and may")


def _room(q: Question) -> Found:
    if q.place == "nowhere":
        hint = f"there is no room {q.room!r}"
        return Found("room", hint, Verdict(False, "room", hint, "no_such_room"))
    kind, rank = q.case.kind, q.case.rank
    if q.place == "inside":
        told = f"{kind}; they are in it, as {rank.value if rank else 'member'}"
        if q.case.verb == "join":
            return Found("room", told, Verdict(True, "in the room already", "to join again"))
        return Found("room", told)
    told = f"{kind}; they are not in it"
    if q.case.verb not in PLACED:
        return Found("room", told)
    code = "not_in_room" if kind == "public" else "no_such_room"
    return Found("room", told, Verdict(False, "membership", "they are not in the room", code))


def _limits(q: Question) -> Iterator[Found]:
    """What is counted by time is asked before the rules; other counts matter if those say yes."""
    allowed = decide(q.case).allowed
    for each in q.limits:
        asked, found = f"limit {each.limit}", f"{each.used} of {each.value}"
        in_time = each.wait_ms is not None
        if each.stops and (in_time or allowed):
            code = "rate_limited" if in_time else "too_many"
            hint = f"a limit is met: {found}"
            yield Found(asked, found, Verdict(False, asked, hint, code, each.wait_ms))
        else:
            counted = "; met, but counted only" if each.met and each.mode == "dry-run" else ""
            yield Found(asked, found + counted)


def _as_told(case: Case, verdict: Verdict | None) -> Verdict | None:
    """Who may not know of a room is answered as if there were none."""
    if verdict is None or verdict.allowed or case.kind in (None, "public"):
        return verdict
    hides = case.verb in MODERATING and case.rank is None
    if hides or (case.verb in ENTERING and verdict.code == "forbidden"):
        hint = f"{verdict.hint}; they are told that there is no such room"
        return Verdict(False, verdict.rule, hint, "no_such_room")
    return verdict


def _told(case: Case, rule: str, verdict: Verdict | None) -> str:
    if verdict is not None:
        return ("yes: " if verdict.allowed else "no: ") + (verdict.hint or _because(verdict))
    under = _UNDER.get(rule)
    spared = case.operator and under is not None and under(case)
    return "in force, but not for operators" if spared else _SILENT.get(rule, "not about this")


_UNDER: dict[str, Callable[[Case], bool]] = {
    "bans": lambda case: case.banned is not None,
    "mutes": lambda case: case.muted is not None,
    "emergency": lambda case: bool(case.emergency),
    "read-only rooms": lambda case: case.read_only,
    "slow mode": lambda case: bool(case.slow_wait),
}
_SILENT = {
    "hidden rooms": "they may know of it",
    "bans": "no ban stops this",
    "emergency": "no step in force stops this",
    "mutes": "no mute stops this",
    "read-only rooms": "they may speak, as far as this goes",
    "slow mode": "nothing to wait for",
    "a room keeps an owner": "it keeps one, or nobody else could be that",
}
_BECAUSE = {
    "operator": "operators of the server may",
    "own": "it is their own",
    "open": "it is open to anybody",
    "member": "members of the room may",
    "moderator": "moderators of the room may",
    "owner": "owners of the room may",
}


def _because(verdict: Verdict) -> str:
    return _BECAUSE.get(verdict.rule, verdict.rule)


# --- what would change it --------------------------------------------------------------------


def change(q: Question, verdict: Verdict) -> str:
    """What an operator does for the answer to be another one."""
    if verdict.allowed:
        return _to_stop(q, verdict)
    if verdict.rule.startswith("emergency "):
        return "chatctl emergency off"
    if verdict.rule.startswith("limit "):
        return next(each.hint for each in q.limits if verdict.rule == f"limit {each.limit}")
    if verdict.rule == "rank" and q.case.over_operator:
        return _over_operator(q)
    if verdict.rule == "operator" and q.case.operator:
        return _over_operator(q)
    at_server = verdict.rule in ("banned", "muted") and not _laid_where(q.case, verdict)
    in_room = "" if at_server or not q.room else f" --room {q.room}"
    room = q.room or "ROOM"
    return _CHANGES.get(verdict.rule, "nothing: it is so for everybody").format(
        user=q.user, room=room, in_room=in_room
    )


def _laid_where(case: Case, verdict: Verdict) -> str:
    laid = case.banned if verdict.rule == "banned" else case.muted
    return laid.where if laid is not None else ""


def _over_operator(q: Question) -> str:
    return f"chatd user disable {q.target or 'NAME'}, on the host"


def _to_stop(q: Question, verdict: Verdict) -> str:
    if verdict.rule == "operator" or q.case.operator:
        return f"chatd user disable {q.user}, on the host"
    in_room = f" --room {q.room}" if q.room and q.case.kind != "direct" else ""
    deed = "mute" if q.case.verb in SPEAKING else "ban"
    return f"chatctl {deed} {q.user}{in_room}"


_CHANGES = {
    "disabled": "chatd user enable {user}, on the host",
    "guests.allowed": "guests.allowed = true in the configuration, then chatctl reload",
    "room": "create the room, or see chatctl rooms for its name",
    "banned": "chatctl unban {user}{in_room}",
    "muted": "chatctl unmute {user}{in_room}",
    "read-only": "chatctl read-only {room} off; or an owner makes them moderator",
    "slow mode": "chatctl slow {room} 0; or wait",
    "operator": "an account is made an operator's by chatd user add NAME --operator, on the host",
    "rooms.create": "rooms.create in the configuration, then chatctl reload",
    "membership": "they join; chatctl explain {user} join {room} says whether they may",
    "private room": "an owner or moderator of the room invites them (/invite)",
    "moderator": "an owner of the room makes them moderator (/role)",
    "owner": "an owner of the room makes them owner (/role)",
    "last owner": "they make another member owner, or an operator in the room does (/role)",
    "rank": "an owner of the room gives them a higher role (/role)",
    "history": "nothing: a room keeps its choice; make another, with a history",
    "author": "nothing: only its author may; moderators may delete it",
}
