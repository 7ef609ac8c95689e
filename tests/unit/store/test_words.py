"""What counts as a word."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.store.words import MAX_LETTERS, MAX_TERMS, matches, terms, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Hello, World!", ["hello", "world"]),
        ("snake_case and-dash", ["snake", "case", "and", "dash"]),
        ("don't", ["don", "t"]),
        ("Ünïcödé Straße", ["unicode", "strasse"]),
        ("e\u0301t\u00e9", ["ete"]),
        ("№ 5 ① ²", ["no", "5", "1", "2"]),
        ("हिन्दी", ["हिन्दी"]),
        ("日本語 🍵 tea", ["日本語", "tea"]),
        ("§5 \ue000 \x00", ["5"]),
        ("x" * 100, ["x" * MAX_LETTERS]),
    ],
)
def test_words_are_folded(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_a_word_is_made_of_letters_digits_and_marks(text: str) -> None:
    for word in words(text):
        assert 0 < len(word) <= MAX_LETTERS
        assert not re.search(r"[\s!-/:-@\[-`{-~]", word)
        assert "§" not in word


@given(st.text())
def test_plain_and_other_texts_are_split_alike(text: str) -> None:
    plain = text.encode("ascii", "replace").decode()
    assert words(plain + " é") == [*words(plain), "e"]


def test_the_last_term_is_open() -> None:
    assert terms("Green Tea") == (["green"], "tea")
    assert terms("tea") == ([], "tea")
    assert terms(" ?! ") == ([], "")
    assert len(terms("a " * 500)[0]) == MAX_TERMS - 1


def test_a_text_matches_when_it_holds_all_terms() -> None:
    assert matches("the green teapot", ["green"], "tea")
    assert not matches("the greenish teapot", ["green"], "tea")
    assert not matches("the green pot", ["green"], "tea")
