"""What the SQLite store does when the disk, the file or another process lets it down."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.core.ports import StoreFailed, StoreFull
from chatd.store.sqlite import opening
from chatd.store.sqlite.transaction import Transaction
from tests.unit.store.examples import draft, finds, page
from tests.unit.store.sqlites import Bench

BIG = "x" * 100_000


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "chatd.sqlite3")
    yield bench
    bench.close()


def limit_pages(bench: Bench, pages: int) -> None:
    def limit(transaction: Transaction) -> None:
        transaction.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    bench.gather(bench.write(limit))


def fill(bench: Bench) -> int:
    """Leave no room for big messages; gives how many there are."""
    limit_pages(bench, 150)
    for n in range(100):
        (outcome,) = bench.gather(bench.start(bench.store.append(bench.lobby, draft(BIG))))
        if isinstance(outcome, Exception):
            assert isinstance(outcome, StoreFull)
            return n
    raise AssertionError("the disk is never full")


def test_a_full_disk_is_said_and_reading_goes_on(bench: Bench) -> None:
    stored = fill(bench)
    with pytest.raises(StoreFull, match=r"free some space.*"):
        bench.run(bench.store.append(bench.lobby, draft(BIG)))
    messages = bench.run(page(bench.store, bench.lobby))
    assert [message.seq for message in messages] == list(range(1, stored + 1))
    assert len(bench.run(finds(bench.store, "x"))) == stored
    assert bench.meter.failures == ["full", "full"]


def test_the_store_goes_on_without_a_gap_when_there_is_room_again(bench: Bench) -> None:
    stored = fill(bench)
    limit_pages(bench, 100_000)
    assert bench.run(bench.store.append(bench.lobby, draft(BIG))).entry.seq == stored + 1


def test_a_whole_group_hears_of_the_full_disk(bench: Bench) -> None:
    stored = fill(bench)
    go = bench.hold()
    waits = [bench.start(bench.store.append(bench.lobby, draft(BIG))) for _ in range(50)]
    go.set()
    outcomes = bench.gather(*waits)
    assert {type(each) for each in outcomes} == {StoreFull}
    assert len({id(each) for each in outcomes}) == 50
    assert bench.run(bench.store.last_seq(bench.lobby)) == stored


def spoil(bench: Bench) -> object:
    """What a caller hears of an error of the disk; the next one gets a new connection."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR | 3 << 8
    error.sqlite_errorname = "SQLITE_TEST"

    def meet(_: Transaction) -> None:
        raise error

    (outcome,) = bench.gather(bench.write(meet))
    return outcome


def test_an_error_of_the_disk_is_told_and_the_next_call_opens_anew(bench: Bench) -> None:
    line = bench.store._threads._writer._line
    first = line._connection
    outcome = spoil(bench)
    assert isinstance(outcome, StoreFailed)
    assert "disk I/O error (SQLITE_TEST)" in str(outcome)
    assert bench.run(bench.store.append(bench.lobby, draft())).entry.seq == 1
    assert line._connection is not first
    assert bench.meter.failures == ["failed"]


def test_an_error_of_a_disk_without_space_is_a_full_disk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = os.statvfs_result((4096, 4096, 10**6, 9, 9, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    outcome = spoil(bench)
    assert isinstance(outcome, StoreFull)


def test_a_damaged_file_is_said_to_be_damaged(bench: Bench) -> None:
    for n in range(50):
        bench.run(bench.store.append(bench.lobby, draft(f"{n} {BIG[:3000]}")))
    with bench.path.open("r+b") as file, sqlite3.connect(bench.path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = other.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'messages'"
        ).fetchone()
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    other.close()
    spoil(bench)
    with pytest.raises(StoreFailed, match=r"damaged.*restore a backup"):
        bench.run(bench.store.append(bench.lobby, draft()))
    with pytest.raises(StoreFailed, match=r"damaged.*restore a backup"):
        bench.run(bench.store.history(bench.lobby, before=None, after=None, limit=50))
    assert bench.run(bench.store.account("ann")) is None


def test_a_file_that_another_process_keeps_locked_is_said_to_be(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(bench)
    monkeypatch.setattr(opening, "BUSY_S", 0.01)
    other = sqlite3.connect(bench.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    go_on = bench.start(bench.store.append(bench.lobby, draft()))
    (outcome,) = bench.gather(go_on)
    assert isinstance(outcome, StoreFailed)
    assert "another process" in str(outcome)
    other.execute("ROLLBACK")
    other.close()
    assert bench.run(bench.store.append(bench.lobby, draft())).entry.seq == 1


def test_a_fault_of_ours_stays_what_it_is(bench: Bench) -> None:
    def fault(_: Transaction) -> None:
        raise ZeroDivisionError("a fault")

    (outcome,) = bench.gather(bench.write(fault))
    assert isinstance(outcome, ZeroDivisionError)
    assert bench.meter.failures == []


def test_the_lock_is_held_until_the_store_is_closed(bench: Bench) -> None:
    with Path(f"{bench.path}.lock").open("rb") as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        bench.close()
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
