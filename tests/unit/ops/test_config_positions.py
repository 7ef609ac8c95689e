"""The line locator against tomllib: every key and element, however the document is laid out."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.ops.config.positions import Where, lines

EXAMPLES = {
    "a = 1\n\nb = 2 # a = 3\n": {("a",): 1, ("b",): 3},
    "\n[t]\nx.y = 1\n": {("t",): 2, ("t", "x"): 3, ("t", "x", "y"): 3},
    "[[p]]\nn = 1\n[[p]]\nn = 2\n[[p.q]]\nm = 1\n[p.q.r]\n": {
        ("p",): 1,
        ("p", 0): 1,
        ("p", 0, "n"): 2,
        ("p", 1): 3,
        ("p", 1, "n"): 4,
        ("p", 1, "q"): 5,
        ("p", 1, "q", 0): 5,
        ("p", 1, "q", 0, "m"): 6,
        ("p", 1, "q", 0, "r"): 7,
    },
    "s = '''\n[no]\nx = 1\n'''''\nt = 1\n": {("s",): 1, ("t",): 5},
    's = """a\n\\""" # """""\nt = """"x"""\n': {("s",): 1, ("t",): 3},
    's = """"""\nt = \'\'\nu = ""\n': {("s",): 1, ("t",): 2, ("u",): 3},
    '"a.b" . \'c "d\' = 1\n': {("a.b",): 1, ("a.b", 'c "d'): 1},
    '["\\u0061 ]"]\nx = 1': {("a ]",): 1, ("a ]", "x"): 2},
    "a = [ # [\n  1,\n  [ 2, # ]\n    3 ],\n]\nb = 1": {
        ("a",): 1,
        ("a", 0): 2,
        ("a", 1): 3,
        ("a", 1, 0): 3,
        ("a", 1, 1): 4,
        ("b",): 6,
    },
    "d = 1979-05-27 07:32:00Z # day\nt = { a.b = [1,\n2], c = 'x' }": {
        ("d",): 1,
        ("t",): 2,
        ("t", "a"): 2,
        ("t", "a", "b"): 2,
        ("t", "a", "b", 0): 2,
        ("t", "a", "b", 1): 3,
        ("t", "c"): 3,
    },
    "\r\na = 1\r\nb = '''\r\n'''\r\nc = 1": {("a",): 2, ("b",): 3, ("c",): 5},
    "a = []\nb = {}\n": {("a",): 1, ("b",): 2},
    "": {},
    "# only this": {},
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_document_has_its_keys_on_these_lines(text: str) -> None:
    tomllib.loads(text)
    assert lines(text) == EXAMPLES[text]


