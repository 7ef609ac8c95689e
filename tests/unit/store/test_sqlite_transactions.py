"""What the writer knows from one transaction to the next, and when it has to ask anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.core.log import RoomId
from chatd.core.ports import StoreFailed
from chatd.store.sqlite import opened, transaction
from chatd.store.sqlite.transaction import Transaction
from tests.unit.store.examples import draft, make_room
from tests.unit.store.sqlites import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "chatd.sqlite3")
    yield bench
    bench.close()


def say(bench: Bench, room: RoomId | None = None) -> int:
    return bench.run(bench.store.append(room or bench.lobby, draft())).entry.seq


def statements(bench: Bench) -> list[str]:
    """Of the writer, from now on."""
    heard: list[str] = []

    def listen(transaction: Transaction) -> None:
        connection: sqlite3.Connection = transaction.execute.__self__  # type: ignore[attr-defined]  # a bound method
        connection.set_trace_callback(heard.append)

    bench.gather(bench.write(listen))
    return heard


def asked(heard: list[str]) -> list[str]:
    """Those that read a table."""
    return [each for each in heard if each.startswith("SELECT")]


def test_a_room_is_asked_for_its_last_number_once(bench: Bench) -> None:
    heard = statements(bench)
    assert [say(bench) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert len([each for each in asked(heard) if "FROM rooms" in each]) == 1


def test_what_another_process_said_in_between_is_seen(bench: Bench) -> None:
    assert say(bench) == 1
    with opened(bench.path) as (other, run):
        assert run(other.append(bench.lobby, draft("elsewhere"))).entry.seq == 2
        assert say(bench) == 3
        assert run(other.append(bench.lobby, draft("again"))).entry.seq == 4
    assert say(bench) == 5
    with sqlite3.connect(bench.path) as plain:
        ids = [row[0] for row in plain.execute("SELECT id FROM messages ORDER BY seq")]
    assert ids == sorted(set(ids))
    assert len(ids) == 5


def test_what_came_to_no_end_is_forgotten(bench: Bench) -> None:
    assert say(bench) == 1

    def spoil(transaction: Transaction) -> None:
        assert transaction.last_seq(bench.lobby) == 2
        raise sqlite3.OperationalError("interrupted")

    go = bench.hold()
    waits = [bench.start(bench.store.append(bench.lobby, draft())), bench.write(spoil)]
    go.set()
    bench.gather(*waits)  # each by itself, after they failed together
    with sqlite3.connect(bench.path) as plain:
        told = [row[0] for row in plain.execute("SELECT seq FROM messages ORDER BY seq")]
    assert told == [1, 2]
    assert say(bench) == 3


def test_a_room_that_was_not_there_is_found_when_it_is(bench: Bench) -> None:
    missing = RoomId(bench.lobby + 1)
    with pytest.raises(StoreFailed, match="no room"):
        say(bench, missing)
    assert bench.run(make_room(bench.store, "later")) == missing
    assert say(bench, missing) == 1


def test_only_so_many_rooms_are_remembered(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "MOST", 1)
    rooms = [bench.lobby, *(bench.run(make_room(bench.store, f"r{n}")) for n in range(2))]
    heard = statements(bench)
    for seq in range(1, 4):
        assert [say(bench, room) for room in rooms] == [seq] * 3
    assert len([each for each in asked(heard) if "FROM rooms" in each]) > len(rooms)
