"""Events and answers on the wire, and how they come from what is stored."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from chatd.core import events as e
from chatd.core.log import Author, Entry, Kind, RoomId, StoredMessage, UserId
from chatd.core.telling import event_of, message_of

ANN = Author(UserId("g-secret"), "ann", guest=True)
BASE = {"room": "lobby", "seq": 7, "ts": 99, "user": "ann"}


def entry(kind: Kind, **more: Any) -> Entry:
    return Entry(room_id=RoomId(3), seq=7, kind=kind, author=ANN, ts=99, **more)


def wire(value: msgspec.Struct) -> dict[str, Any]:
    frame: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return frame


TOLD: list[tuple[Entry, dict[str, Any]]] = [
    (
        entry("message", text="hi", key="k", reply_to=2),
        {"type": "message", "text": "hi", "guest": True, "key": "k", "reply_to": 2},
    ),
    (entry("message"), {"type": "message", "guest": True}),
    (entry("edited", text="ho", target=2), {"type": "edited", "text": "ho", "target": 2}),
    (entry("deleted", target=2), {"type": "deleted", "target": 2}),
    (entry("topic", text="tea"), {"type": "topic", "topic": "tea"}),
    (
        entry("reacted", text="+", target=2),
        {"type": "reaction", "emoji": "+", "target": 2, "on": True},
    ),
    (
        entry("unreacted", text="+", target=2),
        {"type": "reaction", "emoji": "+", "target": 2, "on": False},
    ),
]


@pytest.mark.parametrize(("stored", "told"), TOLD)
def test_an_entry_is_told_as_its_event(stored: Entry, told: dict[str, Any]) -> None:
    assert wire(event_of(stored, "lobby")) == BASE | told


def test_every_kind_of_entry_has_its_event() -> None:
    assert {stored.kind for stored, _ in TOLD} == set(get_args(Kind))


def test_nobody_s_lasting_id_leaves_the_house() -> None:
    told = [msgspec.json.encode(event_of(stored, "lobby")) for stored, _ in TOLD]
    assert not [frame for frame in told if b"secret" in frame]


def test_a_message_is_shown_as_it_stands_now() -> None:
    stored = StoredMessage(
        room_id=RoomId(3),
        seq=7,
        ts=99,
        author=ANN,
        text="ho",
        key="k",
        reply_to=2,
        edited_ts=100,
        reactions={"+": ["bob"]},
    )
    assert wire(message_of(stored, "lobby")) == BASE | {
        "type": "message",
        "text": "ho",
        "guest": True,
        "key": "k",
        "reply_to": 2,
        "edited_ts": 100,
        "reactions": {"+": ["bob"]},
    }


def test_a_deleted_message_says_so_and_no_more() -> None:
    stored = StoredMessage(room_id=RoomId(3), seq=7, ts=99, author=ANN, text="", deleted=True)
    assert wire(message_of(stored, "lobby")) == BASE | {
        "type": "message",
        "guest": True,
        "deleted": True,
    }


def test_every_event_has_a_word_of_its_own_that_no_answer_has() -> None:
    words = [str(event.__struct_config__.tag) for event in e.Event.__subclasses__()]
    assert len(set(words)) == len(words)
    assert not {"ok", "error"} & set(words)


def test_every_answer_is_an_ok_with_room_for_the_request_id() -> None:
    answers: list[type[e.Ok]] = [e.Ok, *e.Ok.__subclasses__()]
    for answer in answers:
        assert answer.__struct_config__.tag == "ok"
        assert "id" in answer.__struct_fields__


def test_what_is_counted_or_asked_is_told_also_when_it_is_nothing() -> None:
    assert wire(e.Presence(room="lobby", present=0, online=[], offline=[])) == {
        "type": "presence",
        "room": "lobby",
        "present": 0,
        "online": [],
        "offline": [],
    }
    assert wire(e.CaughtUp(room="lobby", recovered=False, epoch="e", seq=0, replayed=0)) == {
        "type": "caught_up",
        "room": "lobby",
        "recovered": False,
        "epoch": "e",
        "seq": 0,
        "replayed": 0,
    }
