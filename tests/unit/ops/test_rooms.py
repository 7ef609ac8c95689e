"""The verbs about rooms: what they do to the store, say, and refuse."""

from __future__ import annotations

import json

from chatd.core.log import Rank
from chatd.ops import rooms, users
from tests.unit.auth.hops import finish
from tests.unit.ops.test_users import Office


def add(office: Office, name: str, topic: str = "", owner: str | None = None) -> str:
    return office.does(rooms.add, name=name, topic=topic, owner=owner, no_history=False)


def test_a_room_is_made_with_its_topic_and_its_owner() -> None:
    office = Office()
    office.does(users.add, name="ann")
    assert add(office, "News", "What is new", "ann") == "made room news\n"
    room = finish(office.store.room("news"))
    assert room is not None
    assert (room.kind, room.topic) == ("public", "What is new")
    [owner] = finish(office.store.members(room.room_id, 10))
    assert (owner.name, owner.rank, owner.guest) == ("ann", Rank.OWNER, False)


def test_a_room_without_an_owner_has_no_members() -> None:
    office = Office()
    add(office, "news")
    room = finish(office.store.room("news"))
    assert room is not None
    assert finish(office.store.members(room.room_id, 10)) == []


def test_a_room_that_is_there_or_looks_like_one_is_refused() -> None:
    office = Office()
    add(office, "nell")
    again = office.refuses(rooms.add, name="nell", topic="", owner=None, no_history=False)
    assert again == "chatd: there is a room nell already\n"
    ownerless = office.refuses(rooms.add, name="more", topic="", owner="bob", no_history=False)
    assert ownerless == "chatd: there is no user bob: `chatd user list` shows all\n"
    assert "looks like nell" in office.refuses(
        rooms.add, name="ne1l", topic="", owner=None, no_history=False
    )


def test_a_topic_that_is_too_long_is_refused() -> None:
    office = Office()
    says = office.refuses(rooms.add, name="news", topic="x" * 501, owner=None, no_history=False)
    assert "at most" in says
    assert finish(office.store.room("news")) is None


def test_public_rooms_are_listed_by_name() -> None:
    office = Office()
    add(office, "two", "2nd")
    add(office, "one")
    assert office.does(rooms.list_) == "one\ntwo  2nd\n"
    listed = json.loads(office.does(rooms.list_, json=True))
    assert [(each["name"], each["topic"]) for each in listed] == [("one", ""), ("two", "2nd")]


def test_a_room_without_history_says_so_in_every_list() -> None:
    office = Office()
    office.does(rooms.add, name="hall", topic="passing by", owner=None, no_history=True)
    add(office, "news")
    assert office.does(rooms.list_, json=False) == "hall  passing by  (no history)\nnews\n"
    told = json.loads(office.does(rooms.list_, json=True))
    assert [(room["name"], room["history"]) for room in told] == [("hall", False), ("news", True)]
