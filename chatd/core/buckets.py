"""Token buckets, alone and by key, and the peak of a rate: counting that needs only the time it is
given. What the counts are compared with is limits."""

from __future__ import annotations

from collections.abc import Hashable


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
        tokens = self._tokens + (now - self._at) * rate
        if tokens > burst:  # noqa: PLR1730 - asked for each frame, and a call of min takes longer
            tokens = burst
        self._at = now
        if tokens < cost:
            cost = min(cost, burst)
            if tokens < cost:
                self._tokens = tokens
                return (cost - tokens) / rate
        self._tokens = tokens - cost
        return 0.0

    def wait(self, cost: float, now: float, rate: float, burst: int) -> float:
        """What ``take`` would say; nothing is taken."""
        tokens = min(float(burst), self._tokens + (now - self._at) * rate)
        return max(0.0, (min(cost, float(burst)) - tokens) / rate)

    def owe(self, tokens: float, burst: int) -> None:
        """Take what may not be there: others wait for it longer. Nobody owes more than ``burst``.
        To be called after ``take``, or ``wait`` is of another time."""
        self._tokens = max(self._tokens - tokens, -float(burst))

    def give(self, tokens: float) -> None:
        """Put back what was taken for nothing."""
        self._tokens += tokens


class Buckets:
    """One bucket for each key that took of it lately; at most ``most`` of them.

    With more, the one that took nothing for the longest goes: it is the likeliest to be full again,
    and a full one is as good as none. So keys that somebody makes up (addresses, names) fill no
    memory.
    """

    __slots__ = ("_at", "_most")

    def __init__(self, most: int = 20_000) -> None:
        self._at: dict[Hashable, Bucket] = {}
        self._most = most

    def __len__(self) -> int:
        return len(self._at)

    def take(self, key: Hashable, cost: float, now: float, rate: float, burst: int) -> float:
        """As Bucket.take, of this key's own."""
        bucket = self._at.pop(key, None)
        if bucket is None:
            bucket = Bucket(now, burst)
            if len(self._at) >= self._most:
                del self._at[next(iter(self._at))]
        self._at[key] = bucket  # at the end: it was asked for last
        return bucket.take(cost, now, rate, burst)

    def wait(self, key: Hashable, cost: float, now: float, rate: float, burst: int) -> float:
        """As Bucket.wait."""
        bucket = self._at.get(key)
        return bucket.wait(cost, now, rate, burst) if bucket else 0.0

    def give(self, key: Hashable, tokens: float) -> None:
        """As Bucket.give."""
        bucket = self._at.get(key)
        if bucket is not None:
            bucket.give(tokens)


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
