"""Retention at its pace: all that is too old goes, and whoever writes keeps the store."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from chatd.core.log import RoomId
from chatd.core.ports import StoreFailed
from chatd.ops import data_retention
from chatd.ops.config.retention import Retention as Rules
from chatd.ops.config.values import Keeping
from chatd.ops.data_retention import EVERY, LEAST, REST, SOON, Retention
from chatd.store.sqlite import SqliteStore, retention
from chatd.store.sqlite.blocking import Run
from tests.house.recorder import Log
from tests.house.world import Clock, Timer
from tests.unit.store.examples import draft, make_room

START = Clock().now()


class Busy(Clock):
    """A clock by which every look at it takes ``step`` seconds, as when the store is busy."""

    step = 0.0
    _looks = 0

    def monotonic(self) -> float:
        """Seconds."""
        self._looks += 1
        return super().monotonic() + self._looks * self.step


class Meter:
    def __init__(self) -> None:
        self.entries = 0
        self.swept_at: list[float] = []

    def removed(self, entries: int) -> None:
        self.entries += entries

    def swept(self, at: float) -> None:
        self.swept_at.append(at)


class Bench:
    """A store, and retention over it whose pauses are told and pass when the test says so."""

    def __init__(self, path: Path) -> None:
        self.run = Run()
        self.store = SqliteStore(path, self.run.deliver)
        self.clock, self.meter, self.log = Busy(), Meter(), Log()
        self.pauses: list[float] = []
        self.trimmed: list[tuple[RoomId, int]] = []
        self.under_way = 0
        later = self.clock.later

        def told(seconds: float, call: Callable[[], None]) -> Timer:
            self.pauses.append(seconds)
            return later(seconds, call)

        self.clock.later = told  # type: ignore[method-assign]  # this test's own in its place
        self.retention = Retention(
            self.store,
            self.clock,
            self.spawn,
            self.meter,
            self.log,
            lambda room_id, first: self.trimmed.append((room_id, first)),
        )

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.under_way += 1

        def ended(outcome: object) -> object:
            self.under_way -= 1
            return outcome

        Deferred.fromCoroutine(work).addBoth(ended)

    def room(self, name: str, *times: int) -> RoomId:
        """A room with messages of these seconds before the start."""
        room_id: RoomId = self.run(make_room(self.store, name))
        for seconds in times:
            self.run(self.store.append(room_id, draft(ts=START - seconds * 1000)))
        return room_id

    def firsts(self) -> list[int]:
        return [room.first for room in self.run(self.store.public_rooms("", 100))]

    def settle(self) -> None:
        """Let the store answer, and pauses pass, until a sweep is over."""
        self.clock.pass_(0)
        while self.under_way:
            self.run(self.store.probe())  # what was asked before it is answered then
            self.clock.pass_(LEAST)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "chatd.sqlite3")
    yield bench
    bench.run(bench.store.close())


def test_everything_is_kept_when_nothing_is_configured(bench: Bench) -> None:
    bench.room("lobby", 10**6)
    bench.retention.use(Rules())
    assert bench.pauses == []


def test_what_is_too_old_goes_in_every_room(bench: Bench) -> None:
    bench.room("a", 90, 70, 50)
    bench.room("b", 10)
    bench.room("c", 100)
    bench.retention.use(Rules(age=60.0))
    bench.settle()
    assert bench.firsts() == [3, 1, 2]
    assert bench.meter.entries == 3
    assert bench.log.lines == ["retention {'removed': 3}"]


def test_what_is_too_many_goes_in_every_room(bench: Bench) -> None:
    bench.room("a", *[1] * 5)
    bench.room("b", 1)
    bench.retention.use(Rules(messages=2))
    bench.settle()
    assert bench.firsts() == [4, 1]


def test_a_room_of_its_own_is_kept_as_it_says_and_the_others_as_they_were(bench: Bench) -> None:
    bench.room("a", 90, 70, 50)
    bench.room("b", 90, 70, 50)
    bench.room("c", 90, 70, 50)
    bench.room("d", 1, 1, 1)
    rooms = (Keeping("b", 80.0), Keeping("c", 0.0), Keeping("d", 0.0, 1), Keeping("nowhere", 1.0))
    bench.retention.use(Rules(age=60.0, rooms=rooms))
    bench.settle()
    assert bench.firsts() == [3, 2, 1, 3]


def test_one_room_may_be_the_only_one_of_which_something_goes(bench: Bench) -> None:
    bench.room("a", 90)
    bench.room("b", 90, 10)
    bench.room("c", 90)
    bench.retention.use(Rules(rooms=(Keeping("b", 60.0),)))
    bench.settle()
    assert bench.firsts() == [1, 2, 1]
    assert len(bench.meter.swept_at) == 2  # when it was switched on, and after a sweep


def test_a_room_that_is_made_later_has_its_own_from_then_on(bench: Bench) -> None:
    bench.retention.use(Rules(rooms=(Keeping("b", 60.0),)))
    bench.settle()
    bench.room("b", 90)
    bench.clock.pass_(EVERY)
    bench.settle()
    assert bench.firsts() == [2]


def test_whoever_has_the_room_at_hand_hears_where_it_begins(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ENTRIES", 2)
    room = bench.room("a", *[1] * 6)
    bench.retention.use(Rules(messages=1))
    bench.settle()
    assert bench.trimmed == [(room, 3), (room, 5), (room, 6)]


def test_it_goes_on_as_time_does(bench: Bench) -> None:
    bench.room("a", 50, 40)
    bench.retention.use(Rules(age=60.0))
    bench.settle()
    assert bench.firsts() == [1]
    bench.clock.pass_(EVERY)
    bench.settle()
    assert bench.firsts() == [3]
    assert len(bench.meter.swept_at) == 3


def test_more_rooms_than_one_look_sees_are_all_swept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROOMS", 2)
    for name in "abcde":
        bench.room(name, 100)
    bench.retention.use(Rules(age=60.0))
    bench.settle()
    assert bench.firsts() == [2] * 5


def test_after_each_step_it_rests_far_longer_than_the_step_took(bench: Bench) -> None:
    bench.room("a", 100)
    bench.clock.step = 0.5
    bench.retention.use(Rules(age=60.0))
    bench.settle()
    assert bench.meter.entries == 1
    first, *rests, last = bench.pauses
    assert (first, last) == (0.0, EVERY)
    assert min(rests) >= REST * 0.5


def test_turned_off_it_stops_in_the_middle(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ENTRIES", 1)
    bench.room("a", *[100] * 10)
    bench.retention.use(Rules(age=60.0))
    while not bench.trimmed:
        bench.clock.pass_(LEAST)
        bench.run(bench.store.probe())
    bench.retention.use(Rules())
    bench.settle()
    assert 1 < bench.firsts()[0] < 11
    assert bench.meter.swept_at[1:] == [0.0]  # as on the page of metrics: it is off


def test_other_rules_are_used_at_once(bench: Bench) -> None:
    bench.room("a", *[30] * 10)
    bench.retention.use(Rules(age=60.0))
    bench.settle()
    bench.retention.use(Rules(messages=3))
    bench.settle()
    assert bench.firsts() == [8]


def test_a_store_in_trouble_is_tried_again(bench: Bench) -> None:
    bench.room("a", 100)
    trim = bench.store.trim

    async def fails(*_: object) -> retention.Trimmed:
        raise StoreFailed("the disk sleeps")

    bench.store.trim = fails  # type: ignore[assignment,method-assign]  # this test's own in its place
    bench.retention.use(Rules(age=60.0))
    bench.settle()
    assert bench.log.lines == ["retention_failed {'reason': 'the disk sleeps'}"]
    bench.store.trim = trim  # type: ignore[method-assign]  # this test's own in its place
    bench.clock.pass_(EVERY)
    bench.settle()
    assert bench.firsts() == [2]


def test_stopped_it_asks_nothing_more(bench: Bench) -> None:
    bench.room("a", 100)
    bench.retention.use(Rules(age=60.0))
    bench.run(bench.retention.stop())
    bench.clock.pass_(10 * EVERY)
    assert bench.under_way == 0
    assert bench.firsts() == [1]


def tidied(bench: Bench) -> list[bool]:
    """Each step of merging the index from now on: whether it was a first one."""
    asked: list[bool] = []
    tidy_some = bench.store.tidy_some

    async def tidied(first: bool) -> bool:
        asked.append(first)
        return await tidy_some(first)

    bench.store.tidy_some = tidied  # type: ignore[method-assign]  # this test's own in its place
    return asked


def test_the_index_is_merged_each_day_on_which_anything_was_removed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = 10
    monkeypatch.setattr(data_retention, "DAILY", day * EVERY)
    asked = tidied(bench)

    def sweeps(count: int) -> int:
        """How often it is merged in so many."""
        asked.clear()
        for _ in range(count):
            bench.clock.pass_(EVERY)
            bench.settle()
        return asked.count(True)

    bench.retention._tidied = bench.clock.monotonic()
    bench.room("a", *[90_000] * 3, 0)
    bench.retention.use(Rules(age=80_000.0))
    bench.settle()
    assert (bench.meter.entries, asked) == (3, [])
    assert (sweeps(day - 1), sweeps(1)) == (0, 1)
    assert sweeps(2 * day) == 0
    bench.room("b", 90_000)
    assert sweeps(1) == 1
    bench.room("c", 90_000)
    assert (sweeps(1), bench.meter.entries) == (0, 5)
    assert (sweeps(day - 2), sweeps(1)) == (0, 1)


def test_what_was_left_before_the_start_is_merged_soon(bench: Bench) -> None:
    asked = tidied(bench)
    bench.retention.use(Rules(age=80_000.0))
    bench.settle()
    assert asked == []
    bench.retention.use(Rules())
    bench.clock.pass_(SOON)
    bench.retention.use(Rules(age=80_000.0))
    bench.settle()
    assert asked.count(True) == 1


def test_a_merge_that_was_broken_off_is_begun_again(bench: Bench) -> None:
    asked, tidy_some = tidied(bench), bench.store.tidy_some

    async def fails(first: bool) -> bool:
        bench.store.tidy_some = tidy_some  # type: ignore[method-assign]  # this test's own
        raise StoreFailed("no")

    bench.store.tidy_some = fails  # type: ignore[method-assign]  # this test's own in its place
    bench.room("a", 90, 10)
    bench.clock.pass_(SOON)
    bench.retention.use(Rules(age=60.0))
    bench.settle()
    assert asked == []
    bench.clock.pass_(EVERY)
    bench.settle()
    assert asked[0] is True


def test_the_index_is_merged_when_more_was_removed_than_is_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_retention, "TIDY", 5)
    asked = tidied(bench)
    bench.room("a", *[100] * 3, *[50] * 5)
    bench.retention.use(Rules(age=60.0))
    bench.settle()
    assert asked == []  # three were removed
    bench.retention.use(Rules(age=60.0, messages=3))
    bench.settle()
    assert asked[0] is True
    assert set(asked[1:]) <= {False}


def test_one_that_never_comes_by_is_late_from_when_it_was_switched_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overdue(*_: object) -> None:
        raise StoreFailed("no")

    monkeypatch.setattr(bench.store, "overdue", overdue)
    begun = bench.clock.now() / 1000
    bench.retention.use(Rules(age=60.0))
    bench.clock.pass_(EVERY)
    bench.retention.use(Rules(age=30.0))
    bench.clock.pass_(EVERY)
    assert bench.log.lines.count("retention_failed {'reason': 'no'}") > 1
    assert bench.meter.swept_at == [begun]
