"""The table of typed commands, which is parser and help in one; and whatever else may be typed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.errors import ERRORS
from chatd.core.ports import Frame
from chatd.core.settings import Settings
from chatd.dialects._text_commands import TABLE, Row
from chatd.dialects.text import dialect
from tests.unit.dialects.person import Person, refused
from tests.unit.dialects.values import TEXT

EVERY_ROW = pytest.mark.parametrize("row", TABLE.values(), ids=list(TABLE))
WHOLE = {"TEXT", "WORDS", "PASSWORD"}
LITERALS = {word: word for word in ("server", "off", "settled")}


def filled(row: Row, other: dict[str, str] | None = None, *, optional: bool = True) -> str:
    """The command as somebody types it who takes the usage by its word."""
    first, *places = row.usage.split()
    examples = (
        {"N": "7", "COMMAND": "help", "HASH": "ab" * 8, "LEVEL": "debug"}
        | {"private": "private", "nohistory": "nohistory"}
        | LITERALS
        | (other or {})
    )
    named = [p.strip("[]") for p in places if optional or not p.startswith("[")]
    return " ".join([first, *(examples.get(n, f"{n.lower()}-word") for n in named)])


def spoken() -> Person:
    """A guest who has a last message."""
    person = Person.guest()
    person.types("hello")
    person.told(e.Stored(room="lobby", seq=1, ts=0))
    return person


def shape(meant: list[c.Command | e.Error | Frame]) -> list[object]:
    return [m.payload if isinstance(m, Frame) else m for m in meant]


def means(typed: str) -> list[object]:
    return shape(spoken().speaker.heard(typed.encode()))


@EVERY_ROW
@pytest.mark.parametrize("optional", [True, False])
def test_every_command_can_be_typed_as_its_usage_says(row: Row, *, optional: bool) -> None:
    meant = means(filled(row, optional=optional))
    assert meant
    assert not any(isinstance(m, e.Error) for m in meant)


@EVERY_ROW
def test_every_word_of_a_usage_makes_a_difference(row: Row) -> None:
    others = {
        "N": "8",
        "COMMAND": "nick",
        "private": "",
        "nohistory": "",
        "HASH": "cd" * 8,
        "LEVEL": "info",
    } | dict.fromkeys(LITERALS, "")
    for place in row.usage.split()[1:]:
        name = place.strip("[]")
        other = filled(row, {name: others.get(name, "other")})
        assert means(other) != means(filled(row)), place


@EVERY_ROW
def test_a_command_with_a_word_too_few_tells_its_usage(row: Row) -> None:
    typed = filled(row, optional=False).rpartition(" ")[0]
    if typed:
        assert refused(spoken(), typed)[1] == f"this is how it is typed: {row.usage}"


@EVERY_ROW
def test_a_command_with_a_word_too_many_tells_its_usage(row: Row) -> None:
    if not any(place.strip("[]") in WHOLE for place in row.usage.split()):
        typed = f"{filled(row)} surplus"
        assert refused(spoken(), typed)[1] == f"this is how it is typed: {row.usage}"


@EVERY_ROW
def test_help_tells_of_every_command(row: Row) -> None:
    lines = spoken().reads("/help").split("\n")
    assert any(line.split() == [*row.usage.split(), *row.does.split()] for line in lines)
    name = row.usage.split()[0]
    assert spoken().reads(f"/help {name}") == f"{row.usage}: {row.does}"
    assert spoken().reads(f"/help {name[1:].upper()}") == f"{row.usage}: {row.does}"


@EVERY_ROW
def test_a_usage_is_written_as_the_parser_reads_it(row: Row) -> None:
    place = r"[A-Z]+|\[[A-Z]+\]|\[[a-z]+\]"
    assert re.fullmatch(rf"/[a-z]+( ({place}))*", row.usage)
    whole = [p for p in row.usage.split() if p.strip("[]") in WHOLE]
    assert whole in ([], [row.usage.split()[-1]])


# --- anything at all ---------------------------------------------------------------------------

SLASHED = st.builds(
    "{}{}{}".format,
    st.sampled_from(["/", "//", " /", "/ ", ""]),
    st.sampled_from([*TABLE, "", "x", "\n"]),
    st.lists(TEXT | st.sampled_from(["dev", "#dev", "@bob", "7", "-", "private"]), max_size=4).map(
        lambda words: " ".join(["", *words])
    ),
)


def judge(payload: bytes) -> None:
    speaker = dialect(Settings()).speaker()
    for meant in speaker.heard(payload):
        if isinstance(meant, e.Error):
            assert meant.code in ERRORS
        elif isinstance(meant, Frame):
            meant.payload.decode()
        else:
            assert isinstance(meant, c.Command)


@given(st.binary(max_size=80))
def test_no_bytes_make_it_raise(payload: bytes) -> None:
    judge(payload)


@given(SLASHED | TEXT)
def test_no_text_makes_it_raise(text: str) -> None:
    judge(text.encode())
