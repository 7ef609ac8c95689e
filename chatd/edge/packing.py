"""Outboxes of those who agreed to compression: what goes to many is compressed once, and they all
get the same bytes. How a payload is compressed is deflate.py; all else is outbox.py's."""

from __future__ import annotations

from chatd.core.ports import Bundle, Frame
from chatd.edge.deflate import Agreed, deflated, window_for
from chatd.edge.outbox import Line, Outbox
from chatd.edge.outboxes import Outboxes
from chatd.edge.wire import TEXT, several, wire_of, worded

SHARED = 128
"""Bytes of a payload from which on it is compressed for many: below, hardly a tenth is saved."""
ALONE = 1024
"""The same for a payload that goes to one, who must pay for it alone."""
COMPRESSED = 0x40
"""RSV1 (RFC 7692 section 6)."""


def deflated_wire(payload: bytes, window: int, first: int = TEXT) -> bytes:
    """A frame that holds all of a compressed message."""
    return wire_of(deflated(payload, window_for(len(payload), window)), first | COMPRESSED)


def outbox_for(
    agreed: Agreed | None, line: Line, outboxes: Outboxes, limit: int, patience: float
) -> Outbox:
    """The outbox of a connection for which this was agreed."""
    if agreed is None:
        return Outbox(line, outboxes, limit, patience)
    outboxes.meter.agreed()
    return PackingOutbox(line, outboxes, limit, patience, agreed.window)


class Packed(Frame):
    """A frame as those get it who agreed to a window. ``deflated``: how many of what it stands for
    are compressed. ``saved``: bytes."""

    deflated: int = 0
    saved: int = 0


def _packed(wire: bytes, count: int = 1, deflated: int = 0, saved: int = 0) -> Packed:
    if deflated or count > 1:
        wire = several(wire, count, deflated, saved)
    return Packed(b"", wire, count=count, deflated=deflated, saved=saved)


class PackingOutbox(Outbox):
    """The outbox of a connection that agreed to ``window`` bits.

    The first who gets a short frame gets it as it is: nearly all that is said to one alone is not
    worth the time. From the second one on it is compressed.
    """

    __slots__ = ("_window",)

    def __init__(
        self, line: Line, outboxes: Outboxes, limit: int, patience: float, window: int
    ) -> None:
        super().__init__(line, outboxes, limit, patience)
        self._window = window
        self.freely = -1  # each frame is looked at

    def put(self, frame: Frame, *, ephemeral: bool = False) -> None:
        """Queue one frame, compressed if that is worth it."""
        kept = frame.packed
        if kept is None:
            kept = frame.packed = {}
            if len(frame.payload) < ALONE:
                super().put(frame, ephemeral=ephemeral)
                return
        packed = kept.get(self._window) or self._pack(frame)
        super().put(packed, ephemeral=ephemeral)
        taken = self.frames and self.frames[-1] is packed.wire
        if isinstance(packed, Packed) and packed.deflated and taken:
            self.outboxes.packed(packed.deflated, packed.saved)

    def _pack(self, frame: Frame) -> Packed:
        """For this one, and for all who come after it."""
        kept = frame.packed = frame.packed or {}
        if isinstance(frame, Bundle):
            packed = self._joined([self._pack(each) for each in frame.frames])
        else:
            window = window_for(len(frame.payload), self._window)
            found = kept.get(window)
            packed = found if isinstance(found, Packed) else self._deflated(frame, window)
            kept[window] = packed
        kept[self._window] = packed
        return packed

    def _joined(self, parts: list[Packed]) -> Packed:
        wire = b"".join(each.wire for each in parts)
        deflated, saved = sum(each.deflated for each in parts), sum(each.saved for each in parts)
        return _packed(wire, len(parts), deflated, saved)

    def _deflated(self, frame: Frame, window: int) -> Packed:
        plain = frame.wire = frame.wire or worded(frame)
        if len(frame.payload) < SHARED:
            return _packed(plain)
        started = self.outboxes.reactor.seconds()
        wire = deflated_wire(frame.payload, window)
        self.outboxes.meter.deflated(self.outboxes.reactor.seconds() - started)
        saved = len(plain) - len(wire)
        return _packed(wire, 1, 1, saved) if saved > 0 else _packed(plain)
