"""A group of plain messages is one statement, and a transaction by that; nothing else is."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatd.core.log import Appended, Draft
from chatd.core.ports import StoreFailed
from chatd.store.sqlite import appending, opening, writer
from chatd.store.sqlite.appending import MOST
from chatd.store.sqlite.transaction import Transaction
from tests.unit.store.examples import ANN, draft, finds, page, say
from tests.unit.store.sqlites import Bench


class Traced(Bench):
    """One that knows what its writer asks of SQLite, by first words. It never indexes by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[str] = []
        self.run(self.store.append(self.lobby, draft("first")))
        self.gather(self.write(lambda each: _connection_of(each).set_trace_callback(self._hear)))

    def _hear(self, statement: str) -> None:
        if not statement.startswith("--"):  # SQLite's own, such as what a table-valued function is
            self.asked.append(statement.partition(" (")[0].partition("\n")[0])

    def together(self, *drafts: Draft) -> list[Any]:
        """The outcomes of drafts in one group; ``asked`` is about these."""
        go = self.hold()
        self.asked.clear()
        waits = [self.start(self.store.append(self.lobby, each)) for each in drafts]
        go.set()
        outcomes = self.gather(*waits)
        del self.asked[: self.asked.index("COMMIT") + 1]  # of the one that held it up
        return outcomes


def _connection_of(transaction: Transaction) -> sqlite3.Connection:
    connection: Any = transaction.execute
    return connection.__self__  # type: ignore[no-any-return]  # of a bound method


@pytest.fixture(params=[True, False], ids=["at once", "by BEGIN and COMMIT"])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if not request.param:
        monkeypatch.setattr(writer, "append_at_once", lambda *_: None)
    return bool(request.param)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool) -> Iterator[Traced]:
    monkeypatch.setattr(writer, "LULL", 3600.0)
    monkeypatch.setattr(writer, "GAP", 3600.0)
    bench = Traced(tmp_path / "chatd.sqlite3")
    yield bench
    bench.close()


INSERT = "INSERT INTO messages"
CLASSIC = ["BEGIN IMMEDIATE", "PRAGMA data_version", INSERT, "COMMIT"]


@pytest.mark.parametrize("count", [1, 2, 3, 63, 64, 65, MOST])
def test_a_group_of_plain_messages_is_one_statement(
    bench: Traced, at_once: bool, count: int
) -> None:
    outcomes = bench.together(*(draft(f"text {n}", key=str(n), ts=n) for n in range(count)))
    assert [each.entry.seq for each in outcomes] == list(range(2, count + 2))
    assert bench.asked == ([INSERT] if at_once else CLASSIC)
    with closing(sqlite3.connect(bench.path)) as other:
        kept = other.execute(
            """SELECT id, seq, ts, user_id, name, guest, text, key, reply_to
            FROM messages WHERE seq > 1 ORDER BY id"""
        ).fetchall()
    who = (ANN.user_id, ANN.name, ANN.guest)
    assert kept == [(n + 2, n + 2, n, *who, f"text {n}", str(n), None) for n in range(count)]


@pytest.mark.parametrize(
    "drafts",
    [
        [draft(f"text {n}") for n in range(MOST + 1)],
        [draft("a"), draft("b", reply_to=1)],
        [draft("a"), draft("b", kind="edited", by=ANN, target=1)],
    ],
    ids=["too many", "a reply", "an edit"],
)
def test_any_other_group_is_a_transaction_of_several(bench: Traced, drafts: list[Draft]) -> None:
    assert all(isinstance(each, Appended) for each in bench.together(*drafts))
    assert bench.asked[0] == "BEGIN IMMEDIATE"
    assert bench.asked[-1] == "COMMIT"
    assert len(bench.asked) > 4


def alone(bench: Traced, each: Draft) -> Appended:
    """What became of it, in a group of its own; ``asked`` is about that."""
    bench.asked.clear()
    return bench.run(bench.store.append(bench.lobby, each))


