"""How the view looks: widths, wrapping, scrolling, and that nothing said can do harm."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core import events as e
from chatd.terminal import paint
from chatd.terminal.asking import Show, wishes
from chatd.terminal.paint import Painter
from chatd.terminal.wrapping import cut, marked, steady, width_of, wrapped
from tests.unit.terminal.scene import NOON, message, plain, shown, view

HOSTILE = (
    "\x1b[2Jgone", "\x9b31m", "a\rb", "\u202eevil\u2066", "\x07", "\U000e0041\U000e0042",
    "é" + "\u0301" * 200, "👩‍👩‍👧‍👦", "👍🏽", "❤️", "日本語", "\u200b" * 40, "x" * 500, "a\tb\nc",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [20, 80])
def test_nothing_that_is_said_leaves_its_place(text: str, width: int) -> None:
    v = view()
    v.heard(message(1, text, user=text[:20]), NOON)
    rows = Painter(UTC).history(v.rooms["lobby"], width, 30)
    rows += [paint.title(v, width), paint.status(v, NOON, width), paint.tabs(v, width)]
    for line in ("".join(text for _, text in row) for row in rows):
        assert width_of(line) <= width
        assert "\n" not in line
        assert line == steady(line)


@given(st.text(max_size=200), st.integers(2, 40))
def test_wrapping_keeps_every_character_and_every_bound(text: str, width: int) -> None:
    safe = steady(text)
    rows = wrapped(marked(safe, ""), width)
    said = ["".join(piece for _, piece in row) for row in rows]
    assert "".join(said) == safe.replace("\n", "")
    assert all(width_of(line.rstrip()) <= width for line in said)


@given(st.text(max_size=60), st.integers(1, 30))
def test_what_is_cut_fits(text: str, width: int) -> None:
    assert width_of(cut(text, width)) <= width


def test_words_stay_whole_and_marks_are_seen() -> None:
    rows = wrapped(marked("run `make test` at https://x.example/a now", ""), 20)
    assert plain(rows) == ["run `make test` at", "https://x.example/a", "now"]
    assert ("class:code", "`make test`") in [(style.strip(), text) for style, text in rows[0]]


def test_names_have_a_column_and_are_said_once() -> None:
    v = view()
    v.heard(message(1, "one"), NOON)
    v.heard(message(2, "two"), NOON)
    v.heard(message(3, "three", user="eve"), NOON)
    assert [line[6:] for line in shown(v.rooms["lobby"])] == [
        "           bob │ one",
        "               │ two",
        "           eve │ three",
    ]


def test_help_keeps_its_columns_at_80() -> None:
    v = view()
    [told] = wishes(v, "/help")
    assert isinstance(told, Show)
    v.note(told.text, NOON)
    rows = [line[23:] for line in shown(v.rooms["lobby"], width=80, height=60)]
    at = rows.index("/join ROOM               enter a room and talk there;")
    assert rows[at + 1] == "                         @PERSON for the room of you two"
    at = rows.index("/create ROOM [private] [nohistory]")
    assert rows[at + 1 : at + 3] == [
        "                         make a room; by invitation, or",
        "                         where nothing is kept",
    ]


def test_a_note_without_columns_or_on_a_narrow_screen_is_wrapped_as_it_is() -> None:
    v = view()
    v.note("one two three four five six seven\n/who [ROOM]         list who is in a room", NOON)
    assert [line[8:] for line in shown(v.rooms["lobby"], width=32)] == [
        "one two three four five",
        "six seven",
        "/who [ROOM]         list",
        "who is in a room",
    ]


def test_on_a_narrow_screen_names_stand_before_the_text() -> None:
    v = view()
    v.heard(message(1, "hello to all of you out there"), NOON)
    assert [line[6:] for line in shown(v.rooms["lobby"], width=30)] == [
        "bob hello to all of you",
        "    out there",
    ]


def test_a_reply_cites_what_it_answers() -> None:
    v = view()
    v.heard(message(1, "who comes?"), NOON)
    v.heard(message(2, "me", user="eve", reply_to=1), NOON)
    assert shown(v.rooms["lobby"])[1].endswith("↪ bob: who comes?")


def test_of_many_who_reacted_some_are_named_and_the_rest_are_counted() -> None:
    v = view()
    few = message(1, "done", reactions={"+1": ["bob", "cy"]}, reaction_counts={"+1": 4})
    v.page("lobby", [few], more=False)
    told: list[str] = []
    for seq, (user, on) in enumerate((("dan", False), ("bob", False), ("eve", True)), 2):
        told.append(shown(v.rooms["lobby"])[-1].partition("│ ")[2])
        react = e.Reaction(room="lobby", seq=seq, ts=0, user=user, target=1, emoji="+1", on=on)
        v.heard(react, NOON)
    told.append(shown(v.rooms["lobby"])[-1].partition("│ ")[2])
    assert told == [
        "+1 bob, cy and 2 more",
        "+1 bob, cy and 1 more",
        "+1 cy and 1 more",
        "+1 cy, eve and 1 more",
    ]


def test_scrolling_stays_where_it_is_while_others_talk() -> None:
    v = view()
    room, painter = v.rooms["lobby"], Painter(UTC)
    for seq in range(1, 51):
        v.heard(message(seq, f"word {seq}"), NOON)
    assert not painter.scroll(room, -20, 80, 10)
    before = plain(painter.history(room, 80, 10))
    v.heard(message(51, "later"), NOON)
    v.page("lobby", [message(0, "earlier")], more=False)
    assert plain(painter.history(room, 80, 10)) == before
    assert room.unread == 1
    assert "1 new below" in plain([paint.status(v, NOON, 80)])[0]
    assert painter.scroll(room, -1000, 80, 10)  # there is nothing above
    painter.scroll(room, 1000, 80, 10)
    assert room.top is None
    assert plain(painter.history(room, 80, 10))[-1].endswith("later")


def test_the_line_that_says_new_stands_before_the_first_unread() -> None:
    v = view("ops", "lobby")
    for seq in (1, 2):
        v.heard(message(seq, "old"), NOON)
    v.go("lobby")
    v.go("ops")
    v.heard(message(3, "fresh"), NOON)
    v.go("lobby")
    rows = shown(v.rooms["lobby"])
    assert rows[2].startswith("── new")
    assert rows[3].endswith("fresh")


@pytest.mark.parametrize("width", [20, 40])
def test_the_room_on_the_screen_is_among_those_shown(width: int) -> None:
    v = view(*(f"room-{n}" for n in range(30)))
    v.go("room-17")
    assert "#room-17" in plain([paint.tabs(v, width)])[0]
    assert any("#room-17" in line for line in plain(paint.sidebar(v, 22, 5)))
