"""What comes compressed, within bounds: whole text frames straight from what was read, all else by
Autobahn, which asks this what its frames hold. The one file that knows where it keeps whom to ask.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from autobahn.exception import PayloadCorruptError, PayloadExceededError
from autobahn.websocket.compress import (
    PerMessageDeflate,
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
)

from chatd.edge import short
from chatd.edge.deflate import LARGEST, TAIL, Agreed

KEPT = "_perMessageCompress"
"""Where."""
COMPRESSED_TEXT = short.FINAL_TEXT | 0x40
"""With RSV1 (RFC 7692 section 6)."""
BEHIND = 1
"""Bytes that may follow a final block: the beginning of an empty one (RFC 7692 section 7.2.3.4)."""


def accept(offers: Sequence[PerMessageDeflateOffer]) -> PerMessageDeflateOfferAccept:
    """For Autobahn's handshake: the one offer that it gets is ours (deflate.Agreed)."""
    offer = offers[0]
    return PerMessageDeflateOfferAccept(
        offer, request_no_context_takeover=True, no_context_takeover=True
    )


def fits(likeness: Mapping[str, object]) -> bool:
    """Whether Autobahn still keeps it there; else nothing is agreed to."""
    return KEPT in likeness


def inflate(line: Any, agreed: Agreed, most: int) -> None:
    """Let a line that is open read compressed messages that are ``most`` bytes long without it."""
    setattr(line, KEPT, Inflating(line, agreed, most))


def text_frame(line: Any, data: bytes, at: int) -> tuple[bytes | None, int]:
    """As short.text_frame, for a compressed one."""
    packed, end = short.text_frame(data, at, line.maxFramePayloadSize, COMPRESSED_TEXT)
    if packed is None:
        return None, at
    most, inflater = line.most_inflated, zlib.decompressobj(-LARGEST)
    try:
        text = inflater.decompress(packed, most + 1)
        whole = len(text) <= most and not (inflater.eof or inflater.decompress(TAIL, 1))
    except zlib.error:
        return None, at
    if not whole or not (text.isascii() or short.is_utf8(text)):
        return None, at
    line.inflates()
    return text, end


class Inflating(PerMessageDeflate):
    """Autobahn's extension, but: it keeps nothing between two messages, inflates at most one byte
    more than may come, and nothing for a line that is being closed, which may go on sending."""

    def __init__(self, line: Any, agreed: Agreed, most: int) -> None:
        super().__init__(True, True, True, agreed.window, LARGEST, None)  # type: ignore[no-untyped-call]  # half typed library
        self._line = line
        self._most = most
        self._left = 0
        self._inflater: Any = None

    def start_decompress_message(self) -> None:
        """A message begins."""
        self._line.inflates()
        self._left = self._most
        self._inflater = zlib.decompressobj(-LARGEST)

    def decompress_message_data(self, data: bytes, max_output_len: int | None = None) -> bytes:
        """Some of it. ``max_output_len`` is what Autobahn bounds, never less than what is left.
        Raises PayloadExceededError and PayloadCorruptError."""
        if not self._is_open():
            return b""
        inflated: bytes = self._fed(data, self._left + 1)
        self._left -= len(inflated)
        if self._left < 0:
            raise PayloadExceededError(f"more than {self._most} bytes")
        if len(self._inflater.unused_data) > BEHIND:
            raise PayloadCorruptError("there are bytes behind its last block")
        return inflated

    def end_decompress_message(self) -> None:
        """All of it was there. Raises PayloadCorruptError."""
        if self._is_open() and self._fed(TAIL, 1):
            raise PayloadCorruptError("it ends within a block")
        self._inflater = None

    def _is_open(self) -> bool:
        state: bool = self._line.state == self._line.STATE_OPEN
        return state

    def _fed(self, data: bytes, most: int) -> Any:
        try:
            return self._inflater.decompress(data, most)
        except zlib.error as error:
            raise PayloadCorruptError(str(error)) from error
