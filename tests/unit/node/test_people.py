"""Who is here: sessions of one user, guests who linger, names that two want at once."""

from __future__ import annotations

from typing import Any, cast

import pytest
from msgspec.structs import replace

from chatd.commands.login import READS
from tests.house.house import Client, House

SECRET = "correct horse battery"
COPA = "\u0441\u043e\u0440\u0430"  # in Cyrillic letters


def names(house: House) -> set[str]:
    return {person.name for person in house.node.people._by_id.values()}


def login(client: Client, **how: object) -> None:
    client.begins(type="login", id="asked", **how)


def answer(client: Client) -> dict[str, object]:
    [found] = [frame for frame in client.heard() if frame.get("id") == "asked"]
    return found


# --- lingering --------------------------------------------------------------------------------


def test_a_guest_whose_line_is_lost_keeps_name_and_rooms_for_a_while() -> None:
    house = House(linger=30.0)
    ann, bob = house.guest("ann", "lobby"), house.connects()
    token = bob.asks(type="login", guest="bob")["guest_token"]
    bob.asks(type="join", room="lobby")
    bob.drops()
    house.pass_(29.0)
    assert house.connects().asks(type="login", guest="bob")["code"] == "name_taken"
    back = house.connects()
    rooms = back.asks(type="login", guest_token=token)["rooms"]
    assert [room["room"] for room in rooms] == ["lobby"]
    house.pass_(100.0)
    assert {f["type"] for f in ann.heard()} == {"joined", "presence"}
    assert names(house) == {"ann", "bob"}
    house.ends()


@pytest.mark.parametrize("linger", [0.0, 30.0])
def test_when_the_time_is_over_the_name_is_free(linger: float) -> None:
    house = House(linger=linger)
    bob = house.guest("bob", "lobby")
    bob.drops()
    house.pass_(linger + 0.1)
    assert names(house) == set()
    house.guest("bob")
    house.ends()


def test_a_guest_is_here_while_one_of_their_sessions_is() -> None:
    house = House()
    ann, bob = house.guest("ann", "lobby"), house.connects()
    token = bob.asks(type="login", guest="bob")["guest_token"]
    bob.asks(type="join", room="lobby")
    too = house.connects()
    too.asks(type="login", guest_token=token)
    ann.lines()
    bob.closes()
    house.pass_(60.0)
    assert ann.heard() == []
    too.asks(type="send", room="lobby", text="still here")
    assert [f["user"] for f in ann.events("message")] == ["bob"]
    too.closes()
    assert [(f["type"], f["reason"]) for f in ann.heard()] == [("left", "quit")]


def test_an_account_that_goes_offline_keeps_its_rooms_in_the_store_and_nothing_here() -> None:
    house = House()
    house.account("carl", SECRET)
    house.user("carl", SECRET, "lobby").drops()
    assert names(house) == set()
    assert not house.node.attendance._rooms
    rooms = house.connects().asks(type="login", user="carl", password=SECRET)["rooms"]
    assert [room["room"] for room in rooms] == ["lobby"]


# --- names ------------------------------------------------------------------------------------


def test_a_new_guest_asks_the_store_for_the_name_only() -> None:
    house = House()
    before = len(house.weather.asked)
    guest = house.connects()
    token = guest.asks(type="login", guest="bob")["guest_token"]
    assert house.weather.asked[before:] == ["look_alike"]
    guest.drops()
    before = len(house.weather.asked)
    house.connects().asks(type="login", guest="bob", guest_token=token)
    assert house.weather.asked[before:] == ["look_alike", "memberships"]
    house.ends()


def test_two_who_want_a_name_at_once_get_it_in_turn() -> None:
    house = House()
    one, two = house.connects(), house.connects()
    house.weather.hold("look_alike")
    login(one, guest="bob")
    login(two, guest="BOB")
    house.weather.arrive(1)
    house.weather.release()
    assert (answer(two)["type"], answer(one).get("code")) == ("ok", "name_taken")
    assert names(house) == {"BOB"}
    house.ends()


