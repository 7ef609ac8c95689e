"""What every store's logs do: places, keys, and reading on from a place."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chatd.core.log import TOPIC_WITHIN, Earlier, Entry, RoomId
from chatd.core.ports import KeyReused, NoSuchTarget, Store, StoreFailed
from tests.unit.store.examples import ANN, BOB, GUS, draft, make_room, page, say


async def test_an_entry_comes_back_as_it_was_drafted(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "first")
    done = await store.append(lobby, draft("hé\0llo", by=GUS, ts=77, key="k", reply_to=1))
    assert done.entry == Entry(
        room_id=lobby, seq=2, kind="message", author=GUS, ts=77, text="hé\0llo", key="k", reply_to=1
    )
    assert not done.again
    assert (await store.read(lobby, 1, 10)) == [done.entry]


async def test_each_room_counts_from_one_without_gaps(store: Store) -> None:
    lobby, attic = await make_room(store, "lobby"), await make_room(store, "attic")
    await say(store, lobby, "a", "b")
    await say(store, attic, "c")
    assert [entry.seq for entry in await say(store, lobby, "d")] == [3]
    assert [entry.seq for entry in await say(store, attic, "e")] == [2]
    assert await store.last_seq(lobby) == 3


async def test_every_kind_of_entry_takes_a_seq(store: Store) -> None:
    lobby = await make_room(store)
    for kind in ("message", "edited", "reacted", "unreacted", "topic", "deleted"):
        text = kind.removeprefix("un")
        each = draft(text, kind=kind, target=None if kind == "message" else 1)
        await store.append(lobby, each)
    entries = await store.read(lobby, 0, 10)
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert [entry.kind for entry in entries][1:] == [
        "edited", "reacted", "unreacted", "topic", "deleted",
    ]  # fmt: skip
    assert [entry.target for entry in entries] == [None, 1, 1, 1, None, 1]
    assert await store.last_seq(lobby) == 6


async def test_a_known_key_gives_the_first_entry_whatever_the_text(store: Store) -> None:
    lobby = await make_room(store)
    first = await store.append(lobby, draft("one", key="k", ts=1))
    second = await store.append(lobby, draft("two", key="k", ts=2))
    assert second.again
    assert second.entry == first.entry
    assert await store.last_seq(lobby) == 1


async def test_a_key_is_its_authors_own(store: Store) -> None:
    lobby = await make_room(store)
    await store.append(lobby, draft(by=ANN, key="k"))
    assert not (await store.append(lobby, draft(by=BOB, key="k"))).again


async def test_a_key_says_where_its_message_is_to_its_author_alone(store: Store) -> None:
    lobby = await make_room(store, "lobby")
    await say(store, lobby, "before")
    await store.append(lobby, draft("secret", by=ANN, key="k", ts=5))
    there = Earlier(room_id=lobby, room="lobby", kind="public", title=None, seq=2, ts=5)
    assert await store.said(ANN.user_id, "k") == there
    assert await store.said(BOB.user_id, "k") is None
    assert await store.said(ANN.user_id, "K") is None
    await store.append(lobby, draft(kind="deleted", target=2))
    assert await store.said(ANN.user_id, "k") == there


async def test_a_key_in_another_room_is_refused(store: Store) -> None:
    lobby, attic = await make_room(store, "lobby"), await make_room(store, "attic")
    await store.append(lobby, draft(key="k"))
    with pytest.raises(KeyReused):
        await store.append(attic, draft(key="k"))
    assert await store.last_seq(attic) == 0


async def test_messages_without_a_key_are_never_the_same(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "same", "same")
    assert await store.last_seq(lobby) == 2


async def test_a_key_still_counts_after_its_message_was_deleted(store: Store) -> None:
    lobby = await make_room(store)
    await store.append(lobby, draft("secret", key="k"))
    await store.append(lobby, draft(kind="deleted", target=1))
    done = await store.append(lobby, draft("secret", key="k"))
    assert (done.again, done.entry.seq, done.entry.text) == (True, 1, "")


async def test_only_messages_have_keys_and_replies(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "hello")
    done = await store.append(lobby, draft("later", kind="edited", target=1, key="k", reply_to=1))
    assert (done.entry.key, done.entry.reply_to) == (None, None)
    assert not (await store.append(lobby, draft(key="k"))).again


async def test_a_message_has_no_target(store: Store) -> None:
    lobby = await make_room(store)
    done = await store.append(lobby, draft(target=9))
    assert done.entry.target is None


async def test_a_reply_needs_a_message_in_the_same_room(store: Store) -> None:
    lobby, attic = await make_room(store, "lobby"), await make_room(store, "attic")
    await say(store, lobby, "hello")
    with pytest.raises(NoSuchTarget):
        await store.append(attic, draft(reply_to=1))
    with pytest.raises(NoSuchTarget):
        await store.append(lobby, draft(reply_to=2))
    assert (await store.append(lobby, draft(reply_to=1))).entry.seq == 2


async def test_a_reply_to_anything_but_a_message_is_refused(store: Store) -> None:
    lobby = await make_room(store)
    await store.append(lobby, draft("Tea", kind="topic"))
    with pytest.raises(NoSuchTarget):
        await store.append(lobby, draft(reply_to=1))


async def test_a_deleted_message_may_still_be_replied_to(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "hello")
    await store.append(lobby, draft(kind="deleted", target=1))
    assert (await store.append(lobby, draft(reply_to=1))).entry.seq == 3


async def test_a_room_that_does_not_exist_takes_nothing(store: Store) -> None:
    with pytest.raises(StoreFailed, match="no room 99"):
        await store.append(RoomId(99), draft())
    with pytest.raises(StoreFailed, match="no room 99"):
        await store.append(RoomId(99), draft("Tea", kind="topic"))


async def test_a_room_that_does_not_exist_reads_as_empty(store: Store) -> None:
    nowhere = RoomId(99)
    assert await store.read(nowhere, 0, 10) == []
    assert await store.last_seq(nowhere) == 0
    assert await store.message(nowhere, 1) is None
    assert await store.history(nowhere, before=None, after=None, limit=10) == ([], False)


async def test_reading_goes_on_after_a_seq_up_to_a_limit(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "a", "b")
    await store.append(lobby, draft("c", kind="edited", target=1))
    await say(store, lobby, "d", "e")
    entries = await store.read(lobby, 1, 3)
    assert [(entry.seq, entry.text) for entry in entries] == [(2, "b"), (3, "c"), (4, "d")]
    assert await store.read(lobby, 5, 3) == []


async def test_the_log_keeps_what_was_first_said(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "frist")
    await store.append(lobby, draft("first", kind="edited", target=1))
    assert [entry.text for entry in await store.read(lobby, 0, 10)] == ["frist", "first"]


async def test_authors_keep_the_name_they_had(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "hello", by=GUS)
    renamed = replace(GUS, name="gustav")
    await say(store, lobby, "again", by=renamed)
    assert [message.author for message in await page(store, lobby)] == [GUS, renamed]


async def test_a_topic_is_the_rooms_from_then_on(store: Store) -> None:
    lobby = await make_room(store)
    done = await store.append(lobby, draft("Tea at five", kind="topic"))
    assert (done.entry.text, done.entry.target) == ("Tea at five", None)
    room = await store.room("lobby")
    assert room is not None
    assert (room.topic, room.last) == ("Tea at five", 1)
    assert await page(store, lobby) == []


async def test_the_topic_that_it_is_gives_the_entry_that_made_it_so(store: Store) -> None:
    lobby = await make_room(store)
    for topic in ("Tea", "Cake"):
        await store.append(lobby, draft(topic, kind="topic", ts=5))
    await say(store, lobby, "hello")
    done = await store.append(lobby, draft("Cake", kind="topic", by=BOB, ts=9))
    assert (done.again, done.entry) == (True, (await store.read(lobby, 1, 1))[0])
    assert await store.last_seq(lobby) == 3


async def test_a_topic_that_comes_back_is_a_change(store: Store) -> None:
    lobby = await make_room(store)
    for topic in ("Tea", "Cake", "Tea"):
        assert not (await store.append(lobby, draft(topic, kind="topic"))).again
    assert await store.last_seq(lobby) == 3


@pytest.mark.parametrize("topic", ["", "since the beginning"])
async def test_a_topic_without_an_entry_is_told_by_none(store: Store, topic: str) -> None:
    room = await store.create_room("lobby", "public", skeleton="l", topic=topic, owner=None, ts=1)
    done = await store.append(room.room_id, draft(topic, kind="topic", ts=9))
    assert (done.again, done.entry.seq, done.entry.text) == (True, 0, topic)
    assert await store.last_seq(room.room_id) == 0


async def test_the_entry_of_a_topic_is_looked_for_among_the_newest(store: Store) -> None:
    lobby = await make_room(store)
    await store.append(lobby, draft("Tea", kind="topic"))
    await say(store, lobby, *["hello"] * (TOPIC_WITHIN - 1))
    assert (await store.append(lobby, draft("Tea", kind="topic"))).entry.seq == 1
    await say(store, lobby, "hello")
    assert (await store.append(lobby, draft("Tea", kind="topic"))).entry.seq == 0
