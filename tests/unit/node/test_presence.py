"""What the others are told of coming and going."""

from __future__ import annotations

from chatd.core.log import Member, Rank, RoomId
from tests.house.house import Client, House

SECRET = "correct horse battery"


def presence(client: Client) -> list[tuple[int, list[str], list[str]]]:
    return [(f["present"], f["online"], f["offline"]) for f in client.events("presence")]


def crowd(house: House, *names: str) -> list[Client]:
    for name in names:
        house.account(name, SECRET)
    people = [house.user(name, SECRET, "lobby") for name in names]
    house.pass_(1.0)
    for client in people:
        client.lines()
    return people


def back(house: House, name: str) -> Client:
    client = house.connects()
    client.asks(type="login", user=name, password=SECRET)
    return client


def test_changes_within_a_second_are_told_in_one_event() -> None:
    house = House()
    ann, bob, eve = crowd(house, "ann", "bob", "eve")
    bob.drops()
    house.pass_(0.5)
    eve.drops()
    house.pass_(0.4)
    assert presence(ann) == []
    house.pass_(0.1)
    assert presence(ann) == [(1, [], ["bob", "eve"])]
    back(house, "eve")
    house.pass_(1.0)
    assert presence(ann) == [(2, ["eve"], [])]


def test_who_goes_and_comes_within_the_second_has_never_been_away() -> None:
    house = House()
    ann, bob = crowd(house, "ann", "bob")
    for _ in range(3):
        bob.drops()
        bob = back(house, "bob")
    house.pass_(5.0)
    assert ann.heard() == []


def test_one_event_a_second_however_often_somebody_comes_and_goes() -> None:
    house = House()
    ann, bob, _ = crowd(house, "ann", "bob", "eve")
    told = 0
    for _ in range(20):
        bob.drops()
        house.pass_(0.3)
        bob = back(house, "bob")
        house.pass_(0.1)
        told += len(presence(ann))
    assert told <= 8


def test_an_account_that_takes_a_name_does_not_make_its_guest_reappear() -> None:
    house = House(linger=30.0)
    ann, guest = house.guest("ann", "lobby"), house.guest("carl", "lobby")
    carl = Member(user_id=house.account("carl", SECRET), name="carl", guest=False, rank=Rank.MEMBER)
    house.do(house.store.set_member(RoomId(1), carl))
    ann.lines()
    guest.drops()
    house.user("carl", SECRET)
    house.pass_(1.0)
    told = ann.heard()
    spare = next(f["nick"] for f in told if f["type"] == "renamed")
    assert [(f["online"], f["offline"]) for f in told if f["type"] == "presence"] == [
        (["carl"], [spare])
    ]


def test_who_left_for_good_is_not_offline_and_who_joined_again_is_not_either() -> None:
    house = House(linger=0.2)
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    ann.lines()
    bob.drops()
    house.pass_(0.3)
    house.guest("bob", "lobby")
    house.pass_(2.0)
    assert [f["type"] for f in ann.heard()] == ["left", "joined"]


def test_over_the_announce_limit_only_the_number_is_told() -> None:
    house = House(announce_limit=2)
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    ann.lines()
    eve = house.guest("eve", "lobby")
    house.guest("zoe", "lobby")
    assert ann.heard() == []
    house.pass_(1.0)
    assert presence(ann) == [(4, [], [])]
    bob.closes()
    house.pass_(1.0)
    assert presence(ann) == [(3, [], [])]
    eve.closes()
    assert [f["type"] for f in ann.heard()] == ["left"]
    house.ends()


def test_many_changes_in_a_small_room_are_a_number_too() -> None:
    house = House(announce_limit=3)
    ann, bob, eve = crowd(house, "ann", "bob", "eve")
    bob.drops()
    eve.drops()
    house.pass_(1.0)
    assert presence(ann) == [(1, [], ["bob", "eve"])]
    house.node.settings = House(announce_limit=1).node.settings
    back(house, "bob").drops()
    back(house, "eve")
    back(house, "bob")
    house.pass_(1.0)
    assert presence(ann) == [(3, [], [])]


def test_one_s_other_sessions_are_told_in_any_crowd() -> None:
    house = House(announce_limit=0)
    house.account("carl", SECRET)
    carl, home = house.user("carl", SECRET), house.user("carl", SECRET)
    carl.asks(type="join", room="lobby")
    assert [f["type"] for f in home.heard()] == ["joined", "entered"]
    carl.asks(type="leave", room="lobby")
    assert [f["type"] for f in home.heard()] == ["left"]
    assert carl.heard() == []


def test_a_slow_reader_misses_presence_and_typing_and_nothing_else() -> None:
    house = House()
    ann, bob, eve = crowd(house, "ann", "bob", "eve")
    ann.outbox.slow()
    bob.asks(type="typing", room="lobby")
    eve.drops()
    house.pass_(1.0)
    bob.asks(type="send", room="lobby", text="hi")
    bob.asks(type="leave", room="lobby")
    assert [f["type"] for f in ann.heard()] == ["message", "left"]
    assert ann.outbox.dropped == 2


def test_a_stopping_house_tells_no_presence() -> None:
    house = House()
    ann, bob = crowd(house, "ann", "bob")
    bob.drops()
    house.node.hush()
    house.pass_(2.0)
    assert ann.heard() == []


def test_a_room_that_fell_asleep_tells_nobody() -> None:
    house = House()
    ann, bob = crowd(house, "ann", "bob")
    bob.drops()
    ann.drops()
    house.pass_(2.0)
    house.ends()
