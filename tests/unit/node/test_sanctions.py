"""What operators lay down, carried out on a whole node: by whatever process, and in every order."""

from __future__ import annotations

from typing import Any

from chatd.core.errors import BANNED, EMERGENCY, CloseCode
from chatd.core.log import UserId
from chatd.core.ports import StoreFailed
from chatd.core.sanctions import Emergency, RoomRules, Subject, subject_of
from chatd.node.sanctions import REASON_BYTES, close_reason
from tests.house.house import Client, House

HOST = "192.0.2.1"


def lay(house: House, subject: Subject | None, room: str | None = None, **more: Any) -> None:
    """As another process does it: the node hears of it only by looking."""
    assert subject is not None
    room_id = house.do(house.store.room(room)).room_id if room else None
    house.do(
        house.store.sanction(
            more.pop("kind", "ban"),
            subject,
            room_id,
            reason="spam",
            by="olga",
            ts=house.clock.now(),
            until=more.pop("until", None),
        )
    )


def bob(house: House) -> Client:
    house.account("bob", "a long password")
    return house.user("bob", "a long password", "lobby")


BOB = Subject("user", "u-bob", "bob")


def ending(client: Client) -> CloseCode | None:
    return client.outbox.closed


def refused(client: Client, **command: Any) -> str:
    return str(client.asks(**command).get("code", ""))


def test_a_ban_by_another_process_ends_sessions_within_a_second() -> None:
    house = House()
    client, other = bob(house), house.guest("gus", "lobby")
    lay(house, BOB)
    assert ending(client) is None
    house.pass_(1.0)
    assert ending(client) is BANNED
    assert client.outbox.reason == "banned until it is lifted: spam"
    assert ending(other) is None
    late = house.connects()
    assert refused(late, type="login", user="bob", password="a long password") == "banned"
    house.ends()


def test_a_ban_is_over_when_its_time_is() -> None:
    house = House()
    bob(house).closes()
    lay(house, BOB, until=house.clock.now() + 5000)
    house.pass_(1.0)
    assert house.meter.counts["sanctions ban"] == 1
    late = house.connects()
    login = {"type": "login", "user": "bob", "password": "a long password"}
    assert refused(late, **login) == "banned"
    house.pass_(5.0)
    assert house.meter.counts["sanctions ban"] == 0
    assert refused(late, **login) == ""


def test_what_was_laid_down_before_the_start_holds_from_the_start() -> None:
    first = House()
    lay(first, subject_of("192.0.2.0/24"))
    first.do(first.store.set_emergency(Emergency.NO_GUESTS))
    house = House(store=first.store)
    assert house.node.admits(HOST) == "banned until it is lifted: spam"
    assert house.node.admits("198.51.100.1") is None
    assert house.node.admits("unix") is None
    assert house.connects(address=HOST).outbox.closed is BANNED
    assert house.meter.counts["emergency"] == Emergency.NO_GUESTS


def test_a_network_that_is_banned_loses_its_sessions_but_not_its_operators() -> None:
    house = House()
    house.account("olga", "a long password", operator=True)
    olga = house.user("olga", "a long password", "lobby")
    inside, outside = house.guest("ann", "lobby"), house.connects(address="198.51.100.1")
    silent = house.connects()
    lay(house, subject_of("192.0.2.0/24"))
    house.pass_(1.0)
    assert (inside.outbox.closed, silent.outbox.closed) == (BANNED, BANNED)
    assert (olga.outbox.closed, outside.outbox.closed) == (None, None)


def test_guests_leave_when_they_are_shut_out_and_nobody_else() -> None:
    house = House()
    account, guest = bob(house), house.guest("gus", "lobby")
    house.do(house.store.set_emergency(Emergency.NO_GUESTS))
    house.pass_(1.0)
    assert ending(guest) is EMERGENCY
    assert ending(account) is None
    house.ends()


def test_banned_from_a_room_is_out_of_it_with_all_sessions_and_its_replay() -> None:
    house = House()
    one = bob(house)
    two = house.user("bob", "a long password")
    lay(house, BOB, "lobby")
    house.pass_(1.0)
    for client in (one, two):
        assert [e["reason"] for e in client.events("left")] == ["banned"]
        assert refused(client, type="send", room="lobby", text="hello") == "not_in_room"
    one.drops()
    two.drops()
    back = house.connects()
    position = {"lobby": {"epoch": "memory", "seq": 0}}
    answer = back.asks(type="login", user="bob", password="a long password", resume=position)
    assert "rooms" not in answer
    assert [e["recovered"] for e in back.events("caught_up")] == [False]
    house.ends()


