"""Words on the wire: what was probably meant by one, and why a value does not fit.
What the words mean is each dialect's own business."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

import msgspec

from chatd.core.commands import Command

_WHERE = re.compile(r" - at `(?:key` in `)?\$\.?([^`]*)`$")
_BOUNDS = (
    (re.compile(r"^expected `str` of length >= 1$"), "it must not be empty"),
    (re.compile(r"^expected `str` of length <= (\d+)$"), r"at most \1 characters are allowed"),
    (re.compile(r"^expected `int` <= (\d+)$"), r"at most \1 is allowed"),
    (re.compile(r"^expected `int` >= (-?\d+)$"), r"at least \1 is needed"),
)
_SHOWN = 40
"""Characters of somebody's word that are looked at, and shown to them again."""

C = TypeVar("C", bound=Command)


def cited(word: str) -> str:
    """Somebody's word in an error: cut short, and with nothing in it that does not print."""
    return repr(word if len(word) <= _SHOWN else word[: _SHOWN - 1] + "…")


def meant(word: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` for a word that is close to a known one, else nothing."""
    close = get_close_matches(word[:_SHOWN].lower(), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


class Reason(NamedTuple):
    """Why a value does not fit: the path of the field (empty: the whole), and what is wrong."""

    field: str
    what: str


def reason(error: msgspec.ValidationError) -> Reason:
    """msgspec's message, taken apart."""
    message = str(error)
    where = _WHERE.search(message)
    what = message[: where.start()] if where else message
    what = what[:1].lower() + what[1:]
    for pattern, words in _BOUNDS:
        what = pattern.sub(words, what)
    return Reason(where[1] if where else "", what)


def checked(kind: type[C], **fields: Any) -> C:
    """A command whose fields are within their bounds. Raises msgspec.ValidationError."""
    return msgspec.convert(fields, kind)
