"""Timers of one length: as the reactor's own, but one for all of them."""

from __future__ import annotations

import random
import weakref

import pytest
from twisted.internet.task import Clock
from twisted.python import log

from chatd.edge import delays
from chatd.edge.delays import Delays, Waiting
from chatd.edge.ports import Reactor


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def some(clock: Clock) -> Delays:
    return Delays(clock)


def test_each_is_called_once_at_its_time_with_what_was_given(clock: Clock, some: Delays) -> None:
    rung: list[tuple[float, str]] = []
    for name in "ab":
        some.callLater(10, lambda name: rung.append((clock.seconds(), name)), name)
        clock.advance(3)
    clock.pump([1] * 30)
    assert rung == [(10, "a"), (13, "b")]


def test_many_have_one_timer_and_none_is_left_when_nobody_waits(clock: Clock, some: Delays) -> None:
    waiting = [some.callLater(10, lambda: None) for _ in range(1000)]
    waiting += [some.callLater(20, lambda: None) for _ in range(1000)]
    assert len(clock.getDelayedCalls()) == len(some) == 2
    assert all(each.active() for each in waiting)
    clock.pump([10, 10])
    assert not any(each.active() for each in waiting)
    assert (clock.getDelayedCalls(), len(some)) == ([], 0)


def test_who_is_cancelled_is_not_called_and_may_be_cancelled_again(
    clock: Clock, some: Delays
) -> None:
    rung: list[int] = []
    waiting = [some.callLater(1, rung.append, n) for n in range(4)]
    for each in (waiting[0], waiting[2], waiting[2]):
        each.cancel()
    assert [each.active() for each in waiting] == [False, True, False, True]
    clock.advance(1)
    assert rung == [1, 3]
    waiting[1].cancel()


def test_one_call_may_cancel_another_that_is_due_with_it(clock: Clock, some: Delays) -> None:
    rung: list[int] = []
    waiting: list[Waiting] = []
    some.callLater(1, lambda: waiting.pop(0).cancel())
    waiting += [some.callLater(1, rung.append, n) for n in range(2)]
    clock.advance(1)
    assert rung == [1]
    assert not any(each.active() for each in waiting)


def test_a_call_may_wait_anew(clock: Clock, some: Delays) -> None:
    rung: list[float] = []

    def again() -> None:
        rung.append(clock.seconds())
        some.callLater(5, again)

    some.callLater(5, again)
    clock.pump([1] * 17)
    assert rung == [5, 10, 15]


def test_no_time_is_a_later_turn(clock: Clock, some: Delays) -> None:
    rung: list[int] = []
    some.callLater(0, rung.append, 1)
    assert not rung
    clock.advance(0)
    assert rung == [1]


def test_one_that_fails_is_told_of_and_keeps_none_of_the_others(
    clock: Clock, some: Delays, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    rung: list[int] = []
    monkeypatch.setattr(log, "err", lambda: told.append(1))
    some.callLater(1, lambda: 1 // 0)
    some.callLater(1, rung.append, 1)
    clock.advance(1)
    assert (told, rung) == ([1], [1])


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_nor_does_one_that_wants_to_end_everything(
    clock: Clock, some: Delays, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def end() -> None:
        raise error

    monkeypatch.setattr(log, "err", lambda: None)  # as Twisted's reactor meets it
    rung: list[int] = []
    some.callLater(1, end)
    some.callLater(1, rung.append, 1)
    clock.advance(1)
    assert rung == [1]


def test_a_clock_that_was_set_back_holds_up_nobody_who_comes_then(
    clock: Clock, some: Delays
) -> None:
    rung: list[str] = []
    clock.advance(3600)
    some.callLater(5, rung.append, "before")
    clock.rightNow -= 3600
    some.callLater(5, rung.append, "after")
    clock.advance(5)
    assert rung == ["after"]
    some.callLater(5, rung.append, "later")
    clock.pump([5, 3600])
    assert rung == ["after", "later", "before"]
    assert len(some) == 0


def test_who_waits_no_more_is_kept_by_nothing(clock: Clock, some: Delays) -> None:
    class Somebody:
        def hear(self) -> None:
            pass

    cancelled, rung = Somebody(), Somebody()
    known = [weakref.ref(cancelled), weakref.ref(rung)]
    waiting = [some.callLater(9, cancelled.hear), some.callLater(1, rung.hear)]
    waiting[0].cancel()
    clock.advance(1)
    del cancelled, rung
    assert [each() for each in known] == [None, None]


def test_cancelled_calls_do_not_pile_up(clock: Clock, some: Delays) -> None:
    slow = some.callLater(60, lambda: None)  # in front of all others
    for _ in range(10_000):
        some.callLater(60, lambda: None).cancel()
    assert len(slow.queue.waiting) <= 2 * delays.MANY
    assert clock.getDelayedCalls()[0].getTime() == 60


@pytest.mark.parametrize("seed", range(20))
def test_all_goes_as_with_the_reactors_own(seed: int) -> None:
    """Calls, cancellations and steps of time at random: the same calls at the same times."""
    chance = random.Random(seed)  # noqa: S311  # chance for a test, no secret
    clocks = Clock(), Clock()
    makers: list[Reactor] = [clocks[0], Delays(clocks[1])]
    rung: list[list[tuple[float, int]]] = [[], []]
    waiting = []
    for number in range(400):
        doing = chance.random()
        if doing < 0.5:
            delay = chance.choice([0, 0.125, 0.25, 3])
            waiting.append(
                [
                    maker.callLater(
                        delay,
                        lambda n, at, out: out.append((at.seconds(), n)),
                        number,
                        clock,
                        heard,
                    )
                    for maker, clock, heard in zip(makers, clocks, rung, strict=True)
                ]
            )
        elif doing < 0.8 and waiting:
            theirs, ours = chance.choice(waiting)
            assert theirs.active() == ours.active()
            if theirs.active():
                theirs.cancel()
                ours.cancel()
        else:
            step = chance.choice([0, 0.0625, 0.125, 0.1875, 1])
            for clock in clocks:
                clock.advance(step)
            assert sorted(rung[0]) == sorted(rung[1])
    for clock in clocks:
        clock.advance(10)
    assert sorted(n for _, n in rung[0]) == sorted(n for _, n in rung[1])