def test_search_finds_nothing_in_a_room_that_one_is_banned_from() -> None:
    house = House()
    client = bob(house)
    client.asks(type="send", room="lobby", text="green tea")
    assert len(client.asks(type="search", query="tea")["messages"]) == 1
    lay(house, BOB, "lobby")
    house.pass_(1.0)
    assert client.asks(type="search", query="tea")["messages"] == []
    assert refused(client, type="search", query="tea", room="lobby") == "banned"
    assert refused(client, type="history", room="lobby") == "banned"


def slow_house() -> tuple[House, Client]:
    house = House()
    client = house.guest("gus", "lobby")
    room_id = house.do(house.store.room("lobby")).room_id
    house.do(house.store.set_room_rules(room_id, RoomRules(slow=10)))
    house.pass_(1.0)
    client.lines()
    return house, client


def test_slow_mode_is_not_got_round_by_sending_before_the_answer() -> None:
    house, client = slow_house()
    house.weather.hold("append")
    for number in range(3):
        client.begins(type="send", id=number, room="lobby", text="hello")
    house.weather.release()
    house.settle()
    answers = {a["id"]: a.get("code", "ok") for a in client.events("ok", "error")}
    assert answers == {0: "ok", 1: "slow_mode", 2: "slow_mode"}


def test_slow_mode_is_not_got_round_by_leaving_and_lasts_its_time() -> None:
    house, client = slow_house()
    assert refused(client, type="send", room="lobby", text="one") == ""
    client.asks(type="leave", room="lobby")
    client.asks(type="join", room="lobby")
    answer = client.asks(type="send", room="lobby", text="two")
    assert (answer["code"], answer["retry_after_ms"]) == ("slow_mode", 10_000)
    house.pass_(10.0)
    assert refused(client, type="send", room="lobby", text="two") == ""
    house.pass_(11.0)
    assert house.node.laid._spoke == {}


def test_a_message_that_was_not_stored_costs_no_turn() -> None:
    house, client = slow_house()
    house.weather.fail("append", StoreFailed("the disk"))
    assert refused(client, type="send", room="lobby", text="one") == "storage_failed"
    assert refused(client, type="send", room="lobby", text="one") == ""


def test_a_slower_look_does_not_bring_back_what_a_faster_one_has_seen_lifted() -> None:
    house = House()
    client = bob(house)
    lay(house, BOB, "lobby", kind="mute")
    house.weather.hold("sanctions")
    house.tasks.spawn(house.node.laid.look())  # has read the mute, and hears of it late
    room_id = house.do(house.store.room("lobby")).room_id
    house.do(house.store.lift("mute", BOB, room_id))
    house.tasks.spawn(house.node.laid.look())
    house.weather.arrive(1)
    house.weather.release()
    assert house.node.laid.in_force == []
    assert refused(client, type="send", room="lobby", text="hello") == ""


def test_a_store_that_fails_leaves_what_is_known_and_is_asked_again() -> None:
    house = House()
    client = bob(house)
    lay(house, BOB)
    house.weather.fail("sanctions", StoreFailed("the disk"))
    house.pass_(1.0)
    assert ending(client) is None
    house.pass_(1.0)
    assert ending(client) is BANNED


def test_of_several_bans_the_longest_is_told() -> None:
    house = House()
    bob(house)
    lay(house, BOB, until=house.clock.now() + 1000_000)
    lay(house, BOB, "lobby", until=house.clock.now() + 2000_000)
    house.pass_(1.0)
    room_id = house.do(house.store.room("lobby")).room_id
    laid = house.node.laid
    held = [laid.on_user("ban", UserId("u-bob"), where) for where in (None, room_id)]
    assert [each.room for each in held if each] == [None, "lobby"]
    assert laid.on_user("mute", UserId("u-bob"), room_id) is None


def test_one_does_not_ban_the_network_that_one_comes_from() -> None:
    house = House()
    house.account("olga", "a long password", operator=True)
    olga = house.user("olga", "a long password")
    assert refused(olga, type="ban", who="192.0.2.0/24") == "bad_field"
    assert refused(olga, type="ban", who="198.51.100.0/24") == ""


def test_a_private_room_is_not_told_of_by_moderation() -> None:
    house = House()
    house.account("carl", "a long password")
    carl, outsider = house.user("carl", "a long password"), house.guest("gus")
    carl.asks(type="create", room="cellar", private=True)
    for command in (
        {"type": "kick", "user": "carl"},
        {"type": "ban", "who": "carl"},
        {"type": "slow", "seconds": 5},
        {"type": "bans"},
    ):
        there = outsider.asks(**command, room="cellar")
        nowhere = outsider.asks(**command, room="nowhere")
        assert there["code"] == nowhere["code"] == "no_such_room"
        assert there["message"].replace("cellar", "nowhere") == nowhere["message"]


def test_a_close_reason_fits_its_frame_in_whole_characters() -> None:
    assert close_reason("spam") == "spam"
    cut = close_reason("é" * 100)
    assert len(cut.encode()) <= REASON_BYTES
    assert set(cut) == {"é"}
