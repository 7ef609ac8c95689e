"""What every store finds, and for whom."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatd.core.ports import Store
from chatd.store.words import MAX_LETTERS, MAX_TERMS, matches, terms
from tests.unit.store.conftest import Runs
from tests.unit.store.examples import BOB, draft, finds, make_room, member, say


async def test_all_words_must_be_there_and_the_last_may_go_on(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "the green teapot", "green coffee", "a teapot")
    assert await finds(store, "green tea") == ["the green teapot"]
    assert await finds(store, "tea green") == []
    assert await finds(store, "tea") == ["a teapot", "the green teapot"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("crème BRÛLÉE", "Creme brulee!"),
        ("creme", "CRÈME"),
        ("strasse", "Straße"),
        ("москва", "в Москве, Москва"),
        ("हिन्दी", "मुझे हिन्दी आती है"),
        ("日本", "日本語"),
        ("42", "42nd street"),
        ("foo bar", "foo-bar_baz"),
        ("office", "oﬃce"),
    ],
)
async def test_words_are_found_however_they_are_written(
    store: Store, query: str, text: str
) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "something else", text)
    assert await finds(store, query) == [text]


@pytest.mark.parametrize("query", ["", " ", "!?", '"', "*", "§1", '""', "NOT", "\0", "-"])
async def test_a_query_without_words_of_the_text_finds_nothing(store: Store, query: str) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "hello")
    assert await finds(store, query) == []


@pytest.mark.parametrize("query", ["and", "or not", "near", "words", "found", "hello and"])
async def test_the_words_of_query_languages_are_words(store: Store, query: str) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "hello", query)
    assert await finds(store, query.upper()) == [query]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=300), min_size=1, max_size=5), st.text(max_size=300))
def test_any_text_and_any_query_will_do(
    store: Store, run: Runs, texts: list[str], query: str
) -> None:
    async def check() -> None:
        name = str(len(await store.public_rooms("", 10_000)))
        room_id = await make_room(store, name)
        await say(store, room_id, *texts)
        whole, last = terms(query)
        expected = [text for text in reversed(texts) if last and matches(text, whole, last)]
        assert await finds(store, query, room_id) == expected
        (tail,) = terms(texts[0])[1:]
        if tail:
            assert texts[0] in await finds(store, texts[0], room_id)

    run(check())


async def test_a_long_word_is_known_by_its_first_letters(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "x" * 5000)
    assert len(await finds(store, "x" * MAX_LETTERS)) == 1
    assert len(await finds(store, "x" * 4999)) == 1


async def test_more_terms_than_anybody_types_are_ignored(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "word " * (MAX_TERMS + 10))
    assert len(await finds(store, "word " * MAX_TERMS + "other")) == 1


async def test_an_edited_message_is_found_by_its_new_words_only(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "old words")
    await store.append(lobby, draft("new words", kind="edited", target=1))
    await store.append(lobby, draft("newest", kind="edited", target=1))
    assert await finds(store, "newest") == ["newest"]
    assert await finds(store, "old") == []
    assert await finds(store, "words") == []


async def test_one_room_can_be_searched(store: Store) -> None:
    lobby, attic = await make_room(store, "lobby"), await make_room(store, "attic")
    await say(store, lobby, "tea in the lobby")
    await say(store, attic, "tea in the attic")
    assert await finds(store, "tea", attic) == ["tea in the attic"]
    assert await finds(store, "tea") == ["tea in the attic", "tea in the lobby"]


async def test_private_rooms_are_searched_for_their_members_only(store: Store) -> None:
    cellar = await make_room(store, "cellar", "private")
    await say(store, cellar, "hidden wine")
    assert await finds(store, "wine") == []
    await store.set_member(cellar, member(BOB))
    (hit,) = await store.search("wine", room_id=None, member=BOB.user_id, cursor=None, limit=9)
    assert (hit.room, hit.message.room_id, hit.message.text) == ("cellar", cellar, "hidden wine")


async def test_pages_go_from_the_newest_to_the_oldest(store: Store) -> None:
    lobby, attic = await make_room(store, "lobby"), await make_room(store, "attic")
    for number in range(4):
        await say(store, lobby, f"tea {number} below")
        await say(store, attic, f"tea {number} above")
    found: list[str] = []
    cursor = None
    for _ in range(4):
        hits = await store.search("tea", room_id=None, member=BOB.user_id, cursor=cursor, limit=3)
        found += [hit.message.text for hit in hits]
        cursor = hits[-1].cursor if hits else 0
    assert found == [f"tea {n} {where}" for n in (3, 2, 1, 0) for where in ("above", "below")]


async def test_what_is_public_is_found_behind_very_much_that_is_not(store: Store) -> None:
    lobby, cellar = await make_room(store), await make_room(store, "cellar", "private")
    for number in range(5):
        await say(store, lobby, f"tea {number}")
        for _ in range(90 * number):  # more than are looked at one by one
            await say(store, cellar, "tea that nobody may know of")
    everything = [f"tea {number}" for number in (4, 3, 2, 1, 0)]
    assert await finds(store, "tea") == everything
    found: list[str] = []
    cursor = None
    for _ in range(6):
        hits = await store.search("tea", room_id=None, member=BOB.user_id, cursor=cursor, limit=1)
        found += [hit.message.text for hit in hits]
        cursor = hits[-1].cursor if hits else 0
    assert found == everything


async def test_a_hit_shows_the_message_as_it_stands(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "tea")
    await store.append(lobby, draft("tea!", kind="edited", target=1, ts=5))
    await store.append(lobby, draft("+1", kind="reacted", target=1))
    (hit,) = await store.search("tea", room_id=lobby, member=BOB.user_id, cursor=None, limit=9)
    assert hit.message == await store.message(lobby, 1)


async def test_somebody_in_very_many_rooms_finds_in_these_only(store: Store) -> None:
    for number in range(205):
        room_id = await make_room(store, f"room{number:03}", "private")
        if number:
            await store.set_member(room_id, member(BOB))
        await say(store, room_id, f"tea {number}")
    hits = await store.search("tea", room_id=None, member=BOB.user_id, cursor=None, limit=999)
    assert [hit.message.text for hit in hits] == [f"tea {n}" for n in range(204, 0, -1)]
