"""How the SQLite store commits: all that waits goes together, and nobody pays for another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import CancelledError

from chatd.core.log import Appended, Draft, RoomId
from chatd.core.ports import KeyReused, NameTaken, NoSuchTarget, StoreFailed
from chatd.store.sqlite.transaction import Transaction
from tests.unit.store.examples import ANN, BOB, draft, make_room, page
from tests.unit.store.sqlites import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "chatd.sqlite3")
    yield bench
    bench.close()


def append_all(bench: Bench, *drafts: Draft) -> list[Appended | Exception]:
    """The outcomes of drafts that were all asked for before any was stored."""
    go = bench.hold()
    waits = [bench.start(bench.store.append(bench.lobby, each)) for each in drafts]
    go.set()
    return bench.gather(*waits)


def seqs(outcomes: list[Appended | Exception]) -> list[int | type[Exception]]:
    return [each.entry.seq if isinstance(each, Appended) else type(each) for each in outcomes]


def texts(bench: Bench) -> list[str]:
    return [message.text for message in bench.run(page(bench.store, bench.lobby))]


def test_what_waits_is_committed_together_and_delivered_in_one_go(bench: Bench) -> None:
    before = bench.deliveries
    outcomes = append_all(bench, *(draft(f"text {n}") for n in range(200)))
    assert seqs(outcomes) == list(range(1, 201))
    assert bench.meter.groups == [1, 200]
    assert bench.deliveries - before == 2


def test_a_group_has_a_limit(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "chatd.sqlite3", group=50)
    append_all(bench, *(draft() for _ in range(120)))
    assert bench.meter.groups == [1, 50, 50, 20]
    assert bench.meter.depths[-1] == 0
    bench.close()


def test_entries_of_all_kinds_keep_the_order_in_which_they_were_asked_for(bench: Bench) -> None:
    outcomes = append_all(
        bench,
        draft("one"),
        draft("1", kind="edited", target=1),
        draft("two", reply_to=1),
        draft("three"),
        draft("Tea", kind="topic"),
        draft("four"),
        draft("+1", kind="reacted", target=6),
    )
    assert seqs(outcomes) == [1, 2, 3, 4, 5, 6, 7]
    assert bench.meter.groups == [1, 7]
    assert texts(bench) == ["1", "two", "three", "four"]


def test_the_same_key_twice_in_a_group_is_one_message(bench: Bench) -> None:
    outcomes = append_all(
        bench, draft("a"), draft("b", key="k"), draft("c"), draft("d", key="k"), draft("e")
    )
    assert seqs(outcomes) == [1, 2, 3, 2, 4]
    assert texts(bench) == ["a", "b", "c", "e"]


def test_a_group_of_resends_gives_the_first_acknowledgements(bench: Bench) -> None:
    drafts = [draft(str(n), key=str(n)) for n in range(100)]
    first = append_all(bench, *drafts)
    again = append_all(bench, *drafts)
    assert seqs(again) == seqs(first)
    assert all(isinstance(each, Appended) and each.again for each in again)


def test_refusals_in_a_group_leave_no_gap(bench: Bench) -> None:
    attic = bench.run(make_room(bench.store, "attic"))
    bench.run(bench.store.append(attic, draft(key="elsewhere")))
    outcomes = append_all(
        bench,
        draft("a"),
        draft("b", key="elsewhere"),
        draft("c", reply_to=77),
        draft("d", kind="deleted", target=77),
        draft("e"),
    )
    assert seqs(outcomes) == [1, KeyReused, NoSuchTarget, NoSuchTarget, 2]
    assert bench.meter.groups[-1] == 5


def test_a_room_that_does_not_exist_does_not_hurt_the_others(bench: Bench) -> None:
    go = bench.hold()
    waits = [
        bench.start(bench.store.append(room_id, draft()))
        for room_id in (bench.lobby, RoomId(99), bench.lobby)
    ]
    go.set()
    assert seqs(bench.gather(*waits)) == [1, StoreFailed, 2]


def test_calls_about_other_things_go_into_the_same_group(bench: Bench) -> None:
    go = bench.hold()
    store = bench.store
    waits = [
        bench.start(store.mark(ANN.user_id, bench.lobby, 1)),
        bench.start(store.append(bench.lobby, draft())),
        bench.start(make_room(store, "lobby")),
        bench.start(store.mark(BOB.user_id, bench.lobby, 2)),
    ]
    go.set()
    marked, done, taken, other = bench.gather(*waits)
    assert (marked, done.entry.seq, type(taken), other) == (1, 1, NameTaken, 2)
    assert bench.meter.groups == [1, 4]


def test_a_poisoned_call_hurts_only_itself(bench: Bench) -> None:
    outcomes = append_all(
        bench, draft("a"), draft("lone \ud800 surrogate"), draft("b"), draft(ts=2**70), draft("c")
    )
    assert seqs(outcomes) == [1, UnicodeEncodeError, 2, OverflowError, 3]
    assert texts(bench) == ["a", "b", "c"]


def test_a_call_that_fails_after_writing_leaves_no_trace(bench: Bench) -> None:
    def half(transaction: Transaction) -> None:
        transaction.execute("UPDATE rooms SET topic = 'half done'")
        raise RuntimeError("a fault")

    go = bench.hold()
    waits = [
        bench.start(bench.store.append(bench.lobby, draft("a"))),
        bench.write(half),
        bench.start(bench.store.append(bench.lobby, draft("b"))),
    ]
    go.set()
    first, fault, second = bench.gather(*waits)
    assert (first.entry.seq, type(fault), second.entry.seq) == (1, RuntimeError, 2)
    room = bench.run(bench.store.room("lobby"))
    assert room is not None
    assert room.topic == ""


def test_a_result_is_heard_only_after_its_commit(bench: Bench) -> None:
    other = sqlite3.connect(bench.path)
    seen: list[int] = []

    async def append_and_look() -> None:
        await bench.store.append(bench.lobby, draft())
        seen.extend(other.execute("SELECT count(*) FROM messages").fetchone())

    bench.run(append_and_look())
    other.close()
    assert seen == [1]


def test_reads_go_on_while_the_writer_is_held_up(bench: Bench) -> None:
    bench.run(bench.store.append(bench.lobby, draft("stored")))
    go = bench.hold()
    waiting = bench.start(bench.store.append(bench.lobby, draft("not yet")))
    assert texts(bench) == ["stored"]
    go.set()
    bench.gather(waiting)
    assert texts(bench) == ["stored", "not yet"]


def test_who_stops_waiting_harms_nobody(bench: Bench) -> None:
    go = bench.hold()
    waits = [bench.start(bench.store.append(bench.lobby, draft(str(n)))) for n in range(3)]
    waits[1].cancel()
    go.set()
    outcomes = bench.gather(*waits)
    assert seqs(outcomes) == [1, CancelledError, 3]
    assert texts(bench) == ["0", "1", "2"]


def test_closing_finishes_what_was_asked_for(bench: Bench) -> None:
    go = bench.hold()
    waits = [bench.start(bench.store.append(bench.lobby, draft(str(n)))) for n in range(3)]
    waits.append(bench.start(bench.store.close()))
    go.set()
    *outcomes, closed = bench.gather(*waits)
    assert seqs(outcomes) == [1, 2, 3]
    assert closed is None
    assert not bench.path.with_name("chatd.sqlite3-wal").exists()


def test_every_call_is_measured(bench: Bench) -> None:
    bench.run(bench.store.append(bench.lobby, draft()))
    bench.run(bench.store.last_seq(bench.lobby))
    assert bench.meter.operations == ["create_room", "append", "last_seq"]
    assert bench.meter.failures == []
