"""All outboxes together: who has something to send is flushed at the end of a turn, or a moment
later with more in it, and what has left is added up. One connection's frames are outbox.py's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, Protocol

from chatd.core.ports import Frame, Log
from chatd.edge.direct import write_all
from chatd.edge.flush_delay import MANY, FlushDelay
from chatd.edge.ports import EdgeMeter, Reactor
from chatd.edge.reactor import Turns
from chatd.edge.wire import Several, worded

CHUNK = 64 * 1024
"""Bytes given to the transport at once: its own buffer counts as full above so many."""
JOINED = 1 << 20
"""Bytes that are joined at most before they are written: each may be for one outbox alone."""


class Flushed(Protocol):
    """An outbox, as it is seen from here (see outbox.py)."""

    detour: bool
    due: bool
    frames: list[bytes]
    freely: int
    outboxes: Outboxes
    transport: Any
    waiting: int

    def flush(self) -> None:
        """Write what waits."""
        ...


def broadcast(outboxes: Sequence[Any], frame: Frame, ephemeral: bool = False, /) -> None:
    """ports.Broadcast, for outboxes of one host."""
    if outboxes:
        outboxes[0].outboxes.broadcast(outboxes, frame, ephemeral)


class Outboxes:
    """All outboxes of a host: flushes those that have something at the end of a turn, and adds up.

    While nobody needs to wait for more to join (see flush_delay.py), a broadcast is written at
    once.
    """

    def __init__(self, turns: Turns, reactor: Reactor, meter: EdgeMeter, journal: Log) -> None:
        self.reactor = reactor
        self.meter = meter
        self.flush_delay = FlushDelay(turns, reactor)
        self.waiting = 0
        self._journal = journal
        self._turns = turns
        self._due: list[Flushed] = []
        self._armed = False
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
        at_once = size <= CHUNK and self.flush_delay.is_off()
        apart, ready = [], []
        queued = 0
        for outbox in outboxes:
            waiting = outbox.waiting + size
            if outbox.detour or waiting > outbox.freely:
                apart.append(outbox)
            elif at_once and not outbox.frames:
                ready.append(outbox.transport)
            else:
                queued += 1
                outbox.frames.append(wire)
                outbox.waiting = waiting
                if not outbox.due:
                    outbox.due = True
                    due.append(outbox)
        self.waiting += size * queued
        if frame.count > 1:
            self.no_frames((1 - frame.count) * (len(ready) + queued), 0)
        if ready:
            self._write(zip(ready, repeat(wire)))
            self.meter.flushed("at_once")
            self._at_once += len(ready)
            self._left(len(ready), size * len(ready), len(ready))
        for outbox in apart:
            outbox.put(frame, ephemeral=ephemeral)
        if not self._armed:
            self.arm()

    def _write(self, parts: Iterable[tuple[Any, bytes]]) -> None:
        """To transports of those who wait for nothing else; whose fails keeps none from theirs."""
        for failed in write_all(parts):
            self._journal.fault("flush_failed", failed)

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
        pause = self.flush_delay.pause() if len(self._due) >= MANY else 0.0
        if pause > 0:
            self.meter.flushed("delayed")
            self.reactor.callLater(pause, self._flush)
        else:
            self._flush()

    def _flush(self) -> None:
        self._armed = False  # first: whatever comes of this, the next one is flushed
        due, self._due = self._due, []
        if len(due) >= MANY:
            self.flush_delay.flushes()
        frames_out = bytes_out = writes = joined = 0
        ready: list[tuple[Any, bytes]] = []
        apart = []
        for outbox in due:
            frames, waiting = outbox.frames, outbox.waiting
            if outbox.detour or waiting > CHUNK or not frames:
                apart.append(outbox)
                continue
            outbox.due, outbox.waiting = False, 0
            frames_out += len(frames)
            bytes_out += waiting
            writes += 1
            if len(frames) == 1:
                ready.append((outbox.transport, frames[0]))
            else:
                ready.append((outbox.transport, b"".join(frames)))
                joined += waiting
            frames.clear()
            if joined > JOINED:
                self._write(ready)
                ready.clear()
                joined = 0
        self._write(ready)
        self.waiting -= bytes_out
        self._left(frames_out, bytes_out, writes)
        self._flush_apart(apart)
        self._report()
        if self._due:
            self.arm()

    def _flush_apart(self, outboxes: Sequence[Flushed]) -> None:
        """Those of whom more is to be asked."""
        for outbox in outboxes:
            try:
                outbox.flush()
            except Exception as error:  # noqa: BLE001 - the others must get theirs
                self._journal.fault("flush_failed", error)

    def _report(self) -> None:
        self.flush_delay.left(self._frames, self._writes)
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
