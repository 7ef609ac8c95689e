"""All outboxes together: who has something to send is flushed at the end of a turn, or a moment
later with more in it, and what has left is added up. One connection's frames are outbox.py's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from chatd.core.ports import Frame, Log
from chatd.edge.ports import EdgeMeter, Reactor
from chatd.edge.reactor import Turns
from chatd.edge.wire import Several, worded

MANY = 32
"""Outboxes in one flush from which on it may be worth to wait for more."""
BUSY = 0.6
"""The reactor's load from which on a flush may wait."""
WORTH = 1.5
"""Frames in one write, over a flush of many, below which it was not worth to wait for others."""
RETRIAL = 64
"""Turns after which that is tried again."""
CHUNK = 64 * 1024
"""Bytes given to the transport at once: its own buffer counts as full above so many."""


class Flushed(Protocol):
    """An outbox, as it is seen from here (see outbox.py)."""

    detour: bool
    due: bool
    frames: list[bytes]
    freely: int
    outboxes: Outboxes
    waiting: int
    write: Callable[[bytes], None]

    def flush(self) -> None:
        """Write what waits."""
        ...


def broadcast(outboxes: Sequence[Any], frame: Frame, ephemeral: bool = False, /) -> None:
    """ports.Broadcast, for outboxes of one host."""
    if outboxes:
        outboxes[0].outboxes.broadcast(outboxes, frame, ephemeral)


class Outboxes:
    """All outboxes of a host: flushes those that have something at the end of a turn, and adds up.

    ``delay``: seconds for which a flush may wait for more to join it, while the reactor is busy and
    many are to be told (see _pause); each write costs the kernel as much as thirty frames in one.
    Where nothing joins, nothing is gained: then, and while there is time, a broadcast is written at
    once.
    """

    def __init__(self, turns: Turns, reactor: Reactor, meter: EdgeMeter, journal: Log) -> None:
        self.reactor = reactor
        self.meter = meter
        self.delay = 0.0
        self.waiting = 0
        self._journal = journal
        self._turns = turns
        self._due: list[Flushed] = []
        self._armed = False
        self._flushed = 0.0
        self._waited = False
        self._futile = 0  # turns for which nobody waits for others
        self._frames = 0
        self._bytes = 0
        self._writes = 0
        self._at_once = 0  # so many of these
        self._packed = 0
        self._saved = 0
        self._reported = 0

    def broadcast(self, outboxes: Sequence[Any], frame: Frame, ephemeral: bool) -> None:
        """Outbox.put for each of them, in one loop for those of whom nothing is to be asked."""
        wire = frame.wire or worded(frame)
        size, due = len(wire), self._due
        at_once = size <= CHUNK and (self._futile > 0 or self._turns.load() < BUSY)
        written = queued = 0
        for outbox in outboxes:
            waiting = outbox.waiting + size
            if outbox.detour or waiting > outbox.freely:
                outbox.put(frame, ephemeral=ephemeral)
            elif at_once and not outbox.frames:
                written += 1
                try:
                    outbox.write(wire)
                except Exception as error:  # noqa: BLE001 - the others must get theirs
                    self._journal.fault("flush_failed", error)
            else:
                queued += 1
                outbox.frames.append(wire)
                outbox.waiting = waiting
                if not outbox.due:
                    outbox.due = True
                    due.append(outbox)
        self.waiting += size * queued
        if frame.count > 1:
            self.no_frames((1 - frame.count) * (written + queued), 0)
        if written:
            self.meter.flushed("at_once")
            self._at_once += written
            self._left(written, size * written, written)
        if not self._armed:
            self.arm()

    def due(self, outbox: Flushed) -> None:
        """Flush this one at the end of the turn."""
        self._due.append(outbox)
        if not self._armed:
            self.arm()

    def sent(self, frames: int, size: int) -> None:
        """So much of what waited has left in one write; told to the meter once a turn."""
        self.waiting -= size
        self._left(frames, size, 1)

    def _left(self, frames: int, size: int, writes: int) -> None:
        self._frames += frames
        self._bytes += size
        self._writes += writes

    def no_frames(self, count: int, size: int) -> None:
        """So many of those that will leave are none: neither they nor their bytes are counted. Less
        than none are there when one stands for several."""
        self._frames -= count
        self._bytes -= size

    def thrown_away(self, wires: Sequence[bytes]) -> int:
        """These wait no more, and will not leave; gives how many frames they are. What no_frames
        was told of them is taken back."""
        frames = len(wires)
        for wire in wires:
            self.waiting -= len(wire)
            if isinstance(wire, Several):
                frames += wire.frames - 1
                self.no_frames(wire.frames - 1, 0 if wire.frames else -len(wire))
                self.packed(-wire.deflated, -wire.saved)
        return frames

    def packed(self, frames: int, saved: int) -> None:
        """So many that will leave are compressed, and as many bytes less will."""
        self._packed += frames
        self._saved += saved

    def arm(self) -> None:
        """Something is to be flushed, or to be told to the meter."""
        if not self._armed:
            self._armed = True
            self._turns.at_end(self._turn)

    def _turn(self) -> None:
        pause = self._pause() if len(self._due) >= MANY and self.delay else 0.0
        if self._futile > 0:
            self._futile -= 1
        if pause > 0:
            self._waited = True
            self.meter.flushed("delayed")
            self.reactor.callLater(pause, self._flush)
        else:
            self._flush()

    def _pause(self) -> float:
        """How long to wait for more: while busy, flushes of many are ``delay`` apart at least."""
        if self._futile > 0 or self._turns.load() < BUSY:
            return 0.0
        return self._flushed + self.delay - self.reactor.seconds()

    def _flush(self) -> None:
        due, self._due = self._due, []
        if len(due) >= MANY:
            self._flushed = self.reactor.seconds()
        frames_out = bytes_out = writes = 0
        for outbox in due:
            frames, waiting = outbox.frames, outbox.waiting
            try:
                if outbox.detour or waiting > CHUNK or not frames:
                    outbox.flush()
                    continue
                outbox.due, outbox.waiting = False, 0
                frames_out += len(frames)
                bytes_out += waiting
                writes += 1
                chunk = frames[0] if len(frames) == 1 else b"".join(frames)
                frames.clear()
                outbox.write(chunk)
            except Exception as error:  # noqa: BLE001 - the others must get theirs
                self._journal.fault("flush_failed", error)
        self.waiting -= bytes_out
        self._left(frames_out, bytes_out, writes)
        if self._waited and frames_out < WORTH * writes:
            self._futile = RETRIAL
        self._waited = False
        self._report()
        self._armed = False
        if self._due:
            self.arm()

    def _report(self) -> None:
        if self._writes:
            self.meter.frames_out(self._frames)
            self.meter.bytes_out(self._bytes)
            self.meter.writes(self._writes)
            if self._writes > self._at_once:
                self.meter.flushed("now")
            self._frames = self._bytes = self._writes = self._at_once = 0
        packed, saved = max(self._packed, 0), max(self._saved, 0)
        if packed or saved:
            self.meter.packed(packed, saved)
            self._packed -= packed  # less than none: that was told before it was thrown away
            self._saved -= saved
        if self.waiting != self._reported:
            self._reported = self.waiting
            self.meter.outbox_bytes(self.waiting)
