"""What became of each message: said, acknowledged, heard by whom, how late; no sockets, no clock.
How it is told is report.py's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from chatd.core.text import one_line

KINDS, LONGEST = 20, 200
"""So many reasons are told apart, and so many letters of each: they may be a server's own words."""
OTHER = "for other reasons"


@dataclass(slots=True)
class Tally:
    """Times in seconds. ``refused``: by the code of the refusal, or what went wrong in words."""

    opened: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)
    said: int = 0
    expected: int = 0
    doubled: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def refuse(self, why: str) -> None:
        """Once more something was refused, for this reason."""
        why = one_line(why)[:LONGEST] or "without a reason"
        known = why in self.refused or len(self.refused) < KINDS
        self.refused[why if known else OTHER] += 1

    @property
    def lost(self) -> int:
        """Deliveries of acknowledged messages that nobody has seen."""
        return max(0, self.expected - len(self.delivered))


class Ear:
    """What one client has heard: of each speaker the numbers, in rising order."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._heard: dict[str, int] = {}

    def hears(self, speaker: str, number: int, age: float) -> None:
        """A message of this run came, ``age`` seconds after it was said."""
        if number <= self._heard.get(speaker, 0):
            self._tally.doubled += 1
            return
        self._heard[speaker] = number
        self._tally.delivered.append(age)


def words(run: str, speaker: str, number: int, at: float, size: int) -> str:
    """The text of a message: who said it when in which run, filled up to ``size`` letters."""
    return f"{run} {speaker} {number} {at:.6f} ".ljust(size, ".")


def read(text: str, run: str) -> tuple[str, int, float] | None:
    """Speaker, number and time of a message of this run; None for anybody else's."""
    parts = text.split(" ", 4)
    if len(parts) < 4 or parts[0] != run:
        return None
    try:
        return parts[1], int(parts[2]), float(parts[3])
    except ValueError:
        return None
