"""What every store does with the audit log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chatd.core.audit import BEGINNING, NO_DEED, Deed, Head, Wanted
from chatd.core.audit_walk import Walk
from chatd.core.hooks import Hook
from chatd.core.log import RoomId, Token
from chatd.core.ports import NameTaken, Store, StoreFailed
from chatd.core.sanctions import Emergency, RoomRules, Subject
from tests.unit.store.examples import ANN, BOB, account, draft, make_room, member, say

KICK = Deed(
    ts=7,
    verb="kick",
    actor_id="u1",
    actor="olga",
    address="192.0.2.1",
    target_id="u2",
    facts={"user": "bob", "reason": "spam"},
)
BOBS = Subject("user", "u2", "bob")


async def verbs(store: Store) -> list[str]:
    return [each.verb for each in await store.audit(0, 100)]


async def test_there_is_nothing_in_a_new_log(store: Store) -> None:
    assert await store.audit_head() == Head(0, BEGINNING, 0)
    assert await store.audit(0, 9) == []
    assert await store.audit_found(Wanted(), None, 9) == []


async def test_a_record_keeps_all_that_was_done(store: Store) -> None:
    await store.record(KICK)
    (record,) = await store.audit(0, 9)
    assert (record.number, record.ts, record.verb) == (1, 7, "kick")
    assert (record.actor_id, record.target_id) == ("u1", "u2")
    assert (record.told_who.name, record.told_who.address) == ("olga", "192.0.2.1")
    assert record.told_what == {"user": "bob", "reason": "spam"}
    assert await store.audit_head() == Head(1, record.hash, 1)


async def test_records_are_chained_in_their_order_and_no_two_have_one_salt(store: Store) -> None:
    await store.record(KICK, KICK)
    await store.record(KICK)
    records = await store.audit(0, 9)
    walk = Walk()
    walk.take(records)
    assert walk.end(await store.audit_head()).flaws == ()
    assert [each.number for each in records] == [1, 2, 3]
    assert len({each.who_seal for each in records} | {each.what_seal for each in records}) == 6


async def test_no_deed_is_no_record(store: Store) -> None:
    await store.record()
    await store.record(NO_DEED)
    assert await store.audit(0, 9) == []


async def test_the_log_is_read_on_from_a_number(store: Store) -> None:
    await store.record(*[KICK] * 5)
    assert [each.number for each in await store.audit(2, 2)] == [3, 4]


async def test_records_are_found_newest_first_in_pages(store: Store) -> None:
    others = [Deed(ts=n, verb="ban", actor="otto") for n in range(3)]
    await store.record(KICK, *others, KICK)
    assert await numbers(store, Wanted()) == [5, 4, 3, 2, 1]
    assert await numbers(store, Wanted(), limit=2) == [5, 4]
    assert await numbers(store, Wanted(), before=4, limit=2) == [3, 2]
    assert await numbers(store, Wanted(verb="ban")) == [4, 3, 2]
    assert await numbers(store, Wanted(verb="ban", since=1, until=2)) == [3]
    assert await numbers(store, Wanted(actor="Olga")) == [5, 1]
    assert await numbers(store, Wanted(user="u2"), before=5) == [1]


async def numbers(
    store: Store, wanted: Wanted, *, before: int | None = None, limit: int = 9
) -> list[int]:
    return [each.number for each in await store.audit_found(wanted, before, limit)]


@dataclass
class Place:
    """What the calls below are about."""

    store: Store
    room_id: RoomId


CALLS: dict[str, Callable[[Place, Deed], Awaitable[Any]]] = {
    "sanction": lambda p, d: p.store.sanction(
        "ban", BOBS, None, reason="", by="olga", ts=1, until=None, deed=d
    ),
    "create_room": lambda p, d: p.store.create_room(
        "attic", "public", skeleton="attic", topic="", owner=None, ts=1, deed=d
    ),
    "lift": lambda p, d: p.store.lift("mute", BOBS, None, deed=d),
    "set_room_rules": lambda p, d: p.store.set_room_rules(p.room_id, RoomRules(slow=3), deed=d),
    "set_emergency": lambda p, d: p.store.set_emergency(Emergency.NO_NEW, deed=d),
    "settle": lambda p, d: p.store.settle(1, outcome="fine", by="olga", ts=1, deed=d),
    "set_member": lambda p, d: p.store.set_member(p.room_id, member(BOB), deed=d),
    "drop_member": lambda p, d: p.store.drop_member(p.room_id, ANN.user_id, deed=d),
    "append": lambda p, d: p.store.append(
        p.room_id, draft(kind="deleted", by=BOB, target=1, deed=d)
    ),
    "add_account": lambda p, d: p.store.add_account(account("zoe", "u9"), "zoe", 1, deed=d),
    "set_password": lambda p, d: p.store.set_password(ANN.user_id, "new", 1, deed=d),
    "set_disabled": lambda p, d: p.store.set_disabled(ANN.user_id, True, 1, deed=d),
    "add_token": lambda p, d: p.store.add_token(token("t9"), b"9" * 32, deed=d),
    "add_hook": lambda p, d: p.store.add_hook(hook(p.room_id, "h9"), "x", b"8" * 32, deed=d),
    "revoke_hook": lambda p, d: p.store.revoke_hook("h1", deed=d),
    "revoke_token": lambda p, d: p.store.revoke_token("t1", 1, deed=d),
}


def token(token_id: str) -> Token:
    return Token(token_id=token_id, user_id=ANN.user_id, label="", created_ts=1)


def hook(room_id: RoomId, hook_id: str) -> Hook:
    return Hook(hook_id=hook_id, room_id=room_id, room="lobby", name="alerts", created_ts=1)


async def place(store: Store) -> Place:
    room_id = await make_room(store)
    await store.add_account(account(), "ann", 1)
    await store.add_token(token("t1"), b"1" * 32)
    await store.add_hook(hook(room_id, "h1"), "x", b"1" * 32)
    await store.set_member(room_id, member(ANN))
    await say(store, room_id, "tea", by=ANN)
    await store.report(room_id, 1, by=BOB, reason="", ts=1)
    await store.sanction("mute", BOBS, None, reason="", by="olga", ts=1, until=None)
    return Place(store, room_id)


@pytest.mark.parametrize("call", CALLS)
async def test_what_changes_something_records_it(store: Store, call: str) -> None:
    await CALLS[call](await place(store), KICK)
    (record,) = await store.audit(0, 9)
    assert (record.verb, record.told_what) == ("kick", KICK.facts)


NOTHING: dict[str, Callable[[Place, Deed], Awaitable[Any]]] = {
    "lift": lambda p, d: p.store.lift("ban", BOBS, None, deed=d),
    "settle": lambda p, d: p.store.settle(9, outcome="fine", by="olga", ts=1, deed=d),
    "drop_member": lambda p, d: p.store.drop_member(p.room_id, BOB.user_id, deed=d),
    "set_password": lambda p, d: p.store.set_password(BOB.user_id, "new", 1, deed=d),
    "set_disabled": lambda p, d: p.store.set_disabled(BOB.user_id, True, 1, deed=d),
    "revoke_token": lambda p, d: p.store.revoke_token("t9", 1, deed=d),
    "revoke_hook": lambda p, d: p.store.revoke_hook("h9", deed=d),
}


@pytest.mark.parametrize("call", NOTHING)
async def test_what_changes_nothing_records_nothing(store: Store, call: str) -> None:
    await NOTHING[call](await place(store), KICK)
    assert await store.audit(0, 9) == []


async def test_what_is_refused_is_not_recorded(store: Store) -> None:
    there = await place(store)
    with pytest.raises(NameTaken):
        await store.add_account(account("ann", "u8"), "ann", 1, deed=KICK)
    with pytest.raises(StoreFailed):
        await store.set_room_rules(RoomId(99), RoomRules(slow=3), deed=KICK)
    await store.append(there.room_id, draft(kind="deleted", by=ANN, target=1))
    await store.append(there.room_id, draft(kind="deleted", by=BOB, target=1, deed=KICK))
    assert await store.audit(0, 9) == []


async def test_records_of_calls_at_the_same_time_are_one_chain(store: Store) -> None:
    """Started together, so that a store may take them in one go."""
    await store.record(KICK)
    calls = [store.record(Deed(ts=n, verb=f"v{n}")) for n in range(20)]
    for call in calls:
        await call
    assert await verbs(store) == ["kick", *(f"v{n}" for n in range(20))]
    walk = Walk()
    walk.take(await store.audit(0, 100))
    assert walk.end(await store.audit_head()).flaws == ()
