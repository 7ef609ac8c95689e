"""From a text to the rows of a terminal: what is safe to show, how wide it is, where lines break.
What is shown is paint.py; nothing here knows of chats."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from wcwidth import wcwidth

from chatd.core.text import for_terminal

Bit = tuple[str, str]
"""A style and a text in it."""
Row = list[Bit]

_UNSTEADY = re.compile(
    "(?<=[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f])[\u200d\U0001f3fb-\U0001f3ff]"
)
"""What terminals do not agree about how wide it makes an emoji: joiners and skin tones."""
_CODE = r"`[^`\n]+`"
_LINK = r"https?://[^\s<>\"'`]+"
_STRONG = r"(?<![\w*])\*[^\s*](?:[^*\n]*[^\s*])?\*(?![\w*])"
_MARKED = re.compile(f"({_CODE})|({_LINK})|({_STRONG})")


def steady(text: str) -> str:
    """A text that does nothing but appear, and takes the room that is counted for it."""
    if text.isascii() and text.isprintable():
        return text
    safe = _UNSTEADY.sub("", for_terminal(text)).replace("\ufe0f", "")
    return safe.replace("\t", "    ")


@lru_cache(4096)
def _cells(char: str) -> int:
    return max(0, wcwidth(char))


def width_of(text: str) -> int:
    """Cells that it takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def cut(text: str, width: int) -> str:
    """One line of at most so many cells; an ellipsis stands for what is not shown."""
    text = " ".join(steady(text).split())
    if width_of(text) <= width:
        return text
    taken, used = [], 0
    for char in text:
        used += _cells(char)
        if used >= width:
            break
        taken.append(char)
    return "".join(taken).rstrip() + "…" if width > 0 else ""


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Cut, and filled up with spaces; those come first with ``right``."""
    text = cut(text, width)
    fill = " " * (width - width_of(text))
    return fill + text if right else text + fill


def marked(text: str, style: str) -> Row:
    """People's text with what they mark in it: code, links, emphasis."""
    bits: Row = []
    at = 0
    for found in _MARKED.finditer(text):
        kind = "code" if found[1] else "link" if found[2] else "strong"
        bits += [(style, text[at : found.start()]), (f"{style} class:{kind}", found[0])]
        at = found.end()
    return [bit for bit in [*bits, (style, text[at:])] if bit[1]]


def wrapped(bits: Iterable[Bit], width: int) -> list[Row]:
    """Rows of at most ``width`` cells: broken at spaces, and inside a word that is longer."""
    rows: list[list[Bit]] = []
    line: list[Bit] = []
    for style, text in bits:
        for char in text:
            if char == "\n":
                rows += _broken(line, width)
                line = []
            else:
                line.append((style, char))
    rows += _broken(line, width)
    return [_joined(row) for row in rows]


def _broken(line: list[Bit], width: int) -> list[list[Bit]]:
    rows: list[list[Bit]] = []
    begin, used, space = 0, 0, -1
    for at, (_, char) in enumerate(line):
        used += _cells(char)
        if char == " ":
            space = at
        if used > width and at > begin and char != " ":
            end = space + 1 if space >= begin else at
            rows.append(line[begin:end])
            begin, space = end, -1
            used = sum(_cells(each) for _, each in line[begin : at + 1])
    return [*rows, line[begin:]]


def _joined(line: list[Bit]) -> Row:
    row: Row = []
    for style, char in line:
        if row and row[-1][0] == style:
            row[-1] = (style, row[-1][1] + char)
        else:
            row.append((style, char))
    return row
