"""Counting limits that need nothing but the time they are given: the token bucket."""

from __future__ import annotations


class Bucket:
    """A token bucket: ``burst`` tokens at most, ``rate`` new ones a second. Times in seconds."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, now: float, burst: int) -> None:
        self._at = now
        self._tokens = float(burst)

    def take(self, cost: float, now: float, rate: float, burst: int) -> float:
        """Take ``cost`` tokens: 0.0 when they were there, else the seconds until they will be.

        Rate and burst are arguments, so that a reload reaches every session at its next command.
        What costs more than ``burst`` costs all of it: it must be possible to log in at all.
        """
        cost = min(cost, float(burst))
        self._tokens = min(float(burst), self._tokens + (now - self._at) * rate)
        self._at = now
        if self._tokens >= cost:
            self._tokens -= cost
            return 0.0
        return (cost - self._tokens) / rate


class PeakRate:
    """The most that came within one second, over a life: what this host has shown it can take."""

    __slots__ = ("_count", "_second", "peak")

    def __init__(self) -> None:
        self._second = 0
        self._count = 0
        self.peak = 0

    def count(self, now: float) -> None:
        """One more, at ``now`` seconds."""
        second = int(now)
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        self.peak = max(self.peak, self._count)
