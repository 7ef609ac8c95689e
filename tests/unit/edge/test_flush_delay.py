"""When a flush waits for more: only where it is busy, and where that joins what would else leave
apart."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from chatd.edge.flush_delay import (
    BUSY,
    LONGEST_LOOK,
    LOOK,
    MANY,
    MOST_TRUST,
    TRIAL,
    WORTH,
    FlushDelay,
)
from tests.unit.edge.test_broadcast import Many
from tests.unit.edge.test_outbox import BusyTurns

DELAY = 0.5


class Flow:
    """A delay, and turns of which each has something for many: ``together`` frames in one write
    when they have waited, ``apart`` when not."""

    def __init__(self, *, apart: float = 1.0, together: float = 3.0) -> None:
        self.clock = Clock()
        self.turns = BusyTurns(self.clock)
        self.delay = FlushDelay(self.turns, self.clock)
        self.delay.seconds = DELAY
        self.apart, self.together = apart, together
        self.clock.advance(10)
        self.delay.flushes()
        self.delay.left(MANY, MANY)

    def turn(self, writes: int = MANY) -> bool:
        """Whether it waited."""
        pause = self.delay.pause()
        waited = pause > 0
        self.clock.advance(max(pause, 0.0))
        self.delay.flushes()
        self.delay.left(int(writes * (self.together if waited else self.apart)), writes)
        return waited

    def turns_until(self, waited: bool) -> int:
        """How many there are before the first that waited, or did not."""
        count = 0
        while self.turn() is not waited:
            count += 1
            assert count <= 4 * LONGEST_LOOK
        return count


def test_where_much_joins_they_go_on_waiting_and_look_ever_more_seldom_whether_it_does() -> None:
    flow = Flow()
    trusted = []
    for number in range(9):
        trusted.append((flow.turns_until(waited=False) + (number > 0)) // TRIAL)
        assert flow.turns_until(waited=True) == LOOK - 1
    assert trusted == [min(1 << doubled, MOST_TRUST) for doubled in range(9)]


def test_where_nothing_joins_nobody_waits_and_that_is_tried_ever_more_seldom() -> None:
    flow = Flow(together=1.0)
    assert flow.turns_until(waited=False) == TRIAL
    looks = []
    for _ in range(9):
        looks.append(flow.turns_until(waited=True) + 1)
        assert flow.turns_until(waited=False) == TRIAL - 1
    assert looks == [min(LOOK << doubled, LONGEST_LOOK) for doubled in range(1, 10)]


def test_after_a_success_it_is_tried_often_again() -> None:
    flow = Flow(together=1.0)
    for _ in range(3):
        flow.turns_until(waited=False)
        flow.turns_until(waited=True)
    flow.together = 3.0
    flow.turns_until(waited=False)
    flow.together = 1.0
    flow.turns_until(waited=True)
    flow.turns_until(waited=False)
    assert flow.turns_until(waited=True) + 1 == 2 * LOOK


@pytest.mark.parametrize(("together", "worth"), [(WORTH * 8, True), (WORTH * 8 - 1, False)])
def test_what_one_turn_joins_by_itself_is_no_gain_of_waiting(together: float, worth: bool) -> None:
    flow = Flow(apart=8.0, together=1.0)
    flow.turns_until(waited=False)
    while flow.delay.is_off():  # now it learns what there is anyway
        assert not flow.turn()
    flow.together = together
    assert all(flow.turn() for _ in range(TRIAL))
    assert flow.turns_until(waited=True) == (LOOK if worth else 4 * LOOK)


def test_one_flush_that_joined_nothing_by_chance_ends_nothing() -> None:
    flow = Flow()
    for _ in range(5):
        flow.turns_until(waited=False)
        flow.turns_until(waited=True)
    for _ in range(10 * TRIAL):
        flow.together = 1.0 if flow.together > 1.0 else 3.0
        assert flow.turn()


def test_where_there_is_time_nobody_waits_and_nothing_is_learned() -> None:
    flow = Flow()
    flow.turns.busy = BUSY / 2
    assert flow.delay.is_off()
    assert not any(flow.turn() for _ in range(10 * LOOK))
    flow.turns.busy = 1.0
    assert not flow.delay.is_off()
    assert flow.turn()


def test_without_a_delay_nobody_waits() -> None:
    flow = Flow()
    flow.delay.seconds = 0.0
    assert not any(flow.turn() for _ in range(10 * LOOK))


def test_what_is_told_to_few_does_not_count() -> None:
    flow = Flow(apart=1.0, together=1.0)
    flow.turns_until(waited=False)
    flow.apart = 100.0
    while flow.delay.is_off():
        flow.delay.left(int(flow.apart), 1)
    flow.together = 3.0
    assert all(flow.turn() for _ in range(TRIAL))


def test_behind_a_flush_that_took_longer_than_the_delay_nobody_waits() -> None:
    flow = Flow()
    flow.clock.advance(2 * DELAY)
    assert not flow.turn()
    assert flow.turn()


def test_while_it_is_looked_what_there_is_anyway_a_broadcast_does_not_wait() -> None:
    many = Many(limits=(10_000,) * MANY)
    many.all.flush_delay.seconds = DELAY
    tell = ("tell", [1], False)
    many.turn(10)
    many.does(tell)
    many.turn()  # the first of a while never waits
    for heard in range(1, TRIAL + 1):
        many.does(tell)
        many.turn()
        assert len(many.wires[0].writes) == heard
        many.turn(DELAY)
        assert len(many.wires[0].writes) == heard + 1
    many.does(tell)
    many.turn()
    assert len(many.wires[0].writes) == TRIAL + 2
