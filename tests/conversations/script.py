"""A play as text: lines, each with the name and number that a failure shows.
What the lines mean is directions.py and director.py; how frames compare is patterns.py."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

SAYS, SAYS_RAW, HEARS, DIRECTION = ">", ">>", "<", ""

_SPOKEN = re.compile(r"([a-z][a-z0-9]*)(>>|>|<)(?: (.*))?")
_FENCE = re.compile(r"^```chat\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class BadPlay(Exception):
    """The play itself is wrong: the message says where and what."""


@dataclass(frozen=True)
class Line:
    """One line, with those joined to it that begin with ``|``. ``who`` is empty for a direction."""

    play: str
    number: int
    who: str
    kind: str
    text: str

    def __str__(self) -> str:
        return (
            f"{self.play}:{self.number}: {f'{self.who}{self.kind} ' if self.who else ''}{self.text}"
        )


@dataclass(frozen=True)
class Play:
    """What is played from an empty store on."""

    name: str
    lines: tuple[Line, ...]


def read(name: str, text: str, first: int = 1) -> Play:
    """Take a text apart. Raises BadPlay."""
    lines: list[Line] = []
    for number, raw in enumerate(text.splitlines(), first):
        written = raw.strip()
        if not written or written.startswith("#"):
            continue
        if written.startswith("|"):
            lines[-1:] = [_joined(name, number, lines, written.removeprefix("|").removeprefix(" "))]
            continue
        spoken = _SPOKEN.fullmatch(written)
        if spoken:
            lines.append(Line(name, number, spoken[1], spoken[2], spoken[3] or ""))
        else:
            lines.append(Line(name, number, "", DIRECTION, written))
    if not any(line.kind == HEARS for line in lines):
        raise BadPlay(f"{name}: nobody hears anything, so it cannot fail")
    return Play(name, tuple(lines))


def _joined(name: str, number: int, lines: list[Line], more: str) -> Line:
    if not lines or not lines[-1].who:
        raise BadPlay(f"{name}:{number}: '|' goes on with what somebody says or hears")
    last = lines[-1]
    return Line(name, last.number, last.who, last.kind, f"{last.text}\n{more}")


def plays_of(folder: Path) -> list[Play]:
    """All plays of a folder."""
    return [read(path.name, path.read_text()) for path in sorted(folder.glob("*.play"))]


def plays_in(document: Path) -> list[Play]:
    """The blocks of a document that are fenced as ```chat, each a play of its own."""
    text = document.read_text()
    return [
        read(document.name, block[1], text.count("\n", 0, block.start(1)) + 1)
        for block in _FENCE.finditer(text)
    ]
