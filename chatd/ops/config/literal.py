"""Values as TOML writes them, in one line, for errors and for generated files.
Reading TOML is tomllib's; what a value means is kinds.py."""

from __future__ import annotations

import json
import re

SHOWN = 80  # characters of a wrong value that an error repeats
HUGE = 256  # bits
CALLED = {  # bool first: to Python it is an integer
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    list: "an array",
    dict: "a table",
}
HIDDEN = re.compile("[^ -~\xa1-\U0010ffff]|[\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def literal(raw: object) -> str:
    """What tomllib gave, in TOML again and in one line; for errors and generated files."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int) and raw.bit_length() > HUGE:
        return "a huge integer"  # a long hexadecimal one, which Python refuses to write in decimal
    if isinstance(raw, str):
        return HIDDEN.sub(_escape, json.dumps(raw, ensure_ascii=False))
    if isinstance(raw, list):
        return "[" + ", ".join(literal(item) for item in raw) + "]"
    if isinstance(raw, dict):
        pairs = (f"{bare(name)} = {literal(value)}" for name, value in raw.items())
        return "{ " + ", ".join(pairs) + " }" if raw else "{}"
    return str(raw)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def bare(name: str) -> str:
    """A key's name as TOML writes it, quoted where it must be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else literal(name)


def shown(raw: object) -> str:
    """``literal``, cut to what an error line can carry."""
    text = literal(raw)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def called(raw: object) -> str:
    """What TOML calls this sort of value."""
    for kind, name in CALLED.items():
        if isinstance(raw, kind):
            return name
    return "a date or time"
