"""Joining, leaving, inviting and ranks, also when two do it at the same time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.house.house import Client, House

SECRET = "correct horse battery"


def carl_and_home(house: House) -> tuple[Client, Client]:
    """Two sessions of one account, both in the lobby."""
    house.account("carl", SECRET)
    return house.user("carl", SECRET, "lobby"), house.user("carl", SECRET)


def kinds(client: Client) -> list[str]:
    return [frame["type"] for frame in client.heard()]


def answers(client: Client) -> list[Any]:
    return [f.get("code", f["type"]) for f in client.heard() if "id" in f]


# --- at the same time ---------------------------------------------------------------------------


def test_leaving_on_two_lines_at_once_is_leaving_once() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    carl, home = carl_and_home(house)
    ann.lines()
    house.weather.hold("drop_member")
    carl.begins(type="leave", room="lobby", id=1)
    home.begins(type="leave", room="lobby", id=1)
    house.weather.release()
    assert kinds(ann) == ["left"]
    assert answers(carl) == answers(home) == ["ok"]
    house.ends()


def test_leaving_on_two_lines_and_joining_again_leaves_one_in_the_room_once() -> None:
    house = House()
    carl, home = carl_and_home(house)
    house.weather.hold("drop_member")
    carl.begins(type="leave", room="lobby", id=1)
    home.begins(type="leave", room="lobby", id=1)
    house.weather.arrive(0)  # the room is asleep now, and wakes up as a new one
    house.weather.hold("nothing")
    carl.asks(type="join", room="lobby")
    house.weather.release()
    house.settle()
    assert house.connects().asks(type="login", guest="ann")["type"] == "ok"
    assert carl.asks(type="send", room="lobby", text="hi").get("code") == "not_in_room"
    house.ends()


def test_joining_on_two_lines_at_once_is_joining_once() -> None:
    house = House()
    house.account("carl", SECRET)
    ann = house.guest("ann", "lobby")
    carl, home = house.user("carl", SECRET), house.user("carl", SECRET)
    house.weather.hold("membership", "set_member")
    carl.begins(type="join", room="lobby", id=1)
    home.begins(type="join", room="lobby", id=1)
    house.weather.release()
    assert kinds(ann) == ["joined"]
    ann.asks(type="send", room="lobby", text="hi")
    assert [len(c.events("message")) for c in (carl, home)] == [1, 1]
    house.ends()


def test_one_who_logs_in_while_they_join_tells_their_other_lines() -> None:
    """The new line has the room from the store before the one that joins has its answer."""
    house = House()
    house.account("carl", SECRET)
    house.guest("ann", "lobby")
    carl, home = house.user("carl", SECRET), house.user("carl", SECRET)
    house.weather.hold("set_member")
    carl.begins(type="join", room="lobby", id=1)
    phone = house.user("carl", SECRET)
    assert [frame["room"] for frame in home.events("entered")] == ["lobby"]
    house.weather.release()
    assert answers(carl) == ["ok"]
    assert home.events("entered") == phone.events("entered") == []
    house.ends()


def test_a_guest_who_logs_in_to_rooms_they_had_tells_their_other_lines() -> None:
    house = House()
    house.guest("bob", "lobby")
    one, other = house.connects(), house.connects()
    token = one.asks(type="login", guest="ann")["guest_token"]
    told = other.asks(type="login", guest_token=token, resume={"lobby": {"epoch": "x", "seq": 0}})
    assert [room["room"] for room in told["rooms"]] == ["lobby"]
    assert [frame["room"] for frame in one.events("entered")] == ["lobby"]
    assert other.events("entered") == []
    house.ends()


def test_a_room_that_falls_asleep_while_one_enters_is_awake_again() -> None:
    house = House()
    ann, bob = house.guest("ann", "lobby"), house.guest("bob")
    house.weather.hold("membership")
    bob.begins(type="join", room="lobby", id=1)
    ann.asks(type="send", room="lobby", text="bye")
    ann.asks(type="leave", room="lobby")
    house.weather.release()
    assert answers(bob) == ["ok"]
    ann.asks(type="join", room="lobby")
    ann.asks(type="send", room="lobby", text="hi")
    assert [f["seq"] for f in bob.events("message")] == [2]
    house.ends()


def test_a_rank_given_while_somebody_logs_in_is_the_one_they_have() -> None:
    house = House()
    house.account("carl", SECRET)
    ann = house.guest("ann", "lobby")
    ann.asks(type="create", room="garden")
    carl = house.user("carl", SECRET, "garden")
    carl.drops()
    back = house.connects()
    house.weather.hold("account")
    back.begins(type="login", user="carl", password=SECRET)
    house.weather.hold("nothing")
    ann.asks(type="role", room="garden", user="carl", role="moderator")
    house.weather.release()
    assert back.asks(type="topic", room="garden", topic="tea")["type"] == "ok"


def test_a_rank_reaches_somebody_who_came_back_while_it_was_written() -> None:
    house = House()
    house.account("carl", SECRET)
    ann = house.guest("ann", "lobby")
    ann.asks(type="create", room="garden")
    carl = house.user("carl", SECRET, "garden")
    house.weather.hold("set_member")
    ann.begins(type="role", room="garden", user="carl", role="moderator")
    carl.drops()
    back = house.user("carl", SECRET)
    house.weather.release()
    assert back.asks(type="topic", room="garden", topic="tea")["type"] == "ok"


def test_a_room_that_is_hidden_is_looked_for_as_long_as_one_that_is_not_there() -> None:
    house = House()
    house.account("olga", "a long password")
    olga = house.user("olga", "a long password")
    assert olga.asks(type="create", room="hidden", private=True)["type"] == "ok"
    mallory = house.guest("mallory")
    asked = []
    for room in ("hidden", "nowhere"):
        before = len(house.weather.asked)
        assert mallory.asks(type="join", room=room)["code"] == "no_such_room"
        asked.append(house.weather.asked[before:])
    assert asked[0] == asked[1]


def test_somebody_who_goes_while_they_are_invited_finds_the_room_later() -> None:
    house = House()
    house.account("carl", SECRET)
    ann = house.guest("ann")
    ann.asks(type="create", room="garden")
    carl = house.user("carl", SECRET)
    house.weather.hold("set_member")
    ann.begins(type="invite", room="garden", user="carl", id=1)
    carl.drops()
    house.weather.release()
    assert answers(ann) == ["ok"]
    rooms = house.connects().asks(type="login", user="carl", password=SECRET)["rooms"]
    assert [room["room"] for room in rooms] == ["garden"]
    house.ends()


def test_two_owners_who_leave_at_once_do_not_both_leave() -> None:
    house = House()
    for name in ("carl", "dora", "emil"):
        house.account(name, SECRET)
    carl, dora = house.user("carl", SECRET), house.user("dora", SECRET)
    carl.asks(type="create", room="garden")
    for name in ("dora", "emil"):
        carl.asks(type="invite", room="garden", user=name)
    carl.asks(type="role", room="garden", user="dora", role="owner")
    answers(carl), answers(dora)
    house.weather.hold("drop_member")
    carl.begins(type="leave", room="garden", id=1)
    dora.begins(type="leave", room="garden", id=2)
    house.weather.release()
    assert sorted([*answers(carl), *answers(dora)]) == ["forbidden", "ok"]
    house.ends()


# --- who belongs --------------------------------------------------------------------------------


def test_a_guest_who_is_invited_to_where_they_are_belongs_there_and_can_leave_for_good() -> None:
    house = House(linger=1.0)
    ann, bob = house.guest("ann"), house.connects()
    token = bob.asks(type="login", guest="bob")["guest_token"]
    ann.asks(type="create", room="garden")
    bob.asks(type="join", room="garden")
    ann.asks(type="invite", room="garden", user="bob")
    assert "invited" not in kinds(bob)
    bob.drops()
    house.pass_(5.0)
    back = house.connects()
    rooms = back.asks(type="login", guest_token=token)["rooms"]
    assert [room["room"] for room in rooms] == ["garden"]
    back.asks(type="leave", room="garden")
    back.drops()
    house.pass_(5.0)
    assert "rooms" not in house.connects().asks(type="login", guest_token=token)


def test_an_invitation_keeps_the_rank_that_somebody_has() -> None:
    house = House()
    house.account("carl", SECRET)
    ann = house.guest("ann")
    ann.asks(type="create", room="garden")
    house.user("carl", SECRET, "garden").drops()
    ann.asks(type="role", room="garden", user="carl", role="moderator")
    ann.asks(type="invite", room="garden", user="carl")
    rooms = house.connects().asks(type="login", user="carl", password=SECRET)["rooms"]
    assert [room["role"] for room in rooms] == ["moderator"]


def test_a_name_that_cannot_be_one_is_nobody_s() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    answer = ann.asks(type="invite", room="lobby", user="no body")
    assert answer["code"] == "no_such_user"


def test_the_name_of_a_room_one_may_not_know_of_is_not_given_away_by_its_look_alike() -> None:
    house = House()
    house.account("carl", SECRET)
    carl, ann = house.user("carl", SECRET), house.guest("ann")
    carl.asks(type="create", room="cellar", private=True)
    same = ann.asks(type="create", room="cellar")
    alike = ann.asks(type="create", room="ce11ar")
    assert same["message"] == "room 'cellar' exists; join it"
    assert alike["code"] == "room_exists"
    assert "cellar" not in alike["message"]


def test_a_room_of_two_is_made_once_whoever_begins() -> None:
    house = House()
    house.account("carl", SECRET)
    ann, carl = house.guest("ann"), house.user("carl", SECRET)
    house.weather.hold("direct_room")
    ann.begins(type="direct", user="carl", id="asked")
    carl.begins(type="direct", user="ann", id="asked")
    house.weather.release()
    assert len({frame["room"] for c in (ann, carl) for frame in c.heard() if "room" in frame}) == 1
    house.ends()


@pytest.mark.parametrize("command", ["join", "leave", "topic", "who", "history", "read"])
def test_no_room_and_one_that_may_not_be_known_are_answered_alike(command: str) -> None:
    house = House()
    house.account("carl", SECRET)
    house.user("carl", SECRET).asks(type="create", room="cellar", private=True)
    ann = house.guest("ann")
    needed: dict[str, dict[str, Any]] = {"topic": {"topic": "x"}, "read": {"seq": 1}}
    more = needed.get(command, {})
    told = []
    for name in ("Cellar", "Closet", "#cellar", "#closet"):
        answer = ann.asks(type=command, room=name, **more)
        told.append((answer["code"], answer["message"].replace(repr(name), "NAME")))
    assert len(set(told)) == 1


def test_public_rooms_are_listed_in_pages_that_always_go_on() -> None:
    house = House(rooms_per_user=1000)
    ann = house.guest("ann")
    for number in range(7):
        ann.asks(type="create", room=f"room-{number}")
    for number in (0, 2, 5, 6):
        ann.asks(type="leave", room=f"room-{number}")
    seen: list[str] = []
    after = ""
    for _ in range(20):
        page = ann.asks(type="rooms", limit=2, after=after)
        seen += [room["room"] for room in page["rooms"]]
        after = page["after"]
        if after is None:
            break
    assert sorted(seen) == ["lobby", *(f"room-{number}" for number in range(7))]
