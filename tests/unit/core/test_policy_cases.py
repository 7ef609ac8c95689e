"""Sanctions, room rules and the emergency in the policy; and that to explain is to decide."""

from __future__ import annotations

from math import prod
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chatd.core.case import MAKING, SPEAKING, Case, Laid, Verb
from chatd.core.errors import ERRORS
from chatd.core.log import Rank, RoomKind
from chatd.core.policy import RULES, decide, lasts, walk
from chatd.core.sanctions import Emergency

LAID = (None, Laid(), Laid("spam", 10**9), Laid("", 0, "x"), Laid("spam", None, "x"))
FIELDS: dict[str, tuple[Any, ...]] = {
    "verb": get_args(Verb),
    "guest": (False, True),
    "operator": (False, True),
    "kind": (None, *get_args(RoomKind)),
    "rank": (None, *Rank),
    "own": (False, True),
    "may_create": ("anyone", "members", "operators"),
    "over": (None, *Rank),
    "over_operator": (False, True),
    "banned": LAID,
    "muted": LAID,
    "read_only": (False, True),
    "slow_wait": (0, 1, 10**6),
    "last_owner": (False, True),
    "emergency": tuple(Emergency),
}


def case_of(number: int) -> Case:
    """One of all the cases that there are, by its number."""
    values = {}
    for name, choices in FIELDS.items():
        number, at = divmod(number, len(choices))
        values[name] = choices[at]
    return Case(**values)


# One number a case, not fourteen choices: ten thousand of them are to be drawn quickly.
CASES = st.integers(0, prod(map(len, FIELDS.values())) - 1).map(case_of)
TALK = Case(verb="send", guest=False, kind="public", rank=Rank.MEMBER)
LONG = Laid("spam", 7_200_000, "#lobby")


@pytest.mark.timeout(300)  # ten thousand cases, and coverage may watch each line of them
@settings(max_examples=10_000, deadline=None)
@given(CASES)
def test_an_explanation_ends_with_what_the_gate_decides(case: Case) -> None:
    steps = walk(case)
    verdict = decide(case)
    assert steps[-1].verdict == verdict
    assert all(step.verdict is None for step in steps[:-1])
    table = [name for name, _ in RULES]
    assert [step.rule for step in steps] == [*table, "nobody"][: len(steps)]
    assert verdict.rule
    assert verdict.code in ERRORS
    assert verdict.allowed or verdict.hint


@settings(max_examples=2000, deadline=None)
@given(CASES)
def test_operators_are_hit_by_nothing_that_is_laid_on_others(case: Case) -> None:
    case = replace(case, operator=True)
    bare = replace(
        case, banned=None, muted=None, read_only=False, slow_wait=0, emergency=Emergency.OFF
    )
    assert decide(case) == decide(bare)


@settings(max_examples=2000, deadline=None)
@given(CASES)
def test_nothing_that_is_laid_on_somebody_lets_them_do_more(case: Case) -> None:
    bare = replace(
        case, banned=None, muted=None, read_only=False, slow_wait=0, emergency=Emergency.OFF
    )
    assert decide(bare).allowed or not decide(case).allowed


@settings(max_examples=2000, deadline=None)
@given(CASES)
def test_no_refusal_tells_of_a_room_that_is_hidden(case: Case) -> None:
    """Whatever is laid on an outsider, a private room refuses them in the same words."""
    outside = replace(case, kind="private", rank=None, operator=False)
    same = replace(outside, banned=LONG, muted=LONG, read_only=True, emergency=Emergency.MEMBERS)
    assert decide(outside) == decide(same)


@settings(max_examples=2000, deadline=None)
@given(CASES, st.sampled_from(Emergency))
def test_a_further_step_of_the_emergency_allows_nothing_more(case: Case, step: Emergency) -> None:
    further = replace(case, emergency=max(case.emergency, step))
    assert decide(case).allowed or not decide(further).allowed


