"""The numbers and the newest keys of a room without history."""

from __future__ import annotations

from chatd.core.log import UserId
from chatd.core.passing import KEYS, Passing

ANN, BOB = UserId("g1"), UserId("g2")


def test_numbers_follow_each_other() -> None:
    passing = Passing("e")
    assert [passing.place() for _ in range(3)] == [1, 2, 3]
    assert passing.last == 3


def test_a_key_is_its_authors_and_no_key_is_none() -> None:
    passing = Passing("e")
    passing.remember(ANN, "k", 1, 10)
    passing.remember(ANN, None, 2, 11)
    assert passing.said(ANN, "k") == (1, 10)
    assert passing.said(BOB, "k") is None
    assert passing.said(ANN, None) is None


def test_the_oldest_keys_are_forgotten_first() -> None:
    passing = Passing("e")
    for number in range(KEYS + 1):
        passing.remember(ANN, f"k{number}", number, 0)
    assert passing.said(ANN, "k0") is None
    assert passing.said(ANN, "k1") == (1, 0)
    assert passing.said(ANN, f"k{KEYS}") == (KEYS, 0)
