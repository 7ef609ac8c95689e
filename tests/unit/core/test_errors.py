"""The closed lists of errors and close codes, and what a refusal carries."""

from __future__ import annotations

import pytest

from chatd.core import errors
from chatd.core.errors import CLOSES, ERRORS, CloseCode, ErrorCode, Refused


def test_every_word_says_what_it_means_in_one_line() -> None:
    entries: list[ErrorCode | CloseCode] = [*ERRORS.values(), *CLOSES.values()]
    for entry in entries:
        assert entry.meaning
        assert "\n" not in entry.meaning
        assert entry.word.isidentifier()
        assert entry.word.islower()


def test_close_codes_are_unique_and_all_of_them_are_listed() -> None:
    codes = [value for value in vars(errors).values() if isinstance(value, CloseCode)]
    assert len({close.code for close in codes}) == len(codes)
    assert {close.word: close for close in codes} == CLOSES


def test_a_close_code_tells_by_its_number_whether_to_come_back() -> None:
    assert {close.word for close in CLOSES.values() if close.reconnect} == {
        "draining",
        "too_slow",
        "internal",
        "login_timeout",
    }
    assert all(3500 <= CLOSES[word].code < 4000 for word in ("kicked", "revoked", "abuse"))


def test_what_may_be_sent_again_unchanged_is_what_time_can_heal() -> None:
    assert {error.word for error in ERRORS.values() if error.retry} == {
        "rate_limited",
        "slow_mode",
        "storage_full",
        "storage_failed",
        "draining",
        "internal",
    }


def test_a_refusal_carries_its_code_and_its_words() -> None:
    refused = Refused("rate_limited", "wait", 700)
    assert (refused.code, refused.message, refused.retry_after_ms, str(refused)) == (
        ERRORS["rate_limited"],
        "wait",
        700,
        "wait",
    )


def test_nobody_refuses_with_a_word_of_their_own() -> None:
    with pytest.raises(KeyError):
        Refused("whatever", "no")
