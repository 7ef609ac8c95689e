"""What events do to the view: unread marks, one's own messages, people, what is new."""

from __future__ import annotations

import pytest

from chatd.client import Offline, Online
from chatd.core import events as e
from chatd.terminal import paint
from tests.unit.terminal.scene import NOON, message, plain, shown, view


def test_what_is_said_elsewhere_is_unread_and_what_is_on_the_screen_is_not() -> None:
    v = view("lobby", "ops")
    v.heard(message(1, "hello"), NOON)
    v.heard(message(1, "hello", room="ops"), NOON)
    assert (v.rooms["lobby"].unread, v.rooms["ops"].unread) == (0, 1)
    v.go("ops")
    assert v.rooms["ops"].unread == 0
    assert v.rooms["ops"].new_from == 1


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("Ann: look", True),
        ("ask @ann", True),
        ("annual", False),
        ("joann", False),
        ("ann_b", False),
    ],
)
def test_a_name_calls_as_a_word_only(text: str, calls: bool) -> None:
    v = view("lobby", "ops")
    v.heard(message(1, text, room="ops"), NOON)
    assert v.rooms["ops"].called is calls
    assert v.alerts == calls


def test_a_message_to_one_alone_always_calls() -> None:
    v = view("lobby", "@bob")
    v.heard(message(1, "psst", room="@bob"), NOON)
    assert v.rooms["@bob"].called
    assert plain([paint.tabs(v, 80)]) == ["1 #lobby  2 @bob 1!"]


def test_the_next_room_is_the_one_that_calls() -> None:
    v = view("lobby", "one", "two")
    v.heard(message(1, "hello", room="one"), NOON)
    v.heard(message(1, "ann!", room="two"), NOON)
    v.step_to_new()
    assert v.current == "two"
    v.step_to_new()
    assert v.current == "one"


def test_rooms_are_gone_through_round_and_round() -> None:
    v = view("lobby", "ops", "@bob")
    v.step(-1)
    assert v.current == "@bob"
    v.step(1)
    assert v.current == "lobby"


@pytest.mark.parametrize("event_first", [True, False])
def test_ones_own_message_is_there_once_whatever_comes_first(event_first: bool) -> None:
    v = view()
    room = v.rooms["lobby"]
    v.say("lobby", "hi", "k1", NOON)
    assert [x.kind for x in room.entries] == ["pending"]
    told = message(1, "hi", "ann", key="k1")
    if event_first:
        v.heard(told, NOON)
        room.settle("k1", 1, NOON)
    else:
        room.settle("k1", 1, NOON)
        v.heard(told, NOON)
    assert [(x.kind, x.seq, x.text) for x in room.entries] == [("message", 1, "hi")]
    assert room.unread == 0


def test_a_message_that_was_refused_says_why_and_stays() -> None:
    v = view()
    v.say("lobby", "hi", "k1", NOON)
    v.failed("lobby", "k1", "you are muted")
    assert "✗ not sent: you are muted; /retry sends it again" in shown(v.rooms["lobby"])[-1]


def test_changes_change_the_message() -> None:
    v = view()
    for seq in (1, 2):
        v.heard(message(seq, "hallo"), NOON)
    v.heard(e.Edited(room="lobby", seq=3, ts=0, user="bob", target=1, text="hello"), NOON)
    v.heard(e.Deleted(room="lobby", seq=4, ts=0, user="bob", target=2), NOON)
    for on in (True, False):
        for user in ("ann", "eve"):
            if on or user == "eve":
                v.heard(
                    e.Reaction(room="lobby", seq=5, ts=0, user=user, target=1, emoji="+1", on=on),
                    NOON,
                )
    rows = shown(v.rooms["lobby"])
    assert "hello (edited)" in rows[0]
    assert rows[1].endswith("+1 ann")
    assert rows[2].endswith("(deleted)")


def test_who_comes_and_goes_takes_one_line() -> None:
    v = view()
    v.heard(e.Joined(room="lobby", user="bob"), NOON)
    v.heard(e.Left(room="lobby", user="bob", reason="quit"), NOON)
    v.heard(e.Presence(room="lobby", present=3, online=["ann"], offline=[]), NOON)
    [line] = shown(v.rooms["lobby"])
    assert line.endswith("bob joined; bob left (said goodbye)")
    assert plain([paint.title(v, 40)])[0].endswith("3 here")


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (40, " #lobby  What it is about        3 here"),
        (25, " #lobby  What it… 3 here"),
        (19, " #lobby  W… 3 here"),
        (18, " #lobby  … 3 here"),
        (15, " #lobby 3 here"),
        (12, " #l… 3 here"),
    ],
)
def test_the_title_says_where_one_is_and_what_it_is_about(width: int, shown: str) -> None:
    v = view()
    v.rooms["lobby"].topic = "What it is about"
    v.heard(e.Presence(room="lobby", present=3, online=["ann"], offline=[]), NOON)
    assert plain([paint.title(v, width)]) == [shown]


def test_another_session_that_read_takes_the_marks_away() -> None:
    v = view("lobby", "ops")
    for seq in (1, 2):
        v.heard(message(seq, "hello", room="ops"), NOON)
    v.heard(e.Read(room="ops", seq=1), NOON)
    assert v.rooms["ops"].unread == 1
    v.heard(e.Read(room="ops", seq=2), NOON)
    assert v.rooms["ops"].unread == 0


def test_who_is_put_out_of_a_room_is_in_another_and_learns_why() -> None:
    v = view("lobby", "ops")
    v.go("ops")
    v.heard(e.Left(room="ops", user="ann", reason="kicked"), NOON)
    assert v.current == "lobby"
    assert shown(v.rooms["lobby"])[0].endswith("you are no longer in #ops (kicked)")


def test_the_line_says_when_it_comes_back() -> None:
    v = view()
    v.heard(Offline(1006, "lost", 3.2), NOON)
    assert "trying again in 4 s" in plain([paint.status(v, NOON, 80)])[0]
    v.heard(Online("ann", again=True), NOON)
    assert set(plain([paint.status(v, NOON, 80)])[0]) == {"─"}


def test_who_types_is_shown_for_a_while() -> None:
    v = view()
    v.heard(e.Typing(room="lobby", user="bob", on=True), NOON)
    assert "bob is typing" in plain([paint.status(v, NOON + 1000, 80)])[0]
    assert "bob" not in plain([paint.status(v, NOON + 9000, 80)])[0]


def test_a_message_that_history_told_first_counts_once() -> None:
    v = view("lobby", "ops")
    v.page("ops", [message(1, "hello", room="ops")], more=False)
    v.count("ops")
    v.heard(message(1, "hello", room="ops"), NOON)
    assert v.rooms["ops"].unread == 1


def test_history_and_what_was_heard_fit_together() -> None:
    v = view()
    v.heard(message(3, "three"), NOON)
    v.page("lobby", [message(1, "one"), message(2, "two"), message(3, "three")], more=False)
    assert [x.text for x in v.rooms["lobby"].entries] == ["one", "two", "three"]
