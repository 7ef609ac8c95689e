"""What events look like to a person in the text dialect."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given

from chatd.core import events as e
from chatd.core.settings import Settings
from chatd.core.text import clean
from chatd.dialects._text_control import NEWS as CONTROL
from chatd.dialects._text_lines import NEWS
from chatd.dialects.text import dialect
from tests.unit.dialects.values import EVENTS, TEXT, told

MOSCOW = Settings(zone=timezone(timedelta(hours=3)))
AT_NOON = 1_767_355_380_000  # 2026-01-02 12:03 UTC
SILENT = {e.Entered, e.Typing, e.Read, e.CaughtUp}


def line(event: e.Event, *, label: str = "lobby", settings: Settings | None = None) -> str | None:
    frame = dialect(settings or Settings()).event(event, label=label, now=AT_NOON)
    return None if frame is None else frame.payload.decode()


def said(text: str, **more: Any) -> e.Message:
    return e.Message(room="lobby", seq=1, ts=AT_NOON, user="ann", text=text, **more)


def happened(kind: type[e.Event], **more: Any) -> e.Event:
    """An event of the room's log, or one that only names its room."""
    placed = {"seq": 2, "ts": AT_NOON} if "ts" in kind.__struct_fields__ else {}
    return kind(**{"room": "lobby", "user": "ann", **placed, **more})


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (said("hello"), "<ann> hello"),
        (said("hello\n"), "<ann> hello"),
        (said("hello", key="k", guest=True, reply_to=1), "<ann> hello"),
        (said("hello", edited_ts=AT_NOON), "<ann> hello (edited)"),
        (said("", deleted=True), "* a message of ann was deleted"),
        (happened(e.Edited, target=1, text="a\nb"), "* ann changed a message: a\n    b"),
        (happened(e.Deleted, target=1), "* ann deleted a message"),
        (happened(e.Reaction, target=1, emoji="👍", on=True), "* ann put 👍 on a message"),
        (happened(e.Reaction, target=1, emoji="👍", on=False), "* ann took 👍 off a message"),
        (happened(e.Topic, topic="cheese"), "* ann set the topic: cheese"),
        (happened(e.Topic, topic=""), "* ann cleared the topic"),
        (happened(e.Joined), "* ann joined"),
        (happened(e.Joined, guest=True), "* ann joined"),
        (happened(e.Left, reason="left"), "* ann left"),
        (happened(e.Left, reason="quit"), "* ann left (said goodbye)"),
        (happened(e.Left, reason="gone"), "* ann left (line lost)"),
        (happened(e.Left, reason="revoked"), "* ann left (no longer allowed in)"),
        (happened(e.Renamed, nick="anna"), "* ann is now anna"),
        (
            e.Presence(room="lobby", present=3, online=["ann", "bob"], offline=["cat"]),
            "* online: ann, bob; offline: cat",
        ),
        (e.Presence(room="lobby", present=3, online=[], offline=["cat"]), "* offline: cat"),
        (
            e.Invited(room="lobby", by="bob", epoch="e", seq=1),
            "* bob invited you; /room lobby to talk there",
        ),
    ],
)
def test_an_event_is_a_line_with_its_time_and_room(event: e.Event, shown: str) -> None:
    assert line(event) == f"12:03 #lobby {shown}"


def test_a_direct_room_is_shown_by_its_people() -> None:
    assert line(said("psst"), label="@ann, bob") == "12:03 @ann,bob <ann> psst"
    opened = e.Invited(room="@x1", by="bob", epoch="e", seq=0, direct=True)
    assert line(opened, label="@ann,bob") == (
        "12:03 @ann,bob * bob opened this room for you two; /msg bob TEXT answers, /join @bob stays"
    )


@pytest.mark.parametrize(
    "event",
    [
        e.Presence(room="lobby", present=900, online=[], offline=[]),
        e.Typing(room="lobby", user="ann", on=True),
        e.Read(room="lobby", seq=1),
        e.CaughtUp(room="lobby", recovered=True, epoch="e", seq=1, replayed=0),
    ],
)
def test_what_is_a_screens_business_is_no_line(event: e.Event) -> None:
    assert line(event) is None


def test_it_is_known_of_every_event_whether_it_is_a_line() -> None:
    assert NEWS.keys() | CONTROL.keys() | {e.Welcome} | SILENT == set(EVENTS)
    assert not NEWS.keys() & SILENT


@pytest.mark.parametrize(("ms", "seconds"), [(0, 1), (1, 1), (2_001, 3), (3_000, 3)])
def test_a_restart_says_when_to_come_back(ms: int, seconds: int) -> None:
    told = line(e.Draining(reconnect_after_ms=ms), label="")
    assert told == f"12:03 * the server restarts; come back in {seconds} s"


def test_times_are_in_the_servers_zone() -> None:
    assert line(said("hello"), settings=MOSCOW) == "15:03 #lobby <ann> hello"
    assert line(happened(e.Joined), settings=MOSCOW) == "15:03 #lobby * ann joined"


@pytest.mark.parametrize(
    ("motd", "lines"), [("", []), ("Be kind.\nHave fun.", ["Be kind.", "Have fun."])]
)
def test_the_greeting_is_short_and_says_what_to_type(motd: str, lines: list[str]) -> None:
    greeting = e.Welcome(
        server="chat.example",
        version="1",
        protocol="chatd.v1",
        epoch="e",
        motd=motd,
        guests=True,
        lobby="lobby",
        login_timeout_ms=1,
        limits=e.LimitsTold(message_bytes=1, frame_bytes=1, rate=1, burst=1),
    )
    assert line(greeting, label="") == "\n".join(
        [
            "Welcome to chat.example.",
            *lines,
            "Type a line to say it to the room, or /help to see what else there is.",
        ]
    )


@given(TEXT)
def test_nobody_can_fake_anothers_line(text: str) -> None:
    for event in (said(clean(text)), happened(e.Edited, target=1, text=clean(text))):
        first, *others = (line(event) or "").split("\n")
        assert first.startswith("12:03 #lobby ")
        assert all(other.startswith("    ") for other in others)


@given(told, TEXT)
def test_no_event_holds_what_harms_a_terminal(event: e.Event, label: str) -> None:
    shown = line(event, label=label) or ""
    assert shown.replace("\t", "") == clean(shown).replace("\t", "")
    assert not shown.endswith("\n")
