"""The short parser: whole, final, masked text frames straight from what was read; nothing else.
All else is left, untouched, to Autobahn. What is done with a message is websocket.py's."""

from __future__ import annotations

import struct
from typing import Any

from chatd.core.masking import masked

FINAL_TEXT = 0x81
"""FIN, no extension, text (RFC 6455 section 5.2)."""
MASKED = 0x80
LONGER = MASKED | 126
"""A length of two bytes follows, the shortest that is longer than one (section 5.2)."""
NAMES = (
    *("data", "current_frame", "inside_message", "state"),
    *("autoPingTimeoutCall", "_cancelAutoPingTimeoutCall"),
)
"""Autobahn's private names: whether it is between two messages, and what it waits for."""
_HEAD = struct.Struct("!BBH").unpack_from


def between_messages(protocol: Any) -> bool:
    """Whether Autobahn has nothing half read, so that what comes next begins a message."""
    return not protocol.data and protocol.current_frame is None and not protocol.inside_message


def knows(protocol: Any) -> bool:
    """Whether this Autobahn still has the names by which it is known what it has half read."""
    return all(hasattr(protocol, name) for name in NAMES) and between_messages(protocol)


def sign_of_life(protocol: Any) -> None:
    """As Autobahn does at the end of a frame: who talks owes no pong."""
    if protocol.autoPingTimeoutCall:
        protocol._cancelAutoPingTimeoutCall()  # noqa: SLF001  # see above


def text_frame(
    data: bytes, at: int, most: int, first: int = FINAL_TEXT
) -> tuple[bytes | None, int]:
    """The text of the frame that begins at ``at``, valid UTF-8 of at most ``most`` bytes, and where
    the next one begins; None when this is for another parser to read, or to refuse. ``first``: the
    first byte of such a frame; where it is not FINAL_TEXT, any bytes may be in it."""
    size, begin = len(data), at + 6  # behind head and key
    if begin > size:
        return None, at
    opening, length, longer = _HEAD(data, at)
    if length == LONGER:
        length, begin = longer, begin + 2
        if length < 126:
            return None, at  # not the shortest form: to be refused
    else:
        length -= MASKED
        if not 0 <= length < 126:
            return None, at
    end = begin + length
    if opening != first or length > most or end > size:
        return None, at
    text = masked(data[begin:end], data[begin - 4 : begin])
    if text.isascii() or first != FINAL_TEXT or is_utf8(text):
        return text, end
    return None, at


def is_utf8(text: bytes) -> bool:
    """Whether it is valid."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
