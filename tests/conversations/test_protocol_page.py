"""docs/protocol.md: its examples go as written, and its tables are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.commands import COMMANDS, Row
from chatd.core.events import Ok
from chatd.ops.protocol_reference import ANSWERS, renewed
from tests.conversations.director import give
from tests.conversations.memory import MemoryStage
from tests.conversations.script import Play, plays_in

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
PLAYS = plays_in(PAGE)


@pytest.mark.parametrize("play", PLAYS, ids=[f"line-{play.lines[0].number}" for play in PLAYS])
def test_an_example_goes_as_written(play: Play) -> None:
    stage = MemoryStage()
    give(play, stage)
    stage.house.ends()


def test_there_are_examples() -> None:
    assert len(PLAYS) >= 5


def answer_of(row: Row) -> type[Ok]:
    """What the handler says that it gives: itself, or by a coroutine."""
    said: str = row.handler.__annotations__["return"]
    found: type[Ok] = eval(said.partition(" | ")[0], row.handler.__globals__)  # noqa: S307  # ours
    return found


def test_the_answer_of_every_command_is_in_the_table_of_answers() -> None:
    listed = [(word, answer) for asked, answer in ANSWERS for word in asked.split(", ")]
    assert dict(listed) == {row.word: answer_of(row) for row in COMMANDS.values()}
    assert len(dict(listed)) == len(listed)


def test_every_sort_of_answer_is_in_the_table_of_answers() -> None:
    assert {answer for _, answer in ANSWERS} == {Ok, *Ok.__subclasses__()}


def test_the_tables_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page, "run `make docs`"
