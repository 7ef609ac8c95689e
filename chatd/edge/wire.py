"""Frames of WebSocket as bytes, as a server sends them: unmasked and unfragmented.
Reading what clients send is short.py's and Autobahn's."""

from __future__ import annotations

import struct

from chatd.core.ports import Bundle, Frame

TEXT, PONG = 0x81, 0x8A  # a final frame and its opcode (RFC 6455 section 5.2)


_SHORT, _MIDDLE, _LONG = struct.Struct("!BB"), struct.Struct("!BBH"), struct.Struct("!BBQ")


def _head(size: int, first: int = TEXT) -> bytes:
    if size < 126:
        return _SHORT.pack(first, size)
    return _MIDDLE.pack(first, 126, size) if size < 1 << 16 else _LONG.pack(first, 127, size)


SHORT = 1024
_HEADS = tuple(map(_head, range(SHORT)))
"""Of text frames of so many bytes; most of what is said is shorter."""


class Several(bytes):
    """What waits and leaves as one, though it is ``frames`` frames. So many of them are
    ``deflated``, by which as many bytes are ``saved``."""

    frames = 1
    deflated = 0
    saved = 0


def several(wire: bytes, frames: int, deflated: int = 0, saved: int = 0) -> Several:
    """So many frames; or none, but the answer to a handshake."""
    made = Several(wire)
    made.frames, made.deflated, made.saved = frames, deflated, saved
    return made


def wire_of(payload: bytes, first: int = TEXT) -> bytes:
    """An unmasked, unfragmented frame, as a server sends it (RFC 6455 section 5.2)."""
    return _head(len(payload), first) + payload


def worded(frame: Frame) -> bytes:
    """All that a frame stands for, as it is sent; kept in it."""
    payload = frame.payload
    if payload or type(frame) is not Bundle:  # three times as quick as isinstance, with structs
        size = len(payload)
        wire = frame.wire = (_HEADS[size] if size < SHORT else _head(size)) + payload
        return wire
    pieces: list[bytes] = []
    for each in frame.frames:
        size = len(each.payload)
        pieces += (_HEADS[size] if size < SHORT else _head(size), each.payload)
    wire = frame.wire = several(b"".join(pieces), frame.count)
    return wire
