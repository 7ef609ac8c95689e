"""What every store does with rooms, members and read markers."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chatd.core.log import Author, Membership, Rank, RoomId, StoredRoom, UserId
from chatd.core.ports import LastOwner, NameTaken, NoSuchMember, Store, StoreFailed
from tests.unit.store.examples import ANN, BOB, GUS, account, draft, make_room, member, say

ZEB = Author(UserId("u4"), "zeb", False)


async def test_a_room_is_found_by_its_exact_name(store: Store) -> None:
    made = await store.create_room(
        "Café", "private", skeleton="cafe", topic="Tea", owner=member(ANN, Rank.OWNER), ts=5
    )
    assert made == StoredRoom(room_id=made.room_id, name="Café", kind="private", topic="Tea")
    assert await store.room("Café") == made
    assert await store.room("café") is None
    assert await store.members(made.room_id, 10) == [member(ANN, Rank.OWNER)]


async def test_a_room_knows_its_last_seq(store: Store) -> None:
    lobby = await make_room(store)
    await say(store, lobby, "a", "b")
    room = await store.room("lobby")
    assert room is not None
    assert (room.first, room.last) == (1, 2)


async def test_rooms_that_look_alike_are_refused_with_the_others_name(store: Store) -> None:
    await make_room(store, "lobby")
    with pytest.raises(NameTaken) as refused:
        await store.create_room("l0bby", "public", skeleton="lobby", topic="", owner=None, ts=1)
    assert refused.value.args == ("lobby",)
    assert await store.room("l0bby") is None


async def test_public_rooms_are_listed_by_name_in_pages(store: Store) -> None:
    for name in ("b", "d", "a", "c"):
        await make_room(store, name)
    await make_room(store, "bb", "private")
    assert [room.name for room in await store.public_rooms("", 3)] == ["a", "b", "c"]
    assert [room.name for room in await store.public_rooms("b", 3)] == ["c", "d"]


async def test_two_people_share_one_direct_room(store: Store) -> None:
    one = await store.direct_room("@1", member(ANN), member(BOB), 5)
    assert (one.name, one.kind, one.title) == ("@1", "direct", "ann, bob")
    other = await store.direct_room("@2", member(BOB), member(ANN), 6)
    assert other == one
    assert await store.room("@2") is None
    assert await store.members(one.room_id, 10) == [member(ANN), member(BOB)]


async def test_the_room_of_two_is_found_once_it_is_made(store: Store) -> None:
    assert await store.shared_room(ANN.user_id, BOB.user_id) is None
    made = await store.direct_room("@1", member(ANN), member(BOB), 5)
    assert await store.shared_room(BOB.user_id, ANN.user_id) == made
    assert await store.shared_room(ANN.user_id, GUS.user_id) is None


async def test_members_are_counted(store: Store) -> None:
    room = await make_room(store, "room")
    before = await store.member_count(room)
    await store.set_member(room, member(ANN))
    await store.set_member(room, member(GUS))
    assert await store.member_count(room) == before + 2
    await store.drop_member(room, ANN.user_id)
    assert await store.member_count(room) == before + 1
    assert await store.member_count(RoomId(999)) == 0


async def test_each_pair_has_its_own_direct_room(store: Store) -> None:
    one = await store.direct_room("@1", member(ANN), member(BOB), 5)
    other = await store.direct_room("@2", member(ANN), member(GUS), 5)
    alone = await store.direct_room("@3", member(ANN), member(ANN), 5)
    assert len({one.room_id, other.room_id, alone.room_id}) == 3
    assert alone.title == "ann"
    assert await store.members(alone.room_id, 10) == [member(ANN)]


async def test_who_left_a_direct_room_is_brought_back_and_nobodys_rank_changes(
    store: Store,
) -> None:
    room = await store.direct_room("@1", member(ANN, Rank.OWNER), member(BOB), 5)
    await store.drop_member(room.room_id, BOB.user_id)
    await store.direct_room("@2", member(ANN), member(BOB), 6)
    assert await store.members(room.room_id, 10) == [member(ANN, Rank.OWNER), member(BOB)]


async def test_a_direct_room_does_not_take_another_rooms_name(store: Store) -> None:
    await make_room(store, "@1")
    with pytest.raises(NameTaken):
        await store.direct_room("@1", member(ANN), member(BOB), 5)


async def test_direct_rooms_know_their_last_seq_when_opened_again(store: Store) -> None:
    room = await store.direct_room("@1", member(ANN), member(BOB), 5)
    await say(store, room.room_id, "hello")
    assert (await store.direct_room("@1", member(ANN), member(BOB), 6)).last == 1


async def owned(store: Store, *others: Author) -> RoomId:
    """A room of Ann's, with others in it who have accounts but for guests."""
    for who in (ANN, *others):
        if not who.guest:
            await store.add_account(account(who.name, who.user_id), who.name, 1)
    room = await store.create_room(
        "den", "public", skeleton="den", topic="", owner=member(ANN, Rank.OWNER), ts=1
    )
    for who in others:
        await store.set_member(room.room_id, member(who))
    return room.room_id


