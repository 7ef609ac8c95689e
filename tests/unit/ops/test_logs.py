"""What reaches the log, in which form, and what never does."""

from __future__ import annotations

import json
import logging
import os
import shlex
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from chatd.core.ports import Log as LogPort
from chatd.ops.log_entry import REDACTED, Entry, described, secret
from chatd.ops.log_line import as_json, as_text, moment, quoted
from chatd.ops.logs import Log, LogWriter, is_journal

SPOKEN = "meet me at the harbour"


class Kept:
    """A log that writes into a file, and what stands there."""

    def __init__(self, file: Path, form: str = "text", level: str = "debug") -> None:
        self._file = file
        self.fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.writer = LogWriter(form, level, self.fd, journal=True)
        self.log = Log("chatd.test", self.writer)
        self.library = Logger("library.module", observer=self.writer)

    def lines(self) -> list[str]:
        text = self._file.read_text()
        assert text == "" or text.endswith("\n")
        return text.split("\n")[:-1]

    def line(self) -> str:
        (line,) = self.lines()
        return line

    def object(self) -> dict[str, Any]:
        found = json.loads(self.line().partition(">")[2])
        assert isinstance(found, dict)
        return found


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path / "log")
    yield made
    os.close(made.fd)


def raised(error: BaseException) -> BaseException:
    """With the traceback that raising gives."""
    with pytest.raises(type(error)) as caught:
        throw(error)
    return caught.value


def throw(error: BaseException) -> None:
    raise error


def failure(error: BaseException) -> Failure:
    return Failure(error, type(error), error.__traceback__)  # type: ignore[no-untyped-call]  # half typed library


def test_the_core_can_log_through_it(kept: Kept) -> None:
    port: LogPort = kept.log
    port.info("started")
    assert kept.line() == "<6>started"


def test_each_level_has_its_priority(kept: Kept) -> None:
    for level in (kept.log.debug, kept.log.info, kept.log.warning, kept.log.error):
        level("happened")
    kept.log.fault("broke", OSError())
    assert [line[:3] for line in kept.lines()] == ["<7>", "<6>", "<4>", "<3>", "<3>"]


def test_facts_stand_beside_the_event(kept: Kept) -> None:
    kept.log.info("opened", session=3, address="10.0.0.1", clean=True, took=0.25, reason=None)
    assert kept.line() == "<6>opened session=3 address=10.0.0.1 clean=true took=0.25 reason=none"


def test_a_value_cannot_break_its_line_or_forge_another(kept: Kept) -> None:
    kept.log.info("renamed", name='a\n<0>"b" c=d\r\x1b[2J\u2028\u202e\x85\ud800')
    assert kept.line() == (
        '<6>renamed name="a\\n<0>\\"b\\" c=d\\r\\u001b[2J\\u2028\\u202e\\u0085\\ud800"'
    )


def test_the_level_can_be_changed_at_any_time(kept: Kept) -> None:
    kept.writer.level = "warning"
    kept.log.info("unheard")
    kept.log.warning("heard")
    kept.writer.level = "info"
    kept.log.debug("unheard")
    kept.log.info("heard")
    assert kept.lines() == ["<4>heard", "<6>heard"]


def test_the_form_can_be_changed_at_any_time(kept: Kept) -> None:
    kept.writer.form = "json"
    kept.log.info("opened", session=3, level="high")
    told = kept.object()
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "info",
        "event": "opened",
        "logger": "chatd.test",
        "session": 3,
        "level_": "high",
    }


def test_without_the_journal_a_line_has_time_and_level_and_no_priority() -> None:
    made = Entry(1767323045.5, "warning", "slow", "chatd", True, {"took": 2.0})
    assert as_text(made, timed=True) == "2026-01-02T03:04:05.500Z warning slow took=2"
    assert json.loads(as_json(made))["time"] == "2026-01-02T03:04:05.500Z"


@pytest.mark.parametrize("at", [0.0, 1767323045.9994, 1767323045.9996, 1767323045.9999999, 1e-7])
def test_a_time_is_told_to_the_millisecond_that_has_begun(at: float) -> None:
    told = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    assert moment(at) == told.replace("+00:00", "Z")


@pytest.mark.parametrize(
    "text", ["plain", "caf\u00e9", "\ud800 half", '\x00\x7f\n"\\/', "\U0001f600"]
)
def test_json_is_ascii_whatever_is_told(text: str) -> None:
    written = as_json(Entry(0.0, "info", "told", "chatd", True, {"name": text, "n": 1e300}))
    assert written.isascii()
    assert written.isprintable()
    assert json.loads(written)["name"] == text
    assert json.loads(written)["n"] == 1e300


