"""From a notice to the hearers: whatever the bus does, each entry once and in order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.commands import Watch
from chatd.core.events import Joined
from chatd.core.log import Author, Draft, Entry, RoomId, UserId
from chatd.core.ports import Frame, Notice, StoreFailed, StoreFull
from chatd.core.rooms import Room
from chatd.node import fanout as fanout_of_chatd
from chatd.store.memory import MemoryStore
from tests.house.house import Client, House
from tests.unit.bus.unreliable import UnreliableBus

EVE = Author(UserId("u-eve"), "eve", guest=False)


def lobby(house: House) -> Room:
    room = house.node.attendance.named("lobby")
    assert room is not None
    return room


def stored(house: House, text: str) -> Entry:
    """An entry that another host made: durable, and nobody here has heard of it."""
    draft = Draft(kind="message", author=EVE, ts=house.clock.now(), text=text)
    entry: Entry = house.do(house.store.append(lobby(house).room_id, draft)).entry
    return entry


def ring(house: House, seq: int, entry: Entry | None = None) -> None:
    house.node.fanout.heard(Notice(lobby(house).room_id, seq, entry))
    house.node.fanout.settled()
    house.settle()


def heard(client: Client) -> list[tuple[int, str]]:
    return [(event["seq"], event["text"]) for event in client.events("message")]


@given(seed=st.integers(0, 2**32), talk=st.lists(st.integers(0, 2), max_size=40))
def test_whatever_the_bus_does_all_hear_all_in_order(seed: int, talk: list[int]) -> None:
    house = House(bus=lambda soon: UnreliableBus(seed, soon))
    people = [house.guest(name, "lobby") for name in ("ann", "bob", "eve")]
    for who, client in enumerate(people):
        assert not client.events("message"), who
    for number, who in enumerate(talk, 1):
        people[who].begins(type="send", room="lobby", text=f"text {number}")
        if number % 3:
            house.turn()
    house.settle()
    house.tasks.spawn(house.node.fanout.verify(lobby(house)))
    said = [(number, f"text {number}") for number in range(1, len(talk) + 1)]
    assert [heard(client) for client in people] == [said] * 3
    house.ends()


def test_a_bus_that_loses_all_but_the_last_notice_costs_a_read_and_nothing_else() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    entries = [stored(house, f"text {number}") for number in (1, 2, 3)]
    ring(house, 3, entries[2])
    assert heard(ann) == [(1, "text 1"), (2, "text 2"), (3, "text 3")]
    assert house.meter.counts["gap_read"] == 1
    ring(house, 2, entries[1])
    ring(house, 3, entries[2])
    assert heard(ann) == []
    assert house.meter.counts["gap_read"] == 1


def test_a_notice_without_its_entry_is_read_from_the_store() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    stored(house, "hello")
    ring(house, 1)
    assert heard(ann) == [(1, "hello")]


def test_a_notice_of_a_room_that_nobody_attends_is_nobody_s() -> None:
    house = House()
    house.node.fanout.heard(Notice(RoomId(99), 7))
    house.node.fanout.heard(Notice(RoomId(1), 7))
    assert "gap_read" not in house.meter.counts


def test_a_long_gap_is_read_in_pages() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    for number in range(1, 1202):
        stored(house, f"text {number}")
    before = house.weather.asked.count("read")
    ring(house, 1201)
    assert [seq for seq, _ in heard(ann)] == list(range(1, 1202))
    assert house.weather.asked.count("read") - before == 3


def test_a_notice_of_what_no_store_has_is_forgotten() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    ring(house, 5)
    assert heard(ann) == []
    entry = stored(house, "hello")
    ring(house, 1, entry)
    assert heard(ann) == [(1, "hello")]


def test_what_is_told_while_a_gap_is_read_in_vain_is_not_forgotten() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    house.weather.hold("read")
    ring(house, 5)
    entry = stored(house, "hello")
    ring(house, 1, entry)  # while the read of the gap that was none is on its way
    stored(house, "again")
    ring(house, 6)
    house.weather.release()
    assert heard(ann) == [(1, "hello"), (2, "again")]


def test_entries_that_are_kept_no_more_are_passed_over_and_the_log_says_so() -> None:
    class Pruned(MemoryStore):
        async def read(self, room_id: RoomId, after: int, limit: int) -> list[Entry]:
            return [e for e in await super().read(room_id, after, limit) if e.seq > 2]

    house = House(store=Pruned())
    ann = house.guest("ann", "lobby")
    for number in (1, 2, 3, 4):
        stored(house, f"text {number}")
    ring(house, 4)
    assert heard(ann) == [(3, "text 3"), (4, "text 4")]
    assert any(line.startswith("entries_not_kept") for line in house.log.lines)


@pytest.mark.parametrize("error", [StoreFull("full"), StoreFailed("failed")])
@pytest.mark.parametrize("call", ["read", "last_seq"])
def test_a_gap_that_cannot_be_read_is_tried_again_each_second(call: str, error: Any) -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    stored(house, "one")
    stored(house, "two")
    house.weather.fail("read", error)
    house.weather.fail(call, error, 2)
    ring(house, 2)
    house.pass_(2.9)
    assert heard(ann) == []
    house.pass_(0.1)
    assert heard(ann) == [(1, "one"), (2, "two")]


def test_while_a_gap_waits_for_its_next_try_each_notice_tries_as_well_but_plans_no_more() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    stored(house, "one")
    house.weather.fail("read", StoreFailed("failed"), 4)
    for _ in range(4):
        ring(house, 1)
    asked = house.weather.asked.count("last_seq")
    house.pass_(1.0)
    assert house.weather.asked.count("last_seq") == asked + 1
    assert heard(ann) == [(1, "one")]


def test_a_room_that_everybody_left_is_not_tried_again() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    stored(house, "one")
    house.weather.fail("last_seq", StoreFailed("failed"), 1000)
    house.weather.fail("read", StoreFailed("failed"))
    ring(house, 1)
    house.pass_(3.0)
    ann.asks(type="leave", room="lobby")
    house.pass_(1.0)
    asked = len([call for call in house.weather.asked if call == "last_seq"])
    house.pass_(10.0)
    assert len([call for call in house.weather.asked if call == "last_seq"]) == asked


def test_a_room_that_wakes_up_asks_what_it_missed() -> None:
    house = House()
    ann = house.connects()
    ann.asks(type="login", guest="ann")
    house.weather.hold("membership")
    ann.begins(type="join", room="lobby", id=1)  # the room was read, and here is what came then:
    house.do(house.store.append(RoomId(1), Draft(kind="topic", author=EVE, ts=0, text="tea")))
    house.weather.release()
    answer, *more = [frame for frame in ann.heard() if frame["type"] != "welcome"]
    told = [frame["seq"] for frame in more]
    assert list(range(answer["seq"] + 1, 2)) == told
    assert lobby(house).topic == "tea"


def test_what_a_dialect_does_not_say_is_passed_over() -> None:
    house = House()
    ann, tom = house.guest("ann", "lobby"), house.connects("text")
    tom.lines()
    ann.asks(type="typing", room="lobby")  # text says nothing of typing
    assert tom.lines() == []
    ann.asks(type="send", room="lobby", text="hi")
    assert tom.lines() == ["03:04 #lobby <ann> hi"]


def test_an_overflow_in_the_middle_of_telling_a_room_is_that_session_s_alone() -> None:
    house = House()
    ann, bob, eve = (house.guest(name, "lobby") for name in ("ann", "bob", "eve"))
    for client in (ann, bob, eve):
        client.lines()
    put = bob.outbox.put

    def gone_at_once(frame: Any, *, ephemeral: bool = False) -> None:
        put(frame, ephemeral=ephemeral)
        bob.session.gone("too_slow", clean=False)

    bob.outbox.put = gone_at_once  # type: ignore[method-assign]  # to see what is put
    ann.asks(type="send", room="lobby", text="hi")
    assert [heard(client) for client in (ann, eve)] == [[(1, "hi")]] * 2


def test_only_messages_are_counted_as_delivered_once_however_many_hear_them() -> None:
    house = House()
    ann, _ = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    ann.asks(type="send", room="lobby", text="hello")
    ann.asks(type="react", room="lobby", seq=1, emoji="+1")
    house.settle()
    assert (house.meter.counts["delivered"], house.meter.counts["fanned_out"]) == (1, 4)


def test_what_a_room_is_told_in_one_turn_goes_out_as_one() -> None:
    house = House()
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    bob.heard()
    put: list[Frame] = []
    take = bob.outbox.put

    def putting(frame: Frame, *, ephemeral: bool = False) -> None:
        put.append(frame)
        take(frame, ephemeral=ephemeral)

    bob.outbox.put = putting  # type: ignore[method-assign]  # to see what is put
    for number in range(3):
        ann.begins(type="send", room="lobby", text=f"text {number}")
    house.settle()
    assert [frame.count for frame in put] == [3]
    assert heard(bob) == [(number + 1, f"text {number}") for number in range(3)]
    house.ends()


def test_what_is_told_in_between_keeps_its_place() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    ann.heard()
    fanout, entries = house.node.fanout, [stored(house, text) for text in ("one", "two", "three")]
    fanout.heard(Notice(entries[0].room_id, 1, entries[0]))
    fanout.heard(Notice(entries[1].room_id, 2, entries[1]))
    assert ann.heard() == []
    fanout.tell_room(lobby(house), Joined(room="lobby", user="eve"))
    fanout.heard(Notice(entries[2].room_id, 3, entries[2]))
    fanout.settled()
    told = [event.get("text", event["type"]) for event in ann.heard()]
    assert told == ["one", "two", "joined", "three"]
    house.ends()


def test_a_bundle_does_not_grow_beyond_what_an_outbox_bears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fanout_of_chatd, "BUNDLE", 300)
    house = House()
    ann = house.guest("ann", "lobby")
    ann.heard()
    for number, entry in enumerate([stored(house, "x" * 100) for _ in range(5)], 1):
        house.node.fanout.heard(Notice(entry.room_id, number, entry))
    before = len(heard(ann))
    house.node.fanout.settled()
    assert 0 < before < 5
    assert before + len(heard(ann)) == 5
    house.ends()


def test_who_watches_sees_each_message_after_it_was_told() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    ann.heard()
    house.node.control.watch(ann.session, Watch())
    entry = stored(house, "one")
    house.node.fanout.heard(Notice(entry.room_id, 1, entry))
    assert heard(ann) == [(1, "one")]
    house.node.control.unwatch(ann.session)
    house.node.fanout.settled()
    house.ends()
