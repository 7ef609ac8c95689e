"""Which line of a TOML text each key and each element of an array stands on.
Only for text that tomllib has accepted: nothing is checked here, and no value is read."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

Where = tuple[str | int, ...]  # names of tables and keys, indexes of arrays

GAP = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
BLANK = re.compile(r"[ \t]*")
BARE = re.compile(r"[A-Za-z0-9_-]+")
# Up to two quotation marks may stand directly before the three that end a multi-line string.
STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:""|")?'
    r"|'''.*?'''(?:''|')?"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
SCALAR = re.compile(r"[^,\]}\n#]+")  # with blanks: a date may be parted from its time by one


def lines(text: str) -> dict[Where, int]:
    """The line, from 1, on which each table, key and element is first named.

    Raises ValueError on text that is not TOML, if it notices.
    """
    scan = _Scan(text.replace("\r\n", "\n"))
    scan.document()
    return scan.found


class _Scan:
    """One walk through a document, from its first character to its last."""

    def __init__(self, text: str) -> None:
        self.found: dict[Where, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._table: Where = ()
        self._lengths: dict[Where, int] = {}  # of the arrays of tables

    def document(self) -> None:
        self._take(GAP)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                self._header()
            else:
                self._pair(self._table)
            self._take(GAP)

    def _header(self) -> None:
        start = self._at
        many = self._text.startswith("[[", start)
        self._at += 2 if many else 1
        names = self._names()
        self._at += 2 if many else 1
        self._table = self._entered(names, many, start)

    def _entered(self, names: list[str], many: bool, start: int) -> Where:
        """The place that a header opens: of an array of tables, the newest one."""
        where: Where = ()
        for depth, name in enumerate(names, 1):
            where += (name,)
            self._note(where, start)
            if many and depth == len(names):
                self._lengths[where] = self._lengths.get(where, 0) + 1
            if where in self._lengths:
                where += (self._lengths[where] - 1,)
                self._note(where, start)
        return where

    def _pair(self, table: Where) -> None:
        start = self._at
        where = table
        for name in self._names():
            where += (name,)
            self._note(where, start)
        self._at += 1  # the equals sign
        self._take(BLANK)
        self._value(where)

    def _names(self) -> list[str]:
        """A key, dotted or not, and the blanks behind it."""
        names = []
        while True:
            self._take(BLANK)
            names.append(self._name())
            self._take(BLANK)
            if self._text[self._at : self._at + 1] != ".":
                return names
            self._at += 1

    def _name(self) -> str:
        if self._text[self._at : self._at + 1] not in {'"', "'"}:
            return self._take(BARE)
        name = tomllib.loads(f"name = {self._take(STRING)}")["name"]
        return str(name)

    def _value(self, where: Where) -> None:
        opening = self._text[self._at : self._at + 1]
        if opening == "[":
            self._array(where)
        elif opening == "{":
            self._inline(where)
        else:
            self._take(STRING if opening in {'"', "'"} else SCALAR)

    def _array(self, where: Where) -> None:
        index = 0
        while self._more("]"):
            self._note((*where, index), self._at)
            self._value((*where, index))
            index += 1

    def _inline(self, where: Where) -> None:
        while self._more("}"):
            self._pair(where)

    def _more(self, closing: str) -> bool:
        """Step over the opening bracket, or the comma; false when that was the last element."""
        self._take(GAP)
        if self._text[self._at : self._at + 1] in {"[", "{", ","}:
            self._at += 1
        self._take(GAP)
        if self._text[self._at : self._at + 1] != closing:
            return True
        self._at += 1
        return False

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"this is not TOML, from character {self._at}")
        self._at = match.end()
        return match[0]

    def _note(self, where: Where, offset: int) -> None:
        self.found.setdefault(where, bisect_right(self._breaks, offset) + 1)
