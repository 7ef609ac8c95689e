"""From an event, ours or a library's, to an entry that is fit for the log.
Here passwords and what people say are kept out; how an entry looks on a line is log_line.py."""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import PurePath
from types import TracebackType
from typing import Any

from msgspec import Struct
from twisted.logger import LogEvent, LogLevel, formatEvent
from twisted.python.failure import Failure

Scalar = str | int | float | bool | None
Fact = Scalar | list[Scalar]

EVENT = "chatd_event"  # what our own events have, and a library's do not
FACTS = "chatd_facts"
LEVELS = ("debug", "info", "warning", "error", "critical")
_NAMES = {
    LogLevel.debug: "debug",
    LogLevel.info: "info",
    LogLevel.warn: "warning",
    LogLevel.error: "error",
    LogLevel.critical: "critical",
}

LONGEST = 1000  # characters of one value
MOST = 50  # values of one list
FRAMES = 20  # of a traceback, the innermost
CAUSES = 4  # exceptions behind an exception

REDACTED = "[redacted]"
# A fact with one of these words in its name is a secret; with one of the others as its last word
# it is somebody's words, or a secret too ("access_token", but not "token_id" or "text_bytes").
SECRET = frozenset({"authorization", "cookie", "credential", "passphrase", "passwd", "password"})
SPOKEN = frozenset(
    {"body", "content", "draft", "frame", "key", "message", "payload", "query", "secret", "text"}
    | {"token", "topic"}
)

_LISTS = (list, tuple, set, frozenset)
_NUMBERS = (bool, int, float, type(None))
_TEXTS = (str, PurePath, IPv4Address, IPv6Address, date)

# Exceptions whose texts speak of code, types and the system, and do not quote what they were given.
OPEN = (
    Warning,
    OSError,
    TypeError,
    AttributeError,
    NameError,
    ImportError,
    RecursionError,
    MemoryError,
    ZeroDivisionError,
    NotImplementedError,
)
OURS = ("chatd.", "twisted.internet.")
WITHHELD = "(its text is withheld: it may quote a message)"

ADDRESS_QUERY = re.compile(r"(/[^\s?'\"]*)\?[^\s'\"]+")
WRITTEN_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
INSTALLED = re.compile(r"^.*/(?:site-packages/|lib(?:64)?/python[0-9.]+/|(?=chatd/))")


class Entry(Struct, frozen=True):
    """What goes into the log. ``time`` in seconds since 1970 UTC; ``level`` is one of LEVELS."""

    time: float
    level: str
    event: str
    logger: str
    ours: bool
    facts: Mapping[str, Fact]


def entry(event: LogEvent) -> Entry:
    """The entry of a Twisted log event."""
    ours = EVENT in event
    told = facts(event.get(FACTS, {})) if ours else _said(event)
    told.update(_fault(event))
    name = str(event[EVENT]) if ours else "library"
    logger = str(event.get("log_namespace", ""))
    return Entry(float(event["log_time"]), level_of(event), name, logger, ours, told)


def level_of(event: LogEvent) -> str:
    """One of LEVELS; old events may have none, and are information."""
    return _NAMES.get(event.get("log_level"), "info")


def facts(given: Mapping[str, object]) -> dict[str, Fact]:
    """What may be logged of these facts: no secret, no spoken word, nothing but plain values."""
    return {name: REDACTED if secret(name) else plain(value) for name, value in given.items()}


@lru_cache(maxsize=1024)  # there are few names, each in very many lines
def secret(name: str) -> bool:
    """Whether a fact of this name must not be logged."""
    words = name.lower().split("_")
    return not SECRET.isdisjoint(words) or words[-1].removesuffix("s") in SPOKEN


