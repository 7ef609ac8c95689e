"""The queue of those who come back: so many at a time, in their order, and nobody keeps it up."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.core.log import Author, Draft, RoomId, UserId
from chatd.core.ports import StoreFailed
from chatd.node.catchup import PAGE
from chatd.node.returning import AT_ONCE
from tests.house.house import Client, House

EVE = Author(UserId("u-eve"), "eve", guest=False)
LOBBY = RoomId(1)
WAITING = "resumes_waiting"


def come(house: House, count: int, name: str = "g") -> list[Client]:
    """So many guests at once, who have missed what was said in the lobby."""
    clients = [house.connects() for _ in range(count)]
    for number, client in enumerate(clients):
        client.lines()
        resume = {"lobby": {"epoch": "memory", "seq": 0}}
        guest = f"{name}{number}"
        client.begins(type="login", guest=guest, guest_token=house.token(guest), resume=resume)
    return clients


def back(clients: list[Client]) -> list[bool]:
    """Which of them were caught up."""
    return [any(b'"caught_up"' in frame for frame in each.outbox.frames) for each in clients]


@pytest.fixture
def house() -> House:
    """A lobby with something to replay, and a store whose answers to log-ins are late."""
    house = House()
    ann = house.guest("ann", "lobby")
    for _ in range(3):
        ann.asks(type="send", room="lobby", text="hi")
    house.weather.hold("look_alike")
    return house


def go_on(house: House) -> None:
    house.weather.release()
    house.settle()
    while house.meter.counts[WAITING]:
        before = house.meter.counts[WAITING]
        house.pass_(0.0)
        assert house.meter.counts[WAITING] < before


def test_so_many_are_in_hand_and_the_others_follow_in_their_order(house: House) -> None:
    clients = come(house, 2 * AT_ONCE + 5)
    assert house.meter.counts[WAITING] == AT_ONCE + 5
    assert house.weather.asked.count("look_alike") == 1 + AT_ONCE  # ann's, before
    house.weather.release()
    house.settle()
    assert back(clients) == [True] * AT_ONCE + [False] * (AT_ONCE + 5)
    go_on(house)
    assert all(back(clients))
    names = [
        line.split("'user': ")[1].split("'")[1] for line in house.log.lines if "logged" in line
    ]
    assert names == ["ann", *(f"g{number}" for number in range(2 * AT_ONCE + 5))]
    house.ends()


def test_whoever_brings_no_positions_does_not_wait(house: House) -> None:
    come(house, AT_ONCE + 1)
    stranger = house.connects()
    stranger.begins(type="login", guest="eve")
    assert house.weather.asked.count("look_alike") == 2 + AT_ONCE
    assert house.meter.counts[WAITING] == 1
    go_on(house)
    house.ends()


def test_a_log_in_that_is_refused_leaves_its_place(house: House) -> None:
    house.weather.fail("look_alike", StoreFailed("no"), times=AT_ONCE + 3)
    clients = come(house, AT_ONCE + 4)
    go_on(house)
    assert back(clients) == [False] * (AT_ONCE + 3) + [True]
    assert come(house, AT_ONCE, "h")
    assert house.meter.counts[WAITING] == 0
    house.settle()
    house.ends()


def test_whoever_goes_leaves_their_place_in_hand_and_in_the_queue(house: House) -> None:
    clients = come(house, AT_ONCE + 3)
    clients[0].vanishes()
    clients[AT_ONCE].vanishes()
    assert house.meter.counts[WAITING] == 2
    house.pass_(0.0)
    assert house.meter.counts[WAITING] == 1
    go_on(house)
    assert back(clients) == [False, *[True] * (AT_ONCE - 1), False, True, True]
    house.ends()


def test_one_that_reads_slowly_keeps_nobody_out(house: House) -> None:
    draft = Draft(kind="message", author=EVE, ts=house.clock.now(), text="hi")
    for _ in range(PAGE):
        house.node.publish(house.do(house.store.append(LOBBY, draft)).entry)
    house.settle()
    slow = come(house, AT_ONCE)
    for client in slow:
        client.outbox.slow()
    quick = come(house, 2, "h")
    go_on(house)
    assert not any(back(slow))
    assert all(back(quick))
    for client in slow:
        client.outbox.fast()
    house.settle()
    assert all(back(slow))
    house.ends()


def test_waiting_for_ones_turn_is_not_too_late_a_log_in(house: House) -> None:
    clients = come(house, AT_ONCE + 2)
    house.pass_(house.node.settings.login_timeout + 1.0)
    assert [each.outbox.closed for each in clients] == [None] * (AT_ONCE + 2)
    go_on(house)
    assert all(back(clients))
    house.ends()


def test_those_who_wait_when_a_drain_begins_are_told_to_come_back(house: House) -> None:
    clients: list[Any] = come(house, AT_ONCE + 2)
    house.node.hush()
    house.node.dismiss_all()
    go_on(house)
    assert all(any(b'"draining"' in f for f in each.outbox.frames) for each in clients)
    assert house.meter.counts[WAITING] == 0
    house.ends()
