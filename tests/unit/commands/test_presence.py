"""Who is in a room, and how far one has read."""

from __future__ import annotations

import pytest

from chatd.commands import presence
from tests.house.house import House

SECRET = "correct horse battery"


def test_who_lists_those_online_first_and_then_the_other_members() -> None:
    house = House()
    house.account("carl", SECRET)
    house.account("dora", SECRET)
    house.user("carl", SECRET, "lobby").drops()
    ann = house.guest("ann", "lobby")
    house.user("dora", SECRET, "lobby")
    answer = ann.asks(type="who", room="lobby")
    assert [(p["user"], p.get("online", False)) for p in answer["people"]] == [
        ("ann", True),
        ("dora", True),
        ("carl", False),
    ]
    assert (answer["present"], answer["more"]) == (2, False)


@pytest.mark.parametrize(("most", "more"), [(1, True), (2, True), (3, False)])
def test_who_lists_so_many_and_counts_the_rest(
    monkeypatch: pytest.MonkeyPatch, most: int, more: bool
) -> None:
    monkeypatch.setattr(presence, "ROSTER", most)
    house = House()
    house.account("carl", SECRET)
    house.user("carl", SECRET, "lobby").drops()
    ann = house.guest("ann", "lobby")
    house.guest("bob", "lobby")
    answer = ann.asks(type="who", room="lobby")
    assert len(answer["people"]) == most
    assert (answer["present"], answer["more"]) == (2, more)


def test_who_of_a_room_that_nobody_is_in_lists_its_members() -> None:
    house = House()
    house.account("carl", SECRET)
    house.user("carl", SECRET, "lobby").drops()
    answer = house.guest("ann").asks(type="who", room="lobby")
    assert [p["user"] for p in answer["people"]] == ["carl"]
    assert answer["present"] == 0


def test_two_marks_at_the_same_time_end_at_the_further_one() -> None:
    house = House()
    house.account("carl", SECRET)
    carl, home = house.user("carl", SECRET, "lobby"), house.user("carl", SECRET)
    for _ in range(7):
        carl.asks(type="send", room="lobby", text="hi")
    carl.lines()
    home.lines()
    house.weather.hold("mark")
    carl.begins(type="read", room="lobby", seq=7, id=1)
    home.begins(type="read", room="lobby", seq=5, id=1)
    house.weather.arrive(1)
    house.weather.release()
    assert [f["seq"] for f in (*carl.heard(), *home.heard()) if f.get("id") == 1] == [7, 7]
    assert carl.asks(type="read", room="lobby", seq=1)["seq"] == 7


def test_a_marker_that_does_not_move_is_not_written() -> None:
    house = House()
    house.account("carl", SECRET)
    carl = house.user("carl", SECRET, "lobby")
    carl.asks(type="send", room="lobby", text="hi")
    carl.asks(type="read", room="lobby", seq=1)
    written = house.weather.asked.count("mark")
    carl.asks(type="read", room="lobby", seq=1)
    carl.asks(type="read", room="lobby", seq=99)
    assert house.weather.asked.count("mark") == written == 1


def test_who_left_while_reading_has_read_nothing_more() -> None:
    house = House()
    house.account("carl", SECRET)
    carl, home = house.user("carl", SECRET, "lobby"), house.user("carl", SECRET)
    carl.asks(type="send", room="lobby", text="hi")
    house.weather.hold("mark")
    carl.begins(type="read", room="lobby", seq=1)
    home.asks(type="leave", room="lobby")
    house.weather.release()
    house.ends()


def test_who_and_join_tell_the_rules_of_the_room() -> None:
    house = House()
    house.account("carl", SECRET)
    carl, ann = house.user("carl", SECRET), house.guest("ann")
    assert "slow" not in carl.asks(type="create", room="garden")
    carl.asks(type="slow", room="garden", seconds=5)
    carl.asks(type="readonly", room="garden")
    joined, who = ann.asks(type="join", room="garden"), ann.asks(type="who", room="garden")
    assert joined["slow"] == who["slow"] == 5
    assert joined["read_only"] is who["read_only"] is True
