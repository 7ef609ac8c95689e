"""What a probe's fate is called, and which numbers it moves."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from chatd.canary.rows import ROWS
from chatd.canary.tally import Tally
from chatd.ops.metrics_board import Board

WALL = 1_767_323_045.0


class Case:
    """A tally and its numbers."""

    def __init__(self) -> None:
        self.board = Board(ROWS, {})
        self.tally = Tally(self.board, lambda: WALL)

    def counts(self) -> dict[str, int]:
        """Those that should be zero, and are not."""
        words = ("lost", "doubled", "misordered", "unrecovered")
        found = {word: int(self.board.count(f"chatd_canary_{word}_total").value) for word in words}
        return {word: count for word, count in found.items() if count}

    def trips(self) -> tuple[int, float]:
        counts, total = self.board.spread("chatd_canary_round_trip_seconds").read()
        return counts[-1], total

    def succeeded(self) -> bool:
        return self.board.level("chatd_canary_last_success_timestamp_seconds").value == WALL


def said(*numbers: int, acked: bool = True) -> Case:
    """Probes that were said at time 0, and acknowledged at their own number, at time 1."""
    case = Case()
    for number in numbers:
        case.tally.said(number, 0.0)
        if acked:
            case.tally.acked(number, number, 1.0)
    return case


def hears(case: Case, *numbers: int, now: float = 2.0) -> list[int]:
    """Hears them in the room; gives those that were thereby lost."""
    lost = []
    for number in numbers:
        case.tally.heard(number, now)
        lost += case.tally.passed(number)
    return lost


def test_what_is_acknowledged_and_heard_is_a_success() -> None:
    case = said(1)
    assert not case.succeeded()
    assert hears(case, 1, now=2.5) == []
    assert case.succeeded()
    assert case.trips() == (1, 2.5)
    assert case.counts() == {}
    assert case.tally.open_for(9.0) == 0.0


def test_it_may_be_heard_before_it_is_acknowledged() -> None:
    case = said(1, acked=False)
    hears(case, 1)
    assert not case.succeeded()
    case.tally.acked(1, 1, 3.0)
    assert case.succeeded()
    assert case.counts() == {}


def test_what_others_say_passes_nothing_by() -> None:
    case = said(1)
    assert case.tally.passed(0) == []
    assert hears(case, 1) == []
    assert case.counts() == {}


def test_what_is_passed_by_is_lost() -> None:
    case = said(1, 2, 3)
    assert hears(case, 1, 3) == [2]
    assert case.counts() == {"lost": 1}


def test_what_is_acknowledged_where_one_has_passed_is_lost() -> None:
    case = said(1, acked=False)
    case.tally.passed(5)
    case.tally.acked(1, 5, 1.0)
    assert case.counts() == {"lost": 1}
    assert not case.succeeded()


def test_what_was_lost_and_comes_late_is_out_of_order() -> None:
    case = said(1, 2)
    assert hears(case, 2, 1) == [1]
    assert case.counts() == {"lost": 1, "misordered": 1}


def test_what_comes_again_is_doubled() -> None:
    case = said(1, 2)
    hears(case, 1)
    case.tally.heard(1, 2.0)
    assert case.counts() == {"doubled": 1}


def test_what_comes_again_before_its_acknowledgement_is_doubled() -> None:
    case = said(1, acked=False)
    case.tally.heard(1, 2.0)
    case.tally.heard(1, 2.0)
    assert case.counts() == {"doubled": 1}


def test_what_was_refused_is_neither_lost_nor_a_success() -> None:
    case = said(1, acked=False)
    case.tally.refused(1)
    assert case.tally.passed(9) == []
    assert case.counts() == {}
    assert case.tally.open_for(9.0) == 0.0
    case.tally.heard(1, 2.0)  # it was stored after all, which a refusal rules out
    assert case.counts() == {"doubled": 1}


def test_what_was_interrupted_may_come_or_not() -> None:
    case = said(1, acked=False)
    case.tally.interrupted(1)
    assert case.tally.passed(9) == []
    hears(case, 1)
    assert case.counts() == {}
    hears(case, 1)
    assert case.counts() == {"doubled": 1}


def test_after_an_unrecovered_return_the_history_decides() -> None:
    case = said(1, 2, 3)
    hears(case, 1)
    assert [probe.number for probe in case.tally.unrecovered()] == [2, 3]
    case.tally.kept(2)
    case.tally.gone(3)
    assert case.counts() == {"lost": 1, "unrecovered": 1}


def test_a_new_epoch_counts_from_where_it_counts() -> None:
    case = said(1)
    case.tally.passed(1000)
    case.tally.unrecovered()
    case.tally.said(2, 0.0)
    case.tally.acked(2, 7, 1.0)
    case.tally.heard(2, 1.0)
    assert case.counts() == {"lost": 1, "unrecovered": 1}
    assert case.succeeded()


def test_the_oldest_open_one_says_how_late_it_is() -> None:
    case = said(1, 2)
    hears(case, 1)
    assert case.tally.open_for(12.0) == 12.0


@given(count=st.integers(1, 30), early=st.integers(0, 2**30), others=st.integers(0, 3))
def test_whoever_hears_all_in_order_finds_nothing_wrong(
    count: int, early: int, others: int
) -> None:
    case = Case()
    for number in range(1, count + 1):
        seq = number * (others + 1)
        case.tally.said(number, 0.0)
        if early >> number & 1:  # heard before it is acknowledged
            hears_at(case, number, seq)
        case.tally.acked(number, seq, 1.0)
        if not early >> number & 1:
            hears_at(case, number, seq)
    assert case.counts() == {}
    assert case.trips()[0] == count
    assert case.tally.open_for(1.0) == 0.0


def hears_at(case: Case, number: int, seq: int) -> None:
    case.tally.heard(number, 1.0)
    case.tally.passed(seq)
