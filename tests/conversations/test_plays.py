"""Every play of this folder, in memory. After each, nothing may be left of anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conversations.director import give
from tests.conversations.memory import MemoryStage
from tests.conversations.script import Play, plays_of

PLAYS = plays_of(Path(__file__).parent)


@pytest.mark.parametrize("play", PLAYS, ids=[play.name for play in PLAYS])
def test_a_play_goes_as_written(play: Play) -> None:
    stage = MemoryStage()
    give(play, stage)
    stage.house.ends()


def test_there_are_plays() -> None:
    assert len(PLAYS) > 20
