"""Rooms without history in a whole node: what the store never hears, and when an epoch ends."""

from __future__ import annotations

from collections.abc import Callable

from chatd.core.ports import Notice, StoreFailed
from chatd.core.ports.bus import nothing_more
from tests.house.house import House


def test_a_server_may_make_all_its_rooms_without_history() -> None:
    house = House(history=False)
    ann = house.guest("ann")
    assert ann.asks(type="join", room="lobby")["history"] is False
    assert ann.asks(type="create", room="plain")["history"] is False
    assert "history" not in ann.asks(type="create", room="kept", history=True)
    house.ends()


def test_what_is_said_needs_no_store() -> None:
    house = House(history=False)
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    house.store.trouble = StoreFailed("no store")
    assert ann.asks(type="send", room="lobby", text="hello")["seq"] == 1
    assert [event["text"] for event in bob.events("message")] == ["hello"]
    house.store.trouble = None
    house.ends()


def test_an_epoch_ends_when_the_room_falls_asleep() -> None:
    house = House(history=False)
    ann = house.guest("ann")
    first = ann.asks(type="join", room="lobby")
    ann.asks(type="send", room="lobby", text="hello")
    ann.asks(type="leave", room="lobby")
    again = ann.asks(type="join", room="lobby")
    assert (again["seq"], again["epoch"] == first["epoch"]) == (0, False)
    assert house.node.store.epoch not in (first["epoch"], again["epoch"])
    house.ends()


class Deaf:
    """ports.Bus that keeps every notice to itself."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    async def start(
        self, heard: Callable[[Notice], None], settled: Callable[[], None] = nothing_more
    ) -> None: ...

    def publish(self, notice: Notice) -> None:
        self.notices.append(notice)

    async def stop(self) -> None: ...


def test_a_notice_that_the_bus_lost_is_missed_and_the_next_one_heard_once() -> None:
    bus = Deaf()
    house = House(history=False, bus=lambda _: bus)
    ann = house.guest("ann", "lobby")
    for text in ("lost", "heard"):
        ann.says({"type": "send", "room": "lobby", "text": text})
    lost, heard = bus.notices
    for notice in (heard, heard, lost):
        house.node.fanout.heard(notice)
    house.node.fanout.settled()
    assert [event["text"] for event in ann.events("message")] == ["heard"]
    assert house.do(house.store.read(heard.room_id, 0, 9)) == []
    house.ends()


def test_what_was_said_before_the_room_slept_is_not_told_to_who_woke_it() -> None:
    bus = Deaf()
    house = House(history=False, bus=lambda _: bus)
    ann = house.guest("ann", "lobby")
    for text in ("before", "and more"):
        ann.says({"type": "send", "room": "lobby", "text": text})
    ann.asks(type="leave", room="lobby")
    bob = house.guest("bob", "lobby")
    bob.says({"type": "send", "room": "lobby", "text": "after"})
    for notice in bus.notices:
        house.node.fanout.heard(notice)
    house.node.fanout.settled()
    assert [(event["seq"], event["text"]) for event in bob.events("message")] == [(1, "after")]
    house.ends()


def test_no_word_of_it_stays_at_hand() -> None:
    house = House(history=False)
    ann = house.guest("ann", "lobby")
    ann.asks(type="send", room="lobby", text="hello")
    room = house.node.attendance.named("lobby")
    assert room is not None
    assert list(room.recent) == []
    house.ends()
