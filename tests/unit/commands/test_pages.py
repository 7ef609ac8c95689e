"""Pages of long texts: cut by their bytes, so that the answer fits into an outbox."""

from __future__ import annotations

from typing import Any

from tests.house.house import Client, House

LONG = 4000
FIT = 3
"""A page is a quarter of the outbox: three such texts, and not four."""


def a_room_of_long_texts() -> Client:
    house = House(outbox_bytes=4 * (FIT + 1) * LONG)
    ann = house.guest("ann", "lobby")
    for number in range(10):
        ann.asks(type="send", room="lobby", text=f"word {number} " + "x" * (LONG - 10))
    return ann


def seqs(answer: dict[str, Any]) -> list[int]:
    return [message["seq"] for message in answer["messages"]]


def test_a_page_of_long_texts_is_shorter_and_says_that_there_is_more() -> None:
    ann = a_room_of_long_texts()
    newest = ann.asks(type="history", room="lobby", limit=10)
    assert seqs(newest) == [8, 9, 10]
    assert newest["more"]
    first = ann.asks(type="history", room="lobby", after=0, limit=10)
    assert seqs(first) == [1, 2, 3]
    assert first["more"]


def test_pages_of_long_texts_lead_on_without_a_gap_both_ways() -> None:
    ann = a_room_of_long_texts()
    down: list[int] = []
    page = {"more": True, "messages": []}
    while page["more"]:
        page = ann.asks(type="history", room="lobby", before=min(down, default=99), limit=10)
        down = seqs(page) + down
    assert down == list(range(1, 11))
    up: list[int] = [0]
    page = {"more": True, "messages": []}
    while page["more"]:
        page = ann.asks(type="history", room="lobby", after=up[-1], limit=10)
        up += seqs(page)
    assert up == list(range(11))


def test_a_single_text_over_the_measure_is_still_told() -> None:
    house = House(outbox_bytes=1000)
    ann = house.guest("ann", "lobby")
    ann.asks(type="send", room="lobby", text="x" * LONG)
    ann.asks(type="send", room="lobby", text="y" * LONG)
    page = ann.asks(type="history", room="lobby")
    assert seqs(page) == [2]
    assert page["more"]


def test_finds_of_long_texts_lead_on_to_the_last() -> None:
    ann = a_room_of_long_texts()
    found: list[int] = []
    page: dict[str, Any] = {"cursor": None}
    while not found or page["cursor"] is not None:
        asked = {} if page["cursor"] is None else {"cursor": page["cursor"]}
        page = ann.asks(type="search", query="word", limit=10, **asked)
        found += seqs(page)
    assert found == list(range(10, 0, -1))
