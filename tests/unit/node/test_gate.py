"""The gate: what it tells the operator of what it tells the client."""

from __future__ import annotations

import pytest

from chatd.core.ports import StoreFailed, StoreFull
from chatd.node.gate import COMPLAINT
from tests.house.house import House


@pytest.mark.parametrize(
    ("trouble", "event"),
    [(StoreFull("free some space"), "storage_full"), (StoreFailed("locked"), "storage_failed")],
)
def test_a_store_that_fails_is_in_the_log_but_not_with_every_command(
    trouble: StoreFull | StoreFailed, event: str
) -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    house.store.trouble = trouble

    def sends(times: int) -> list[str]:
        for _ in range(times):
            answer = ann.asks(type="send", room="lobby", text="hello")
            assert answer["code"] == event
        return [line for line in house.log.lines if line.startswith(event)]

    assert sends(10) == [f"{event} {{'reason': '{trouble}'}}"]
    house.pass_(COMPLAINT)
    assert len(sends(10)) == 2
    assert house.meter.counts[f"undelivered {event}"] == 20


def test_what_the_sender_did_wrong_is_not_counted_as_undelivered() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    assert ann.asks(type="send", room="lobby", text="")["code"] == "empty"
    house.store.trouble = StoreFailed("locked")
    assert ann.asks(type="history", room="lobby")["code"] == "storage_failed"
    assert [name for name in house.meter.counts if name.startswith("undelivered")] == []


def test_who_logs_in_and_who_is_refused_is_in_the_log_and_no_password() -> None:
    house = House()
    house.account("carl", "correct horse battery")
    carl = house.connects()
    carl.asks(type="login", user="carl", password="wrong horse battery")
    carl.asks(type="login", user="carl", password="correct horse battery")
    house.guest("ann")
    told = [line for line in house.log.lines if "log" in line.split()[0]]
    assert told == [
        "login_refused {'session': 1, 'address': '192.0.2.1'}",
        "logged_in {'session': 1, 'user': 'carl', 'kind': 'password'}",
        "logged_in {'session': 2, 'user': 'ann', 'kind': 'guest'}",
    ]
    assert "horse" not in str(house.log.lines)


def test_what_a_dialect_says_at_the_beginning_is_not_charged() -> None:
    house = House(rate=1.0, burst=1)
    text = house.connects("text")
    assert "you are in #lobby" in text.lines()[-1]