def test_a_ban_says_why_and_how_long() -> None:
    verdict = decide(replace(TALK, banned=LONG))
    assert verdict.hint == "you are banned from #lobby for 2 hours yet: spam"
    assert (verdict.code, verdict.retry_after_ms) == ("banned", 7_200_000)


def test_a_mute_stops_what_others_would_see_and_nothing_else() -> None:
    muted = replace(TALK, muted=Laid())
    for verb in get_args(Verb):
        code = decide(replace(muted, verb=verb, own=True, rank=Rank.OWNER)).code
        assert (code == "muted") is (verb in SPEAKING | MAKING), verb


@pytest.mark.parametrize(("rank", "code"), [(Rank.MEMBER, "refused"), (Rank.MODERATOR, "")])
def test_a_room_s_own_rules_are_for_plain_members(rank: Rank, code: str) -> None:
    quiet = decide(replace(TALK, rank=rank, read_only=True))
    slow = decide(replace(TALK, rank=rank, slow_wait=2500))
    if code:
        assert quiet.code == "read_only"
        assert (slow.code, slow.retry_after_ms) == ("slow_mode", 2500)
    else:
        assert quiet.allowed
        assert slow.allowed


# Who may still do what at each step: the emergency as one would tell it.
STEPS = {
    Emergency.OFF: "guest-login guest-send create join-new login send join-again invite",
    Emergency.NO_GUESTS: "create join-new login send join-again invite",
    Emergency.NO_NEW: "join-new login send join-again invite",
    Emergency.MEMBERS: "login send join-again",
    Emergency.OPERATORS: "",
}
TRIED = {
    "guest-login": Case(verb="login", guest=True),
    "guest-send": replace(TALK, guest=True),
    "create": Case(verb="create", guest=False),
    "join-new": replace(TALK, verb="join", rank=None),
    "login": Case(verb="login", guest=False),
    "send": TALK,
    "join-again": replace(TALK, verb="join"),
    "invite": replace(TALK, verb="invite"),
}


@pytest.mark.parametrize("step", Emergency)
def test_each_step_of_the_emergency_closes_more(step: Emergency) -> None:
    allowed = {n for n, case in TRIED.items() if decide(replace(case, emergency=step)).allowed}
    assert allowed == set(STEPS[step].split())


@pytest.mark.parametrize(
    ("rank", "over", "allowed"),
    [
        (Rank.MEMBER, Rank.MEMBER, False),
        (Rank.MODERATOR, Rank.MEMBER, True),
        (Rank.MODERATOR, None, True),
        (Rank.MODERATOR, Rank.MODERATOR, False),
        (Rank.MODERATOR, Rank.OWNER, False),
        (Rank.OWNER, Rank.MODERATOR, True),
        (Rank.OWNER, Rank.OWNER, False),
    ],
)
def test_one_moderates_those_below(rank: Rank, over: Rank | None, allowed: bool) -> None:
    verbs: tuple[Verb, ...] = ("kick", "ban", "mute")
    for verb in verbs:
        case = replace(TALK, verb=verb, rank=rank, over=over)
        assert decide(case).allowed is allowed
        assert not decide(replace(case, over_operator=True)).allowed


def test_only_operators_operate() -> None:
    assert decide(Case(verb="operate", guest=False, operator=True)).allowed
    assert not decide(Case(verb="operate", guest=False, operator=True, over_operator=True)).allowed
    assert not decide(Case(verb="operate", guest=False, kind="public", rank=Rank.OWNER)).allowed


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (None, "until it is lifted"),
        (1, "for 1 s yet"),
        (119_000, "for 119 s yet"),
        (7_199_001, "for 2 hours yet"),
        (86_400_000, "for 24 hours yet"),
        (172_800_001, "for 3 days yet"),
    ],
)
def test_how_long_yet_is_told_in_fitting_units(left: int | None, said: str) -> None:
    assert lasts(left) == said
