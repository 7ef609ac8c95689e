"""The thread that searches: bounded in time and number, and nobody else waits for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from threading import enumerate as enumerate_threads
from time import monotonic

import pytest
from twisted.internet.defer import Deferred

from chatd.core.log import Found, UserId
from chatd.core.ports import SearchesFull, SearchTooLong, StoreFailed
from chatd.store.sqlite.searches import OF_ONE, WAITING, Watch
from tests.unit.store.sqlites import Bench

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
ANN = UserId("u1")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "chatd.sqlite3")
    yield bench
    bench.run(bench.store.close())


def endless(connection: sqlite3.Connection) -> list[Found]:
    connection.execute(ENDLESS).fetchone()
    return []


def ask(bench: Bench, go: Event, member: str) -> Deferred[list[Found]]:
    """A search that waits until ``go`` is set."""

    def waits(_connection: sqlite3.Connection) -> list[Found]:
        go.wait(20)
        return []

    return bench.store._threads.search(waits, UserId(member))


def test_a_search_without_end_is_given_up_and_the_next_one_is_whole(bench: Bench) -> None:
    bench.store.allow_search(0.05)
    with pytest.raises(SearchTooLong):
        bench.run(_awaits(bench.store._threads.search(endless, ANN)))
    bench.store.allow_search(20.0)
    assert bench.run(bench.store.search("x", room_id=None, member=ANN, cursor=None, limit=5)) == []


def test_a_shorter_time_holds_for_the_next_search(bench: Bench) -> None:
    bench.store.allow_search(3600.0)
    go = Event()
    go.set()
    assert bench.run(_awaits(ask(bench, go, "u1"))) == []  # by now an hour is waited for
    bench.store.allow_search(0.05)
    with pytest.raises(SearchTooLong):
        bench.run(_awaits(bench.store._threads.search(endless, ANN)))


def test_a_search_that_was_between_two_statements_when_its_time_was_up_is_given_up_too(
    bench: Bench,
) -> None:
    watch = bench.store._threads.searches._watch

    def late(connection: sqlite3.Connection) -> list[Found]:
        deadline = monotonic() + 20
        while not watch._struck:
            assert monotonic() < deadline
        return endless(connection)

    bench.store.allow_search(0.01)
    with pytest.raises(SearchTooLong):
        bench.run(_awaits(bench.store._threads.search(late, ANN)))


def test_many_searches_are_watched_by_one_thread_which_ends_with_the_store(tmp_path: Path) -> None:
    def watching() -> int:
        return sum(each.name == "chatd-store-watch" for each in enumerate_threads())

    before, bench = watching(), Bench(tmp_path / "chatd.sqlite3")
    go = Event()
    go.set()
    for _ in range(5):
        bench.run(_awaits(ask(bench, go, "u1")))
    assert watching() == before + 1
    bench.close()
    assert watching() == before


async def _awaits(asked: Deferred[list[Found]]) -> list[Found]:
    return await asked


def test_an_error_that_is_no_interrupt_stays_what_it_is() -> None:
    connection, watch = sqlite3.connect(":memory:"), Watch()

    def broken(each: sqlite3.Connection) -> list[Found]:
        each.execute("SELECT x FROM nowhere")
        return []

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        watch.within(connection, 20.0, broken)
    watch.end()
    connection.close()


def test_while_one_searches_others_read(bench: Bench) -> None:
    go = Event()
    late = ask(bench, go, "u1")
    assert bench.run(bench.store.account("nobody")) is None
    assert not late.called
    go.set()
    assert bench.run(_awaits(late)) == []


def test_one_person_and_all_together_may_ask_for_so_many(bench: Bench) -> None:
    go = Event()
    mine = [ask(bench, go, "u1") for _ in range(OF_ONE)]
    with pytest.raises(SearchesFull):
        ask(bench, go, "u1")
    others = [ask(bench, go, f"u{n}") for n in range(2, WAITING)]
    with pytest.raises(SearchesFull):
        ask(bench, go, "one too many")
    go.set()
    for each in (*mine, *others):
        assert bench.run(_awaits(each)) == []
    assert bench.run(_awaits(ask(bench, go, "u1"))) == []


def test_a_closed_store_searches_no_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "chatd.sqlite3")
    bench.run(bench.store.close())
    with pytest.raises(StoreFailed):
        ask(bench, Event(), "u1")
