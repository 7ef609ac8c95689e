"""Tokens as text: bots' and guests'."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.auth import tokens
from chatd.core.log import UserId

SECRET = bytes(range(32))
GUEST = UserId("gAbc-_9")


def test_a_minted_token_is_known_by_its_digest_and_its_id() -> None:
    minted = tokens.mint()
    assert minted.text.startswith(f"chatd_{minted.token_id}_")
    assert (
        tokens.digest(minted.text) == minted.digest == hashlib.sha256(minted.text.encode()).digest()
    )
    assert tokens.token_id(minted.text) == minted.token_id


def test_no_two_tokens_are_the_same_and_none_shows_itself() -> None:
    one, other = tokens.mint(), tokens.mint()
    assert one.token_id != other.token_id
    assert one.digest != other.digest
    assert one.text not in repr(one)


def test_one_wrong_letter_is_seen_without_asking_the_store() -> None:
    text = tokens.mint().text
    for place in range(len("chatd_"), len(text)):
        wrong = "0" if text[place] != "0" else "1"
        assert tokens.digest(text[:place] + wrong + text[place + 1 :]) is None


@given(st.text())
def test_no_other_text_is_a_token(text: str) -> None:
    assert tokens.digest(text) is None
    assert tokens.open_guest(SECRET, text) is None


def test_a_guest_comes_back_with_a_guest_token() -> None:
    text = tokens.seal_guest(SECRET, GUEST)
    assert text.startswith("v1.gAbc-_9.")
    assert tokens.open_guest(SECRET, text) == GUEST


@pytest.mark.parametrize(
    "text",
    [
        tokens.seal_guest(bytes(32), GUEST),
        tokens.seal_guest(SECRET, GUEST).replace("gAbc", "gAbd"),
        tokens.seal_guest(SECRET, GUEST) + "\n",
        tokens.seal_guest(SECRET, GUEST)[:-1],
        tokens.seal_guest(SECRET, GUEST) + "A",
        tokens.seal_guest(SECRET, GUEST).replace("v1", "v2"),
        tokens.seal_guest(SECRET, UserId("uann")),
        tokens.seal_guest(SECRET, UserId("g.x")),
        tokens.seal_guest(SECRET, UserId("g" + "x" * 200)),
    ],
)
def test_a_guest_token_that_is_not_ours_whole_and_a_guests_opens_nothing(text: str) -> None:
    assert tokens.open_guest(SECRET, text) is None


def test_the_last_letter_of_a_seal_has_one_form() -> None:
    text = tokens.seal_guest(SECRET, GUEST)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert [x for x in letters if tokens.open_guest(SECRET, text[:-1] + x)] == [text[-1]]
