"""That the plays leave out no word of the protocol: every command, allowed and refused, every error
code, every close code that can be provoked in memory, every event."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.commands import COMMANDS
from chatd.core.errors import CLOSES, ERRORS
from chatd.core.events import Event
from tests.conversations.director import Record, give
from tests.conversations.memory import MemoryStage
from tests.conversations.patterns import HEARD, SAID
from tests.conversations.script import plays_of

WORDS = {str(command.__struct_config__.tag) for command in COMMANDS}
EVENTS = {str(event.__struct_config__.tag) for event in Event.__subclasses__()}

# Goodbye is free and everybody's; a frame that breaks WebSocket's rules never reaches the node.
NEVER_REFUSED = {"quit"}
BY_THE_EDGE = {"protocol_error", "not_text", "bad_utf8", "too_big"}


@pytest.fixture(scope="module")
def record() -> Record:
    record = Record()
    for play in plays_of(Path(__file__).parent):
        give(play, MemoryStage(), record)
    return record


def test_every_command_is_allowed_somewhere(record: Record) -> None:
    assert {command for command, answer in record.answers if answer == "ok"} - {""} == WORDS


def test_every_command_is_refused_somewhere(record: Record) -> None:
    refused = {command for command, answer in record.answers if answer != "ok"}
    assert refused & WORDS == WORDS - NEVER_REFUSED


def test_every_error_code_is_given_somewhere(record: Record) -> None:
    assert {answer for _, answer in record.answers} - {"ok"} == set(ERRORS)


def test_every_close_code_is_used_somewhere(record: Record) -> None:
    assert set(record.closes) == set(CLOSES) - BY_THE_EDGE


def test_every_event_is_told_somewhere(record: Record) -> None:
    assert set(record.frames) - {"ok", "error"} == EVENTS


def test_every_word_can_be_written_short() -> None:
    assert set(SAID) == WORDS
    assert set(HEARD) == EVENTS | {"ok", "error"}