def test_a_log_in_that_is_refused_at_the_last_moment_changes_nothing() -> None:
    house = House()
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    ann.lines()
    house.weather.hold("look_alike")
    resume = {"lobby": {"epoch": "memory", "seq": 0}}
    login(bob, guest="bert", guest_token=house.token("bert"), resume=resume)
    house.weather.hold("nothing")
    bert = house.guest("bert")
    house.weather.release()
    assert answer(bob)["code"] == "name_taken"
    assert ann.heard() == []
    bob.asks(type="send", room="lobby", text="still bob")
    assert [f["user"] for f in ann.events("message")] == ["bob"]
    assert [f["seq"] for f in bob.events("message")] == [1]
    bert.closes()
    house.ends()


def test_two_renames_to_one_name_give_it_to_one() -> None:
    house = House()
    ann, bob = house.guest("ann"), house.guest("bob")
    house.weather.hold("look_alike")
    ann.begins(type="nick", nick="eve", id="asked")
    bob.begins(type="nick", nick="eve", id="asked")
    house.weather.release()
    assert [answer(c).get("code") for c in (ann, bob)] == [None, "name_taken"]
    assert names(house) == {"eve", "bob"}


def test_a_rename_on_another_line_is_not_undone_by_a_log_in_that_asked_for_no_name() -> None:
    house = House()
    bob = house.connects()
    token = bob.asks(type="login", guest="bob")["guest_token"]
    too = house.connects()
    house.weather.hold("memberships")
    login(too, guest_token=token)
    house.weather.hold("nothing")
    bob.asks(type="nick", nick="bert")
    house.weather.release()
    assert answer(too)["user"] == "bert"
    assert names(house) == {"bert"}


def test_who_is_gone_is_not_renamed() -> None:
    house = House(linger=0.0)
    bob = house.guest("bob")
    house.weather.hold("look_alike")
    bob.begins(type="nick", nick="bert")
    house.weather.hold("nothing")
    bob.closes()
    other = house.guest("bob")
    house.weather.release()
    assert names(house) == {"bob"}
    assert other.asks(type="nick", nick="bert")["user"] == "bert"
    assert not house.log.faults
    house.ends()


def test_an_account_takes_its_name_from_all_guests_who_look_like_it() -> None:
    house = House()
    guests = [house.guest("Alice", "lobby"), house.guest(COPA, "lobby")]
    house.account("alice", SECRET)
    house.account("copa", SECRET)
    for client in guests:
        client.lines()
    for name in ("alice", "copa"):
        house.user(name, SECRET)
    renamed = [[f for f in g.heard() if f["type"] == "renamed"] for g in guests]
    assert [event["user"] for event in renamed[0]] == ["Alice", COPA]
    assert all(event["nick"].startswith("guest-") for event in renamed[0])
    assert {"alice", "copa"} <= names(house)
    house.ends()


def test_a_name_that_chance_gives_twice_is_drawn_again() -> None:
    house = House()
    house.ids.drawn.extend([7, 7, 8])
    assert house.connects().asks(type="login")["user"] == "guest-0007"
    assert house.connects().asks(type="login")["user"] == "guest-0008"


def test_when_chance_finds_no_free_name_the_guest_is_asked_for_one() -> None:
    house = House()
    house.ids.drawn.extend([7] * 20)
    tries = [house.connects().asks(type="login") for _ in range(3)]
    assert [t.get("user", t.get("code")) for t in tries] == [
        "guest-0007",
        "guest-000000007",
        "name_taken",
    ]


def test_the_spare_name_of_a_guest_who_lost_theirs_is_free() -> None:
    house = House()
    taken = house.guest("guest-000000007")
    guest = house.guest("carl", "lobby")
    house.account("carl", SECRET)
    house.ids.drawn.extend([7, 8])
    house.user("carl", SECRET)
    assert [f["nick"] for f in guest.events("renamed")] == ["guest-000000008"]
    assert taken.asks(type="ping")["type"] == "ok"


def test_somebody_is_found_by_name_whatever_its_case_but_not_by_a_look_alike() -> None:
    house = House()
    house.guest("Alice")
    assert house.node.named("aLICE") is not None
    assert house.node.named("AIice") is None
    assert house.node.named("bob") is None


# --- one session after another --------------------------------------------------------------------


