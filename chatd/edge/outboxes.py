"""All outboxes together: who has something to send is flushed at the end of a turn, or a moment
later with more in it, and what has left is added up. One connection's frames are outbox.py's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

from chatd.core.ports import Frame, Log
from chatd.edge.batch import Batch
from chatd.edge.direct import write_all
from chatd.edge.flush_delay import MANY, FlushDelay
from chatd.edge.multicast import ENOUGH, Multicast, multicast_of
from chatd.edge.ports import EdgeMeter, Reactor
from chatd.edge.reactor import Turns, writers_of
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
    """All outboxes of a host: flushes those that have something at the end of a turn, and adds
    up. Whoever spoke is told first, and goes on while those who listen are told."""

    def __init__(
        self,
        turns: Turns,
        reactor: Reactor,
        meter: EdgeMeter,
        journal: Log,
        batch: Batch | None = None,
    ) -> None:
        self.reactor = reactor
        self.meter = meter
        self.flush_delay = FlushDelay(turns, reactor)
        self.waiting = 0
        self.multicasts: dict[Flushed, Multicast] = {}
        """For each outbox for which something waits with others: that multicast."""
        self._waiting_multicasts: list[Multicast] = []
        self.flushing = False
        self.detours = 0
        """Counts how often an outbox came to a detour, or back."""
        self._writers = writers_of(reactor)
        self._journal = journal
        self._batch = batch
        self._turns = turns
        self._due: list[Flushed] = []
        self._armed = False
        self._frames = 0
        self._bytes = 0
        self._writes = 0
        self._packed = 0
        self._saved = 0
        self._reported = 0

    def broadcast(self, outboxes: Sequence[Any], frame: Frame, ephemeral: bool) -> None:
        """Outbox.put for each of them, in one loop for those of whom nothing is to be asked."""
        wire, apart = frame.wire or worded(frame), None
        if len(outboxes) >= ENOUGH:
            apart = self._tell_together(outboxes, wire)
        if apart is None:
            apart = self._tell_each(outboxes, wire)
        if frame.count > 1:
            self.no_frames((1 - frame.count) * (len(outboxes) - len(apart)), 0)
        for outbox in apart:
            outbox.put(frame, ephemeral=ephemeral)
        if not self._armed:
            self.arm()

    def _tell_each(self, outboxes: Sequence[Any], wire: bytes) -> Collection[Any]:
        """Look at each of them; gives who is to be told by itself."""
        size, due, apart = len(wire), self._due, []
        if self.multicasts:
            for outbox in outboxes:
                self.part(outbox)
        for outbox in outboxes:
            waiting = outbox.waiting + size
            if outbox.detour or waiting > outbox.freely:
                apart.append(outbox)
            else:
                outbox.frames.append(wire)
                outbox.waiting = waiting
                if not outbox.due:
                    outbox.due = True
                    due.append(outbox)
        self.waiting += size * (len(outboxes) - len(apart))
        return apart

    # --- multicasts ---
    def _apart_from(self, multicast: Multicast, size: int) -> Collection[Any] | None:
        """Who of an audience is not told with the others, when so many bytes more are to be told;
        None if each of them has to be looked at."""
        if self.flushing:  # who is still to be flushed is not in self._due: it would be overtaken
            return None
        if multicast.waiting + size > multicast.freely or multicast.is_spent:
            return None
        if multicast.wires:
            return tuple(multicast.parted)
        apart = multicast.apart(self._due, self._writers, self.detours)
        if self.multicasts and not self.multicasts.keys().isdisjoint(multicast.outboxes):
            return None
        return apart

    def _tell_together(self, outboxes: Sequence[Any], wire: bytes) -> Collection[Any] | None:
        """All but some; gives these, or None if each has to be looked at."""
        multicast = multicast_of(outboxes, CHUNK)
        apart = None if multicast is None else self._apart_from(multicast, len(wire))
        if multicast is None or apart is None:
            return None
        if multicast.wait(wire, apart):
            self._waiting_multicasts.append(multicast)
            waiting = dict.fromkeys(multicast.outboxes, multicast)
            if self.multicasts:
                self.multicasts.update(waiting)
            else:
                self.multicasts = waiting
            for outbox in apart:
                del self.multicasts[outbox]
        self.waiting += len(wire) * (len(outboxes) - len(apart))
        return apart

    def part(self, outbox: Any) -> None:
        """What waits for this one with others waits in its own outbox from now on."""
        multicast = self.multicasts.pop(outbox, None)
        if multicast is not None:
            multicast.part(outbox)
            if not outbox.due:
                outbox.due = True
                self._due.append(outbox)

    def _part_writers(self) -> None:
        """Whose transport has something to write already is told by it."""
        writers = self._writers()
        if writers is None:
            for outbox in tuple(self.multicasts):
                self.part(outbox)
            return
        for multicast in self._waiting_multicasts:
            for outbox in multicast.of(writers):
                self.part(outbox)

    def _flush_multicasts(self) -> None:
        multicasts, self._waiting_multicasts = self._waiting_multicasts, []
        self.multicasts = {}  # nobody is told meanwhile: to send calls transports only
        # All first: one that kept its wires, and is in no list, would never be flushed again.
        taken = [(multicast, *multicast.taken()) for multicast in multicasts]
        for multicast, wires, parted in taken:
            told, size = len(multicast.outboxes) - len(parted), sum(map(len, wires))
            self.waiting -= size * told
            try:
                wire = wires[0] if len(wires) == 1 else b"".join(wires)
                self._failed(multicast.send(wire, parted, self._batch))
            except Exception as error:  # noqa: BLE001 - the others must get theirs
                self._journal.fault("flush_failed", error)
            self._left(len(wires) * told, size * told, told)

    def _failed(self, errors: Iterable[Exception]) -> None:
        """Of some who were written to; it kept none of the others from theirs."""
        for error in errors:
            self._journal.fault("flush_failed", error)

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
        pause = self.flush_delay.pause() if self._are_many() else 0.0
        if pause > 0:
            self.meter.flushed("delayed")
            self.reactor.callLater(pause, self._flush)
        else:
            self._flush()

    def _flush(self) -> None:
        self._armed = False  # first: whatever comes of this, the next one is flushed
        if self._are_many():
            self.flush_delay.flushes()
        self.flushing = True
        try:
            if self.multicasts:
                self._part_writers()
            self._flush_due()
            self._flush_multicasts()  # last: who speaks may go on before all who listen are told
        finally:
            self.flushing = False
            self._report()
            if self._due or self._waiting_multicasts:
                self.arm()

    def _flush_due(self) -> None:
        due, self._due = self._due, []
        frames_out = bytes_out = joined = 0
        transports: list[Any] = []
        pieces: list[bytes] = []
        apart = []
        for outbox in due:
            frames, waiting = outbox.frames, outbox.waiting
            if outbox.detour or waiting > CHUNK or not frames:
                apart.append(outbox)
                continue
            outbox.due, outbox.waiting = False, 0
            bytes_out += waiting
            transports.append(outbox.transport)
            if len(frames) == 1:
                pieces.append(frames.pop())
                frames_out += 1
                continue
            frames_out += len(frames)
            pieces.append(b"".join(frames))
            frames.clear()
            joined += waiting
            if joined > JOINED:
                self._failed(write_all(transports, pieces, self._batch))
                transports, pieces, joined = [], [], 0
        self._failed(write_all(transports, pieces, self._batch))
        self.waiting -= bytes_out
        self._left(frames_out, bytes_out, len(due) - len(apart))
        self._flush_apart(apart)

    def _are_many(self) -> bool:
        """Whether something waits for so many that to wait for more may be worth it."""
        return len(self._due) + len(self.multicasts) >= MANY

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
            self.meter.flushed("now")
            self._frames = self._bytes = self._writes = 0
        packed, saved = max(self._packed, 0), max(self._saved, 0)
        if packed or saved:
            self.meter.packed(packed, saved)
            self._packed -= packed  # less than none: that was told before it was thrown away
            self._saved -= saved
        if self.waiting != self._reported:
            self._reported = self.waiting
            self.meter.outbox_bytes(self.waiting)
