"""All outboxes together: who has something to send is flushed at the end of a turn, or a moment
later with more in it, and what has left is added up. One connection's frames are outbox.py's."""

from __future__ import annotations

from typing import Protocol

from chatd.core.ports import Log
from chatd.edge.ports import EdgeMeter, Reactor
from chatd.edge.reactor import Turns

MANY = 32
"""Outboxes in one flush from which on it may be worth to wait for more."""
BUSY = 0.6
"""The reactor's load from which on a flush may wait."""


class Flushed(Protocol):
    """What waits for the end of the turn."""

    def flush(self) -> None:
        """Write what waits."""
        ...


class Outboxes:
    """All outboxes of a host: flushes those that have something at the end of a turn, and adds up.

    ``delay``: seconds for which a flush may wait for more to join it, while the reactor is busy and
    many are to be told (see _pause); each write costs the kernel as much as thirty frames in one.
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
        self._frames = 0
        self._bytes = 0
        self._writes = 0
        self._packed = 0
        self._saved = 0
        self._reported = 0

    def due(self, outbox: Flushed) -> None:
        """Flush this one at the end of the turn."""
        self._due.append(outbox)
        if not self._armed:
            self.arm()

    def sent(self, frames: int, size: int) -> None:
        """So much has left in one write; told to the meter once a turn."""
        self._frames += frames
        self._bytes += size
        self._writes += 1
        self.waiting -= size

    def no_frames(self, count: int, size: int) -> None:
        """So many of those that will leave are none: neither they nor their bytes are counted. Less
        than none are there when one stands for several."""
        self._frames -= count
        self._bytes -= size

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
        if pause > 0:
            self.meter.flushed("delayed")
            self.reactor.callLater(pause, self._flush)
        else:
            self._flush()

    def _pause(self) -> float:
        """How long to wait for more: while busy, flushes of many are ``delay`` apart at least."""
        if self._turns.load() < BUSY:
            return 0.0
        return self._flushed + self.delay - self.reactor.seconds()

    def _flush(self) -> None:
        due, self._due = self._due, []
        if len(due) >= MANY:
            self._flushed = self.reactor.seconds()
        for outbox in due:
            try:
                outbox.flush()
            except Exception as error:  # noqa: BLE001 - the others must get theirs
                self._journal.fault("flush_failed", error)
        self._report()
        self._armed = False
        if self._due:
            self.arm()

    def _report(self) -> None:
        if self._writes:
            self.meter.frames_out(self._frames)
            self.meter.bytes_out(self._bytes)
            self.meter.writes(self._writes)
            self.meter.flushed("now")
            self._frames = self._bytes = self._writes = 0
        if self._packed:
            self.meter.packed(self._packed, self._saved)
            self._packed = self._saved = 0
        if self.waiting != self._reported:
            self._reported = self.waiting
            self.meter.outbox_bytes(self.waiting)
