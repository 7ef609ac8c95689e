"""How busy the reactor is, and its clock."""

from __future__ import annotations

import gc
import select
import socket
import time
from contextlib import ExitStack
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.python import log

from chatd.edge import reactor as measuring
from chatd.edge.listen import Listeners
from tests.unit.edge.memory import Journal
from tests.unit.edge.real import Turning
from tests.unit.edge.test_listen import Greeting, greeted


class Hand:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_tick_is_the_time_between_two_polls(turning: Turning) -> None:
    hand = Hand()
    ticks: list[float] = []
    assert measuring.measure_ticks(turning.reactor, ticks.append, hand), (
        "this Twisted keeps its poller elsewhere: chatd/edge/reactor.py must learn where"
    )

    def work() -> None:
        hand.now += 0.25

    turning.reactor.iterate(0)
    turning.reactor.callLater(0, work)
    turning.until(lambda: 0.25 in ticks)
    assert set(ticks) <= {0.0, 0.25}


def test_waiting_is_not_counted(turning: Turning) -> None:
    ticks: list[float] = []
    measuring.measure_ticks(turning.reactor, ticks.append)
    done: list[int] = []
    turning.reactor.callLater(0.2, done.append, 1)
    began = time.perf_counter()
    turning.until(lambda: done)
    assert sum(ticks) < (time.perf_counter() - began) / 2


def test_a_measured_reactor_still_serves_sockets(turning: Turning) -> None:
    measuring.measure_ticks(turning.reactor, lambda _: None)
    listeners = Listeners(turning.reactor, Greeting(), Journal(), "listen.public")
    assert greeted(turning, listeners.tcp("127.0.0.1", 0, 10)) == b"hello"
    turning.run(listeners.stop())


def test_another_reactor_is_measured_coarsely() -> None:
    clock = Clock()
    late: list[float] = []
    assert not measuring.measure_ticks(clock, late.append)
    clock.advance(measuring.SAMPLE)
    clock.advance(measuring.SAMPLE + 0.5)
    assert late == [0.0, 0.0, pytest.approx(0.5)]


def test_a_reactor_tells_who_has_something_to_write_while_these_are_few() -> None:
    class Writing:
        def __init__(self, count: int) -> None:
            self._writes = set(range(count))

        def getWriters(self) -> list[int]:
            if 7 in self._writes and len(self._writes) == 1:
                raise KeyError(7)
            return sorted(self._writes)

    most = measuring.MOST_WRITERS
    assert measuring.writers_of(Writing(most))() == list(range(most))
    assert measuring.writers_of(Writing(most + 1))() is None
    lost = Writing(0)
    told = measuring.writers_of(lost)
    lost._writes.add(7)
    assert told() is None
    assert measuring.writers_of(Clock())() is None


def test_timers_follow_the_steady_clock(turning: Turning) -> None:
    assert measuring.keep_steady(turning.reactor)
    assert abs(turning.reactor.seconds() - time.monotonic()) < 1
    rung: list[int] = []
    turning.reactor.callLater(0.01, rung.append, 1)
    turning.until(lambda: rung)


def test_timers_that_are_made_already_keep_their_clock(turning: Turning) -> None:
    made = turning.reactor.callLater(60, int)
    assert not measuring.keep_steady(turning.reactor)
    assert abs(turning.reactor.seconds() - time.time()) < 1
    made.cancel()


def test_what_was_made_by_the_boot_is_out_of_the_collectors_sight() -> None:
    try:
        measuring.freeze_garbage()
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()


# --- the end of a turn ---


def ticking(turning: Turning) -> measuring.TickingPoller:
    assert measuring.measure_ticks(turning.reactor, lambda _: None)
    poller = turning.reactor._poller
    assert isinstance(poller, measuring.TickingPoller)
    return poller


def test_what_is_put_at_a_turns_end_is_done_after_all_else_of_it(turning: Turning) -> None:
    poller = ticking(turning)
    done: list[str] = []

    def work() -> None:
        poller.at_end(lambda: done.append("end"))
        done.append("work")

    turning.reactor.callLater(0, work)
    turning.reactor.callLater(0, lambda: done.append("other work"))
    turning.reactor.iterate(0)
    assert done == ["work", "other work", "end"]