def test_another_log_in_on_the_same_line_leaves_as_the_one_before() -> None:
    house = House()
    house.account("carl", SECRET)
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    ann.lines()
    bob.asks(type="login", user="carl", password=SECRET)
    assert [(f["type"], f["user"], f["reason"]) for f in ann.heard()] == [("left", "bob", "left")]
    assert names(house) == {"ann", "carl"}
    assert bob.asks(type="send", room="lobby", text="hi")["code"] == "not_in_room"
    house.ends()


def test_an_account_is_an_operator_as_soon_as_it_logs_in_as_one() -> None:
    house = House()
    olga = house.account("olga", SECRET)
    first = house.user("olga", SECRET, "lobby")
    assert first.asks(type="topic", room="lobby", topic="tea")["code"] == "forbidden"
    account = house.store._kept.accounts[olga]
    house.store._kept.accounts[olga] = replace(account, operator=True)
    house.user("olga", SECRET)
    assert first.asks(type="topic", room="lobby", topic="tea")["type"] == "ok"


def test_the_meter_knows_how_many_are_here() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    assert (house.meter.counts["people"], house.meter.counts["rooms"]) == (1, 1)
    ann.closes()
    assert (house.meter.counts["people"], house.meter.counts["rooms"]) == (0, 0)


def test_an_account_wins_over_a_guest_who_was_here_under_its_name_before() -> None:
    house = House()
    guest = house.guest("bob", "lobby")
    house.account("bob", "correct horse battery")
    house.account("alice", "correct horse battery")
    alice = house.user("alice", "correct horse battery")
    alice.asks(type="create", room="secret", private=True)
    assert alice.asks(type="invite", room="secret", user="bob")["type"] == "ok"
    assert alice.asks(type="send", to="bob", text="for the account")["type"] == "ok"
    assert guest.heard() == []


def test_no_log_in_renames_another_account_however_alike() -> None:
    house = House()
    for name in ("ioo", "100"):
        user_id = house.account(name, "correct horse battery")
        assert user_id
    one = house.user("ioo", "correct horse battery", "lobby")
    other = house.user("100", "correct horse battery", "lobby")
    assert one.events("renamed") == []
    assert one.asks(type="send", room="lobby", text="me")["type"] == "ok"
    assert [event["user"] for event in other.events("message")] == ["ioo"]
    other.closes()
    one.closes()
    house.ends()


# --- places that change during a log-in -------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "command", "place"),
    [
        (True, {"type": "kick", "room": "secret", "user": "bob"}, None),
        (True, {"type": "role", "room": "secret", "user": "bob", "role": "owner"}, "owner"),
        (True, {"type": "ban", "room": "secret", "who": "bob"}, None),
        (False, {"type": "invite", "room": "secret", "user": "bob"}, "member"),
    ],
)
def test_what_changes_while_a_log_in_reads_its_places_is_so_when_it_is_answered(
    *, member: bool, command: dict[str, str], place: str | None
) -> None:
    house = House()
    house.account("alice", SECRET)
    house.account("bob", SECRET)
    alice = house.user("alice", SECRET)
    assert alice.asks(type="create", room="secret", private=True)["type"] == "ok"
    if member:
        assert alice.asks(type="invite", room="secret", user="bob")["type"] == "ok"
    bob = house.connects()
    house.weather.hold("memberships")
    login(bob, user="bob", password=SECRET)
    house.weather.hold("nothing")
    assert alice.asks(**command)["type"] == "ok"
    house.weather.release()
    rooms = cast("list[dict[str, str]]", answer(bob).get("rooms", []))
    assert {room["room"]: room.get("role", "member") for room in rooms} == (
        {"secret": place} if place else {}
    )
    assert bob.asks(type="send", room="secret", text="?")["type"] == ("ok" if place else "error")


RANKS = ("moderator", "member")


def arriving(house: House) -> tuple[Client, Client]:
    """Alice, in a room whose member bob is about to log in."""
    for name in ("alice", "bob"):
        house.account(name, SECRET)
    alice, bob = house.user("alice", SECRET), house.connects()
    assert alice.asks(type="create", room="secret", private=True)["type"] == "ok"
    assert alice.asks(type="invite", room="secret", user="bob")["type"] == "ok"
    house.weather.hold("memberships")
    login(bob, user="bob", password=SECRET)
    return alice, bob