class Layout:
    """Writes a tree as TOML in a drawn layout, and keeps book of the line of every place."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.marks: dict[Where, int] = {}

    def put(self, text: str) -> None:
        self.text += text

    def mark(self, where: Where) -> None:
        self.marks.setdefault(where, self.text.count("\n") + 1)

    def one_of(self, *ways: str) -> str:
        return self.draw(st.sampled_from(ways))

    def gap(self, *, breaks: bool) -> None:
        self.put(self.one_of("", " ", "\t", *(("\n", " # [x] = '\"\n\n") if breaks else ())))

    def key(self, name: str) -> None:
        plain = name.isascii() and name.replace("_", "").isalnum()
        literal = "'" not in name and name.isprintable()
        ways = [*([name] if plain else []), *([f"'{name}'"] if literal else []), quoted(name)]
        self.put(self.one_of(*ways))

    def dotted(self, names: list[str], where: Where) -> None:
        for depth, name in enumerate(names, 1):
            if depth > 1:
                self.gap(breaks=False)
                self.put(".")
                self.gap(breaks=False)
            self.mark((*where, *names[:depth]))
            self.key(name)

    def value(self, value: Any, where: Where) -> None:
        if isinstance(value, dict):
            self.inline(value, where)
        elif isinstance(value, list):
            self.array(value, where)
        elif isinstance(value, str):
            self.put(self.one_of(*spellings(value)))
        else:
            self.put(str(value).lower())

    def array(self, values: list[Any], where: Where) -> None:
        self.put("[")
        for index, each in enumerate(values):
            self.gap(breaks=True)
            self.mark((*where, index))
            self.value(each, (*where, index))
            self.gap(breaks=True)
            self.put("," if index + 1 < len(values) else self.one_of("", ","))
        self.gap(breaks=True)
        self.put("]")

    def inline(self, table: dict[str, Any], where: Where) -> None:
        self.put("{")
        for index, (name, value) in enumerate(table.items()):
            self.put(", " if index else "")
            self.pair([name], value, where)
        self.put("}")

    def pair(self, names: list[str], value: Any, where: Where) -> None:
        self.gap(breaks=False)
        self.dotted(names, where)
        self.gap(breaks=False)
        self.put("=")
        self.gap(breaks=False)
        self.value(value, (*where, *names))
        self.gap(breaks=False)

    def table(self, table: dict[str, Any], where: Where, header: list[str]) -> None:
        later = []
        for name, value in table.items():
            way = self.one_of("inline", "dotted", "header")
            if way == "header" and value and tables(value):
                later.append((name, value))
            elif way == "dotted" and isinstance(value, dict) and value:
                for leaf, each in value.items():
                    self.line([name, leaf], each, where)
            else:
                self.line([name], value, where)
        for name, value in later:
            many = isinstance(value, list)
            for index, each in enumerate(value if many else [value]):
                self.header([*header, name], (*where, name), index if many else None)
                self.table(each, (*where, name, *([index] if many else [])), [*header, name])

    def line(self, names: list[str], value: Any, where: Where) -> None:
        self.pair(names, value, where)
        self.put(self.one_of("\n", " # x = 1\n", "\n\n \n"))

    def header(self, names: list[str], where: Where, index: int | None) -> None:
        self.mark(where)
        if index is not None:
            self.mark((*where, index))
        self.put("[" if index is None else "[[")
        for depth, name in enumerate(names):
            self.put(" . " if depth else "")
            self.key(name)
        self.put("]\n" if index is None else "]]\n")


def tables(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and all(isinstance(each, dict) for each in value)
    )


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def spellings(text: str) -> Iterator[str]:
    yield quoted(text)
    yield '"""\n' + quoted(text)[1:-1].replace("\\n", "\n") + '"""'
    if "'" not in text and all(c.isprintable() or c == "\n" for c in text):
        yield f"'''\n{text}'''"
        if "\n" not in text:
            yield f"'{text}'"


names = st.text("abAB_1 .\"'[]=#é\n\\", min_size=1, max_size=4) | st.sampled_from(["a", "b"])
scalars = st.booleans() | st.integers(-9, 9) | st.text("ab \"'[]{}=#,é\n\\\x7f", max_size=6)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=3)
        | st.lists(st.dictionaries(names, inner, max_size=2), max_size=3)
    ),
    max_leaves=8,
)
trees = st.dictionaries(names, values, max_size=4)


@st.composite
def documents(draw: st.DrawFn) -> tuple[dict[str, Any], str, dict[Where, int]]:
    tree = draw(trees)
    layout = Layout(draw)
    layout.gap(breaks=True)
    layout.table(tree, (), [])
    return tree, layout.text, layout.marks


@given(documents())
def test_every_place_of_any_document_has_its_line(
    document: tuple[dict[str, Any], str, dict[Where, int]],
) -> None:
    tree, text, marks = document
    assert tomllib.loads(text) == tree
    assert lines(text) == marks


@given(documents())
def test_windows_line_ends_change_no_line(
    document: tuple[dict[str, Any], str, dict[Where, int]],
) -> None:
    _, text, marks = document
    assert lines(text.replace("\n", "\r\n")) == marks


@pytest.mark.parametrize("text", ["a", "a =", "a = [", "a = [1", "a = {", '"', "[", "a = {b", "[["])
def test_what_is_not_toml_ends_in_an_error_and_not_in_a_loop(text: str) -> None:
    with pytest.raises(ValueError, match=r"not TOML|Unterminated|Expected|Invalid"):
        lines(text)
