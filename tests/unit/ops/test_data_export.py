"""`chatd export`: complete, in order, for programs and for people."""

from __future__ import annotations

import io
import json
from argparse import Namespace
from typing import Any

import pytest

from chatd.core.log import Entry, RoomId
from chatd.ops import data_export
from chatd.ops.users import Desk, asking
from chatd.store.memory import MemoryStore
from tests.unit.store.conftest import at_once
from tests.unit.store.examples import draft
from tests.unit.store.sample import write_sample

TWO_LINES = draft("one\ntwo {3}")


class Office:
    def __init__(self, store: MemoryStore) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        ask = asking(io.StringIO())
        self.desk = Desk(store, at_once, self.out, self.err, ask, 10, lambda: 0)

    def exports(self, room: str, form: str = "jsonl") -> int:
        return data_export.export(Namespace(room=room, format=form), self.desk)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    at_once(write_sample(store))
    return store


@pytest.fixture
def office(store: MemoryStore) -> Office:
    return Office(store)


def test_every_entry_is_a_line_in_its_order(office: Office) -> None:
    assert office.exports("lobby") == 0
    lines = office.lines()
    assert [line["seq"] for line in lines] == list(range(1, 12))
    assert lines[1] == {
        "room": "lobby",
        "seq": 2,
        "time": "1970-01-01T00:00:00.011Z",
        "kind": "message",
        "user": "gus",
        "text": "green coffee",
        "guest": True,
        "reply_to": 1,
    }
    assert {line["kind"] for line in lines} >= {"edited", "deleted", "reacted", "topic"}


def test_nobodys_id_is_in_it(office: Office) -> None:
    office.exports("lobby")
    office.exports("lobby", "text")
    for user_id in ("u1", "u2", "g3"):
        assert user_id not in office.out.getvalue()


def test_people_read_it_as_text(office: Office) -> None:
    assert office.exports("lobby", "text") == 0
    lines = office.out.getvalue().splitlines()
    assert lines[0] == "1970-01-01T00:00:00Z #1 ann: green tea"
    assert lines[1] == "1970-01-01T00:00:00Z #2 gus (guest): green coffee"
    assert lines[3] == "1970-01-01T00:00:00Z #4 ann edits #1: black tea"
    assert lines[8] == "1970-01-01T00:00:00Z #9 ann deletes #3"
    assert "Schöne Grüße" in lines[10]


def test_lines_within_a_text_are_indented(store: MemoryStore, office: Office) -> None:
    cellar = at_once(store.room("cellar"))
    at_once(store.append(cellar.room_id, TWO_LINES))
    office.exports("cellar", "text")
    assert ": one\n    two {3}\n" in office.out.getvalue()


def test_private_and_direct_rooms_are_exported_too(office: Office) -> None:
    assert office.exports("cellar") == office.exports("@1") == 0
    assert [line["text"] for line in office.lines()] == ["hidden wine", "between us"]


@pytest.mark.parametrize("page", [1, 2, 10, 11, 12])
def test_however_long_the_log_is(
    office: Office, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(data_export, "PAGE", page)
    assert office.exports("lobby") == 0
    assert len(office.lines()) == 11


def test_what_is_said_meanwhile_is_not_in_it(store: MemoryStore, office: Office) -> None:
    read = store.read

    async def meanwhile(room_id: RoomId, after: int, limit: int) -> list[Entry]:
        await store.append(room_id, TWO_LINES)
        return await read(room_id, after, limit)

    store.read = meanwhile  # type: ignore[method-assign]  # this test's own in its place
    assert office.exports("lobby") == 0
    assert len(office.lines()) == 11


def test_what_goes_meanwhile_is_an_error(store: MemoryStore, office: Office) -> None:
    read = store.read

    async def trimmed(room_id: RoomId, after: int, limit: int) -> list[Entry]:
        return [entry for entry in await read(room_id, after, limit) if entry.seq > 4]

    store.read = trimmed  # type: ignore[method-assign]  # this test's own in its place
    assert office.exports("lobby") == 1
    assert "this is not complete" in office.err.getvalue()


@pytest.mark.parametrize(
    ("room", "says"), [("attic", "there is no room attic"), ("a b", "room name 'a b'")]
)
def test_a_room_that_is_not_there_is_told(office: Office, room: str, says: str) -> None:
    assert office.exports(room) == 1
    assert says in office.err.getvalue()


def test_an_empty_room_is_an_empty_export(store: MemoryStore, office: Office) -> None:
    at_once(store.create_room("attic", "public", skeleton="attic", topic="", owner=None, ts=1))
    assert office.exports("attic") == 0
    assert office.out.getvalue() == ""
    assert office.err.getvalue() == "there is nothing in attic\n"
