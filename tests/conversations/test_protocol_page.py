"""docs/protocol.md: its examples go as written, and its tables are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.ops.protocol_reference import renewed
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


def test_the_tables_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page, "run `make docs`"
