"""A room whose oldest entries are kept no more, while somebody is in it."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.core.rooms import Room
from tests.house.house import House


@pytest.fixture
def house() -> House:
    house = House()
    ann = house.guest("ann", "lobby")
    for number in range(1, 7):
        ann.asks(type="send", room="lobby", text=f"message {number}")
    ann.asks(type="edit", room="lobby", seq=2, text="message two")
    return house


def lobby(house: House) -> Room:
    room = house.node.attendance.named("lobby")
    assert room is not None
    return room


def comes_back(house: House, seq: int) -> dict[str, Any]:
    client = house.connects()
    resume = {"lobby": {"epoch": house.store.epoch, "seq": seq}}
    client.asks(type="login", guest="bob", guest_token=house.token("bob"), resume=resume)
    (caught_up,) = client.events("caught_up")
    return caught_up


@pytest.mark.parametrize(("seq", "recovered"), [(0, False), (2, False), (3, True), (7, True)])
def test_a_position_from_before_the_first_entry_is_told_that_it_is_lost(
    house: House, seq: int, recovered: bool
) -> None:
    house.node.trimmed(lobby(house).room_id, 4)
    caught_up = comes_back(house, seq)
    assert caught_up["recovered"] is recovered
    assert caught_up["seq"] == 7


def test_what_was_at_hand_goes_too_with_what_repeats_its_words(house: House) -> None:
    house.node.trimmed(lobby(house).room_id, 4)
    entries = [(entry.seq, entry.text) for entry in lobby(house).recent]
    assert entries == [(4, "message 4"), (5, "message 5"), (6, "message 6"), (7, "")]


def test_a_room_never_begins_earlier_again(house: House) -> None:
    house.node.trimmed(lobby(house).room_id, 4)
    house.node.trimmed(lobby(house).room_id, 2)
    assert lobby(house).first == 4


def test_a_room_that_nobody_is_in_needs_no_word(house: House) -> None:
    room = lobby(house)
    house.ends()
    house.node.trimmed(room.room_id, 4)
    assert room.first == 1
