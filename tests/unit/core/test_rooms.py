"""People and rooms as plain state: entries at hand, who hears, who stirred."""

from __future__ import annotations

from typing import Any, cast

import pytest

from chatd.core.log import Author, Entry, Kind, Rank, RoomId, StoredRoom, UserId
from chatd.core.policy import Actor
from chatd.core.rooms import RECENT, Hearer, Person, Room

ANN = Author(UserId("g1"), "ann", guest=True)


def room(**known: Any) -> Room:
    return Room(StoredRoom(room_id=RoomId(1), name="lobby", kind="public", **known))


def entry(seq: int, kind: Kind = "message", **more: Any) -> Entry:
    more.setdefault("text", f"text {seq}")
    return Entry(room_id=RoomId(1), seq=seq, kind=kind, author=ANN, ts=seq, **more)


def hearer() -> Hearer:
    class Dialect:
        name = "json"

    class Somebody:
        dialect = Dialect()

        def __init__(self) -> None:
            self.outbox = object()  # never asked

    return cast("Hearer", Somebody())


def test_a_person_is_seen_as_actor_author_and_member() -> None:
    olga = Person(UserId("u1"), "olga", guest=False, operator=True)
    assert olga.actor == Actor(guest=False, operator=True)
    assert olga.author == Author(UserId("u1"), "olga", guest=False)
    member = olga.member(Rank.OWNER)
    assert (member.user_id, member.name, member.guest, member.rank) == (
        UserId("u1"),
        "olga",
        False,
        Rank.OWNER,
    )
    assert olga.member().rank is Rank.MEMBER


def test_a_room_is_called_by_its_name_and_one_of_two_by_theirs() -> None:
    assert room().label == "lobby"
    assert room(title="ann,bob").label == "@ann,bob"


# --- entries at hand --------------------------------------------------------------------------


def test_a_room_begins_where_its_log_ends() -> None:
    slept = room(last=7)
    assert (slept.tail, slept.heard, slept.since(7), slept.since(6)) == (7, 7, [], None)


def test_entries_since_a_position_are_given_whole_or_not_at_all() -> None:
    lobby = room(last=2)
    for seq in (3, 4, 5):
        lobby.tell(entry(seq))
    assert [e.seq for e in lobby.since(3) or []] == [4, 5]
    assert [e.seq for e in lobby.since(2) or []] == [3, 4, 5]
    assert lobby.since(1) is None
    assert lobby.since(5) == []


def test_only_the_newest_entries_are_at_hand() -> None:
    lobby = room()
    for seq in range(1, RECENT + 10):
        lobby.tell(entry(seq))
    assert lobby.since(8) is None
    at_hand = lobby.since(9)
    assert at_hand is not None
    assert len(at_hand) == RECENT
    lobby.tell(entry(RECENT + 10, "deleted", text="", target=RECENT))
    assert len(lobby.since(10) or []) == RECENT


def test_a_topic_that_is_told_is_the_topic() -> None:
    lobby = room(topic="old")
    lobby.tell(entry(1, "topic", text="new"))
    assert lobby.topic == "new"


def test_what_was_deleted_is_not_at_hand_any_more() -> None:
    lobby = room()
    lobby.tell(entry(1))
    lobby.tell(entry(2))
    lobby.tell(entry(3, "edited", target=1))
    lobby.tell(entry(4, "edited", target=2))
    lobby.tell(entry(5, "reacted", target=1, text="+"))
    lobby.tell(entry(6, "deleted", target=1, text=""))
    texts = [(e.seq, e.text) for e in lobby.since(0) or []]
    assert texts == [(1, ""), (2, "text 2"), (3, ""), (4, "text 4"), (5, "+"), (6, "")]


def test_behind_entries_that_are_kept_no_more_one_begins_anew() -> None:
    lobby = room()
    lobby.tell(entry(1))
    lobby.skip(9)
    lobby.tell(entry(10))
    assert lobby.since(8) is None
    assert [e.seq for e in lobby.since(9) or []] == [10]
    lobby.skip(4)
    assert lobby.tail == 10


def test_what_the_store_gave_up_is_given_up_here_too() -> None:
    lobby = room()
    for seq in (1, 2):
        lobby.tell(entry(seq))
    lobby.tell(entry(3, "edited", target=1))
    lobby.tell(entry(4, "edited", target=2))
    lobby.trim(2)
    lobby.trim(1)
    assert (lobby.first, lobby.since(0)) == (2, None)
    assert [(e.seq, e.text) for e in lobby.since(1) or []] == [
        (2, "text 2"),
        (3, ""),
        (4, "text 4"),
    ]


# --- hearers ----------------------------------------------------------------------------------


def test_a_room_will_tell_its_hearers_what_it_has_not_told_yet() -> None:
    lobby, ann, bob = room(last=3), hearer(), hearer()
    lobby.add_hearer("json", ann)
    assert lobby.will_tell(4, ann)
    assert not lobby.will_tell(3, ann)
    assert not lobby.will_tell(4, bob)
    lobby.drop_hearer("json", ann)
    lobby.drop_hearer("json", ann)
    lobby.drop_hearer("text", ann)
    assert not lobby.will_tell(4, ann)


def test_those_who_hear_are_the_same_audience_until_one_comes_or_goes() -> None:
    lobby, ann, bob = room(last=3), hearer(), hearer()
    lobby.add_hearer("json", ann)
    hearers = lobby.hearers["json"]
    alone = hearers.audience()
    lobby.add_hearer("text", bob)
    lobby.drop_hearer("json", bob)
    assert hearers.audience() is alone
    assert alone == [ann.outbox]
    lobby.add_hearer("json", bob)
    assert hearers.audience() == [ann.outbox, bob.outbox]
    lobby.drop_hearer("json", ann)
    assert (hearers.audience(), alone) == ([bob.outbox], [ann.outbox])


# --- presence ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ([True], [True]),
        ([False], [False]),
        ([True, False], []),
        ([False, True], []),
        ([False, False], [False]),
        ([False, True, False], [False]),
    ],
)
def test_changes_of_presence_that_cancel_out_are_none(
    changes: list[bool], left: list[bool]
) -> None:
    lobby, ann = room(), Person(UserId("g1"), "ann", guest=True)
    for online in changes:
        lobby.stir(ann, online=online)
    assert [online for _, online in lobby.stirred.values()] == left


def test_who_comes_back_as_another_object_is_the_same_user() -> None:
    lobby = room()
    lobby.stir(Person(UserId("u1"), "carl", guest=False), online=False)
    lobby.stir(Person(UserId("u1"), "carl", guest=False), online=True)
    lobby.stir(Person(UserId("u2"), "olga", guest=False), online=False)
    lobby.calm(Person(UserId("u2"), "olga", guest=False))
    lobby.calm(Person(UserId("u3"), "nobody", guest=False))
    assert lobby.stirred == {}
