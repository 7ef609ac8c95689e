"""Limits at a whole node: of users, rooms, commands and log-ins; and that to explain consumes
nothing and agrees."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from chatd.core.limits import LimitName, Mode, Pace
from chatd.core.log import UserId
from chatd.ops.config import Proxies
from tests.house.house import Client, House

WRONG = {"type": "login", "user": "ann", "password": "not this one"}
RIGHT = {"type": "login", "user": "ann", "password": "correct horse"}


def code(answer: dict[str, Any]) -> str:
    """What an answer came to."""
    return str(answer.get("code", answer["type"]))


def fails(house: House, times: int, address: str = "192.0.2.1", **login: str) -> list[str]:
    """Log in so often, each time on a new connection."""
    return [code(house.connects(address=address).asks(**(WRONG | login))) for _ in range(times)]


def hits(house: House, limit: str, mode: str = "on") -> int:
    return house.meter.counts[f"limit_hit {limit} {mode}"]


def explained(house: House, user: str, verb: str, room: str | None = None) -> list[str]:
    """The limits that would stop this user."""
    person = house.node.named(user)
    user_id = person.user_id if person else UserId(f"u-{user}")
    place = house.do(house.node.find_room(room)) if room else None
    found = house.do(house.node.limits.explain(user_id, user, verb, place))
    return [each.limit for each in found if each.stops]


# --- log-ins that failed --------------------------------------------------------------------


def test_an_account_is_tried_so_often_whoever_it_is() -> None:
    house = House(failed_logins_per_account=3, failed_logins_window=30.0)
    house.account("ann", "correct horse")
    tries = [[f"192.0.2.{n}"] for n in range(4)]
    for user in ("ann", "nobody"):  # whether there is such an account is not told
        told = [fails(house, 1, address, user=user)[0] for [address] in tries]
        assert told == ["login_failed"] * 3 + ["rate_limited"]
    assert hits(house, "failed_logins_per_account") == 2
    assert "failed_logins_per_account" in explained(house, "ann", "login")
    house.pass_(10.0)
    assert explained(house, "ann", "login") == []
    assert fails(house, 2) == ["login_failed", "rate_limited"]


def test_an_account_that_is_barred_and_one_that_is_none_are_refused_alike() -> None:
    house = House(failed_logins_per_account=2)
    house.do(house.store.set_disabled(house.account("ann", "correct horse"), True, 0))
    answers = []
    for user in ("ann", "nobody"):
        for number in range(3):
            client = house.connects(address=f"198.51.100.{number}")
            answers.append(client.asks(**(RIGHT | {"user": user})))
    assert answers[:3] == answers[3:]
    assert [code(answer) for answer in answers[:3]] == ["login_failed"] * 2 + ["rate_limited"]


def test_an_address_fails_so_often_with_whatever_accounts_and_tokens() -> None:
    house = House(failed_logins_per_address=3, failed_logins_window=30.0)
    house.account("ann", "correct horse")
    assert [fails(house, 1, user=f"user-{n}")[0] for n in range(2)] == ["login_failed"] * 2
    assert code(house.connects().asks(type="login", token="chatd_x")) == "login_failed"
    refused = house.connects().asks(**RIGHT)
    assert code(refused) == "rate_limited"
    assert refused["retry_after_ms"] == 10_001
    assert code(house.connects(address="192.0.2.2").asks(**RIGHT)) == "ok"
    assert code(house.connects().asks(type="login", guest="gus")) == "ok"  # nothing is guessed


def test_a_neighbour_of_the_same_network_is_the_same_address() -> None:
    house = House(failed_logins_per_address=1, ipv6_prefix=56)
    assert fails(house, 1, "2001:db8:0:ff::1") == ["login_failed"]
    assert fails(house, 1, "2001:db8:0:1::1", user="bob") == ["rate_limited"]
    assert fails(house, 1, "2001:db8:1::1", user="bob") == ["login_failed"]


def test_who_gets_in_is_not_counted_and_those_at_the_same_time_are() -> None:
    house = House(failed_logins_per_account=2, failed_logins_per_address=2)
    house.account("ann", "correct horse")
    assert [code(house.connects().asks(**RIGHT)) for _ in range(5)] == ["ok"] * 5
    house.weather.hold("account")
    late = [house.connects(address=f"198.51.100.{number}") for number in range(3)]
    for client in late:
        client.begins(id=1, **WRONG)
    house.weather.release()
    house.settle()
    assert sorted(code(client.events("error")[0]) for client in late) == [
        "login_failed", "login_failed", "rate_limited",
    ]  # fmt: skip


def test_strangers_do_not_lock_out_who_is_at_home_at_an_address() -> None:
    house = House(failed_logins_per_account=2)
    house.account("ann", "correct horse")
    assert code(house.connects().asks(**RIGHT)) == "ok"
    assert fails(house, 3, "203.0.113.9") == ["login_failed"] * 2 + ["rate_limited"]
    assert code(house.connects().asks(**RIGHT)) == "ok"
    assert fails(house, 3) == ["login_failed"] * 2 + ["rate_limited"]


def test_where_addresses_are_not_counted_an_account_is_at_home_all_the_same() -> None:
    exempt = Proxies((ip_network("192.0.2.0/24"),))
    house = House(failed_logins_per_account=2, failed_logins_per_address=1, exempt=exempt)
    house.account("ann", "correct horse")
    assert code(house.connects().asks(**RIGHT)) == "ok"
    assert fails(house, 1, "203.0.113.9") == ["login_failed"]
    assert fails(house, 1, "203.0.113.8") == ["login_failed"]
    assert fails(house, 1, "203.0.113.7") == ["rate_limited"]
    assert fails(house, 2, user="bob") == ["login_failed"] * 2
    assert code(house.connects().asks(**RIGHT)) == "ok"


# --- users and rooms ------------------------------------------------------------------------


def test_a_user_has_so_many_sessions_and_may_open_another_when_one_is_over() -> None:
    house = House(sessions_per_user=2)
    house.account("ann", "correct horse")
    first, second = (house.user("ann", "correct horse") for _ in range(2))
    assert explained(house, "ann", "login") == ["sessions_per_user"]
    assert code(house.connects().asks(**RIGHT)) == "too_many"
    first.drops()
    assert explained(house, "ann", "login") == []
    assert code(house.connects().asks(**RIGHT)) == "ok"
    assert second.asks(type="ping")["type"] == "ok"


def test_a_room_has_so_many_members_by_whatever_way_they_come() -> None:
    house = House(members_per_room=2)
    house.account("dan", "correct horse")
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    cy = house.guest("cy")
    assert explained(house, "cy", "join", "lobby") == ["members_per_room"]
    assert code(cy.asks(type="join", room="lobby")) == "too_many"
    assert code(ann.asks(type="invite", room="lobby", user="dan")) == "too_many"
    bob.asks(type="leave", room="lobby")
    assert code(cy.asks(type="join", room="lobby")) == "ok"
    assert code(ann.asks(type="join", room="lobby")) == "ok"  # who is in stays in


def test_who_comes_at_the_same_time_counts_too() -> None:
    house = House(members_per_room=3, rooms_per_user=3, direct_rooms_per_user=2, burst=1000)
    for name in "abcdef":
        house.account(name, "correct horse")
    people = [house.user(name, "correct horse") for name in "abcdef"]
    people[0].asks(type="create", room="small")
    house.weather.hold()
    for each in people[1:]:
        each.begins(type="join", room="small")
    everything_arrives(house)
    room = house.do(house.store.room("small")).room_id
    assert house.do(house.store.member_count(room)) == 3
    house.weather.release()
    many = [house.user("a", "correct horse") for _ in range(4)]
    for number in range(len(many)):
        house.guest(f"g{number}").asks(type="create", room=f"room{number}")
    house.weather.hold()
    for number, each in enumerate(many):
        each.begins(type="join", room=f"room{number}")
    everything_arrives(house)
    assert len(house.do(house.store.memberships(UserId("u-a")))) == 3
    for number, each in enumerate(many):
        each.begins(type="direct", user=f"g{number}")
    everything_arrives(house)
    kinds = [kept.room.kind for kept in house.do(house.store.memberships(UserId("u-a")))]
    assert kinds.count("direct") == 2
    house.weather.release()
    house.ends()
    assert not house.node.limits._entering


def everything_arrives(house: House) -> None:
    house.settle()
    while house.weather.late:
        house.weather.arrive(0)
        house.settle()


def test_nobody_is_invited_beyond_the_rooms_that_a_user_may_be_in() -> None:
    house = House(rooms_per_user=2, burst=1000)
    house.account("dan", "correct horse")
    ann = house.guest("ann")
    for room in ("one", "two"):
        ann.asks(type="create", room=room)
        assert code(ann.asks(type="invite", room=room, user="dan")) == "ok"
    bob = house.guest("bob", "lobby")
    refused = bob.asks(type="invite", room="lobby", user="dan")
    assert (code(refused), "'dan' is in 2 rooms" in refused["message"]) == ("too_many", True)


def test_rooms_of_two_are_opened_up_to_a_limit_but_found_beyond_it() -> None:
    house = House(direct_rooms_per_user=1)
    ann, _, _ = house.guest("ann"), house.guest("bob"), house.guest("cy")
    assert code(ann.asks(type="direct", user="bob")) == "ok"
    assert explained(house, "ann", "direct") == ["direct_rooms_per_user"]
    assert code(ann.asks(type="direct", user="cy")) == "too_many"
    assert code(ann.asks(type="send", to="cy", text="hi")) == "too_many"
    assert code(ann.asks(type="send", to="bob", text="hi")) == "ok"


@pytest.mark.parametrize(("mode", "answer", "counted"), [("dry-run", "ok", 1), ("off", "ok", 0)])
def test_a_limit_may_be_tried_out_or_off(mode: Mode, answer: str, counted: int) -> None:
    limits: dict[LimitName, Mode] = {"rooms_per_user": mode}
    house = House(rooms_per_user=1, modes=limits)
    ann = house.guest("ann", "lobby")
    assert explained(house, "ann", "create") == []
    assert code(ann.asks(type="create", room="more")) == answer
    assert hits(house, "rooms_per_user", mode) == counted


# --- paces ----------------------------------------------------------------------------------


def test_a_command_has_its_own_pace_for_all_sessions_of_a_user() -> None:
    house = House(paces={"who": Pace(0.5, 2)})
    house.account("ann", "correct horse")
    one, two = (house.user("ann", "correct horse", "lobby") for _ in range(2))
    assert [code(each.asks(type="who", room="lobby")) for each in (one, two)] == ["ok", "ok"]
    assert explained(house, "ann", "who", "lobby") == ["command"]
    refused = two.asks(type="who", room="lobby")
    assert (code(refused), refused["retry_after_ms"]) == ("rate_limited", 2001)
    assert not two.outbox.held  # other commands go on
    assert code(two.asks(type="ping")) == "ok"
    house.pass_(2.0)
    assert explained(house, "ann", "who", "lobby") == []
    assert code(one.asks(type="who", room="lobby")) == "ok"


def test_guests_of_one_address_share_a_pace_so_that_another_guest_is_no_way_round() -> None:
    house = House(paces={"direct": Pace(0.1, 2)})
    house.account("dan", "correct horse")
    answers = []
    for number in range(4):
        client = house.connects(address="203.0.113.7")
        client.asks(type="login", guest=f"g{number}")
        answers.append(code(client.asks(type="direct", user="dan")))
    assert answers == ["ok", "ok", "rate_limited", "rate_limited"]
    other = house.guest("other")
    assert code(other.asks(type="direct", user="dan")) == "ok"
    assert code(other.asks(type="direct", user="dan")) == "ok"  # it is there already
    assert code(other.asks(type="direct", user="g0")) == "ok"


# --- what a session may do ------------------------------------------------------------------


def held(client: Client) -> bool:
    return client.outbox.held


def pings(client: Client, times: int) -> None:
    for _ in range(times):
        client.session.pinged()


def test_pings_are_charged_and_reading_waits_for_who_sends_too_many() -> None:
    house = House(rate=1.0, burst=10)
    ann = house.guest("ann")
    pings(ann, 24)
    assert not held(ann)
    pings(ann, 2)
    assert held(ann)
    assert explained(house, "ann", "send") == ["rate"]
    house.pass_(1.0)
    assert not held(ann)


def test_a_rate_that_is_only_tried_out_holds_nobody_back() -> None:
    modes: dict[LimitName, Mode] = {"rate": "dry-run"}
    house = House(rate=1.0, burst=10, modes=modes)
    ann = house.guest("ann")
    pings(ann, 100)
    assert not held(ann)
    assert hits(house, "rate", "dry-run") in (75, 76)  # a fifth is no round number in binary


def test_too_many_bytes_in_hand_stop_the_reading_until_half_of_them_are_done() -> None:
    house = House(inbox_bytes=2000, rate=1e6, burst=10**6)
    ann = house.guest("ann", "lobby")
    house.weather.hold("append")
    for number in range(3):
        ann.begins(type="send", room="lobby", text="x" * 800, id=number)
    assert held(ann)
    house.weather.release(1)
    assert held(ann)
    house.weather.release(1)
    assert not held(ann)
    house.weather.release()
    house.settle()
    assert len(ann.events("ok")) == 3
    assert hits(house, "inbox_bytes") == 1


def test_who_comes_back_to_many_rooms_is_not_taken_for_a_flood() -> None:
    """One log-in, whatever it names; then all that waited unsent, at once."""
    house = House()
    ann = house.guest("ann")
    rooms = [f"room-{number}" for number in range(150)]
    for room in rooms:
        assert code(ann.asks(type="create", room=room)) == "ok"
        house.pass_(0.5)
    token = ann.asks(type="login", guest_token="nonsense")
    assert code(token) == "login_failed"
    token = ann.asks(type="nick", nick="ann2")["guest_token"]
    ann.drops()
    back = house.connects()
    epoch = house.store.epoch
    resume = {room: {"epoch": epoch, "seq": 0} for room in rooms}
    assert code(back.asks(type="login", guest_token=token, resume=resume)) == "ok"
    assert len(back.events("caught_up")) == 150
    sent = [back.asks(type="send", room=room, text="late") for room in rooms[:90]]
    assert {code(answer) for answer in sent} == {"ok"}
    assert not back.outbox.held


# --- what many would hear -------------------------------------------------------------------


def test_in_a_large_room_nobody_hears_who_types_or_has_a_new_name() -> None:
    house = House(announce_limit=2)
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    ann.asks(type="typing", room="lobby", on=True)
    ann.asks(type="nick", nick="anna")
    assert [event["type"] for event in bob.heard()] == ["typing", "renamed"]
    house.guest("cy", "lobby")
    bob.lines()
    ann.lines()
    ann.asks(type="typing", room="lobby", on=True)
    ann.asks(type="nick", nick="annie")
    assert bob.events("typing", "renamed") == []
    assert len(ann.events("renamed")) == 1
