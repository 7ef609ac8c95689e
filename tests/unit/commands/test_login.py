"""Logging in: what is given, what is counted, what is remembered."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.core.ports import StoreFailed
from tests.house.house import House

SECRET = "correct horse battery"


@pytest.mark.parametrize(
    "given",
    [
        {"guest": "ann", "user": "carl", "password": SECRET},
        {"guest": "ann", "token": "x"},
        {"guest_token": "x", "token": "x"},
        {"user": "carl", "password": SECRET, "token": "x"},
        {"user": "carl"},
        {"password": SECRET},
    ],
)
def test_who_says_two_things_or_half_a_thing_is_not_let_in(given: dict[str, str]) -> None:
    house = House()
    house.account("carl", SECRET)
    answer = house.connects().asks(type="login", **given)
    assert answer["code"] == "bad_field"


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ({"guest": "ann"}, "login guest ok"),
        ({}, "login guest ok"),
        ({"guest": "a b"}, "login guest refused"),
        ({"guest_token": "x"}, "login guest refused"),
        ({"user": "carl", "password": SECRET}, "login password ok"),
        ({"user": "carl", "password": "x"}, "login password refused"),
        ({"token": "x"}, "login token refused"),
    ],
)
def test_each_log_in_is_counted_once(given: dict[str, str], counted: str) -> None:
    house = House()
    house.account("carl", SECRET)
    house.connects().asks(type="login", **given)
    assert {k: v for k, v in house.meter.counts.items() if k.startswith("login")} == {counted: 1}


def test_a_log_in_that_the_store_could_not_decide_is_none() -> None:
    house = House()
    house.account("carl", SECRET)
    house.weather.fail("account", StoreFailed("failed"))
    house.connects().asks(type="login", user="carl", password=SECRET)
    assert not [k for k in house.meter.counts if k.startswith("login")]


def test_a_name_is_typed_in_any_case_and_an_impossible_one_is_merely_wrong() -> None:
    house = House()
    house.account("carl", SECRET)
    assert house.connects().asks(type="login", user="CARL", password=SECRET)["user"] == "carl"
    answers = [
        house.connects().asks(type="login", user=user, password=SECRET)
        for user in ("carol", "not a name", "\u202e")
    ]
    assert len({(answer["code"], answer["message"]) for answer in answers}) == 1


def test_a_guest_s_token_holds_for_ever_and_for_one_guest() -> None:
    house = House(linger=1.0)
    first = house.connects()
    token = first.asks(type="login", guest="ann")["guest_token"]
    first.drops()
    house.pass_(1000.0)
    again = house.connects().asks(type="login", guest_token=token, guest="annie")
    assert (again["user"], again["guest_token"]) == ("annie", token)
    other = house.connects().asks(type="login", guest="ann")
    assert other["guest_token"] != token


def test_resuming_costs_no_look_at_the_store_for_rooms_that_are_awake() -> None:
    house = House()
    house.guest("ann", "lobby")
    bob = house.connects()
    house.weather.asked.clear()
    resume, token = {"LOBBY": {"epoch": "memory", "seq": 0}}, house.token("bob")
    answer = bob.asks(type="login", guest="bob", guest_token=token, resume=resume)
    assert [room["room"] for room in answer["rooms"]] == ["lobby"]
    assert house.weather.asked == ["look_alike", "member_count", "memberships"]


def test_a_frame_full_of_rooms_is_not_looked_up_to_its_end() -> None:
    house = House(rooms_per_user=3)
    house.guest("ann", "lobby")
    bob = house.connects()
    bob.lines()
    house.weather.asked.clear()
    names = [*(f"room-{number}" for number in range(50)), "lobby"]
    resume, token = {name: {"epoch": "e", "seq": 0} for name in names}, house.token("bob")
    bob.says({"type": "login", "guest": "bob", "guest_token": token, "resume": resume})
    assert house.weather.asked.count("room") == 3
    assert [f["room"] for f in bob.events("caught_up") if not f["recovered"]] == names
    house.ends()


def test_rooms_of_two_take_no_place_of_those_that_a_guest_comes_back_to() -> None:
    house = House(rooms_per_user=1, linger=1.0)
    house.guest("ann", "lobby")
    bob = house.connects()
    token = bob.asks(type="login", guest="bob")["guest_token"]
    for who in ("ann", "lobby"):
        kind = "join" if who == "lobby" else "direct"
        name = {"room": who} if who == "lobby" else {"user": who}
        assert bob.asks(type=kind, **name)["type"] == "ok"
    bob.drops()
    house.pass_(2.0)
    resume = {"lobby": {"epoch": "memory", "seq": 0}}
    back = house.connects().asks(type="login", guest="bob", guest_token=token, resume=resume)
    assert {room["room"] for room in back["rooms"]} >= {"lobby"}
    assert len(back["rooms"]) == 2
    house.ends()


def test_all_that_one_is_in_is_told_with_its_position_rank_and_marker() -> None:
    house = House()
    house.account("carl", SECRET)
    carl = house.user("carl", SECRET, "lobby")
    carl.asks(type="create", room="garden", topic="roses")
    carl.asks(type="send", room="lobby", text="hi")
    carl.asks(type="read", room="lobby", seq=1)
    rooms: list[dict[str, Any]] = house.connects().asks(type="login", user="carl", password=SECRET)[
        "rooms"
    ]
    at = {"epoch": "memory"}
    assert rooms == [
        {"room": "lobby", "seq": 1, "read": 1, **at},
        {"room": "garden", "seq": 0, "topic": "roses", "role": "owner", **at},
    ]