def test_what_somebody_else_said_in_between_is_not_overlooked(bench: Traced) -> None:
    with closing(sqlite3.connect(bench.path)) as other:
        other.execute(
            """INSERT INTO messages (id, room_id, seq, ts, user_id, name, guest, text, key)
            SELECT id + 1, room_id, seq + 1, ts, user_id, name, guest, 'theirs', 'k'
            FROM messages"""
        )
        other.commit()
    assert alone(bench, draft("mine")).entry.seq == 3
    again = alone(bench, draft("again", key="k"))
    assert (again.entry.seq, again.again) == (2, True)
    texts = [each.text for each in bench.run(page(bench.store, bench.lobby))]
    assert texts == ["first", "theirs", "mine"]


def test_what_somebody_else_wrote_costs_one_group_its_short_way(
    bench: Traced, at_once: bool
) -> None:
    with closing(sqlite3.connect(bench.path)) as other:
        other.execute("UPDATE rooms SET topic = 'theirs'")
        other.commit()
    assert alone(bench, draft("one")).entry.seq == 2
    asked = [each for each in bench.asked if not each.startswith("SELECT")]  # the numbers, anew
    assert asked == ([INSERT, *CLASSIC] if at_once else CLASSIC)
    assert alone(bench, draft("two")).entry.seq == 3
    assert bench.asked == ([INSERT] if at_once else CLASSIC)


def test_a_statement_that_finds_another_version_stores_nothing(bench: Traced) -> None:
    def stale(transaction: Transaction) -> object:
        entries = appending._places(transaction, [(bench.lobby, draft("mine"))])
        wrong = Transaction(_connection_of(transaction), (transaction.version or 0) + 1)
        return appending._insert(wrong, entries, wrong.version)

    assert bench.gather(bench.write(stale)) == [False]
    assert [each.text for each in bench.run(page(bench.store, bench.lobby))] == ["first"]


def test_what_is_stored_at_once_is_found_and_goes_on_without_a_gap(bench: Traced) -> None:
    bench.together(draft("green tea"), draft("black tea"))
    assert bench.run(finds(bench.store, "tea")) == ["black tea", "green tea"]
    bench.run(say(bench.store, bench.lobby, "red wine"))
    assert [each.seq for each in bench.run(page(bench.store, bench.lobby))] == [1, 2, 3, 4]


def test_an_unknown_room_and_a_poisoned_text_hurt_only_themselves(bench: Traced) -> None:
    go = bench.hold()
    store = bench.store
    waits = [
        bench.start(store.append(bench.lobby, draft("a"))),
        bench.start(store.append(bench.lobby, draft("lone \ud800 surrogate"))),
        bench.start(store.append(type(bench.lobby)(99), draft("nowhere"))),
        bench.start(store.append(bench.lobby, draft("b"))),
    ]
    go.set()
    first, poisoned, nowhere, last = bench.gather(*waits)
    assert (first.entry.seq, last.entry.seq) == (2, 3)
    assert [type(poisoned), type(nowhere)] == [UnicodeEncodeError, StoreFailed]


def test_no_statement_takes_more_values_than_sqlite_3_26() -> None:
    assert sorted(appending._INSERTS) == sorted(appending.SIZES)
    most = [max(map(int, re.findall(r"\?(\d+)", each))) for each in appending._INSERTS.values()]
    assert most == [2 + 9 * size for size in appending.SIZES]
    assert max(most) <= 999


def test_it_is_on_the_disk_when_it_is_acknowledged(bench: Traced) -> None:
    """The writer asks for a sync of each commit, and this one is a commit like any other."""
    bench.together(draft("kept"))
    synchronous = bench.gather(
        bench.write(lambda each: each.execute("PRAGMA synchronous").fetchone())
    )
    assert synchronous == [(2,)]
    assert "PRAGMA synchronous = FULL" in opening._WRITER
    with closing(sqlite3.connect(bench.path)) as other:
        assert other.execute("SELECT count(*) FROM messages").fetchone() == (2,)
