"""The JSON dialect: commands are read, events and answers written, mistakes explained."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.errors import ERRORS
from chatd.core.settings import Settings
from chatd.dialects.json import dialect
from tests.unit.dialects.values import TEXT, answers, commands, told

JSON = dialect(Settings())
SEND = b'{"type":"send","id":7,"room":"lobby","text":"hi"}'


def heard(payload: bytes) -> Any:
    (one,) = JSON.speaker().heard(payload)
    return one


def error(payload: bytes) -> e.Error:
    found = heard(payload)
    assert isinstance(found, e.Error)
    return found


@given(commands)
def test_every_command_comes_in_as_it_was_written(command: c.Command) -> None:
    assert heard(msgspec.json.encode(command)) == command


@given(told)
def test_every_event_is_written_with_its_type_and_read_back_as_it_was(event: e.Event) -> None:
    frame = JSON.event(event, label="#any", now=0)
    assert frame is not None
    assert msgspec.json.decode(frame.payload)["type"] == type(event).__struct_config__.tag
    assert msgspec.json.decode(frame.payload, type=type(event)) == event


@given(commands | st.none(), answers)
def test_every_answer_is_written_and_read_back(
    command: c.Command | None, answer: e.Ok | e.Error
) -> None:
    frame = JSON.speaker().answer(command, answer)
    assert frame is not None
    assert msgspec.json.decode(frame.payload, type=type(answer)) == answer


def test_a_program_speaks_for_itself() -> None:
    assert JSON.speaker().opening() == []


def test_it_is_the_resuming_dialect_that_hears_itself() -> None:
    assert (JSON.name, JSON.subprotocol, JSON.echo, JSON.resumes) == (
        *("json", "chatd.v1"),
        *(True, True),
    )


@given(st.binary(max_size=200) | TEXT.map(str.encode))
def test_no_bytes_make_it_raise(payload: bytes) -> None:
    (one,) = JSON.speaker().heard(payload)
    assert isinstance(one, c.Command | e.Error)


PIECES = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b" ", b"\x00", b"\xff", b"\xef\xbb\xbf"),
        *(b'"type"', b'"id"', b'"send"', b'"room"', b'"text"', b'"resume"', b'"\\ud800"', SEND),
        *(b"NaN", b"1e999", b"-0", b"9" * 40, b"7", b"null", b"true"),
    ]
)


@given(st.lists(PIECES, max_size=12).map(b"".join))
def test_nothing_that_looks_like_json_makes_it_raise(payload: bytes) -> None:
    (one,) = JSON.speaker().heard(payload)
    if isinstance(one, e.Error):
        assert one.code in ERRORS
        assert one.message.isprintable()


@given(st.binary(max_size=4), st.integers(0, len(SEND)))
def test_a_damaged_command_is_a_command_or_an_error(damage: bytes, at: int) -> None:
    (one,) = JSON.speaker().heard(SEND[:at] + damage + SEND[at + len(damage) :])
    assert isinstance(one, c.Command | e.Error)


@pytest.mark.parametrize(
    ("payload", "code", "message"),
    [
        (b"", "bad_frame", "not valid JSON: input data was truncated"),
        (b"hello", "bad_frame", "not valid JSON: invalid character (byte 0)"),
        (b"[]", "bad_frame", "no JSON object: expected `object`, got `array`"),
        (b"null", "bad_frame", "no JSON object: expected `object`, got `null`"),
        (b"\xef\xbb\xbf{}", "bad_frame", "byte order mark"),
        (b'{"type":"ping"} x', "bad_frame", "trailing characters"),
        (b'{"type":"join","room":NaN}', "bad_frame", "not valid JSON"),
        (b'{"type":"join","room":"\\ud800"}', "bad_frame", "only half a character"),
        (b'{"type":"join","room":"\\udc00\\ud800"}', "bad_frame", "only half a character"),
        (b'{"type":"join","room":"\xff"}', "bad_frame", "not valid UTF-8"),
        (b'{"type":"join","type":"leave","room":"x"}', "bad_frame", "'type' is there more than"),
        (b"{}", "bad_field", "field 'type' is missing; it is one of: announce, audit, auditverify"),
        (b'{"TYPE":"join"}', "bad_field", "field 'type' is missing"),
        (b'{"type":7}', "bad_field", "field 'type': expected `str`; it is one of: announce"),
        (b'{"type":"join"}', "bad_field", "join: field 'room' is missing"),
        (b'{"type":"join","room":7}', "bad_field", "join: field 'room': expected `str`, got `int`"),
        (b'{"type":"join","room":""}', "bad_field", "join: field 'room': it must not be empty"),
        (
            b'{"type":"history","room":"x","limit":201}',
            "bad_field",
            "history: field 'limit': at most 200 is allowed",
        ),
        (
            b'{"type":"history","room":"x","before":-1}',
            "bad_field",
            "history: field 'before': at least 0 is needed",
        ),
        (
            b'{"type":"history","room":"x","limit":1e400}',
            "bad_field",
            "history: field 'limit': number out of range",
        ),
        (
            b'{"type":"join","romo":"x"}',
            "bad_field",
            "join: there is no field 'romo'. Did you mean 'room'? There are: id, room",
        ),
        (
            b'{"type":"login","resume":{"x":{"epoch":"e","seq":-1}}}',
            "bad_field",
            "login: field 'resume[...].seq': at least 0 is needed",
        ),
        (
            b'{"type":"login","resume":{"":{"epoch":"e","seq":1}}}',
            "bad_field",
            "login: field 'resume': it must not be empty",
        ),
        (
            b'{"type":"login","resume":{"x":{"seq":1}}}',
            "bad_field",
            "login: field 'epoch' in 'resume[...]' is missing",
        ),
        (
            b'{"type":"login","resume":{"x":{"epoch":"e","seq":1,"id":1}}}',
            "bad_field",
            "login: there is no field 'id' in 'resume[...]'",
        ),
        (
            b'{"type":"sned"}',
            "unknown_command",
            "no command is called 'sned'. Did you mean 'send'? There are: announce, audit,",
        ),
        (b'{"type":"JOIN"}', "unknown_command", "no command is called 'JOIN'. Did you mean 'join'"),
    ],
)
def test_a_wrong_frame_is_told_what_is_wrong_with_it(
    payload: bytes, code: str, message: str
) -> None:
    found = error(payload)
    assert (found.code, found.retry_after_ms) == (code, None)
    assert message in found.message


@pytest.mark.parametrize(
    ("payload", "request_id"),
    [
        (b'{"id":7,"type":"sned"}', 7),
        (b'{"type":"join","id":"a-1","room":3}', "a-1"),
        (b'{"type":"join","id":7}', 7),
        (b'{"id":7}', 7),
        (b'{"type":[1],"id":7}', 7),
        (b'{"type":"join","id":1,"id":2}', 2),
        (b'{"type":"join","room":"x","id":1.5}', None),
        (b'{"type":"join","room":"x","id":true}', None),
        (b'{"type":"join","room":"x","id":9007199254740993}', None),
        (b'{"type":"join","room":"x","id":"\xff"}', None),
        (b'{"type":"join","id":7', None),
    ],
)
def test_an_error_carries_the_id_wherever_that_can_be_read(
    payload: bytes, request_id: int | str | None
) -> None:
    assert error(payload).id == request_id


def test_of_a_field_that_is_there_twice_the_last_one_counts() -> None:
    assert heard(b'{"type":"join","room":"a","room":"b"}') == c.Join(room="b")


def test_a_character_in_two_halves_is_one_character() -> None:
    assert heard(b'{"type":"join","room":"\\ud83d\\ude00"}') == c.Join(room="\U0001f600")


DEEP = 30_000


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * DEEP,
        b'{"x":' * DEEP,
        b'{"id":7,"x":' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"type":"send","text":' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"text":' + b'{"a":' * 9_000 + b"1" + b"}" * 9_000 + b',"type":"send"}',
    ],
)
def test_deep_nesting_is_refused(payload: bytes) -> None:
    assert error(payload).code in {"bad_frame", "bad_field"}


def test_nesting_over_the_interpreters_stack_is_told_as_such() -> None:
    assert "nested too deeply" in error(b'{"x":' + b"[" * DEEP).message


@pytest.mark.parametrize(
    "payload",
    [
        b'{"type":"' + b"k" * 60_000 + b'"}',
        b'{"type":"join","' + b"k" * 60_000 + b'":1}',
        b'{"type":"history","room":"x","limit":' + b"9" * 60_000 + b"}",
        b'{"type":"ping","id":' + b"9" * 60_000 + b"}",
        b'{"type":"ping","id":"' + b"9" * 60_000 + b'"}',
    ],
)
def test_a_huge_value_gets_a_small_answer(payload: bytes) -> None:
    found = error(payload)
    assert found.id is None
    assert len(found.message) < 500


def test_what_is_cited_from_a_frame_does_nothing_to_a_terminal() -> None:
    assert error('{"type":"\\u001b[2J\u202e"}'.encode()).message.isprintable()
