"""The full-text index runs behind the messages, and a search waits for what it lacks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

import pytest

from chatd.core.ports import StoreFull
from chatd.store.sqlite import indexing, opened, writer
from chatd.store.sqlite.transaction import Transaction
from tests.unit.store.examples import ANN, draft, finds, say
from tests.unit.store.sqlites import Bench

PATIENCE = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chatd.sqlite3"


@pytest.fixture
def bench(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """One whose writer never indexes because it has nothing else to do."""
    monkeypatch.setattr(writer, "LULL", 3600.0)
    monkeypatch.setattr(writer, "INDEXED", 1000)
    bench = Bench(path)
    yield bench
    bench.close()


def indexed(path: Path) -> tuple[int, int]:
    """How far the index says that it is, and how many messages it holds."""
    with closing(sqlite3.connect(path)) as connection:
        (told,) = connection.execute("SELECT value FROM meta WHERE name = 'indexed'").fetchone()
        everything = """SELECT count(*) FROM found WHERE found MATCH '"§0"'"""
        (held,) = connection.execute(everything).fetchone()
    return told, held


def test_a_message_is_acknowledged_before_it_is_indexed_and_found_all_the_same(
    bench: Bench, path: Path
) -> None:
    bench.run(say(bench.store, bench.lobby, "green tea", "black tea"))
    assert indexed(path) == (0, 0)
    assert bench.run(finds(bench.store, "tea")) == ["black tea", "green tea"]
    assert indexed(path) == (2, 2)
    assert bench.meter.operations.count("index") == 1


def test_the_next_search_asks_the_writer_for_nothing_when_nothing_was_said(bench: Bench) -> None:
    for said in ("green tea", "black tea"):
        bench.run(say(bench.store, bench.lobby, said))
        bench.meter.operations.clear()
        for _ in range(3):
            assert said in bench.run(finds(bench.store, "tea"))
        assert bench.meter.operations.count("index") == 1


def test_what_changes_before_its_turn_is_indexed_as_it_stands_then(bench: Bench) -> None:
    store, lobby = bench.store, bench.lobby
    bench.run(say(store, lobby, "green tea", "black tea", "a secret"))
    bench.run(store.append(lobby, draft("red wine", kind="edited", by=ANN, target=1)))
    bench.run(store.append(lobby, draft(kind="deleted", by=ANN, target=3)))
    for query, hits in {"tea": ["black tea"], "wine": ["red wine"], "secret": []}.items():
        assert bench.run(finds(store, query)) == hits
    bench.run(store.append(lobby, draft("white wine", kind="edited", by=ANN, target=2)))
    assert bench.run(finds(store, "tea")) == []
    assert bench.run(finds(store, "wine")) == ["white wine", "red wine"]


def test_what_retention_removes_before_its_turn_is_never_indexed(bench: Bench, path: Path) -> None:
    store, lobby = bench.store, bench.lobby
    bench.run(say(store, lobby, "green tea", "black tea"))
    bench.run(store.trim(lobby, 3, 0))
    bench.run(say(store, lobby, "red wine"))
    assert bench.run(finds(store, "tea")) == []
    assert bench.run(finds(store, "wine")) == ["red wine"]
    assert indexed(path)[1] == 1


def test_an_id_that_the_index_has_passed_is_not_given_again(bench: Bench, path: Path) -> None:
    store, lobby = bench.store, bench.lobby
    bench.run(say(store, lobby, "green tea"))
    assert bench.run(finds(store, "tea")) == ["green tea"]
    bench.run(store.trim(lobby, 2, 0))
    bench.run(say(store, lobby, "red wine"))
    assert bench.run(finds(store, "wine")) == ["red wine"]
    assert indexed(path) == (2, 1)


def test_a_writer_that_has_nothing_else_to_do_indexes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LULL", 0.01)
    bench = Bench(path)
    bench.run(say(bench.store, bench.lobby, "green tea", "black tea"))
    until(lambda: indexed(path) == (2, 2))
    bench.close()


def test_what_is_left_at_the_end_is_indexed_by_the_next_one(
    bench: Bench, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run(say(bench.store, bench.lobby, "green tea"))
    bench.close()
    assert indexed(path) == (0, 0)
    monkeypatch.setattr(writer, "LULL", 0.01)
    with opened(path):
        until(lambda: indexed(path) == (1, 1))


def test_more_than_one_go_that_was_left_is_indexed_by_the_next_one(
    bench: Bench, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run(say(bench.store, bench.lobby, *(f"word {n}" for n in range(7))))
    bench.close()
    assert indexed(path) == (0, 0)
    monkeypatch.setattr(writer, "INDEXED", 2)
    monkeypatch.setattr(writer, "LULL", 0.01)
    with opened(path):
        until(lambda: indexed(path) == (7, 7))


def test_how_much_was_left_is_found_out_though_there_is_no_gap(
    bench: Bench, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run(say(bench.store, bench.lobby, *(f"word {n}" for n in range(30))))
    bench.close()
    assert indexed(path) == (0, 0)
    monkeypatch.setattr(writer, "GAP", 3600.0)
    monkeypatch.setattr(writer, "HURRY", 10)
    monkeypatch.setattr(writer, "INDEXED", 4)
    with opened(path) as (store, run):
        until(lambda: 20 < indexed(path)[1] < 30)
        assert store._threads._writer.behind < 10
        assert len(run(finds(store, "word"))) == 30


@pytest.mark.parametrize(
    ("gap", "hurry", "least", "most"),
    [(3600.0, 1000, 0, 0), (0.001, 1000, 8, 8), (3600.0, 6, 3, 8)],
)
def test_the_index_waits_for_a_gap_between_those_who_store_unless_much_is_behind(
    path: Path, monkeypatch: pytest.MonkeyPatch, gap: float, hurry: int, least: int, most: int
) -> None:
    monkeypatch.setattr(writer, "LULL", 3600.0)
    monkeypatch.setattr(writer, "GAP", gap)
    monkeypatch.setattr(writer, "HURRY", hurry)
    monkeypatch.setattr(writer, "INDEXED", 4)
    bench = Bench(path)
    bench.run(say(bench.store, bench.lobby, *(f"word {n}" for n in range(8))))
    until(lambda: least <= indexed(path)[1] <= most)
    assert len(bench.run(finds(bench.store, "word"))) == 8
    bench.close()


def test_with_very_much_behind_the_index_is_not_left_for_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LULL", 3600.0)
    monkeypatch.setattr(writer, "BEHIND", 4)
    monkeypatch.setattr(writer, "INDEXED", 3)
    bench = Bench(path)
    bench.run(say(bench.store, bench.lobby, *(f"word {n}" for n in range(12))))
    until(lambda: indexed(path)[0] >= 9)
    bench.close()


def parts(path: Path) -> int:
    """Of how many a search has to ask."""
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(DISTINCT segid) FROM found_idx").fetchone()
    return int(count)


def test_what_was_indexed_in_many_goes_is_merged_when_there_is_time(
    bench: Bench, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [f"tea number {n}" for n in range(11)]
    for text in said:
        bench.run(say(bench.store, bench.lobby, text))
        assert bench.run(finds(bench.store, "tea"))
    assert parts(path) > 3
    bench.close()
    monkeypatch.setattr(writer, "LULL", 0.01)
    again = Bench(path, room=False)
    until(lambda: parts(path) == 1)
    assert again.run(finds(again.store, "tea")) == said[::-1]
    again.close()


def test_a_command_beside_the_daemon_merges_nothing(
    bench: Bench, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run(say(bench.store, bench.lobby, "green tea"))
    bench.close()
    monkeypatch.setattr(writer, "LULL", 0.01)
    monkeypatch.setattr(writer, "settle", lambda _: pytest.fail("it merges"))
    with opened(path) as (store, run):
        until(lambda: indexed(path) == (1, 1))
        assert not store._threads._writer._loose
        assert run(finds(store, "tea")) == ["green tea"]


def test_a_writer_with_nothing_to_merge_comes_to_rest(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[bool] = []

    def settle(transaction: Transaction) -> bool:
        steps.append(indexing.settle(transaction))
        return steps[-1]

    monkeypatch.setattr(writer, "LULL", 0.01)
    monkeypatch.setattr(writer, "settle", settle)
    bench = Bench(path)
    until(lambda: steps == [False])
    bench.run(say(bench.store, bench.lobby, "green tea"))
    until(lambda: len(steps) > 1 and not steps[-1])
    until(lambda: not bench.store._threads._writer._loose)
    bench.close()


def test_a_merge_that_fails_waits_for_the_next_words_and_nobody_for_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[str] = []

    def fail(transaction: Transaction) -> bool:
        failed.append("merge")
        raise StoreFull("no room")

    monkeypatch.setattr(writer, "LULL", 0.01)
    monkeypatch.setattr(writer, "settle", fail)
    bench = Bench(path)
    until(lambda: len(failed) == 1)
    bench.run(say(bench.store, bench.lobby, "green tea"))
    until(lambda: len(failed) == 2)
    assert bench.run(finds(bench.store, "tea")) == ["green tea"]
    bench.close()


def test_a_disk_that_is_full_keeps_nobody_from_searching(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run(say(bench.store, bench.lobby, "green tea"))
    assert bench.run(finds(bench.store, "tea")) == ["green tea"]
    bench.run(say(bench.store, bench.lobby, "black tea"))

    def full(transaction: Transaction, most: int) -> int:
        raise StoreFull("no room")

    monkeypatch.setattr("chatd.store.sqlite.indexing.catch_up", full)
    assert bench.run(finds(bench.store, "tea")) == ["green tea"]


def until(done: Callable[[], bool]) -> None:
    """Poll with a deadline."""
    deadline = monotonic() + PATIENCE
    while not done():
        assert monotonic() < deadline
        sleep(0.01)
