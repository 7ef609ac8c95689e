"""The real clock, real chance, and coroutines."""

from __future__ import annotations

import time

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as Time

from chatd.core.ports import Clock, Ids, Spawn
from chatd.edge.clock import ReactorClock, Spawner, SystemIds
from tests.unit.edge.memory import Journal


def test_times_are_the_systems() -> None:
    clock: Clock = ReactorClock(Time())
    assert abs(clock.now() - time.time() * 1000) < 1000
    first, second = clock.monotonic(), clock.monotonic()
    assert abs(first - time.monotonic()) < 1
    assert second >= first


def test_a_timer_rings_once_unless_cancelled() -> None:
    reactor = Time()
    clock: Clock = ReactorClock(reactor)
    rung: list[int] = []
    ringing = clock.later(2, lambda: rung.append(1))
    cancelled = clock.later(2, lambda: rung.append(2))
    cancelled.cancel()
    cancelled.cancel()
    reactor.advance(1.9)
    assert rung == []
    reactor.advance(5)
    assert rung == [1]
    ringing.cancel()


def test_secrets_are_long_and_never_twice() -> None:
    ids: Ids = SystemIds()
    made = {ids.secret() for _ in range(100)}
    assert len(made) == 100
    assert all(
        len(secret) == 32 and secret.replace("-", "").replace("_", "").isalnum() for secret in made
    )
    assert {ids.below(3) for _ in range(200)} == {0, 1, 2}


def test_a_coroutine_runs_to_its_end_and_its_fault_is_logged() -> None:
    journal = Journal()
    spawner = Spawner(journal)
    spawn: Spawn = spawner
    wait: Deferred[None] = Deferred()

    async def work() -> None:
        await wait
        raise RuntimeError("no luck")

    async def other() -> None:
        pass

    spawn(other())
    spawn(work())
    assert spawner.running == 1
    wait.callback(None)
    assert spawner.running == 0
    assert [str(fault) for fault in journal.faults] == ["no luck"]


def test_a_fault_names_its_coroutine() -> None:
    told: dict[str, object] = {}

    class Listening(Journal):
        def fault(self, event: str, error: BaseException, **facts: object) -> str:
            told.update(facts)
            return super().fault(event, error)

    async def replay() -> None:
        raise KeyError(1)

    Spawner(Listening())(replay())
    assert str(told["task"]).endswith("replay")


@pytest.mark.parametrize("seconds", [0, 0.0])
def test_a_timer_of_no_time_rings_in_the_next_turn(seconds: float) -> None:
    reactor = Time()
    rung: list[int] = []
    ReactorClock(reactor).later(seconds, lambda: rung.append(1))
    assert rung == []
    reactor.advance(0)
    assert rung == [1]


def test_a_coroutine_gets_what_it_waited_for_however_often() -> None:
    journal, got = Journal(), []
    waits: list[Deferred[int]] = [Deferred() for _ in range(3)]

    async def work() -> None:
        for wait in waits:
            try:
                got.append(await wait)
            except ValueError:
                got.append(-1)

    spawner = Spawner(journal)
    spawner(work())
    waits[1].callback(2)
    waits[0].callback(1)
    waits[2].errback(ValueError("no"))
    assert (got, spawner.running, journal.faults) == ([1, 2, -1], 0, [])
