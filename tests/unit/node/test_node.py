"""The node at its beginning, and what it tells whoever comes."""

from __future__ import annotations

import pytest

from chatd.core.names import BadName
from chatd.store.memory import MemoryStore
from tests.house.house import House


def test_the_lobby_is_there_from_the_beginning_and_made_once() -> None:
    store = MemoryStore()
    for _ in range(2):
        house = House(store=store, lobby="Foyer")
        rooms = house.guest("ann").asks(type="rooms")["rooms"]
        assert rooms == [{"room": "foyer"}]


def test_a_lobby_whose_name_looks_taken_is_a_warning_and_not_the_end() -> None:
    house = House(lobby="lobby")
    other = House(store=house.store, lobby="1obby")
    assert [line for line in other.log.lines if line.startswith("lobby_taken")]
    assert other.guest("ann").asks(type="join", room="lobby")["type"] == "ok"


def test_a_lobby_with_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(BadName):
        House(lobby="no lobby")


def test_the_welcome_tells_the_limits_in_force() -> None:
    house = House(server="house", motd="hi", message_bytes=7, rate=0.5, burst=9, guests=False)
    welcome = house.connects().heard()[0]
    assert (welcome["server"], welcome["motd"], welcome["guests"]) == ("house", "hi", False)
    assert welcome["limits"] == {
        "message_bytes": 7,
        "frame_bytes": 65536,
        "rate": 0.5,
        "burst": 9,
    }
    assert welcome["epoch"] == house.store.epoch


def test_a_reload_reaches_those_who_are_here_at_their_next_command() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    house.node.settings = House(message_bytes=3).node.settings
    assert ann.asks(type="send", room="lobby", text="four")["code"] == "too_long"


def test_only_sessions_of_this_node_are_seated_by_it() -> None:
    house = House()
    with pytest.raises(TypeError, match="no session of this node"):
        house.node.resume(object(), {})  # type: ignore[arg-type]  # no session, on purpose


def test_two_houses_over_one_store_are_one_chat_when_the_bell_is_rung() -> None:
    """What several hosts will do, with a bus between them that rings everybody's bell."""
    here = House()
    there = House(store=here.store)
    ann, bob = here.guest("ann", "lobby"), there.guest("bob", "lobby")
    ann.asks(type="send", room="lobby", text="from here")
    assert bob.events("message") == []
    for room in there.rooms:
        there.tasks.spawn(there.node.fanout.verify(room))
    assert [f["text"] for f in bob.events("message")] == ["from here"]
    bob.asks(type="send", room="lobby", text="from there")
    for room in here.rooms:
        here.tasks.spawn(here.node.fanout.verify(room))
    assert [f["seq"] for f in ann.events("message")] == [1, 2]


def test_who_goes_from_one_house_to_the_other_takes_the_position_along() -> None:
    here = House()
    there = House(store=here.store)
    ann = here.guest("ann", "lobby")
    for number in range(3):
        ann.asks(type="send", room="lobby", text=f"text {number}")
    bob = there.connects()
    resume = {"lobby": {"epoch": here.store.epoch, "seq": 1}}
    bob.says({"type": "login", "guest_token": here.token("bob"), "resume": resume})
    assert [f["seq"] for f in bob.heard() if "seq" in f] == [2, 3, 3]
