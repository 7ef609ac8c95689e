"""Accounts that were disabled or erased, by whatever process: what is not written of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.core.audit import Deed
from chatd.core.log import Author, RoomId, UserId
from chatd.core.ports import AccountGone, Store
from chatd.core.sanctions import Subject
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore, opened
from chatd.store.sqlite.erase import Erasing
from tests.unit.store.examples import ANN, BOB, GUS, account, draft, make_room, member
from tests.unit.store.sqlites import Bench

HOOK = Author(UserId("h0123456789ab"), "robot", False)


async def erase(store: Store, user_id: UserId = ANN.user_id) -> None:
    """As `chatd user erase` ends."""
    if isinstance(store, SqliteStore):
        await store.set_disabled(user_id, True, 9)
        assert await store.erase_account(
            Erasing(user_id=user_id, alias=UserId("e1"), keep_texts=True, ts=9)
        )
    elif isinstance(store, MemoryStore):
        await store.set_disabled(user_id, True, 9)
        del store.writing().accounts[user_id]


async def make(store: Store) -> RoomId:
    await store.add_account(account(), "ann", 1)
    await store.add_account(account("bob", "u2"), "bob", 2)
    lobby = await make_room(store)
    await store.append(lobby, draft("hello", key="k1"))
    return lobby


async def test_what_a_disabled_account_says_is_refused(store: Store) -> None:
    lobby = await make(store)
    await store.set_disabled(ANN.user_id, True, 3)
    for late in (draft("more"), draft("hello", key="k1"), draft("T", kind="topic")):
        with pytest.raises(AccountGone, match="u1"):
            await store.append(lobby, late)
    await store.append(lobby, draft("I am here", by=BOB))
    assert await store.last_seq(lobby) == 2
    await store.set_disabled(ANN.user_id, False, 4)
    assert (await store.append(lobby, draft("back"))).entry.seq == 3


async def test_who_is_only_disabled_may_be_a_member(store: Store) -> None:
    lobby = await make(store)
    await store.set_disabled(ANN.user_id, True, 3)
    await store.set_member(lobby, member(ANN))
    await store.direct_room("@1", member(BOB), member(ANN), 4)
    assert len(await store.memberships(ANN.user_id)) == 2


async def test_nothing_is_written_of_an_account_that_was_erased(store: Store) -> None:
    lobby = await make(store)
    await erase(store)
    with pytest.raises(AccountGone, match="u1"):
        await store.append(lobby, draft("more"))
    with pytest.raises(AccountGone):
        await store.set_member(lobby, member(ANN))
    for one, other in ((ANN, BOB), (BOB, ANN)):
        with pytest.raises(AccountGone):
            await store.direct_room("@1", member(one), member(other), 4)
    with pytest.raises(AccountGone):
        await store.create_room("den", "private", skeleton="den", topic="", owner=member(ANN), ts=4)
    with pytest.raises(AccountGone):
        await store.mark(ANN.user_id, lobby, 1)
    with pytest.raises(AccountGone):
        await store.report(lobby, 1, by=ANN, reason="rude", ts=4)
    assert await store.memberships(ANN.user_id) == []
    assert await store.room("@1") is None
    assert await store.room("den") is None
    assert await store.last_seq(lobby) == 1


async def test_an_erased_operator_lays_nothing_down_and_nothing_is_laid_on_them(
    store: Store,
) -> None:
    await make(store)
    await erase(store)
    of_ann = Deed(ts=4, verb="ban", actor_id=ANN.user_id, actor=ANN.name)
    for subject, deed in (
        (Subject("user", BOB.user_id, BOB.name), of_ann),
        (Subject("user", ANN.user_id, ANN.name), Deed(ts=4, verb="ban")),
    ):
        with pytest.raises(AccountGone):
            await store.sanction(
                "ban", subject, None, reason="", by="ann", ts=4, until=None, deed=deed
            )
    with pytest.raises(AccountGone):
        await store.settle(1, outcome="fine", by="ann", ts=4, deed=of_ann)
    assert await store.sanctions(5) == []


async def test_a_deed_is_recorded_without_the_words_of_who_was_erased(store: Store) -> None:
    await make(store)
    await erase(store)
    by = Deed(ts=4, verb="kick", actor_id="u1", actor="ann", address="::1", target_id="u2")
    to = Deed(ts=5, verb="kick", actor_id="u2", actor="bob", target_id="u1", facts={"user": "ann"})
    await store.record(by, to)
    told = [(r.told_who.name, r.told_who.address) for r in await store.audit(0, 9)]
    assert told == [("erased user u1", ""), ("bob", "")]
    whom = [r.told_what for r in await store.audit(0, 9)]
    assert whom == [{}, {"user": "erased user u1"}]


async def test_guests_and_hooks_never_had_an_account(store: Store) -> None:
    lobby = await make(store)
    await erase(store)
    for who in (GUS, HOOK):
        for number in range(2):
            await store.append(lobby, draft(f"text {number}", by=who))
    await store.direct_room("@1", member(BOB), member(GUS), 4)
    assert await store.last_seq(lobby) == 5


@pytest.mark.parametrize("erased", [True, False])
def test_another_process_may_have_done_it_between_two_groups(bench: Bench, *, erased: bool) -> None:
    run, store, lobby = bench.run, bench.store, bench.lobby
    run(store.add_account(account(), "ann", 1))
    for number in range(3):
        run(store.append(lobby, draft(f"text {number}")))
    with opened(bench.path) as (other, ran):
        ran(erase(other) if erased else other.set_disabled(ANN.user_id, True, 9))
    go = bench.hold()
    late = [draft("one"), draft("two", by=BOB), draft("three"), draft("four", by=BOB)]
    waits = [bench.start(store.append(lobby, each)) for each in late]
    go.set()
    told = bench.gather(*waits)
    assert [type(each) is AccountGone for each in told] == [True, False, True, False]
    for each in late[:2]:  # the short way knows one of them by now
        (outcome,) = bench.gather(bench.start(store.append(lobby, each)))
        assert (type(outcome) is AccountGone) == (each.author == ANN)
    assert run(store.last_seq(lobby)) == 6


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "chatd.sqlite3")
    yield bench
    bench.close()
