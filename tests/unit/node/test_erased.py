"""An account that another process erased, while its words are at hand."""

from __future__ import annotations

from msgspec.structs import replace

from chatd.core.log import Author, Draft, RoomId, UserId
from chatd.core.ports import StoreFailed
from chatd.core.rooms import Room
from chatd.node.node import REVOCATIONS
from tests.house.house import House

NOBODY = Author(UserId("e-nobody"), "erased user", guest=False)


def lobby(house: House) -> Room:
    room = house.node.attendance.named("lobby")
    assert room is not None
    return room


def is_erased(house: House, user_id: UserId, seq: int) -> None:
    """As `chatd user erase` does it, in the store and without a notice."""
    house.do(house.store.set_disabled(user_id, True, 1))
    deletion = Draft(kind="deleted", author=NOBODY, ts=2, target=seq)
    house.do(house.store.append(RoomId(1), deletion))
    del house.store.writing().accounts[user_id]


def test_its_sessions_end_and_what_is_at_hand_goes() -> None:
    house = House()
    bob = house.guest("bob", "lobby")
    user_id = house.account("alice", "a long password")
    alice = house.user("alice", "a long password", "lobby")
    alice.asks(type="send", room="lobby", text="all about me")
    bob.lines()
    is_erased(house, user_id, 1)
    house.pass_(REVOCATIONS)
    assert alice.outbox.closed is not None
    assert [(each["target"], each["user"]) for each in bob.events("deleted")] == [
        (1, "erased user")
    ]
    assert [entry.author.name for entry in lobby(house).recent] == ["erased user"]


def test_before_the_node_has_heard_of_it_nothing_is_stored_of_them() -> None:
    house = House()
    user_id = house.account("alice", "a long password")
    house.account("bob", "a long password")
    alice = house.user("alice", "a long password", "lobby")
    bob = house.user("bob", "a long password", "lobby")
    bob.asks(type="create", room="den", private=True)
    alice.asks(type="send", room="lobby", text="all about me")
    bob.asks(type="send", room="lobby", text="hello")
    is_erased(house, user_id, 1)
    for late in (
        {"type": "send", "room": "lobby", "text": "me again"},
        {"type": "send", "to": "bob", "text": "me again"},
        {"type": "create", "room": "mine"},
        {"type": "report", "room": "lobby", "seq": 2, "reason": "rude"},
        {"type": "read", "room": "lobby", "seq": 1},
    ):
        assert alice.asks(**late)["code"] == "not_logged_in"
    for late in (
        {"type": "send", "to": "alice", "text": "are you there?"},
        {"type": "direct", "user": "alice"},
        {"type": "invite", "room": "den", "user": "alice"},
    ):
        assert bob.asks(**late)["code"] == "no_such_user"
    kept = house.store.writing()
    assert not [r for r in kept.rooms.values() if r.stored.kind == "direct"]
    assert not [r for r in kept.rooms.values() if "me again" in str(r.log)]
    assert not any(user == user_id for user, _ in kept.marks)
    assert [r.stored.name for r in kept.rooms.values() if user_id in r.members] == ["lobby"]
    assert not house.log.faults
    house.pass_(REVOCATIONS)
    assert alice.outbox.closed is not None


def test_another_revocation_forgets_nothing() -> None:
    house = House()
    bob = house.guest("bob", "lobby")
    bob.asks(type="send", room="lobby", text="hello")
    user_id = house.account("alice", "a long password")
    house.do(house.store.set_disabled(user_id, True, 1))
    house.pass_(REVOCATIONS)
    assert len(lobby(house).recent) == 1


def test_what_is_at_hand_goes_when_the_store_cannot_say() -> None:
    house = House()
    bob = house.guest("bob", "lobby")
    bob.asks(type="send", room="lobby", text="hello")

    async def fails(_: UserId) -> None:
        raise StoreFailed("the disk sleeps")

    house.node.store.account_by_id = fails  # type: ignore[assignment,method-assign]  # this test's own in its place
    house.tasks.spawn(house.node.fanout.forget(UserId("u-alice")))
    assert list(lobby(house).recent) == []
    assert "account_unread {'reason': 'the disk sleeps'}" in house.log.lines


def test_a_room_of_two_that_is_awake_is_no_more_called_after_them() -> None:
    house = House()
    bob = house.guest("bob", "lobby")
    bob.asks(type="send", room="lobby", text="hello")
    user_id = house.account("alice", "a long password")
    assert bob.asks(type="direct", user="alice")["title"] == "bob, alice"
    [kept] = [r for r in house.store.writing().rooms.values() if r.stored.kind == "direct"]
    kept.stored = replace(kept.stored, title="bob, erased user")
    is_erased(house, user_id, 1)
    house.pass_(REVOCATIONS)
    [two] = [each for each in bob.asks(type="rooms")["rooms"] if each.get("kind") == "direct"]
    assert two["title"] == "bob, erased user"
