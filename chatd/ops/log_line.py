"""From an entry to the bytes of one line: logfmt for people, JSON for machines.
What may be in an entry is decided in log_entry.py."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from chatd.ops.log_entry import Entry, Fact, Scalar

# The prefixes of sd-daemon(3), by which journald knows the priority of a line.
PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}

BARE = re.compile(r"[A-Za-z0-9_./:@+%#*\[\]<>-]+")
_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_QUICK = msgspec.json.Encoder()
DELETE = b"\x7f"
"""The one control that msgspec leaves as it is."""
RESERVED = frozenset({"time", "level", "event", "logger"})


def line(entry: Entry, form: str, journal: bool) -> bytes:
    """The line, with its end. ``journal``: with a priority, and in text without the time."""
    written = as_json(entry) if form == "json" else as_text(entry, timed=not journal)
    prefix = f"<{PRIORITIES[entry.level]}>" if journal else ""
    return f"{prefix}{written}\n".encode(errors="backslashreplace")


def as_text(entry: Entry, *, timed: bool) -> str:
    """``event name=value ...``, after time and level where nobody else keeps them."""
    words = [moment(entry.time), f"{entry.level:<7}"] if timed else []
    words.append(quoted(entry.event))
    if not entry.ours:
        words.append(f"logger={quoted(entry.logger)}")
    words += [f"{_name(name)}={_value(value)}" for name, value in entry.facts.items()]
    return " ".join(words)


def as_json(entry: Entry) -> str:
    """One object in ASCII; facts stand beside time, level, event and logger."""
    told: dict[str, Fact] = {
        "time": moment(entry.time),
        "level": entry.level,
        "event": entry.event,
        "logger": entry.logger,
    }
    for name, fact in entry.facts.items():
        told[f"{name}_" if name in RESERVED else name] = _finite(fact)
    with suppress(ValueError, TypeError, OverflowError):  # half a character, or too large a number
        written = _QUICK.encode(told)
        if written.isascii() and DELETE not in written:  # nearly always
            return written.decode("ascii")
    return _JSON.encode(told)


def moment(time: float) -> str:
    """A time in RFC 3339, UTC, to the millisecond."""
    second, micros = divmod(round(time * 1_000_000), 1_000_000)
    return f"{_second(second)}.{micros // 1000:03d}Z"


@lru_cache(maxsize=8)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def quoted(text: str) -> str:
    """``text`` as it is where that is clear, else in quotation marks and all printable."""
    if BARE.fullmatch(text):
        return text
    written = json.dumps(text, ensure_ascii=False)
    return written if written.isprintable() else "".join(map(_printable, written))


def _printable(mark: str) -> str:
    if mark.isprintable():
        return mark
    return f"\\u{ord(mark):04x}" if ord(mark) <= 0xFFFF else f"\\U{ord(mark):08x}"


@lru_cache(maxsize=1024)  # there are few names, each in very many lines
def _name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def _value(fact: Fact) -> str:
    if isinstance(fact, list):
        return quoted(", ".join(map(_text, fact)))
    return quoted(_text(fact))


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "none" if value is None else str(value)


def _finite(fact: Fact) -> Fact:
    """JSON has no word for infinity."""
    return str(fact) if isinstance(fact, float) and not math.isfinite(fact) else fact
