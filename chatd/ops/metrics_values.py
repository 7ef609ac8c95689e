"""The numbers behind the metrics: cheap to change where something happens, read by another thread.
Which metrics there are is metrics_catalogue; how they are shown is metrics_board.

Each value is changed by one thread at a time, nearly all of them by the reactor's; so none locks.
prometheus_client's own lock at each call, and search their buckets one by one: 0.3 and 0.7
microseconds where these take 0.07 and 0.14. What counts every frame cannot pay that.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate


class Count:
    """What only rises."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def add(self, n: float = 1) -> None:
        """Count ``n`` more."""
        self.value += n


class Level:
    """What rises and falls."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def set(self, value: float) -> None:
        """It is ``value`` now."""
        self.value = value

    def add(self, n: float) -> None:
        """It is ``n`` more than before; less, when that is negative."""
        self.value += n


class Spread:
    """How often which size was seen, by bounds in rising order."""

    __slots__ = ("_counts", "_sum", "bounds")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """It was ``value`` so many times more."""
        self._counts[bisect_left(self.bounds, value)] += times
        self._sum += value * times

    def read(self) -> tuple[list[int], float]:
        """How many were at most each bound, and in the end all; and their sum.

        The counts agree with each other, since they are copied in one step. The sum may be one
        observation off: the thread that counts is not held up for it.
        """
        return list(accumulate(self._counts.copy())), self._sum
