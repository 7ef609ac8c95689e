"""Who is named in a text."""

from __future__ import annotations

import pytest

from chatd.core.unread import mentions


@pytest.mark.parametrize(
    "text", ["@ann", "hi @Ann!", "(@ann)", "so @ann, @bob", "@ANN: look", "a\n@ann\nb", "@ann's"]
)
def test_a_name_behind_an_at_is_a_mention(text: str) -> None:
    assert mentions(text, "ann")


@pytest.mark.parametrize("text", ["ann", "@anna", "x@ann", "@@ann", "@ ann", "@bob", ""])
def test_anything_else_is_none(text: str) -> None:
    assert not mentions(text, "ann")


def test_a_name_is_taken_by_its_letters() -> None:
    assert mentions("@a.b+c", "a.b+c")
    assert not mentions("@axb", "a.b")
    assert mentions("@Jürgen M", "jürgen m")
