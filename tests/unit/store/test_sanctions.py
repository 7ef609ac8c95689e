"""What every store does with what operators lay down."""

from __future__ import annotations

import pytest

from chatd.core.log import RoomId
from chatd.core.ports import NoSuchTarget, Store, StoreFailed
from chatd.core.sanctions import Emergency, RoomRules, Sanction, SanctionKind, Subject
from tests.unit.store.examples import ANN, BOB, GUS, draft, make_room, say

BOBS = Subject("user", "u2", "bob")
HOST = Subject("address", "192.0.2.7", "192.0.2.7")
NOWHERE = RoomId(99)


async def lay(
    store: Store,
    subject: Subject = BOBS,
    room_id: RoomId | None = None,
    *,
    kind: SanctionKind = "ban",
    reason: str = "spam",
    ts: int = 1000,
    until: int | None = None,
) -> Sanction:
    return await store.sanction(
        kind, subject, room_id, reason=reason, by="olga", ts=ts, until=until
    )


async def test_a_sanction_is_kept_with_all_it_says(store: Store) -> None:
    room_id = await make_room(store)
    laid = await lay(store, HOST, room_id, kind="mute", until=5000)
    assert await store.sanctions(1000) == [laid]
    assert laid == Sanction(
        number=laid.number,
        kind="mute",
        subject=HOST,
        room_id=room_id,
        reason="spam",
        by="olga",
        ts=1000,
        until=5000,
        room="lobby",
    )


async def test_the_same_again_replaces_the_one_before(store: Store) -> None:
    room_id = await make_room(store)
    await lay(store, reason="first")
    others = [await lay(store, room_id=room_id), await lay(store, kind="mute")]
    last = await lay(store, Subject("user", "u2", "robert"), reason="second")
    assert await store.sanctions(1000) == [*others, last]
    assert last.number > others[-1].number


async def test_one_that_is_over_is_not_in_force(store: Store) -> None:
    laid = await lay(store, until=5000)
    assert await store.sanctions(4999) == [laid]
    assert await store.sanctions(5000) == []


async def test_those_that_are_over_are_forgotten_with_the_next(store: Store) -> None:
    await lay(store, until=5000)
    kept = await lay(store, HOST, ts=5000)
    assert await store.sanctions(0) == [kept]


async def test_what_is_lifted_is_gone(store: Store) -> None:
    room_id = await make_room(store)
    here = await lay(store, room_id=room_id)
    await lay(store)
    assert await store.lift("ban", BOBS, None)
    assert not await store.lift("ban", BOBS, None)
    assert not await store.lift("mute", BOBS, room_id)
    assert await store.sanctions(0) == [here]


async def test_a_sanction_or_rule_needs_its_room(store: Store) -> None:
    with pytest.raises(StoreFailed):
        await lay(store, room_id=NOWHERE)
    with pytest.raises(StoreFailed):
        await store.set_room_rules(NOWHERE, RoomRules(slow=3))
    assert await store.sanctions(0) == []
    assert await store.sanctions_version() == 0


async def test_only_rooms_with_rules_of_their_own_are_told(store: Store) -> None:
    one, other = await make_room(store), await make_room(store, "cellar")
    await store.set_room_rules(one, RoomRules(slow=10))
    await store.set_room_rules(other, RoomRules(read_only=True))
    await store.set_room_rules(one, RoomRules(slow=20, read_only=True))
    assert await store.room_rules() == {
        one: RoomRules(slow=20, read_only=True),
        other: RoomRules(read_only=True),
    }
    await store.set_room_rules(one, RoomRules())
    assert set(await store.room_rules()) == {other}


async def test_the_emergency_is_off_until_it_is_entered(store: Store) -> None:
    assert await store.emergency() is Emergency.OFF
    await store.set_emergency(Emergency.MEMBERS)
    assert await store.emergency() is Emergency.MEMBERS


async def test_a_report_keeps_what_was_said(store: Store) -> None:
    room_id = await make_room(store)
    await say(store, room_id, "an insult", by=BOB)
    await store.append(room_id, draft("a worse one", kind="edited", by=BOB, target=1))
    made = await store.report(room_id, 1, by=ANN, reason="rude", ts=2000)
    await store.append(room_id, draft(kind="deleted", by=BOB, target=1))
    assert await store.reports(settled=False, limit=9) == [made]
    told = (made.room_id, made.room, made.seq, made.author, made.text, made.by, made.reason)
    assert told == (room_id, "lobby", 1, "bob", "a worse one", "ann", "rude")
    assert (made.ts, made.outcome, made.settled_ts) == (2000, "", None)


async def test_the_same_report_again_is_the_first_one(store: Store) -> None:
    room_id = await make_room(store)
    await say(store, room_id, "an insult", by=BOB)
    first = await store.report(room_id, 1, by=ANN, reason="rude", ts=2000)
    assert await store.report(room_id, 1, by=ANN, reason="again", ts=3000) == first
    other = await store.report(room_id, 1, by=GUS, reason="rude", ts=3000)
    assert await store.reports(settled=False, limit=9) == [first, other]
    assert await store.reports(settled=False, limit=1) == [first]
    assert await store.reports_open() == 2


async def test_only_a_message_that_is_there_can_be_reported(store: Store) -> None:
    room_id = await make_room(store)
    await say(store, room_id, "tea", "an insult", by=BOB)
    await store.append(room_id, draft(kind="deleted", by=BOB, target=2))
    for where, seq in ((room_id, 2), (room_id, 3), (room_id, 9), (NOWHERE, 1)):
        with pytest.raises(NoSuchTarget):
            await store.report(where, seq, by=ANN, reason="", ts=2000)
    assert await store.reports_open() == 0


async def test_a_settled_report_lets_the_words_go(store: Store) -> None:
    room_id = await make_room(store)
    await say(store, room_id, "one", "two", by=BOB)
    for seq in (1, 2):
        await store.report(room_id, seq, by=ANN, reason="rude", ts=2000)
    settled = [await store.settle(n, outcome="warned", by="olga", ts=3000) for n in (1, 2)]
    assert await store.settle(1, outcome="banned", by="otto", ts=4000) is None
    assert await store.settle(3, outcome="banned", by="otto", ts=4000) is None
    assert await store.reports(settled=True, limit=9) == settled[::-1]
    assert await store.reports(settled=True, limit=1) == settled[:0:-1]
    assert await store.reports_open() == 0
    done = settled[0]
    assert done is not None
    assert (done.outcome, done.settled_by, done.settled_ts) == ("warned", "olga", 3000)
    assert done.text == ""


async def test_the_version_rises_with_every_change_and_only_then(store: Store) -> None:
    room_id = await make_room(store)
    await say(store, room_id, "tea")
    versions = [await store.sanctions_version()]
    for change in (
        lambda: lay(store),
        lambda: store.lift("ban", BOBS, None),
        lambda: store.set_room_rules(room_id, RoomRules(slow=3)),
        lambda: store.set_emergency(Emergency.NO_NEW),
        lambda: store.report(room_id, 1, by=ANN, reason="", ts=1),
        lambda: store.settle(1, outcome="fine", by="olga", ts=2),
    ):
        await change()
        versions.append(await store.sanctions_version())
    assert versions == sorted(set(versions))
    await store.lift("ban", BOBS, None)
    await store.report(room_id, 1, by=ANN, reason="", ts=1)
    await store.settle(1, outcome="fine", by="olga", ts=2)
    assert await store.sanctions_version() == versions[-1]
