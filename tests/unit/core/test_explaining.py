"""To explain is to decide: on ten thousand cases the steps end where the policy does."""

from __future__ import annotations

import dataclasses
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chatd.core.case import Case, Laid, Verb
from chatd.core.errors import ERRORS
from chatd.core.explaining import PLACED, Place, Question, explained
from chatd.core.limits import Standing
from chatd.core.log import Rank, RoomKind
from chatd.core.policy import decide
from chatd.core.sanctions import Emergency
from tests.unit.core.test_policy_cases import CASES

TALK = Case(verb="send", guest=False, kind="public", rank=Rank.MEMBER)


def asked(case: Case, **more: object) -> Question:
    place: Place = "none" if case.kind is None else "inside" if case.rank else "outside"
    question = Question(user="ann", word=case.verb, room="den", case=case, place=place)
    return dataclasses.replace(question, **more)  # type: ignore[arg-type]  # fields by their names


def made(chance: Random) -> Case:
    """Any case: drawn by hand, since there are to be many."""
    return Case(
        verb=chance.choice(get_args(Verb)),
        guest=chance.random() < 0.5,
        operator=chance.random() < 0.3,
        kind=chance.choice([None, *get_args(RoomKind)]),
        rank=chance.choice([None, *Rank]),
        own=chance.random() < 0.5,
        may_create=chance.choice(["anyone", "members", "operators"]),
        over=chance.choice([None, *Rank]),
        over_operator=chance.random() < 0.2,
        banned=chance.choice([None, None, Laid(), Laid("spam", 5000, "#den")]),
        muted=chance.choice([None, None, Laid(), Laid("loud", 5000, "#den")]),
        read_only=chance.random() < 0.2,
        slow_wait=chance.choice([0, 0, 5000]),
        last_owner=chance.random() < 0.2,
        emergency=chance.choice([Emergency.OFF, *Emergency]),
    )


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**64))
def test_an_explanation_is_the_decision_ten_thousand_times(seed: int) -> None:
    chance = Random(seed)  # noqa: S311  # chance that repeats
    for _ in range(100):
        check(made(chance))


def check(case: Case) -> None:
    told, verdict = explained(asked(case)), decide(case)
    placed = case.verb in PLACED and case.kind is not None and case.rank is None
    again = case.verb == "join" and case.kind is not None and case.rank is not None
    assert told.allowed is (again or (verdict.allowed and not placed)), case
    assert [step.decides for step in told.steps] == [False] * (len(told.steps) - 1) + [True]
    assert told.refusal == "" if told.allowed else told.refusal in ERRORS
    assert all(step.asked and step.found for step in told.steps)
    assert told.says
    assert told.change
    if not placed and not again:
        assert told.rule == verdict.rule, case
        assert told.refusal in {"" if verdict.allowed else verdict.code, "no_such_room"}


@settings(max_examples=200, deadline=None)
@given(CASES, st.sampled_from(["disabled", "away", "nowhere"]))
def test_what_comes_before_the_rules_is_asked_before_them(case: Case, what: str) -> None:
    if what == "disabled":
        told = explained(asked(case, disabled=True))
        assert (told.allowed, told.refusal) == (False, "login_failed")
        assert told.change == "chatd user enable ann, on the host"
    elif what == "nowhere":
        told = explained(asked(case, place="nowhere"))
        assert (told.allowed, told.refusal) == (False, "no_such_room")
    elif case.verb != "login":
        log_in = decide(replace(case, verb="login", kind=None, rank=None))
        told = explained(asked(case, here=False, log_in=log_in))
        assert log_in.allowed or told.refusal == log_in.code


@pytest.mark.parametrize(
    ("case", "change"),
    [
        (TALK, "chatctl mute ann --room den"),
        (replace(TALK, banned=Laid()), "chatctl unban ann"),
        (replace(TALK, banned=Laid(where="#den")), "chatctl unban ann --room den"),
        (replace(TALK, muted=Laid(where="#den")), "chatctl unmute ann --room den"),
        (replace(TALK, emergency=Emergency.OPERATORS), "chatctl emergency off"),
        (
            replace(TALK, verb="leave", rank=Rank.OWNER, last_owner=True),
            "they make another member owner, or an operator in the room does (/role)",
        ),
        (replace(TALK, slow_wait=5), "chatctl slow den 0; or wait"),
        (replace(TALK, verb="join"), "chatctl ban ann --room den"),
        (replace(TALK, operator=True), "chatd user disable ann, on the host"),
    ],
)
def test_it_says_what_would_change_it(case: Case, change: str) -> None:
    assert explained(asked(case)).change == change


def test_an_operator_who_is_spared_is_told_so() -> None:
    told = explained(asked(replace(TALK, operator=True, muted=Laid())))
    assert told.allowed
    assert "in force, but not for operators" in [step.found for step in told.steps]


def test_a_limit_that_is_met_decides_where_the_rules_say_yes() -> None:
    met = Standing("rooms_per_user", "on", "200", "200", met=True)
    join = replace(TALK, verb="join", rank=None)
    told = explained(asked(join, limits=(met,)))
    assert (told.allowed, told.rule, told.refusal) == (False, "limit rooms_per_user", "too_many")
    assert told.change == met.hint
    assert explained(asked(replace(join, banned=Laid()), limits=(met,))).refusal == "banned"
    tried = dataclasses.replace(met, mode="dry-run")
    told = explained(asked(join, limits=(tried,)))
    assert told.allowed
    assert "200 of 200; met, but counted only" in [step.found for step in told.steps]


def test_what_comes_too_fast_is_refused_before_the_rules() -> None:
    met = Standing("rate", "on", "20 a second", "free in 1.0 s", met=True, wait_ms=1001)
    told = explained(asked(replace(TALK, muted=Laid()), limits=(met,)))
    assert (told.allowed, told.refusal) == (False, "rate_limited")


@pytest.mark.parametrize("verb", ["edit", "delete", "react", "report", "read"])
def test_where_no_history_is_kept_nothing_of_the_past_is_changed_or_read(verb: Verb) -> None:
    told = explained(asked(replace(TALK, verb=verb, own=True), history=False))
    assert (told.allowed, told.refusal, told.rule) == (False, "no_history", "history")
    assert told.change == "nothing: a room keeps its choice; make another, with a history"
