"""What every store makes of many reactions: how many a message takes, and how many of them it
tells, also of a database in which there are more."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatd.core.log import Appended, Author, RoomId, StoredMessage, UserId
from chatd.core.ports import Store, TooManyReactions
from chatd.core.reactions import MOST, MOST_OWN, NAMED
from tests.unit.store.examples import ANN, BOB, draft, finds, make_room, say
from tests.unit.store.sqlites import Bench


def crowd(size: int) -> list[Author]:
    return [Author(UserId(f"g{number:04}"), f"guest{number}", True) for number in range(size)]


async def react(store: Store, lobby: RoomId, emoji: str, by: Author = ANN) -> Appended:
    return await store.append(lobby, draft(emoji, kind="reacted", by=by, target=1))


async def full(store: Store) -> RoomId:
    """A room with a message that has as many emoji as it takes, each of somebody else."""
    lobby = await make_room(store)
    await say(store, lobby, "hello", "and more")
    for number, who in enumerate(crowd(MOST)):
        await react(store, lobby, f"e{number}", who)
    return lobby


async def first(store: Store, lobby: RoomId) -> StoredMessage:
    message = await store.message(lobby, 1)
    assert message is not None
    (page, _) = await store.history(lobby, before=None, after=0, limit=1)
    assert page == [message]
    return message


async def test_a_message_takes_so_many_different_emoji(store: Store) -> None:
    lobby = await full(store)
    with pytest.raises(TooManyReactions) as no:
        await react(store, lobby, "another")
    assert no.value.args == (False,)
    assert await store.last_seq(lobby) == 2 + MOST
    assert list((await first(store, lobby)).reactions) == [f"e{number}" for number in range(MOST)]
    other = await store.append(lobby, draft("another", kind="reacted", target=2))
    assert not other.again


async def test_whoever_comes_may_join_what_is_there(store: Store) -> None:
    lobby = await full(store)
    for number in range(MOST):
        assert not (await react(store, lobby, f"e{number}", BOB)).again
    assert (await react(store, lobby, "e3", BOB)).again
    assert (await first(store, lobby)).reactions["e3"] == ["guest3", "bob"]


async def test_what_was_taken_off_makes_room(store: Store) -> None:
    lobby = await full(store)
    gone = crowd(1)[0]
    await store.append(lobby, draft("e0", kind="unreacted", by=gone, target=1))
    assert not (await react(store, lobby, "another")).again
    with pytest.raises(TooManyReactions):
        await react(store, lobby, "e0", gone)


async def test_one_person_brings_so_many_and_leaves_the_rest_to_others(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "hello")
    for number in range(MOST_OWN):
        await react(store, lobby, f"a{number}")
    await react(store, lobby, "b", BOB)
    with pytest.raises(TooManyReactions) as no:
        await react(store, lobby, "another")
    assert no.value.args == (True,)
    assert not (await react(store, lobby, "b")).again
    assert not (await react(store, lobby, "another", BOB)).again
    for emoji in ("a0", "b"):
        await store.append(lobby, draft(emoji, kind="unreacted", target=1))
    assert not (await react(store, lobby, "c")).again


async def test_the_first_of_many_people_are_named_and_all_are_counted(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "hello")
    people = crowd(NAMED + 5)[::-1]  # not in the order of their ids
    for who in people:
        await react(store, lobby, "+1", who)
    for who in people[:NAMED]:
        await react(store, lobby, "tea", who)
    message = await first(store, lobby)
    names = [who.name for who in people[:NAMED]]
    assert message.reactions == {"+1": names, "tea": names}
    assert message.counts == {"+1": NAMED + 5}
    (hit,) = await store.search("hello", room_id=lobby, member=ANN.user_id, cursor=None, limit=9)
    assert hit.message == message
    await store.append(lobby, draft("+1", kind="unreacted", by=people[0], target=1))
    message = await first(store, lobby)
    assert message.reactions["+1"] == [who.name for who in people[1 : NAMED + 1]]
    assert message.counts == {"+1": NAMED + 4}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "chatd.sqlite3")
    yield bench
    bench.close()


def test_what_is_refused_of_a_group_takes_nothing_with_it(bench: Bench) -> None:
    drafts = [draft("hello")]
    drafts += [draft(f"e{number}", kind="reacted", target=1) for number in range(MOST_OWN + 2)]
    go = bench.hold()
    waits = [bench.start(bench.store.append(bench.lobby, each)) for each in [*drafts, draft("x")]]
    go.set()
    outcomes = bench.gather(*waits)
    refused = [type(each) for each in outcomes if isinstance(each, Exception)]
    assert refused == [TooManyReactions] * 2
    assert outcomes[-1].entry.seq == MOST_OWN + 2


def test_a_database_with_far_more_tells_as_many_as_any_other(bench: Bench) -> None:
    bench.run(say(bench.store, bench.lobby, "hello"))
    many = [(bench.lobby, f"e{n:05}", f"u{n % 7}", n + 2, "x" * 32) for n in range(20_000)]
    many += [(bench.lobby, "e00000", f"g{n}", n + 30_000, "y" * 32) for n in range(20_000)]
    with closing(sqlite3.connect(bench.path)) as connection, connection:
        connection.executemany("INSERT INTO reactions VALUES (?, 1, ?, ?, ?, ?, 1)", many)
    message = bench.run(first(bench.store, bench.lobby))
    assert list(message.reactions) == [f"e{number:05}" for number in range(MOST)]
    assert message.reactions["e00000"] == ["x" * 32, *["y" * 32] * (NAMED - 1)]
    assert message.counts == {"e00000": 20_001}
    with pytest.raises(TooManyReactions):
        bench.run(react(bench.store, bench.lobby, "another", BOB))
    assert not bench.run(react(bench.store, bench.lobby, "e19999", BOB)).again
    assert bench.run(finds(bench.store, "hello")) == ["hello"]
