"""When to come back after a lost line: at the server's own time, else ever later and by chance.
The chance is an argument, as time is; who counts the seconds is conversation.py."""

from __future__ import annotations

from collections.abc import Callable

FIRST = 0.5
"""Seconds within which the first return happens."""
MOST = 30.0
"""Seconds within which every later one happens."""


class Returns:
    """Exponential back-off with full jitter: a uniform draw from zero to a bound that doubles.

    Ten thousand clients whose server died do not come back in waves. ``chance`` gives a number
    from 0 up to, but not including, 1.
    """

    def __init__(
        self, chance: Callable[[], float], first: float = FIRST, most: float = MOST
    ) -> None:
        self._chance = chance
        self._first, self._most = first, most
        self._bound = first

    def after(self) -> float:
        """Seconds until the next try."""
        seconds = self._chance() * self._bound
        self._bound = min(self._bound * 2, self._most)
        return seconds

    def fine(self) -> None:
        """A line has held: what comes next is a new trouble."""
        self._bound = self._first
