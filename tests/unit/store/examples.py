"""People, rooms and drafts for the stores' tests."""

from __future__ import annotations

from chatd.core.audit import NO_DEED, Deed
from chatd.core.log import (
    Account,
    Author,
    Draft,
    Entry,
    Kind,
    Member,
    Rank,
    RoomId,
    RoomKind,
    StoredMessage,
    UserId,
)
from chatd.core.ports import Store

ANN = Author(UserId("u1"), "ann", False)
BOB = Author(UserId("u2"), "bob", False)
GUS = Author(UserId("g3"), "gus", True)


def draft(
    text: str = "hello",
    *,
    kind: Kind = "message",
    by: Author = ANN,
    ts: int = 1000,
    key: str | None = None,
    reply_to: int | None = None,
    target: int | None = None,
    deed: Deed = NO_DEED,
) -> Draft:
    return Draft(
        kind=kind,
        author=by,
        ts=ts,
        text=text,
        key=key,
        reply_to=reply_to,
        target=target,
        deed=deed,
    )


def member(who: Author, rank: Rank = Rank.MEMBER) -> Member:
    return Member(user_id=who.user_id, name=who.name, guest=who.guest, rank=rank)


def account(name: str = "ann", user_id: str = "u1") -> Account:
    return Account(user_id=UserId(user_id), name=name, password=f"hash of {name}")


async def make_room(store: Store, name: str = "lobby", kind: RoomKind = "public") -> RoomId:
    room = await store.create_room(name, kind, skeleton=name, topic="", owner=None, ts=1)
    return room.room_id


async def say(store: Store, room_id: RoomId, *texts: str, by: Author = ANN) -> list[Entry]:
    done = [await store.append(room_id, draft(text, by=by)) for text in texts]
    return [each.entry for each in done]


async def page(store: Store, room_id: RoomId) -> list[StoredMessage]:
    messages, _ = await store.history(room_id, before=None, after=None, limit=100)
    return messages


async def finds(store: Store, query: str, room_id: RoomId | None = None) -> list[str]:
    """The texts that a search gives somebody who is a member of nothing."""
    hits = await store.search(query, room_id=room_id, member=UserId("u9"), cursor=None, limit=100)
    return [hit.message.text for hit in hits]
