"""What every store makes of edits, deletions and reactions, and how messages stand in history."""

from __future__ import annotations

import pytest

from chatd.core.log import Kind, RoomId, StoredMessage
from chatd.core.ports import NoSuchTarget, Store
from tests.unit.store.examples import ANN, BOB, GUS, draft, finds, make_room, page, say

CHANGES: tuple[Kind, ...] = ("edited", "deleted", "reacted", "unreacted")


async def hello(store: Store, text: str = "hello") -> RoomId:
    lobby = await make_room(store)
    await say(store, lobby, text)
    return lobby


async def only(store: Store, room_id: RoomId) -> StoredMessage:
    (message,) = await page(store, room_id)
    assert await store.message(room_id, message.seq) == message
    return message


async def test_history_shows_the_last_edit(store: Store) -> None:
    lobby = await hello(store)
    await store.append(lobby, draft("hallo", kind="edited", target=1, ts=5))
    await store.append(lobby, draft("hullo", kind="edited", target=1, ts=7))
    message = await only(store, lobby)
    assert (message.text, message.edited_ts, message.ts) == ("hullo", 7, 1000)


async def test_a_message_shows_everything_about_it(store: Store) -> None:
    lobby = await hello(store)
    await store.append(lobby, draft("hi", by=BOB, ts=9, key="k", reply_to=1))
    assert await store.message(lobby, 2) == StoredMessage(
        room_id=lobby, seq=2, ts=9, author=BOB, text="hi", key="k", reply_to=1
    )


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_needs_a_message(store: Store, kind: Kind) -> None:
    lobby, attic = await hello(store), await make_room(store, "attic")
    await store.append(lobby, draft("Tea", kind="topic"))
    for room_id, target in ((lobby, 2), (lobby, 3), (lobby, None), (attic, 1)):
        with pytest.raises(NoSuchTarget):
            await store.append(room_id, draft("x", kind=kind, target=target))
    assert await store.last_seq(lobby) == 2


@pytest.mark.parametrize("kind", ["edited", "reacted", "unreacted"])
async def test_a_deleted_message_takes_no_change(store: Store, kind: Kind) -> None:
    lobby = await hello(store)
    await store.append(lobby, draft(kind="deleted", target=1))
    with pytest.raises(NoSuchTarget):
        await store.append(lobby, draft("x", kind=kind, target=1))
    assert await store.last_seq(lobby) == 2


async def test_a_deletion_leaves_the_place_without_its_texts(store: Store) -> None:
    lobby = await hello(store, "my password")
    await store.append(lobby, draft("my passphrase", kind="edited", target=1))
    await store.append(lobby, draft("+1", kind="reacted", target=1))
    await store.append(lobby, draft("because", kind="deleted", target=1))
    assert await only(store, lobby) == StoredMessage(
        room_id=lobby, seq=1, ts=1000, author=ANN, text="", deleted=True
    )
    entries = await store.read(lobby, 0, 10)
    assert [entry.text for entry in entries] == ["", "", "+1", ""]
    assert await finds(store, "my") == []


async def test_a_second_deletion_gives_the_first(store: Store) -> None:
    lobby = await hello(store)
    first = await store.append(lobby, draft("", kind="deleted", target=1))
    second = await store.append(lobby, draft("", kind="deleted", target=1, by=BOB))
    assert (second.again, second.entry) == (True, first.entry)


async def test_the_text_that_it_is_gives_the_edit_that_made_it_so(store: Store) -> None:
    lobby = await hello(store)
    await store.append(lobby, draft("hallo", kind="edited", target=1, ts=5))
    first = await store.append(lobby, draft("hullo", kind="edited", target=1, ts=7))
    again = await store.append(lobby, draft("hullo", kind="edited", target=1, ts=9))
    assert (again.again, again.entry) == (True, first.entry)
    assert await store.last_seq(lobby) == 3
    assert (await only(store, lobby)).edited_ts == 7


async def test_the_text_that_it_had_from_the_first_is_told_by_the_message(store: Store) -> None:
    lobby = await hello(store)
    done = await store.append(lobby, draft("hello", kind="edited", target=1, ts=9))
    assert (done.again, done.entry.seq, done.entry.kind) == (True, 1, "message")
    message = await only(store, lobby)
    assert (message.edited_ts, await store.last_seq(lobby)) == (None, 1)