def test_a_timer_that_is_set_at_a_turns_end_is_not_slept_through(turning: Turning) -> None:
    poller = ticking(turning)
    done: list[str] = []
    poller.at_end(lambda: turning.reactor.callLater(0.01, done.append, "timer"))
    turning.reactor.doIteration(30)  # as if nothing else were to happen for long
    turning.reactor.runUntilCurrent()
    assert done == ["timer"]


def test_an_end_that_asks_for_another_end_has_it_in_the_next_turn(turning: Turning) -> None:
    poller = ticking(turning)
    done: list[str] = []
    poller.at_end(lambda: poller.at_end(lambda: done.append("again")))
    turning.reactor.doIteration(30)
    assert not done
    turning.reactor.doIteration(0)
    assert done == ["again"]


def test_what_is_to_be_done_soon_is_done_in_the_same_turn_before_its_end(turning: Turning) -> None:
    poller = ticking(turning)
    done: list[str] = []

    def work() -> None:
        poller.at_end(lambda: done.append("end"))
        poller.soon(bell)
        done.append("work")

    def bell() -> None:
        done.append("bell")
        poller.at_end(lambda: done.append("end of the bell"))
        poller.soon(lambda: done.append("next bell"))

    work()
    done.append("other work")
    turning.reactor.doIteration(30)  # what was asked for meanwhile is not slept over
    assert done == ["work", "other work", "bell", "end", "end of the bell"]
    turning.reactor.doIteration(0)
    assert done[5:] == ["next bell"]


def test_one_that_fails_keeps_no_other_from_being_done_soon(turning: Turning) -> None:
    poller = ticking(turning)
    done: list[str] = []
    faults: list[Any] = []
    log.addObserver(faults.append)
    try:
        poller.soon([].pop)
        poller.soon(lambda: done.append("other"))
        poller.at_end(lambda: [0].remove(1))
        poller.at_end(lambda: done.append("end"))
        turning.reactor.doIteration(0)
    finally:
        log.removeObserver(faults.append)
    assert done == ["other", "end"]
    failed = [fault["failure"].type for fault in faults if fault["isError"]]
    assert failed == [IndexError, ValueError]


def test_where_turns_are_not_known_soon_is_a_timer() -> None:
    clock = Clock()
    done: list[str] = []
    measuring.NextTurns(clock).soon(lambda: done.append("bell"))
    assert not done
    clock.advance(0)
    assert done == ["bell"]


def test_the_load_is_the_share_of_time_that_is_worked() -> None:
    hand = Hand()

    class Sleepy:
        register = modify = unregister = close = fileno = None

        def poll(self, timeout: float, maxevents: int) -> list[tuple[int, int]]:
            hand.now += 0.03
            return []

    poller = measuring.TickingPoller(Sleepy(), lambda _: None, hand, lambda: None)
    for _ in range(100):
        hand.now += 0.01
        poller.poll()
    assert poller.load() == pytest.approx(0.25)
    assert measuring.NextTurns(None).load() == 0.0


def test_a_turn_has_only_so_many_connections_and_the_others_come_first_in_the_next() -> None:
    most = measuring.MOST_EVENTS
    count = 2 * most + most // 2
    with ExitStack() as open_ones, select.epoll() as epoll:
        ears = []
        for _ in range(count):
            ear, mouth = socket.socketpair()
            open_ones.callback(ear.close)
            open_ones.callback(mouth.close)
            epoll.register(ear, select.EPOLLIN)
            mouth.send(b"nobody reads this")
            ears.append(ear.fileno())
        poller = measuring.TickingPoller(epoll, lambda _: None, Hand(), lambda: None)
        turns = [[fd for fd, _ in poller.poll(0, count)] for _ in range(3)]
    assert [len(turn) for turn in turns] == [most, most, most]
    assert sorted({*turns[0], *turns[1], *turns[2][: most // 2]}) == sorted(ears)
