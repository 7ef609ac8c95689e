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
        """
        self._tokens = min(float(burst), self._tokens + (now - self._at) * rate)
        self._at = now
        if self._tokens >= cost:
            self._tokens -= cost
            return 0.0
        return (cost - self._tokens) / rate
