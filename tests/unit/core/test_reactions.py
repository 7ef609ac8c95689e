"""How many of a message's reactions an answer tells."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.core.log import Author, RoomId, StoredMessage, UserId
from chatd.core.reactions import MOST, NAMED, bounded, size

LONGEST = "\u6f22" * 32
"""A name of as many bytes as one may have."""


def message(**fields: Any) -> StoredMessage:
    ann = Author(UserId("u1"), "ann", False)
    return StoredMessage(room_id=RoomId(1), seq=1, ts=1, author=ann, text="hello", **fields)


def test_what_fits_stays_as_it_is() -> None:
    few = message(reactions={"+1": ["ann", "bob"], "tea": ["cy"]}, counts={"+1": 7})
    assert bounded(few, size(few)) is few
    assert size(few) == len('{"+1":["ann","bob"],"tea":["cy"]}{"+1":7}')
    none = message()
    assert (bounded(none, 0), size(none)) == (none, 0)


def test_fewer_people_are_named_before_an_emoji_is_left_out() -> None:
    reactions = {"+1": list("abcdefgh"), "tea": list("ijk"), "x": ["l"]}
    all_of_it = message(reactions=reactions, counts={"+1": 30})
    cut = bounded(all_of_it, size(all_of_it) - 1)
    assert cut.reactions == {"+1": list("abcd"), "tea": list("ijk"), "x": ["l"]}
    assert cut.counts == {"+1": 30}
    cut = bounded(cut, size(cut) - 1)
    assert cut.reactions == {"+1": list("ab"), "tea": list("ij"), "x": ["l"]}
    assert cut.counts == {"+1": 30, "tea": 3}
    cut = bounded(cut, size(cut) - 1)
    assert cut.reactions == {"+1": ["a"], "tea": ["i"], "x": ["l"]}
    cut = bounded(cut, size(cut) - 1)
    assert (cut.reactions, cut.counts) == ({"+1": ["a"], "tea": ["i"]}, {"+1": 30, "tea": 3})


@pytest.mark.parametrize("most", [0, 1, 250, 4096, 1 << 14, 1 << 18])
def test_it_fits_however_much_there_is(most: int) -> None:
    signs = [f"{n:04}".rjust(32, "\U0001f600") for n in range(MOST)]
    everything = message(
        reactions={sign: [LONGEST] * NAMED for sign in signs},
        counts=dict.fromkeys(signs, 60_000),
    )
    told = bounded(everything, most)
    assert size(told) <= max(most, 2)
    assert (told is everything) is (most == 1 << 18)  # a quarter of the usual outbox
    assert all(told.counts[sign] == 60_000 for sign in told.reactions)
