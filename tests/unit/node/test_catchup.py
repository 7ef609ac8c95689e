"""The replay after a come-back: exactly the gap, whatever happens while it goes out."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.core.log import Author, Draft, Entry, RoomId, StoredRoom, UserId
from chatd.core.ports import StoreFailed, StoreFull
from chatd.core.rooms import RECENT
from chatd.node.catchup import PAGE
from chatd.node.returning import COMPLAINT
from chatd.store.memory import MemoryStore
from tests.house.house import Client, House

EVE = Author(UserId("u-eve"), "eve", guest=False)
LOBBY = RoomId(1)


def fill(house: House, count: int, *, untold: bool = False, text: str = "hi") -> None:
    """So many messages in the lobby, from another host; ``untold``: its notices are late."""
    for _ in range(count):
        draft = Draft(kind="message", author=EVE, ts=house.clock.now(), text=text)
        entry = house.do(house.store.append(LOBBY, draft)).entry
        if not untold:
            house.node.publish(entry)
    house.settle()


def comes_back(house: House, seq: int, *, epoch: str = "memory", name: str = "bob") -> Client:
    client = house.connects()
    client.lines()
    resume, token = {"lobby": {"epoch": epoch, "seq": seq}}, house.token(name)
    client.begins(type="login", guest=name, guest_token=token, resume=resume)
    house.settle()
    return client


def told(client: Client) -> list[Any]:
    """The seqs of what came, and where it said `caught_up`: True or False."""
    frames = [f for f in client.heard() if f["type"] in {"message", "deleted", "caught_up"}]
    return [f["recovered"] if f["type"] == "caught_up" else f["seq"] for f in frames]


@pytest.mark.parametrize("missed", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
def test_exactly_the_gap_is_replayed(missed: int) -> None:
    house = House()
    fill(house, missed + 5)
    bob = comes_back(house, 5)
    assert told(bob) == [*range(6, missed + 6), True]
    bob.asks(type="send", room="lobby", text="hi")
    assert told(bob) == [missed + 6]
    assert house.meter.counts["resumed recovered"] == 1
    assert house.meter.counts["replayed"] == missed
    house.ends()


@pytest.mark.parametrize(("seq", "epoch"), [(3, "another"), (6, "memory"), (2**53 - 1, "memory")])
def test_a_position_of_another_time_is_not_honoured(seq: int, epoch: str) -> None:
    house = House()
    fill(house, 5)
    bob = comes_back(house, seq, epoch=epoch)
    assert told(bob) == [False]
    bob.asks(type="send", room="lobby", text="hi")
    assert told(bob) == [6]
    assert house.meter.counts["resumed lost"] == 1


def unknown(house: House) -> list[str]:
    return [line for line in house.log.lines if line.startswith("position_unknown")]


def test_who_knows_more_than_the_store_is_told_to_the_operator() -> None:
    """The store went back, by hand and without a new epoch: others may be fooled in silence."""
    house = House()
    fill(house, 5)
    for name in ("ann", "bob", "carl"):
        assert told(comes_back(house, 9, name=name)) == [False]
    assert unknown(house) == [f"position_unknown {{'room': {LOBBY}, 'seq': 9, 'last': 5}}"]
    house.pass_(COMPLAINT)
    comes_back(house, 8, name="dora")
    assert len(unknown(house)) == 2


def test_who_is_only_of_another_time_or_was_told_by_a_faster_host_is_not() -> None:
    house = House()
    fill(house, 5)
    fill(house, 3, untold=True)
    assert told(comes_back(house, 7, name="ann")) == [8, True]
    assert told(comes_back(house, 9, name="bob", epoch="another")) == [False]

    async def fails(_: RoomId) -> int:
        raise StoreFailed("the disk sleeps")

    house.node.store.last_seq = fails  # type: ignore[assignment,method-assign]  # this test's own in its place
    assert told(comes_back(house, 9, name="carl")) == [False]
    assert unknown(house) == []


def test_a_gap_that_is_kept_no_more_is_not_replayed_in_part() -> None:
    class Pruned(MemoryStore):
        """Keeps the entries from 4 on."""

        async def room(self, name: str) -> StoredRoom | None:
            room = await super().room(name)
            return room and StoredRoom(
                room_id=room.room_id, name=name, kind=room.kind, first=4, last=room.last
            )

        async def read(self, room_id: RoomId, after: int, limit: int) -> list[Entry]:
            return [e for e in await super().read(room_id, after, limit) if e.seq >= 4]

    house = House(store=Pruned())
    fill(house, 9)
    assert told(comes_back(house, 2)) == [False]
    house.ends()
    assert told(comes_back(house, 3)) == [4, 5, 6, 7, 8, 9, True]


def test_entries_that_went_while_the_room_was_awake_are_missed_all_the_same() -> None:
    class Pruned(MemoryStore):
        async def read(self, room_id: RoomId, after: int, limit: int) -> list[Entry]:
            return [e for e in await super().read(room_id, after, limit) if e.seq >= 4]

    house = House(store=Pruned())
    fill(house, 9)
    assert told(comes_back(house, 2)) == [False]


def test_a_slow_reader_gets_a_page_at_a_time() -> None:
    house = House()
    fill(house, 2 * PAGE + 5)
    bob = house.connects()
    bob.outbox.slow()
    resume, token = {"lobby": {"epoch": "memory", "seq": 0}}, house.token("bob")
    bob.begins(type="login", guest="bob", guest_token=token, resume=resume)
    assert told(bob) == [*range(1, PAGE + 1)]
    bob.outbox.fast()
    assert told(bob) == [*range(PAGE + 1, 2 * PAGE + 6), True]


def test_long_messages_never_fill_more_than_half_of_an_outbox_at_a_time() -> None:
    """From the store, and from those at hand, which are the last."""
    house = House(outbox_bytes=64 * 1024)
    fill(house, RECENT + 20, text="x" * 4000)
    bob = house.connects()
    bob.outbox.slow(32 * 1024)
    resume, token = {"lobby": {"epoch": "memory", "seq": 0}}, house.token("bob")
    bob.begins(type="login", guest="bob", guest_token=token, resume=resume)
    heard: list[Any] = []
    while not any(each is True for each in heard):
        assert bob.outbox.closed is None
        heard += told(bob)
        bob.outbox.fast()
        bob.outbox.slow(32 * 1024)
        house.settle()
    assert heard == [*range(1, RECENT + 21), True]
    house.ends()


def test_who_goes_while_a_page_waits_to_be_read_leaves_nothing() -> None:
    house = House()
    fill(house, 2 * PAGE + 5)
    bob = house.connects()
    bob.outbox.slow()
    resume, token = {"lobby": {"epoch": "memory", "seq": 0}}, house.token("bob")
    bob.begins(type="login", guest="bob", guest_token=token, resume=resume)
    bob.drops()
    bob.outbox.fast()
    house.ends()
    assert "resumed recovered" not in house.meter.counts


def test_a_room_that_goes_on_talking_is_met_exactly() -> None:
    house = House()
    fill(house, 2 * PAGE)
    ann = house.guest("ann", "lobby")
    house.weather.hold("read")
    bob = comes_back(house, 0)
    for _ in range(3):
        for _ in range(80):
            ann.asks(type="send", room="lobby", text="more")
            ann.lines()
            house.pass_(1.0)
        house.weather.release(1)
    house.weather.release()
    assert told(bob) == [*range(1, 2 * PAGE + 241), True]
    ann.asks(type="send", room="lobby", text="live")
    assert told(bob) == [2 * PAGE + 241]


def test_what_is_told_live_waits_for_the_replay_to_end() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    fill(house, RECENT + 10)
    ann.lines()
    house.weather.hold("read")
    bob = comes_back(house, 0)
    ann.begins(type="send", room="lobby", text="hi")
    ann.begins(type="typing", room="lobby")
    house.settle()
    assert [f["type"] for f in bob.heard()] == ["ok"]
    house.weather.release()
    assert told(bob) == [*range(1, RECENT + 12), True]
    assert [f["seq"] for f in ann.events("message")] == [RECENT + 11]


def test_a_position_ahead_of_this_host_s_own_news_is_good() -> None:
    """Another host told the client; here the notices are late. Nothing may be told twice."""
    house = House()
    ann = house.guest("ann", "lobby")
    fill(house, 5, untold=True)
    bob = comes_back(house, 4)
    assert told(bob) == [5, True]
    assert told(ann) == [1, 2, 3, 4, 5]


def test_a_position_ahead_waits_for_the_gap_to_be_read() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    fill(house, 5, untold=True)
    house.weather.hold("read")
    bob = comes_back(house, 4)
    assert told(bob) == []
    house.weather.release()
    assert told(bob) == [5, True]
    assert told(ann) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("error", [StoreFull("full"), StoreFailed("failed")])
@pytest.mark.parametrize("place", [0, 1])
def test_a_store_that_fails_leaves_the_client_to_read_history(error: Any, place: int) -> None:
    house = House()
    fill(house, 3 * PAGE)
    house.weather.hold("read")
    bob = comes_back(house, 0)
    house.weather.release(place)
    house.weather.fail("read", error)
    house.weather.release()
    assert told(bob) == [*range(1, (place + 1) * PAGE + 1), False]
    ann = house.guest("ann", "lobby")
    ann.asks(type="send", room="lobby", text="hi")
    assert told(bob) == [3 * PAGE + 1]
    assert any(line.startswith("replay_impossible") for line in house.log.lines)


def test_a_fault_in_a_replay_ends_the_session() -> None:
    house = House()
    fill(house, 5)
    house.weather.fail("read", ZeroDivisionError())
    bob = comes_back(house, 0)
    assert bob.outbox.closed is not None
    assert bob.outbox.closed.word == "internal"
    assert [type(fault) for fault in house.log.faults] == [ZeroDivisionError]
    house.ends()


def test_who_leaves_the_room_in_the_middle_hears_no_more_of_it() -> None:
    house = House()
    fill(house, 2 * PAGE)
    house.weather.hold("read")
    bob = comes_back(house, 0)
    bob.says({"type": "leave", "room": "lobby", "id": 1})
    house.weather.release()
    assert told(bob) == []
    house.ends()


def test_who_leaves_and_enters_again_in_the_middle_hears_from_there() -> None:
    house = House()
    fill(house, 2 * PAGE)
    ann = house.guest("ann", "lobby")
    house.weather.hold("read")
    bob = comes_back(house, 0)
    bob.says({"type": "leave", "room": "lobby", "id": 1})
    bob.says({"type": "join", "room": "lobby", "id": 2})
    ann.asks(type="send", room="lobby", text="hi")
    house.weather.release()
    assert told(bob) == [2 * PAGE + 1]


def test_another_log_in_in_the_middle_begins_its_own_replay() -> None:
    house = House()
    house.account("carl", "correct horse battery")
    carl = house.user("carl", "correct horse battery", "lobby")
    fill(house, 2 * PAGE)
    house.weather.hold("read")
    bob = comes_back(house, 0)
    bob.begins(
        type="login",
        user="carl",
        password="correct horse battery",
        resume={"lobby": {"epoch": "memory", "seq": 2 * PAGE - 3}},
    )
    house.settle()
    house.weather.release()
    assert told(bob) == [*range(2 * PAGE - 2, 2 * PAGE + 1), True]
    carl.asks(type="send", room="lobby", text="hi")
    assert told(bob) == [2 * PAGE + 1]
    house.ends()


def test_rooms_are_replayed_one_after_the_other_and_each_waits_for_its_own() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    ann.asks(type="create", room="garden")
    fill(house, PAGE)
    bob = house.connects()
    house.weather.hold("read")
    resume = {name: {"epoch": "memory", "seq": 0} for name in ("lobby", "garden")}
    bob.begins(type="login", guest="bob", guest_token=house.token("bob"), resume=resume)
    house.settle()
    ann.begins(type="send", room="garden", text="hi")
    house.settle()
    assert told(bob) == []
    house.weather.release()
    assert told(bob) == [*range(1, PAGE + 1), True, 1, True]


def test_a_drain_ends_a_replay_between_two_pages() -> None:
    house = House()
    fill(house, 2 * PAGE)
    house.weather.hold("read")
    bob = comes_back(house, 0)
    house.node.hush()
    house.weather.release()
    assert told(bob) == []


def test_a_refused_log_in_holds_nothing_back() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    bob = house.connects()
    house.weather.hold("look_alike")
    resume, token = {"lobby": {"epoch": "memory", "seq": 0}}, house.token("bob")
    bob.begins(type="login", guest="bob", guest_token=token, resume=resume)
    house.weather.hold("nothing")
    house.guest("bob")  # who was faster
    house.weather.release()
    assert bob.events("error")[0]["code"] == "name_taken"
    bob.asks(type="login", guest="bert")
    bob.asks(type="join", room="lobby")
    ann.asks(type="send", room="lobby", text="hi")
    assert told(bob) == [1]


def test_a_room_that_one_entered_on_another_line_just_now_is_replayed() -> None:
    house = House()
    house.account("carl", "correct horse battery")
    carl = house.user("carl", "correct horse battery")
    fill(house, 3)
    late = house.connects()
    late.lines()
    house.weather.hold("memberships")
    late.begins(
        type="login",
        user="carl",
        password="correct horse battery",
        resume={"lobby": {"epoch": "memory", "seq": 1}},
    )
    house.weather.hold("nothing")
    carl.asks(type="join", room="lobby")
    house.weather.release()
    house.settle()
    assert told(late) == [2, 3, True]
    carl.asks(type="send", room="lobby", text="hi")
    assert told(late) == [4]


def test_what_is_stored_but_not_told_yet_is_told_once_live_and_not_in_the_replay() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    fill(house, PAGE)
    house.weather.hold("append", "read")
    bob = comes_back(house, 0)
    ann.begins(type="send", room="lobby", text="durable, but its notice is still to come")
    house.weather.arrive(0)
    eve = comes_back(house, PAGE - RECENT - 1, name="eve")
    house.weather.arrive(1)
    house.weather.release()
    house.settle()
    assert told(bob) == [*range(1, PAGE + 1), True, PAGE + 1]
    assert told(eve) == [*range(PAGE - RECENT, PAGE + 1), True, PAGE + 1]
