"""Who may do what, case by case: the table here is the rules as one would tell them."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from chatd.core.log import Rank, RoomKind
from chatd.core.policy import ABOUT_NO_ROOM, Actor, Verb, may

ACCOUNT, GUEST, OPERATOR = Actor(guest=False), Actor(guest=True), Actor(guest=False, operator=True)
ACTORS = {"account": ACCOUNT, "guest": GUEST, "operator": OPERATOR}
ABOUT_ROOMS = [v for v in get_args(Verb) if v not in ABOUT_NO_ROOM]

TALK = "see read join send react report"
HIT = "kick ban mute rule"
# What an account or guest may do, by the kind of room and their rank in it ("-": none), and what
# an operator may do besides. "own" goes before what they may do with their own messages only.
TABLE = {
    ("public", "-"): ("see read join", "", HIT),
    ("public", "member"): (f"{TALK} leave invite", "edit delete", f"topic role delete {HIT}"),
    ("public", "moderator"): (f"{TALK} leave invite topic delete {HIT}", "edit", "role"),
    ("public", "owner"): (f"{TALK} leave invite topic delete role {HIT}", "edit", ""),
    ("private", "-"): ("", "", f"join {HIT}"),
    ("private", "member"): (f"{TALK} leave", "edit delete", f"invite topic role delete {HIT}"),
    ("private", "moderator"): (f"{TALK} leave invite topic delete {HIT}", "edit", "role"),
    ("private", "owner"): (f"{TALK} leave invite topic delete role {HIT}", "edit", ""),
    ("direct", "-"): ("", "", ""),
    ("direct", "member"): (TALK, "edit delete", ""),
    ("direct", "moderator"): (TALK, "edit delete", ""),
    ("direct", "owner"): (TALK, "edit delete", ""),
}


@pytest.mark.parametrize(("kind", "rank"), TABLE)
@pytest.mark.parametrize("who", ACTORS)
def test_a_room_s_rules_are_those_of_the_table(kind: RoomKind, rank: str, who: str) -> None:
    always, own, operator = (set(words.split()) for words in TABLE[kind, rank])
    allowed = always | (operator if who == "operator" else set())
    held = None if rank == "-" else Rank(rank)
    for verb, mine in product(ABOUT_ROOMS, (False, True)):
        expected = verb in allowed or (mine and verb in own)
        verdict = may(ACTORS[who], verb, kind, held, own=mine)
        assert verdict.allowed is expected, (verb, mine, verdict)


def test_the_table_leaves_nothing_out() -> None:
    ranks = ["-", *(rank.value for rank in Rank)]
    assert set(TABLE) == set(product(get_args(RoomKind), ranks))


@pytest.mark.parametrize(
    ("who", "verb", "setting", "allowed"),
    [
        ("guest", "create", "anyone", True),
        ("guest", "create_private", "anyone", False),
        ("guest", "create", "members", False),
        ("guest", "create_private", "members", False),
        ("guest", "create", "operators", False),
        ("account", "create", "anyone", True),
        ("account", "create_private", "anyone", True),
        ("account", "create", "members", True),
        ("account", "create_private", "members", True),
        ("account", "create", "operators", False),
        ("account", "create_private", "operators", False),
        ("operator", "create", "operators", True),
        ("operator", "create_private", "operators", True),
        ("operator", "create", "anyone", True),
    ],
)
def test_who_may_make_rooms_is_a_setting(who: str, verb: Verb, setting: str, allowed: bool) -> None:
    assert may(ACTORS[who], verb, may_create=setting).allowed is allowed


def test_only_guests_choose_another_name() -> None:
    assert may(GUEST, "nick").allowed
    assert not may(ACCOUNT, "nick").allowed
    assert not may(OPERATOR, "nick").allowed


def test_anybody_may_write_to_anybody() -> None:
    assert all(may(actor, "direct").allowed for actor in ACTORS.values())


def test_every_verdict_names_its_rule_and_every_no_says_what_would_change_it() -> None:
    ranks = [None, *Rank]
    kinds = [None, *get_args(RoomKind)]
    cases = product(ACTORS.values(), get_args(Verb), kinds, ranks, (False, True))
    for actor, verb, kind, rank, own in cases:
        for setting in ("anyone", "members", "operators"):
            verdict = may(actor, verb, kind, rank, own=own, may_create=setting)
            assert verdict.rule
            assert verdict.allowed or verdict.hint, (actor, verb, kind, rank)
