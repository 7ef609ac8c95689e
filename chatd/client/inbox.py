"""Events that wait for the application, never more than there is room for.
What had no room is not lost: it is left with the server, which tells it again on a resume."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from chatd.client.codec import Other
from chatd.core.commands import Position
from chatd.core.events import Event

SPARE = 100
"""Events without a place in a log that may wait beyond the bound: nobody would tell them again."""


@dataclass(frozen=True, slots=True)
class Online:
    """The client is logged in as ``user``; ``again``: after it was offline."""

    user: str
    again: bool


@dataclass(frozen=True, slots=True)
class Offline:
    """The line was lost or closed, and will be opened again in ``returns_in`` seconds. ``code`` and
    ``reason`` are the close frame's; 1006 when there was none."""

    code: int
    reason: str
    returns_in: float


Told = Event | Other | Online | Offline


class Inbox:
    """A bounded queue. While nobody has ever ``listened``, the oldest make room for the newest."""

    def __init__(self, room_for: int, taken: Mapping[str, Position]) -> None:
        self.missing = False
        """Whether something had no room, so that only a resume brings what comes next."""
        self.listened = False
        self.taken = dict(taken)
        """By room, as far as the application has taken what was told."""
        self._room_for = room_for
        self._events: deque[tuple[Told, str, Position | None]] = deque()

    def __len__(self) -> int:
        return len(self._events)

    @property
    def full(self) -> bool:
        """Whether the next entry of a log has no room."""
        return self.listened and len(self._events) >= self._room_for

    @property
    def half_empty(self) -> bool:
        """Whether it is worth to ask for what is missing."""
        return len(self._events) * 2 <= self._room_for

    def put(self, event: Told, room: str = "", position: Position | None = None) -> None:
        """One more; ``position`` is where one is in the room after it."""
        if not self.listened and len(self._events) >= self._room_for:
            self.take()
        if len(self._events) < self._room_for + SPARE:
            self._events.append((event, room, position))

    def take(self) -> Told | None:
        """The oldest, or None."""
        if not self._events:
            return None
        event, room, position = self._events.popleft()
        if position is not None:
            self.taken[room] = position
        return event