def ranked(alice: Client, turn: int) -> None:
    rank = RANKS[turn % 2]
    assert alice.asks(type="role", room="secret", user="bob", role=rank)["type"] == "ok"


def test_what_changes_again_while_it_is_read_again_is_so_too() -> None:
    house = House()
    alice, bob = arriving(house)
    for turn in range(3):
        ranked(alice, turn)
        house.weather.arrive(0)
    house.weather.release()
    [room] = cast("list[dict[str, str]]", answer(bob)["rooms"])
    assert room["role"] == "moderator"


def test_whose_rooms_change_without_end_is_told_to_come_back_later() -> None:
    house = House()
    alice, bob = arriving(house)
    for turn in range(READS):
        ranked(alice, turn)
        house.weather.arrive(0)
    assert answer(bob)["code"] == "storage_failed"
    house.weather.release()
    assert bob.asks(type="login", user="bob", password=SECRET)["type"] == "ok"


def test_a_message_in_an_old_room_of_two_moves_nobody() -> None:
    house = House()
    for name in ("alice", "bob"):
        house.account(name, SECRET)
    alice, bob = house.user("alice", SECRET), house.connects()
    alice.asks(type="send", to="bob", text="there will be a room of two")
    house.weather.hold("memberships")
    login(bob, user="bob", password=SECRET)
    alice.begins(type="send", to="bob", text="there is one")
    house.weather.arrive(0)
    assert answer(bob)["type"] == "ok"


def test_a_room_that_was_left_by_a_line_that_ended_is_left_by_the_next_one_too() -> None:
    house = House()
    house.account("bob", SECRET)
    bob, again = house.user("bob", SECRET), house.connects()
    assert bob.asks(type="create", room="secret", private=True)["type"] == "ok"
    house.weather.hold("drop_member", "memberships")
    login(again, user="bob", password=SECRET)  # reads that it is a member
    bob.begins(type="leave", room="secret")
    bob.drops()
    house.weather.hold("nothing")
    house.weather.arrive(0)
    assert answer(again)["type"] == "ok"
    house.weather.release()
    assert again.asks(type="send", room="secret", text="?")["type"] == "error"


@pytest.mark.parametrize("late", ["create", "join", "direct"])
def test_a_room_that_was_entered_by_a_line_that_ended_is_heard_by_the_next_one(late: str) -> None:
    house = House()
    for name in ("alice", "bob"):
        house.account(name, SECRET)
    alice, bob = house.user("alice", SECRET), house.user("bob", SECRET)
    alice.asks(type="create", room="garden")
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "create": ("create_room", {"room": "meadow", "private": True}),
        "join": ("set_member", {"room": "garden"}),
        "direct": ("direct_room", {"user": "alice"}),
    }
    call, asked = calls[late]
    again = house.connects()
    house.weather.hold("memberships", call)
    login(again, user="bob", password=SECRET)  # reads that bob is not in it
    bob.begins(type=late, **asked)
    bob.drops()
    house.weather.hold("nothing")
    house.weather.arrive(0)
    assert answer(again)["type"] == "ok"
    house.weather.release()
    [entered] = again.events("entered")
    assert again.asks(type="send", room=entered["room"], text="here I am")["type"] == "ok"


def test_a_guest_does_not_come_back_to_a_room_that_banned_them_meanwhile() -> None:
    house = House()
    house.account("alice", SECRET)
    alice, guest = house.user("alice", SECRET), house.connects()
    assert alice.asks(type="create", room="garden")["type"] == "ok"
    token = guest.asks(type="login", guest="guy")["guest_token"]
    joined = guest.asks(type="join", room="garden")
    back = house.connects()
    house.weather.hold("memberships")
    resume = {"garden": {"epoch": joined["epoch"], "seq": joined["seq"]}}
    guest.drops()
    login(back, guest_token=token, resume=resume)
    house.weather.hold("nothing")
    assert alice.asks(type="ban", room="garden", who="guy")["type"] == "ok"
    house.weather.release()
    assert "rooms" not in answer(back)