async def test_the_last_owner_stays_and_keeps_the_rank_when_asked_for(store: Store) -> None:
    den = await owned(store, BOB)
    assert await store.last_owner(den, ANN.user_id)
    assert not await store.last_owner(den, BOB.user_id)
    with pytest.raises(LastOwner):
        await store.drop_member(den, ANN.user_id, keep_owner=True)
    with pytest.raises(LastOwner):
        await store.set_member(den, member(ANN), keep_owner=True)
    assert await store.members(den, 10) == [member(ANN, Rank.OWNER), member(BOB)]
    await store.set_member(den, member(ANN, Rank.OWNER), keep_owner=True)
    await store.drop_member(den, BOB.user_id, keep_owner=True)
    await store.drop_member(RoomId(99), ANN.user_id, keep_owner=True)


async def test_one_of_two_owners_may_go_and_then_the_other_may_not(store: Store) -> None:
    den = await owned(store, BOB, ZEB)
    await store.set_member(den, member(BOB, Rank.OWNER))
    assert not await store.last_owner(den, ANN.user_id)
    await store.drop_member(den, ANN.user_id, keep_owner=True)
    with pytest.raises(LastOwner):
        await store.drop_member(den, BOB.user_id, keep_owner=True)


async def test_an_owner_whose_account_is_disabled_is_none_that_stays(store: Store) -> None:
    den = await owned(store, BOB, ZEB)
    await store.set_member(den, member(BOB, Rank.OWNER))
    await store.set_disabled(BOB.user_id, True, 5)
    assert await store.last_owner(den, ANN.user_id)
    await store.set_disabled(BOB.user_id, False, 6)
    assert not await store.last_owner(den, ANN.user_id)


async def test_nobody_is_held_where_nobody_else_could_be_owner(store: Store) -> None:
    """Alone, with a guest, with an account that is disabled; and a guest is never held."""
    den = await owned(store, GUS)
    assert not await store.last_owner(den, ANN.user_id)
    await store.set_member(den, member(GUS, Rank.OWNER))
    await store.add_account(account("bob", BOB.user_id), "bob", 1)
    await store.set_member(den, member(BOB))
    assert await store.last_owner(den, ANN.user_id)
    await store.set_disabled(BOB.user_id, True, 5)
    await store.drop_member(den, ANN.user_id, keep_owner=True)
    await store.set_disabled(BOB.user_id, False, 6)
    assert not await store.last_owner(den, GUS.user_id)


async def test_a_member_may_change_rank_and_name(store: Store) -> None:
    lobby = await make_room(store)
    await store.set_member(lobby, member(GUS))
    changed = replace(member(GUS, Rank.MODERATOR), name="gustav")
    await store.set_member(lobby, changed)
    with pytest.raises(NoSuchMember):
        await store.set_member(lobby, member(BOB), only_change=True)
    assert await store.members(lobby, 10) == [changed]
    assert await store.member_named(lobby, "gustav") == changed
    assert await store.member_named(lobby, GUS.name) is None
    assert await store.member_named(RoomId(99), "gustav") is None


