"""The end of a house: what is in hand is finished, and everybody is told when to come back."""

from __future__ import annotations

from chatd.node.node import SOONEST_MS
from tests.house.house import Client, House


def sent_home(client: Client) -> int:
    """The time that a client was told."""
    [told] = [f["reconnect_after_ms"] for f in client.heard() if f["type"] == "draining"]
    assert client.outbox.closed is not None
    assert client.outbox.closed.word == "draining"
    return int(told)


def test_the_times_to_come_back_are_spread_over_what_the_next_one_needs() -> None:
    house = House(drain_rate=10.0, login_timeout=1000.0)
    for _ in range(40):
        house.connects()
        house.pass_(0.5)  # two a second at most: slower than the configured rate
    house.ids.drawn.extend(range(0, 40_000, 1000))
    house.node.hush()
    house.node.dismiss_all()
    window = 40 * 1000 // 10 + 1
    times = [sent_home(client) for client in house.clients]
    assert times == [SOONEST_MS + drawn % window for drawn in range(0, 40_000, 1000)]
    assert max(times) - min(times) >= 3000


def test_a_house_that_was_seen_to_take_more_at_once_calls_back_faster() -> None:
    house = House(drain_rate=1.0)
    for _ in range(40):
        house.connects()
    house.ids.drawn.extend([999_999] * 40)
    house.node.hush()
    house.node.dismiss_all()
    assert all(sent_home(client) <= SOONEST_MS + 1000 for client in house.clients)


def test_a_hushed_house_takes_no_commands_and_finishes_those_in_hand() -> None:
    house = House(patient=True)
    ann = house.guest("ann", "lobby")
    house.weather.hold("append", "history")
    ann.begins(type="send", room="lobby", text="one", id=1)
    ann.begins(type="history", room="lobby", id=2)
    house.node.hush()
    assert house.node.busy() == 1
    ann.begins(type="send", room="lobby", text="two", id=3)
    house.weather.release()
    house.settle()
    assert [f.get("id", f["type"]) for f in ann.heard()] == [1, 2, "message"]
    assert house.node.busy() == 0
    house.node.dismiss_all()
    assert sent_home(ann) >= SOONEST_MS


def test_guests_do_not_leave_because_the_house_goes() -> None:
    house = House(patient=True)
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    ann.lines()
    house.node.hush()
    bob.closes()
    assert ann.heard() == []
    house.ends()


def test_a_guest_who_lingers_is_let_go_quietly() -> None:
    house = House(linger=5.0)
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    ann.lines()
    bob.drops()
    house.node.hush()
    house.pass_(10.0)
    assert ann.heard() == []
    house.ends()


def test_a_handshake_that_was_on_the_way_is_greeted_and_sent_home() -> None:
    house = House()
    house.node.hush()
    late, person = house.connects(), house.connects("text")
    assert sent_home(late) >= SOONEST_MS
    assert person.outbox.closed is not None
    assert house.meter.counts["heard login"] == 0
    house.ends()


def test_a_stopped_house_hears_no_more_notices() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    ann.begins(type="send", room="lobby", text="hi", id=1)
    house.tasks.spawn(house.node.stop())
    house.settle()
    assert [f["type"] for f in ann.heard()] == ["ok"]