def plain(value: object) -> Fact:
    """A value that is safe to write; of anything that is no plain value only the type."""
    if type(value) is int:  # this and the next nearly always; no subclass of them, such as an Enum
        return value
    if type(value) is str:
        return cut(value)
    if isinstance(value, _LISTS):
        more = [f"... ({len(value)} values)"] if len(value) > MOST else []
        return [*(_scalar(each) for each in islice(value, MOST)), *more]
    return _scalar(value)


def _scalar(value: object) -> Scalar:
    if isinstance(value, Enum):
        return _scalar(value.value)
    if isinstance(value, _NUMBERS):
        return value
    if isinstance(value, _TEXTS):
        return cut(str(value))
    return f"<{type(value).__name__}>"  # its repr could hold what somebody said


def cut(text: str) -> str:
    """``text``, of bearable length."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def new_fault() -> str:
    """A number to find a fault by: told to the client, and written into the log."""
    return secrets.token_hex(4)


def _fault(event: LogEvent) -> dict[str, Fact]:
    failure = event.get("log_failure", event.get("failure"))
    if not isinstance(failure, Failure):
        return {}
    error = failure.value
    if not isinstance(error, BaseException):
        return {"fault": new_fault(), "error": f"<{type(error).__name__}>"}
    trace = failure.getTracebackObject() or error.__traceback__  # type: ignore[no-untyped-call]  # half typed library
    number = event.get("chatd_fault") or new_fault()
    told: dict[str, Fact] = {"fault": str(number), "error": described(error)}
    found: dict[str, list[Scalar]] = {
        "at": _frames(trace),
        "because": [f"{described(cause)} at {_innermost(cause)}" for cause in _causes(error)],
    }
    return told | {name: values for name, values in found.items() if values}


def described(error: BaseException) -> str:
    """An exception's type, and its text where that cannot hold what somebody said."""
    kind = type(error)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    if not isinstance(error, OPEN) and not name.startswith(OURS) and not _open_sql(error):
        return f"{name} {WITHHELD}"
    text = cut(str(error))
    return f"{name}: {text}" if text else name


def _open_sql(error: BaseException) -> bool:
    """SQLite quotes in double quotation marks what it could not parse: perhaps a search."""
    return isinstance(error, sqlite3.Error) and '"' not in str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    for _ in range(CAUSES):
        behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if behind is None:
            return
        yield behind
        error = behind


def _frames(trace: TracebackType | None) -> list[Scalar]:
    """Outermost first, as "file:line function"; the values in the frames stay there."""
    found: list[Scalar] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{_file(code.co_filename)}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-FRAMES:]


def _innermost(error: BaseException) -> str:
    frames = _frames(error.__traceback__)
    return str(frames[-1]) if frames else "an unknown place"


def _file(path: str) -> str:
    return INSTALLED.sub("", path)


class _Quiet:
    """Stands for an exception in the text of a library's event, which would print all of it."""

    def __init__(self, error: object) -> None:
        self.value = self
        self._says = described(error) if isinstance(error, BaseException) else "an error"

    def __str__(self) -> str:
        return self._says


def _said(event: LogEvent) -> dict[str, Fact]:
    """What a library says, in one text."""
    if "failure" in event and "log_failure" not in event:  # twisted.python.log.err
        text = str(event.get("why") or "")
    else:
        text = formatEvent({name: _quiet(value) for name, value in event.items()})
    return {"says": cut(_scrubbed(text))} if text else {}


def _quiet(value: Any) -> Any:
    if isinstance(value, Failure):
        return _Quiet(value.value)
    return _Quiet(value) if isinstance(value, BaseException) else value


def _scrubbed(text: str) -> str:
    """Without the query of an address (tokens travel there), and without a traceback's values."""
    text = ADDRESS_QUERY.sub(r"\1?...", text)
    before, found, trace = text.partition("Traceback")
    if not found:
        return text
    frames = [f"{_file(file)}:{n} {name}" for file, n, name in WRITTEN_FRAME.findall(trace)]
    return f"{before}Traceback {' > '.join(frames[-FRAMES:])} {WITHHELD}"
