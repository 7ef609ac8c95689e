"""What a value may be: for each kind how it is read from TOML, written, and described.
Plain kinds and lists; sizes and durations are measures.py, addresses and paths places.py."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Generic, TypeVar

from chatd.ops.config.literal import bare, called, literal

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)
W = TypeVar("W", bound=str)
N = TypeVar("N", int, float)

TABLE = "table"
JOINERS = "\u200c\u200d"  # Persian and emoji are misspelt without them


class Unfit(ValueError):
    """A value that a key cannot take, and why. ``parts``: the unfit elements of a list."""

    def __init__(self, why: str, parts: tuple[Part, ...] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.parts = parts


@dataclass(frozen=True, slots=True)
class Part:
    """The element ``index`` of a list, or of a table that name: why it is unfit, and what is
    allowed in its place."""

    index: int | str
    why: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of value.

    ``word`` names it in the reference, with its unit; ``allowed`` says what may be written.
    ``read`` gives the value of what tomllib made, or raises Unfit. ``write`` gives TOML, so that
    ``read`` makes the same value of it.
    """

    word: str
    allowed: str
    read: Callable[[object], T]
    write: Callable[[T], str]


def flag() -> Kind[bool]:
    """true or false."""

    def read(raw: object) -> bool:
        if not isinstance(raw, bool):
            raise Unfit(f"this is {called(raw)}")
        return raw

    return Kind("boolean", "true or false", read, literal)


def whole(least: int, most: int) -> Kind[int]:
    """A whole number within a range, both ends allowed."""

    def read(raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise Unfit(f"this is {called(raw)}")
        return within(raw, least, most)

    return Kind("integer", f"a whole number from {least} to {most}", read, str)


def number(least: float, most: float) -> Kind[float]:
    """A number within a range, with or without a fraction."""

    def read(raw: object) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise Unfit(f"this is {called(raw)}")
        if not math.isfinite(within(raw, least, most)):
            raise Unfit("this is not a number")
        return float(raw)

    def write(value: float) -> str:
        return str(int(value)) if value == int(value) else repr(value)

    return Kind("number", f"a number from {write(least)} to {write(most)}", read, write)


def within(value: N, least: N, most: N) -> N:
    """``value``, or Unfit when it is outside."""
    if value < least:
        raise Unfit("this is too small")
    if value > most:
        raise Unfit("this is too large")
    return value


def line(least: int, most: int) -> Kind[str]:
    """One line of text, lengths in characters."""
    size = f"{least} to {most}" if least else f"at most {most}"
    return Kind("string", f"a string of {size} characters in one line", _text(least, most), literal)


def lines(most: int) -> Kind[str]:
    """Some lines of text, maybe none, the length in characters."""
    return Kind("string", f"a string of at most {most} characters", _text(0, most, "\n"), literal)


def _text(least: int, most: int, also: str = "") -> Callable[[object], str]:
    def read(raw: object) -> str:
        if not isinstance(raw, str):
            raise Unfit(f"this is {called(raw)}")
        if not least <= len(raw) <= most:
            raise Unfit(f"this has {len(raw)} characters")
        for mark in raw:
            if unprintable(mark) and mark not in also:
                raise Unfit(f"U+{ord(mark):04X} is a control or formatting character")
        return raw

    return read


def unprintable(mark: str) -> bool:
    """Whether a character could disturb a screen: control, format, end of line or paragraph."""
    return unicodedata.category(mark) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and mark not in JOINERS


def choice(words: tuple[W, ...]) -> Kind[W]:
    """One word of a closed list."""

    def read(raw: object) -> W:
        for word in words:
            if raw == word:
                return word
        raise Unfit("this is none of them" if isinstance(raw, str) else f"this is {called(raw)}")

    return Kind("string", "one of " + ", ".join(map(literal, words)), read, literal)


def list_of(item: Kind[H], least: int = 0) -> Kind[tuple[H, ...]]:
    """An array of values of one kind, none of them twice."""

    def read(raw: object) -> tuple[H, ...]:
        if not isinstance(raw, list):
            raise Unfit(f"this is {called(raw)}")
        if len(raw) < least:
            raise Unfit(f"this has {len(raw)} elements")
        good: list[H] = []
        bad: list[Part] = []
        for index, each in enumerate(raw):
            try:
                good.append(_new(item.read(each), good))
            except Unfit as unfit:
                bad.append(Part(index, unfit.why, item.allowed))
        if bad:
            raise Unfit("some elements are not allowed", tuple(bad))
        return tuple(good)

    def write(value: tuple[H, ...]) -> str:
        return "[" + ", ".join(item.write(each) for each in value) + "]"

    allowed = f"an array, each element {item.allowed}" + (f"; at least {least}" if least else "")
    return Kind(f"list of {item.word}s", allowed, read, write)


def table_of(
    names: tuple[W, ...], item: Kind[T], default: tuple[tuple[W, T], ...] = ()
) -> Kind[tuple[tuple[W, T], ...]]:
    """A table with some of these names; those that are left out keep their default, if any."""

    def read(raw: object) -> tuple[tuple[W, T], ...]:
        if not isinstance(raw, dict):
            raise Unfit(f"this is {called(raw)}")
        good: dict[W, T] = dict(default)
        bad: list[Part] = []
        for given, each in raw.items():
            try:
                good[_listed(given, names)] = item.read(each)
            except Unfit as unfit:
                listed = given in names
                allowed = item.allowed if listed else "only the names that the reference lists"
                bad.append(Part(given, unfit.why, allowed))
        if bad:
            raise Unfit("some of it is not allowed", tuple(bad))
        return tuple(sorted(good.items()))

    def write(value: tuple[tuple[W, T], ...]) -> str:
        pairs = ", ".join(f"{bare(name)} = {item.write(each)}" for name, each in value)
        return f"{{ {pairs} }}" if pairs else "{}"

    allowed = f"a table, each value {item.allowed}; the names are {', '.join(names)}"
    return Kind(TABLE, allowed, read, write)


def _listed(given: str, names: tuple[W, ...]) -> W:
    for name in names:
        if name == given:
            return name
    near = get_close_matches(given, names, 1)
    raise Unfit("there is no such name" + (f"; did you mean {near[0]}?" if near else ""))


def _new(value: H, known: list[H]) -> H:
    if value in known:
        raise Unfit("this stands in the list already")
    return value