SECRETS = [
    "password",
    "new_password",
    "password_hash",
    "token",
    "access_token",
    "tokens",
    "text",
    "message",
    "key",
    "client_key",
    "body",
    "payload",
    "query",
    "authorization",
    "cookie_jar",
    "passwd",
    "secret",
    "draft",
    "frame",
    "topic",
    "credential",
]


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_fact_that_may_be_a_secret_or_a_message_is_redacted(
    kept: Kept, name: str, form: str
) -> None:
    kept.writer.form = form
    kept.log.error("sent", **{name: SPOKEN})
    assert SPOKEN not in kept.line()
    assert REDACTED in kept.line()


@pytest.mark.parametrize("name", ["token_id", "text_bytes", "messages_sent", "keyed", "user"])
def test_a_fact_about_a_message_is_not_redacted(name: str) -> None:
    assert not secret(name)


class Message:
    def __repr__(self) -> str:
        return SPOKEN


class Mood(Enum):
    GOOD = "good"


def test_of_a_thing_that_is_no_plain_value_only_the_type_is_logged(kept: Kept) -> None:
    kept.log.info("sent", what=Message(), many=[Message(), 1], raw=SPOKEN.encode(), by={1: SPOKEN})
    assert kept.line() == '<6>sent what=<Message> many="<Message>, 1" raw=<bytes> by=<dict>'


def test_plain_values_of_the_standard_library_are_logged(kept: Kept) -> None:
    kept.log.info("sent", path=Path("/a b"), address=ip_address("::1"), mood=Mood.GOOD)
    assert kept.line() == '<6>sent path="/a b" address=::1 mood=good'


def test_a_long_value_is_cut(kept: Kept) -> None:
    kept.log.info("sent", name="x" * 100_000)
    assert len(kept.line()) < 1100
    assert "(100000 characters)" in kept.line()


def test_a_long_list_is_cut(kept: Kept) -> None:
    kept.log.info("sent", rooms=["x"] * 51)
    assert kept.line() == '<6>sent rooms="' + "x, " * 50 + '... (51 values)"'


def test_a_fault_is_one_line_with_its_number_and_its_places(kept: Kept) -> None:
    number = kept.log.fault("command_failed", raised(OSError(28, "No space left")), command="send")
    line = kept.line()
    assert line.startswith(f"<3>command_failed command=send fault={number} ")
    assert 'error="OSError: [Errno 28] No space left"' in line
    assert "test_logs.py:" in line
    assert "throw" in line


def test_two_faults_have_two_numbers(kept: Kept) -> None:
    assert kept.log.fault("a", OSError()) != kept.log.fault("a", OSError())


def test_in_json_the_places_of_a_fault_are_a_list(kept: Kept) -> None:
    kept.writer.form = "json"
    number = kept.log.fault("command_failed", raised(KeyError(SPOKEN)))
    told = kept.object()
    assert told["fault"] == number
    assert told["at"][-1].endswith(" throw")


def test_an_exception_behind_an_exception_is_told(kept: Kept) -> None:
    try:
        try:
            raised_inside()
        except OSError as error:
            raise TypeError("no such thing") from error
    except TypeError as error:
        kept.log.fault("broke", error)
    assert 'because="OSError: deep inside at ' in kept.line()
    assert kept.line().endswith(' raised_inside"')


def raised_inside() -> None:
    raise OSError("deep inside")


def sqlite_error(statement: str) -> Exception:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(statement)
    except sqlite3.Error as error:
        return error
    finally:
        connection.close()
    raise AssertionError(statement)


QUOTING: list[BaseException] = [
    KeyError(SPOKEN),
    ValueError(f"cannot read {SPOKEN}"),
    UnicodeEncodeError("ascii", SPOKEN, 0, 1, "no"),
    AssertionError(SPOKEN),
    RuntimeError(SPOKEN),
    json.JSONDecodeError("no", SPOKEN, 0),
    sqlite_error(f'SELECT "{SPOKEN}" FROM'),
    sqlite_error(f'"{SPOKEN}"'),
    BaseExceptionGroup("all", [KeyError(SPOKEN)]),
]


