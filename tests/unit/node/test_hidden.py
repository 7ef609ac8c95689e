"""Rooms that one may not know of: no answer tells of them, nor does how long it takes."""

from __future__ import annotations

import pytest

from tests.house.house import House

SECRET = "correct horse battery"


@pytest.mark.parametrize("word", ["send", "history", "who", "topic", "typing", "leave", "kick"])
def test_whether_a_hidden_room_is_awake_is_not_told_by_how_long_a_refusal_takes(word: str) -> None:
    house = House()
    for name in ("alice", "bob"):
        house.account(name, SECRET)
    alice, eve = house.user("alice", SECRET), house.guest("eve")
    assert alice.asks(type="create", room="plans", private=True)["type"] == "ok"
    two = alice.asks(type="send", to="bob", text="psst")["room"]
    more = {"send": {"text": "?"}, "topic": {"topic": "?"}, "kick": {"user": "bob"}}.get(word, {})
    seen = []
    for room in ("plans", "PLANS", two, "nothing", "@nothing"):
        before = len(house.weather.asked)
        answer = eve.asks(type=word, room=room, **more)
        seen.append((answer["code"], house.weather.asked[before:]))
    assert seen == [("no_such_room", ["room"])] * 5
    house.ends()


def test_who_is_in_a_room_does_not_wait_for_it_however_its_name_is_typed() -> None:
    house = House()
    house.account("alice", SECRET)
    alice = house.user("alice", SECRET)
    alice.asks(type="create", room="plans", private=True)
    for room in ("plans", "#Plans"):
        before = len(house.weather.asked)
        assert alice.asks(type="send", room=room, text="mine")["type"] == "ok"
        assert house.weather.asked[before:] == ["append"]
    house.ends()