async def test_only_rooms_that_exist_have_members(store: Store) -> None:
    with pytest.raises(StoreFailed, match="no room 99"):
        await store.set_member(RoomId(99), member(ANN))
    await store.drop_member(RoomId(99), ANN.user_id)
    assert await store.members(RoomId(99), 10) == []


async def test_members_are_listed_by_name_up_to_a_limit(store: Store) -> None:
    lobby = await make_room(store)
    for who in (GUS, ANN, BOB):
        await store.set_member(lobby, member(who))
    assert [each.name for each in await store.members(lobby, 2)] == ["ann", "bob"]


async def test_a_membership_can_end(store: Store) -> None:
    lobby = await make_room(store)
    await store.set_member(lobby, member(ANN))
    await store.drop_member(lobby, ANN.user_id)
    await store.drop_member(lobby, ANN.user_id)
    assert await store.members(lobby, 10) == []
    assert await store.membership(lobby, ANN.user_id) is None
    assert await store.memberships(ANN.user_id) == []


async def test_memberships_tell_the_room_the_rank_and_the_marker(store: Store) -> None:
    cellar, attic = await make_room(store, "cellar", "private"), await make_room(store, "attic")
    await say(store, cellar, "a", "b")
    await store.set_member(cellar, member(ANN, Rank.OWNER))
    await store.set_member(attic, member(ANN))
    await store.mark(ANN.user_id, cellar, 2)
    rooms = {name: await store.room(name) for name in ("attic", "cellar")}
    assert rooms["attic"] is not None
    assert rooms["cellar"] is not None
    expected = [
        Membership(room=rooms["attic"], rank=Rank.MEMBER, read=0),
        Membership(room=rooms["cellar"], rank=Rank.OWNER, read=2),
    ]
    assert await store.memberships(ANN.user_id) == expected
    assert await store.membership(cellar, ANN.user_id) == expected[1]
    assert await store.membership(cellar, BOB.user_id) is None


async def test_a_marker_moves_forward_only(store: Store) -> None:
    lobby = await make_room(store)
    assert await store.mark(ANN.user_id, lobby, 5) == 5
    assert await store.mark(ANN.user_id, lobby, 3) == 5
    assert await store.mark(BOB.user_id, lobby, 3) == 3
    assert await store.mark(ANN.user_id, lobby, 6) == 6


async def test_a_marker_outlasts_the_membership(store: Store) -> None:
    lobby = await make_room(store)
    await store.mark(ANN.user_id, lobby, 5)
    await store.set_member(lobby, member(ANN))
    membership = await store.membership(lobby, ANN.user_id)
    assert membership is not None
    assert membership.read == 5


async def test_a_topic_reaches_every_view_of_the_room(store: Store) -> None:
    lobby = await make_room(store)
    await store.set_member(lobby, member(ANN))
    await store.append(lobby, draft("Tea", kind="topic"))
    (listed,) = await store.public_rooms("", 10)
    (membership,) = await store.memberships(ANN.user_id)
    assert listed.topic == membership.room.topic == "Tea"


async def test_a_room_without_history_has_a_topic_and_never_an_entry(store: Store) -> None:
    hall = await store.create_room(
        "hall", "public", skeleton="hall", topic="a", owner=None, ts=1, history=False
    )
    assert not hall.history
    assert await store.set_topic(hall.room_id, "b")
    assert not await store.set_topic(hall.room_id, "b")
    for kind in ("message", "topic"):
        with pytest.raises(StoreFailed, match="histor"):
            await store.append(hall.room_id, draft("c", kind=kind, by=ANN))
    assert await store.room("hall") == replace(hall, topic="b")
    assert await store.read(hall.room_id, 0, 9) == []


async def test_a_topic_that_is_an_entry_is_not_set_beside_the_log(store: Store) -> None:
    lobby = await make_room(store)
    with pytest.raises(StoreFailed, match="without history"):
        await store.set_topic(lobby, "b")
    room = await store.room("lobby")
    assert room is not None
    assert (room.topic, room.history) == ("", True)
