"""The numbers and the newest keys of a room without history."""

from __future__ import annotations

from chatd.core.log import UserId
from chatd.core.passing import KEYS, Passing

ANN, BOB = UserId("g1"), UserId("g2")


def test_numbers_follow_each_other() -> None:
    passing = Passing("e")
    assert [passing.place(ANN, None, 10 + n) for n in range(2)] == [(1, 10, False), (2, 11, False)]
    assert passing.last == 2


def test_a_key_is_its_authors_and_no_key_is_none() -> None:
    passing = Passing("e")
    assert passing.place(ANN, "k", 10) == (1, 10, False)
    assert passing.place(ANN, "k", 11) == (1, 10, True)
    assert passing.place(BOB, "k", 12) == (2, 12, False)
    assert passing.place(ANN, None, 13) == (3, 13, False)
    assert passing.last == 3
    assert passing.said(ANN, "k") == (1, 10)
    assert passing.said(ANN, "other") is None
    assert passing.last == 3


def test_the_oldest_keys_are_forgotten_first() -> None:
    passing = Passing("e")
    for number in range(KEYS + 1):
        passing.place(ANN, f"k{number}", 0)
    assert passing.place(ANN, f"k{KEYS}", 1) == (KEYS + 1, 0, True)
    assert passing.place(ANN, "k2", 1) == (3, 0, True)
    assert passing.place(ANN, "k0", 1) == (KEYS + 2, 1, False)
