"""Guests who come back: to which rooms, under which name, and that it is no way around what `join`
and `nick` have to keep to."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.core.limits import Pace
from tests.house.house import Client, House

SECRET = "correct horse battery"
LONG = 60.0
"""Seconds after which nobody can have been here with another process."""


def resume(*rooms: str) -> dict[str, Any]:
    return {room: {"epoch": "memory", "seq": 0} for room in rooms}


def back(house: House, name: str, *rooms: str, token: str | None = None) -> tuple[Client, Any]:
    """Somebody who has a token comes back to these rooms; and the answer."""
    client, token = house.connects(), token or house.token(name)
    client.lines()
    return client, client.asks(type="login", guest=name, guest_token=token, resume=resume(*rooms))


def places(answer: dict[str, Any]) -> list[str]:
    return [room["room"] for room in answer.get("rooms", [])]


# --- rooms ------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"guest": "eve"}, {}])
def test_who_was_never_here_comes_back_to_nothing(given: dict[str, str]) -> None:
    house = House()
    ann, eve = house.guest("ann", "lobby"), house.connects()
    house.weather.asked.clear()
    answer = eve.asks(type="login", resume=resume("lobby"), **given)
    assert (answer["type"], places(answer)) == ("ok", [])
    assert not {"room", "member_count"} & set(house.weather.asked)
    [lost] = eve.events("caught_up")
    assert (lost["room"], lost["recovered"]) == ("lobby", False)
    assert eve.asks(type="send", room="lobby", text="hi")["code"] == "not_in_room"
    house.pass_(LONG)
    assert ann.heard() == []
    house.ends()


def test_who_has_heard_that_somebody_left_hears_that_they_are_back() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    house.pass_(LONG)
    bob, answer = back(house, "bob", "lobby")
    assert places(answer) == ["lobby"]
    assert [(f["type"], f["user"]) for f in ann.heard()] == [("joined", "bob")]
    assert bob.events("joined") == []
    bob.drops()
    house.pass_(2.0)
    assert [f["type"] for f in ann.heard()] == ["presence"]
    _, answer = back(house, "bob", "lobby")
    assert places(answer) == ["lobby"]
    house.pass_(2.0)
    assert [f["type"] for f in ann.heard()] == ["presence"]
    house.ends()


def test_after_a_start_all_come_back_as_if_they_had_only_lost_their_lines() -> None:
    house = House(linger=10.0, paces={"join": Pace(0.1, 1)})
    ann = house.guest("ann")
    ann.asks(type="create", room="garden")
    ann.asks(type="join", room="lobby")
    assert [places(back(house, name, "lobby", "garden")[1]) for name in ("bob", "cy")] == [
        ["lobby", "garden"]
    ] * 2
    house.pass_(9.0)
    assert {f["type"] for f in ann.heard()} == {"presence"}
    house.pass_(1.0)
    back(house, "dora", "lobby")
    assert [(f["type"], f["user"]) for f in ann.heard()] == [("joined", "dora")]


def test_a_room_that_is_full_takes_nobody_back() -> None:
    house = House(members_per_room=2, linger=30.0)
    house.guest("ann", "lobby")
    bob, answer = back(house, "bob", "lobby")
    assert places(answer) == ["lobby"]
    eve, answer = back(house, "eve", "lobby")
    assert (answer["type"], places(answer)) == ("ok", [])
    assert [f["recovered"] for f in eve.events("caught_up")] == [False]
    assert eve.asks(type="join", room="lobby")["code"] == "too_many"
    bob.drops()
    assert places(back(house, "bob", "lobby")[1]) == ["lobby"]  # whose place was kept
    house.ends()


def test_members_who_are_not_here_fill_a_room_as_well() -> None:
    house = House(members_per_room=2)
    house.account("carl", SECRET)
    house.account("dora", SECRET)
    house.user("carl", SECRET, "lobby").closes()
    house.user("dora", SECRET, "lobby").closes()
    assert places(back(house, "bob", "lobby")[1]) == []


def test_two_who_come_back_at_once_do_not_both_get_the_last_place() -> None:
    house = House(members_per_room=2)
    house.guest("ann", "lobby")
    clients = [house.connects() for _ in range(2)]
    house.weather.hold("member_count")
    for number, client in enumerate(clients):
        name = f"g{number}"
        token = house.token(name)
        client.begins(type="login", guest=name, guest_token=token, resume=resume("lobby"))
    house.weather.release()
    house.settle()
    assert [[f["recovered"] for f in c.events("caught_up")] for c in clients] == [[True], [False]]
    house.ends()


def test_a_limit_that_is_off_costs_nothing_and_one_on_trial_only_counts() -> None:
    off = House(members_per_room=1, modes={"members_per_room": "off"})
    off.guest("ann", "lobby")
    off.weather.asked.clear()
    assert places(back(off, "bob", "lobby")[1]) == ["lobby"]
    assert "member_count" not in off.weather.asked
    trial = House(members_per_room=1, modes={"members_per_room": "dry-run"})
    trial.guest("ann", "lobby")
    assert places(back(trial, "bob", "lobby")[1]) == ["lobby"]
    assert [k for k in trial.meter.counts if "members_per_room" in k]


def test_coming_back_keeps_to_the_pace_of_join() -> None:
    house = House(paces={"join": Pace(0.1, 2)})
    ann = house.guest("ann", "lobby")
    for room in ("garden", "meadow"):
        ann.asks(type="create", room=room)
    house.pass_(LONG)
    bob, answer = back(house, "bob", "lobby", "garden", "meadow")
    assert places(answer) == ["lobby", "garden"]
    assert bob.asks(type="join", room="meadow")["code"] == "rate_limited"
    bob.drops()
    assert places(back(house, "bob", "lobby", "garden")[1]) == ["lobby", "garden"]  # kept
    house.ends()


# --- names ------------------------------------------------------------------------------------


def test_another_name_with_the_token_keeps_to_the_pace_of_nick() -> None:
    house = House(paces={"nick": Pace(0.1, 2)})
    ann, bob = house.guest("ann", "lobby"), house.connects()
    token = bob.asks(type="login", guest="bob")["guest_token"]
    bob.asks(type="join", room="lobby")
    ann.lines()
    answers = [back(house, f"bob{n}", token=token)[1] for n in range(4)]
    assert [each.get("code", "ok") for each in answers] == ["ok", "ok", *["rate_limited"] * 2]
    assert 0 < answers[-1]["retry_after_ms"] <= 10_001
    assert [f["nick"] for f in ann.events("renamed")] == ["bob0", "bob1"]
    assert back(house, "bob1", token=token)[1]["type"] == "ok"  # which is no other name
    assert bob.asks(type="nick", nick="bob9")["code"] == "rate_limited"
    house.ends()


def test_whose_name_a_moderator_has_frozen_keeps_it_by_every_door() -> None:
    house = House()
    house.account("olga", SECRET, operator=True)
    olga, bob = house.user("olga", SECRET, "lobby"), house.connects()
    token = bob.asks(type="login", guest="bob")["guest_token"]
    bob.asks(type="join", room="lobby")
    assert olga.asks(type="mute", user="bob", reason="rude names")["type"] == "ok"
    assert bob.asks(type="nick", nick="rude")["code"] == "muted"
    olga.lines()
    refused = back(house, "rude", token=token)[1]
    assert (refused["code"], "rude names" in refused["message"]) == ("muted", True)
    bob.drops()
    assert back(house, "rude", token=token)[1]["code"] == "muted"
    assert back(house, "bob", token=token)[1]["user"] == "bob"
    assert olga.events("renamed") == []
    house.ends()