@pytest.mark.parametrize("error", QUOTING, ids=lambda error: type(error).__name__)
def test_an_exception_that_may_quote_a_message_is_told_by_type_and_place(
    kept: Kept, error: BaseException
) -> None:
    kept.log.fault("broke", raised(error))
    kept.library.failure("while working: {error}", failure(error), error=error)
    kept.library.error("failed: {fail} {fail.value}", fail=failure(error))
    for line in kept.lines():
        assert SPOKEN not in line
        assert type(error).__name__ in line


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(28, "No space left"), "OSError: [Errno 28] No space left"),
        (sqlite3.OperationalError("disk full"), "sqlite3.OperationalError: disk full"),
        (TypeError("need int"), "TypeError: need int"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_an_exception_that_cannot_quote_anybody_keeps_its_text(
    error: BaseException, text: str
) -> None:
    assert described(error) == text


def test_a_library_says_what_it_says_in_one_line(kept: Kept) -> None:
    kept.library.warn("dropping {peer}\nnow", peer="tcp4:10.0.0.1:5")
    assert kept.line() == ('<4>library logger=library.module says="dropping tcp4:10.0.0.1:5\\nnow"')


def test_the_debug_lines_of_libraries_are_never_logged(kept: Kept) -> None:
    kept.library.debug("RX octets: {octets}", octets=SPOKEN)
    assert kept.lines() == []


def test_a_library_logs_no_query_of_an_address(kept: Kept) -> None:
    kept.library.info('"GET /chat?token=s3cret HTTP/1.1" 101')
    assert "s3cret" not in kept.line()
    assert "GET /chat?... HTTP/1.1" in kept.line()


def test_a_traceback_in_the_text_of_a_library_keeps_only_its_places(kept: Kept) -> None:
    kept.library.warn("{tb}", tb=failure(raised(KeyError(SPOKEN))).getTraceback())
    assert SPOKEN not in kept.line()
    assert "throw" in kept.line()


def test_an_event_that_cannot_be_read_is_a_line_too(kept: Kept) -> None:
    kept.writer({"log_level": LogLevel.info})
    kept.writer({"log_level": LogLevel.info, "log_time": "never", "log_format": "x"})
    assert kept.lines() == [
        "<3>log_event_unreadable error=KeyError",
        "<3>log_event_unreadable error=ValueError",
    ]


def test_a_library_that_formats_wrongly_does_no_harm(kept: Kept) -> None:
    kept.library.info("{absent} {x.y.z", x=1)
    assert kept.line().startswith("<6>library logger=library.module says=")


@given(st.text())
def test_any_text_is_quoted_into_one_printable_word(text: str) -> None:
    made = quoted(text)
    assert made.isprintable()
    made.encode()
    assert len(shlex.split(made)) == 1


facts = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    max_size=4,
)


@given(facts)
def test_any_facts_make_one_line_in_either_form(given_facts: dict[str, object]) -> None:
    reading, writing = os.pipe()
    try:
        for form in ("text", "json"):
            writer = LogWriter(form, "info", writing, journal=False)
            Log("chatd", writer)._emit(LogLevel.info, "happened", given_facts)
            data = os.read(reading, 65536).decode()
            assert data.endswith("\n")
            assert data.count("\n") == 1
            assert form == "text" or json.loads(data)["event"] == "happened"
    finally:
        os.close(reading)
        os.close(writing)


def test_a_broken_pipe_is_no_exception_and_is_counted() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    writer = LogWriter("text", "info", writing, journal=True)
    Log("chatd", writer).info("unheard")
    os.close(writing)
    Log("chatd", writer).info("unheard")
    assert writer.lost == 2


def test_a_full_disk_is_no_exception() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    writer = LogWriter("text", "info", full, journal=True)
    Log("chatd", writer).info("unheard")
    os.close(full)
    assert writer.lost == 1


@pytest.mark.parametrize("blocking", [False, True])
def test_lines_that_nobody_takes_are_lost_and_that_is_told_later(blocking: bool) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    writer = LogWriter("text", "info", writing, journal=True)
    log = Log("chatd", writer)
    while not writer.lost:
        log.info("filling", name="x" * 900)
    log.info("filling", name="x" * 900)
    lost = writer.lost
    os.set_blocking(reading, False)
    drain(reading)
    log.info("heard")
    log.info("heard_too")
    lines = drain(reading).split("\n")
    assert lines[-4:] == [f"<4>log_lines_lost count={lost}", "<6>heard", "<6>heard_too", ""]
    os.close(reading)
    os.close(writing)


def drain(fd: int) -> str:
    data = b""
    while True:
        try:
            data += os.read(fd, 65536)
        except BlockingIOError:
            return data.decode()


def test_a_torn_line_is_ended_before_the_next(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def half(fd: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", full)
        return write(fd, data[:5])

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    kept.log.info("opened")
    monkeypatch.setattr(os, "write", write)
    kept.log.info("closed")
    assert kept.lines() == ["<6>op", "<4>log_lines_lost count=1", "<6>closed"]


def test_the_journal_is_known_by_device_and_inode(kept: Kept) -> None:
    status = os.fstat(kept.fd)
    there = f"{status.st_dev}:{status.st_ino}"
    assert is_journal(kept.fd, {"JOURNAL_STREAM": there})
    assert not is_journal(kept.fd, {"JOURNAL_STREAM": f"{there}1"})
    assert not is_journal(kept.fd, {})
    assert not is_journal(10_000, {"JOURNAL_STREAM": there})


def test_pythons_own_logging_is_not_touched_by_an_import() -> None:
    assert not any(type(h).__module__.startswith("chatd") for h in logging.getLogger().handlers)