async def test_the_first_text_again_is_a_change_after_another(store: Store) -> None:
    lobby = await hello(store)
    for text in ("hallo", "hello"):
        assert not (await store.append(lobby, draft(text, kind="edited", target=1))).again
    again = await store.append(lobby, draft("hello", kind="edited", target=1))
    assert (again.again, again.entry.seq) == (True, 3)
    assert await finds(store, "hello") == ["hello"]


async def test_the_empty_text_of_a_deleted_message_is_none_to_have(store: Store) -> None:
    lobby = await hello(store)
    await store.append(lobby, draft(kind="deleted", target=1))
    with pytest.raises(NoSuchTarget):
        await store.append(lobby, draft("", kind="edited", target=1))


async def test_reactions_are_listed_in_the_order_they_came(store: Store) -> None:
    lobby = await hello(store)
    for emoji, who in (("+1", BOB), ("tea", ANN), ("+1", ANN), ("+1", GUS)):
        await store.append(lobby, draft(emoji, kind="reacted", target=1, by=who))
    reactions = (await only(store, lobby)).reactions
    assert list(reactions.items()) == [("+1", ["bob", "ann", "gus"]), ("tea", ["ann"])]


async def test_reactions_belong_to_their_message(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "a", "b", "c")
    await store.append(lobby, draft("+1", kind="reacted", target=2))
    reactions = [message.reactions for message in await page(store, lobby)]
    assert reactions == [{}, {"+1": ["ann"]}, {}]


async def test_the_same_reaction_again_gives_the_first(store: Store) -> None:
    lobby = await hello(store)
    first = await store.append(lobby, draft("+1", kind="reacted", target=1, ts=5))
    again = await store.append(lobby, draft("+1", kind="reacted", target=1, ts=9))
    assert (again.again, again.entry) == (True, first.entry)
    assert await store.last_seq(lobby) == 2


async def test_a_reaction_can_be_taken_off_and_put_on_again(store: Store) -> None:
    lobby = await hello(store)
    await store.append(lobby, draft("+1", kind="reacted", target=1))
    off = await store.append(lobby, draft("+1", kind="unreacted", target=1))
    assert not off.again
    assert (await only(store, lobby)).reactions == {}
    assert (await store.append(lobby, draft("+1", kind="unreacted", target=1))) == type(off)(
        off.entry, again=True
    )
    on = await store.append(lobby, draft("+1", kind="reacted", target=1))
    assert (on.again, on.entry.seq) == (False, 4)
    assert (await only(store, lobby)).reactions == {"+1": ["ann"]}


async def test_taking_off_what_never_was_there_is_told_by_the_message(store: Store) -> None:
    lobby = await hello(store)
    await store.append(lobby, draft("+1", kind="reacted", target=1, by=BOB))
    done = await store.append(lobby, draft("+1", kind="unreacted", target=1, by=ANN))
    assert (done.again, done.entry.seq, done.entry.kind) == (True, 1, "message")
    assert (await only(store, lobby)).reactions == {"+1": ["bob"]}


async def test_history_pages_back_from_the_newest(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "a", "b", "c", "d", "e")
    newest, more = await store.history(lobby, before=None, after=None, limit=2)
    assert ([message.text for message in newest], more) == (["d", "e"], True)
    older, more = await store.history(lobby, before=newest[0].seq, after=None, limit=3)
    assert ([message.text for message in older], more) == (["a", "b", "c"], False)


async def test_history_pages_forward_from_a_seq(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "a", "b", "c", "d")
    some, more = await store.history(lobby, before=None, after=1, limit=2)
    assert ([message.text for message in some], more) == (["b", "c"], True)
    rest, more = await store.history(lobby, before=None, after=some[-1].seq, limit=2)
    assert ([message.text for message in rest], more) == (["d"], False)


async def test_history_counts_messages_only(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "a")
    for number in range(5):
        await store.append(lobby, draft(f"Topic {number}", kind="topic"))
    await say(store, lobby, "b")
    messages, more = await store.history(lobby, before=None, after=None, limit=2)
    assert [message.seq for message in messages] == [1, 7]
    assert not more


async def test_there_is_no_message_where_something_else_is(store: Store) -> None:
    lobby = await hello(store)
    await store.append(lobby, draft("Tea", kind="topic"))
    assert await store.message(lobby, 2) is None
    assert await store.message(lobby, 3) is None
