"""What became of each probe: acknowledged, heard, lost, doubled, out of order. No I/O, no waiting.
Who says and hears them is watch.py; which metrics there are is rows.py."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from chatd.ops.metrics_board import Board

REMEMBERED = 1000
"""Lost probes whose late arrival would still be noticed."""


@dataclass(slots=True)
class Probe:
    """One that was said. ``seq`` is its place in the room, once it is acknowledged."""

    number: int
    said: float
    seq: int | None = None
    heard: bool = False


class Tally:
    """Counts into a board. ``now`` are seconds that only rise, ``wall`` gives those since 1970.

    Probes are numbered from 1 as they are said, one after the other: a room that keeps what it
    promises tells them in this order, each once. The next one is said when the one before it is
    acknowledged.
    """

    def __init__(self, board: Board, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._said = board.count("chatd_canary_probes_total")
        self._acks = board.spread("chatd_canary_ack_seconds")
        self._trips = board.spread("chatd_canary_round_trip_seconds")
        self._lost = board.count("chatd_canary_lost_total")
        self._doubled = board.count("chatd_canary_doubled_total")
        self._misordered = board.count("chatd_canary_misordered_total")
        self._unrecovered = board.count("chatd_canary_unrecovered_total")
        self._success = board.level("chatd_canary_last_success_timestamp_seconds")
        self._open: dict[int, Probe] = {}
        self._missed: deque[int] = deque(maxlen=REMEMBERED)
        self._unsure: deque[int] = deque(maxlen=REMEMBERED)
        self._newest = 0
        self._passed = 0

    def open_for(self, now: float) -> float:
        """Seconds since the oldest probe was said that is not both acknowledged and heard."""
        return max((now - probe.said for probe in self._open.values()), default=0.0)

    # --- the session that says ---
    def said(self, number: int, now: float) -> None:
        """This one goes out."""
        self._open[number] = Probe(number, now)
        self._said.add()

    def acked(self, number: int, seq: int, now: float) -> None:
        """It is durably stored at ``seq``."""
        probe = self._open.get(number)
        if probe is None:
            return
        probe.seq = seq
        self._acks.observe(now - probe.said)
        if not probe.heard and seq <= self._passed:
            self._lose(probe)
        self._close(probe)

    def refused(self, number: int) -> None:
        """It was not stored, and will not be."""
        self._open.pop(number, None)

    def interrupted(self, number: int) -> None:
        """Nobody knows whether it was stored; it may be heard."""
        if self._open.pop(number, None) is not None:
            self._unsure.append(number)

    # --- the session that hears ---
    def heard(self, number: int, now: float) -> None:
        """A probe came."""
        probe = self._open.get(number)
        if probe is None and number in self._missed:
            self._missed.remove(number)
            self._misordered.add()
        elif probe is None and number in self._unsure:
            self._unsure.remove(number)
        elif probe is None or probe.heard:
            self._doubled.add()
        else:
            self._hear(probe, now)

    def _hear(self, probe: Probe, now: float) -> None:
        probe.heard = True
        if probe.number < self._newest:
            self._misordered.add()
        self._newest = max(self._newest, probe.number)
        self._trips.observe(now - probe.said)
        self._close(probe)

    def passed(self, seq: int) -> list[int]:
        """The room was heard up to here; gives the numbers of the probes that were thereby lost."""
        self._passed = max(self._passed, seq)
        lost = []
        for probe in self._open.values():  # in their order, which is the room's
            if probe.seq is None or probe.seq > self._passed:
                break
            lost.append(probe)
        for probe in lost:
            self._lose(probe)
        return [probe.number for probe in lost]

    def unrecovered(self) -> list[Probe]:
        """The room is heard anew from somewhere: those that were acknowledged and will not come any
        more. ``kept`` or ``gone`` says what the room's history says of each."""
        self._unrecovered.add()
        self._passed = 0
        return [probe for probe in self._open.values() if probe.seq is not None and not probe.heard]

    def kept(self, number: int) -> None:
        """It is in the history: not heard, but not lost."""
        self._open.pop(number, None)

    def gone(self, number: int) -> None:
        """It is not."""
        probe = self._open.get(number)
        if probe is not None:
            self._lose(probe)

    def faults(self, doubled: int, misordered: int) -> None:
        """What the client put right before it came here."""
        self._doubled.add(doubled)
        self._misordered.add(misordered)

    def _lose(self, probe: Probe) -> None:
        del self._open[probe.number]
        self._missed.append(probe.number)
        self._lost.add()

    def _close(self, probe: Probe) -> None:
        if probe.heard and probe.seq is not None:
            self._open.pop(probe.number, None)
            self._success.set(self._wall())
