"""Pages of long texts: cut by their bytes, so that the answer fits into an outbox."""

from __future__ import annotations

from typing import Any

import msgspec

from chatd.core.reactions import MOST, MOST_OWN, NAMED
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


def a_message_with_all_reactions(outbox_bytes: int) -> Client:
    """Each emoji as long as one may be, of one person; and of more than are named, one."""
    house = House(outbox_bytes=outbox_bytes, rate=10_000, burst=10_000)
    ann = house.guest("ann", "lobby")
    ann.asks(type="send", room="lobby", text="hello")
    guests = [house.guest(f"guest{number:02}", "lobby") for number in range(NAMED + 5)]
    for number in range(MOST):
        emoji = f"{number:02}".rjust(32, "\U0001f600")
        guests[number // MOST_OWN].asks(type="react", room="lobby", seq=1, emoji=emoji)
    for guest in guests:
        guest.asks(type="react", room="lobby", seq=1, emoji="00".rjust(32, "\U0001f600"))
    return ann


def test_all_reactions_of_a_message_are_told_where_there_is_room() -> None:
    ann = a_message_with_all_reactions(1 << 20)
    (message,) = ann.asks(type="history", room="lobby")["messages"]
    assert len(message["reactions"]) == MOST
    crowded = next(iter(message["reactions"]))
    assert message["reactions"][crowded] == [f"guest{number:02}" for number in range(NAMED)]
    assert message["reaction_counts"] == {crowded: NAMED + 5}
    assert ann.asks(type="search", query="hello")["messages"] == [message]


def test_reactions_are_no_more_than_a_quarter_of_an_outbox() -> None:
    outbox = 16 << 10
    ann = a_message_with_all_reactions(outbox)
    (message,) = ann.asks(type="history", room="lobby")["messages"]
    assert 2000 < len(msgspec.json.encode(message["reactions"])) <= outbox // 4
    crowded = next(iter(message["reactions"]))
    assert message["reaction_counts"][crowded] == NAMED + 5
    assert ann.asks(type="search", query="hello")["messages"] == [message]


def test_an_emoji_too_many_is_refused_with_what_to_do() -> None:
    ann = a_message_with_all_reactions(1 << 20)
    refused = ann.asks(type="react", room="lobby", seq=1, emoji="another")
    assert (refused["code"], f"there are {MOST} " in refused["message"]) == ("too_many", True)
    assert ann.asks(type="react", room="lobby", seq=1, emoji="07".rjust(32, "\U0001f600"))["seq"]
    ann.asks(type="send", room="lobby", text="mine", key="k")
    seq = ann.asks(type="send", room="lobby", text="mine", key="k")["seq"]
    for number in range(MOST_OWN):
        ann.asks(type="react", room="lobby", seq=seq, emoji=str(number))
    refused = ann.asks(type="react", room="lobby", seq=seq, emoji="another")
    assert (refused["code"], f"you have {MOST_OWN} " in refused["message"]) == ("too_many", True)
