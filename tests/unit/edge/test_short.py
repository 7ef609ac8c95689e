"""The short parser: what it takes, and what it leaves to Autobahn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.edge.short import text_frame
from tests.unit.edge.test_websocket import frame

MOST = 1000


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_what_was_masked_is_read_as_it_was(payload: bytes, key: bytes) -> None:
    whole = frame(0xC1, payload)
    masked = bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))
    data = whole[: len(whole) - len(payload) - 4] + key + masked
    assert text_frame(data, 0, MOST, 0xC1) == (payload, len(data))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 255, 256, 65535])
def test_a_length_of_any_form_but_the_longest_is_read(size: int) -> None:
    data = frame(0x81, b"x" * size)
    assert text_frame(data, 0, 1 << 20) == (b"x" * size, len(data))


@given(st.lists(st.text(max_size=300), max_size=5))
def test_text_frames_are_taken_one_after_the_other(texts: list[str]) -> None:
    data = b"".join(frame(0x81, text.encode()) for text in texts)
    at, taken = 0, []
    while True:
        text, at = text_frame(data, at, 4 * MOST)
        if text is None:
            break
        taken.append(text.decode())
    assert (taken, at) == (texts, len(data))


LEFT = {
    "nothing": b"",
    "a first byte": b"\x81",
    "a frame that is not all there": frame(0x81, b"hello")[:-1],
    "a length that is not all there": b"\x81\xfe\x01",
    "a fragment": frame(0x01, b"hello"),
    "a continuation": frame(0x80, b"hello"),
    "a binary frame": frame(0x82, b"hello"),
    "a ping": frame(0x89, b"hello"),
    "a reserved bit": frame(0xC1, b"hello"),
    "an unmasked frame": frame(0x81, b"hello", masked=False) + b"more of it",
    "a long length for a short text": b"\x81\xfe\x00\x05" + bytes(4) + b"hello",
    "the longest form of a length": b"\x81\xff" + (5).to_bytes(8, "big") + bytes(4) + b"hello",
    "more than the limit": frame(0x81, b"x" * (MOST + 1)),
    "what is no UTF-8": frame(0x81, b"\xff\xfe"),
    "half a character": frame(0x81, "ü".encode()[:1]),
}


@pytest.mark.parametrize("data", LEFT.values(), ids=LEFT.keys())
def test_all_else_is_left_where_it_is(data: bytes) -> None:
    assert text_frame(data, 0, MOST) == (None, 0)
