"""What every store does with incoming webhooks."""

from __future__ import annotations

import pytest

from chatd.core.hooks import Hook
from chatd.core.log import Alike, RoomId
from chatd.core.ports import NameTaken, Store, StoreFailed
from tests.unit.store.examples import account, make_room


def hook(room_id: RoomId, hook_id: str = "h1", name: str = "alerts", room: str = "lobby") -> Hook:
    return Hook(hook_id=hook_id, room_id=room_id, room=room, name=name, created_ts=5)


async def test_a_hook_is_known_by_the_digest_of_its_token(store: Store) -> None:
    made = hook(await make_room(store))
    await store.add_hook(made, "alerts", b"1" * 32)
    assert await store.hook(b"1" * 32) == made
    assert await store.hook(b"2" * 32) is None


async def test_hooks_are_listed_by_room_and_name(store: Store) -> None:
    lobby, attic = await make_room(store), await make_room(store, "attic")
    made = [hook(attic, "h3", room="attic"), hook(lobby, "h2"), hook(lobby, "h1", "builds")]
    for number, each in enumerate(reversed(made)):
        await store.add_hook(each, each.name, bytes([number]) * 32)
    assert await store.hooks() == made


async def test_a_hook_is_found_by_what_its_name_looks_like(store: Store) -> None:
    room = await make_room(store)
    await store.add_account(account(), "ann", 5)
    for number, name in enumerate(("builds", "alerts", "alerts")):
        await store.add_hook(hook(room, f"h{number}", name), name, bytes([number]) * 32)
    assert await store.look_alike(["bob", "alerts"]) == Alike(None, "alerts")
    assert await store.look_alike({"ann", "builds"}) == Alike("ann", "builds")
    await store.revoke_hook("h1")
    assert (await store.look_alike(["alerts"])).hook == "alerts"
    await store.revoke_hook("h2")
    assert await store.look_alike(["alerts"]) == Alike()


async def test_no_hook_and_no_account_look_like_each_other(store: Store) -> None:
    room = await make_room(store)
    await store.add_hook(hook(room), "alerts", b"1" * 32)
    with pytest.raises(NameTaken, match="alerts"):
        await store.add_account(account("a1erts", "u7"), "alerts", 5)
    assert await store.account("a1erts") is None
    await store.add_account(account(), "ann", 5)
    with pytest.raises(NameTaken, match="ann"):
        await store.add_hook(hook(room, "h2", "Ann"), "ann", b"2" * 32)
    assert await store.hook(b"2" * 32) is None
    await store.add_hook(hook(room, "h3"), "alerts", b"3" * 32)  # hooks may share a name


async def test_a_revoked_hook_is_no_more(store: Store) -> None:
    await store.add_hook(hook(await make_room(store)), "alerts", b"1" * 32)
    assert await store.revoke_hook("h1")
    assert not await store.revoke_hook("h1")
    assert await store.hook(b"1" * 32) is None
    assert await store.hooks() == []


async def test_a_hook_needs_a_room(store: Store) -> None:
    with pytest.raises(StoreFailed):
        await store.add_hook(hook(RoomId(99)), "alerts", b"1" * 32)
