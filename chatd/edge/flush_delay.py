"""When what is to be written leaves: at the end of a turn, or a moment later with more.
What is written, and how, is outboxes.py's."""

from __future__ import annotations

from chatd.edge.ports import Reactor
from chatd.edge.reactor import Turns

MANY = 32
"""Outboxes in one flush from which on it may be worth to wait for more."""
BUSY = 0.4
"""The reactor's load from which on a flush may wait."""
WORTH = 1.5
"""Times the frames that one write takes anyway: with fewer than that it was not worth to wait."""
TRIAL = 8
"""Flushes that waited, of which that is asked at a time."""
LOOK, LONGEST_LOOK = 64, 4096
"""Turns in which nobody waits, to see what one write takes anyway; twice as many after each trial
that failed."""
MOST_TRUST = 128
"""Trials in a row that were worth it, after which that is looked at anew: at first after one, then
after twice as many each time."""


class FlushDelay:
    """``seconds``: for so long a flush may wait for more to join it, while the reactor is busy
    and many are to be told; each write costs the kernel as much as thirty frames in one. Where
    waiting joins no more than a turn does by itself, nothing is gained: then, and while there is
    time, nobody waits.
    """

    def __init__(self, turns: Turns, reactor: Reactor) -> None:
        self.seconds = 0.0
        self._turns = turns
        self._reactor = reactor
        self._flushed = 0.0
        self._waited = False
        self._look = LOOK
        self._looking = 0  # so many turns still
        self._trying = TRIAL  # so many flushes still
        self._trust = 1
        self._trusted = 0  # so many were worth it
        self._usual = 1.0  # frames in one write when nobody waits
        self._frames = self._writes = 0

    def is_off(self) -> bool:
        """Whether nobody needs to wait: there is time, or nothing would be gained."""
        return self._looking > 0 or self._turns.load() < BUSY

    def pause(self) -> float:
        """At the end of a turn with something for many: seconds to wait for more. Flushes of many
        are ``seconds`` apart at least, while busy."""
        if not self.seconds or self.is_off():
            return 0.0
        pause = self._flushed + self.seconds - self._reactor.seconds()
        self._waited = pause > 0
        return pause

    def flushes(self) -> None:
        """A flush of many begins. What takes longer than ``seconds`` needs no pause behind it: more
        has come meanwhile."""
        self._flushed = self._reactor.seconds()

    def left(self, frames: int, writes: int) -> None:
        """A turn's end: so much has left since the last one."""
        if writes >= MANY and (self._waited or self._looking):
            self._frames += frames
            self._writes += writes
        if self._looking:
            self._looking -= 1
            if not self._looking:
                self._usual = max(self._share(), 1.0)
                self._trying = TRIAL
        elif self._waited:
            self._trying -= 1
            if not self._trying:
                self._judge()
        self._waited = False

    def _judge(self) -> None:
        """Whether the last flushes were worth to wait for."""
        worth = self._share() >= WORTH * self._usual
        self._trusted += worth
        if worth and self._trusted < self._trust:
            self._trying = TRIAL
            return
        self._look = LOOK if worth else min(2 * self._look, LONGEST_LOOK)
        self._trust = min(2 * self._trust, MOST_TRUST) if worth else 1
        self._looking, self._trusted = self._look, 0

    def _share(self) -> float:
        """Frames in one write since this was asked last."""
        share = self._frames / self._writes if self._writes else 0.0
        self._frames = self._writes = 0
        return share
