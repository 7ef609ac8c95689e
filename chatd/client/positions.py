"""How far a client has seen each room: what is new, what came before, where something is missing.
Positions move by events alone; an acknowledgement says nothing of what was heard."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import Enum

from chatd.core.commands import Position


class Fit(Enum):
    """How an entry of a room's log fits behind the last one."""

    NEXT = "next"
    AGAIN = "again"
    GAP = "gap"


class Positions:
    """One position (epoch, seq) a room. ``again`` and ``gaps`` count what a server should never
    do: an entry told twice, and one told before those in front of it."""

    def __init__(self, known: Mapping[str, Position]) -> None:
        self._rooms = dict(known)
        self.again = 0
        self.gaps = 0

    def all(self) -> dict[str, Position]:
        """As `resume` wants them."""
        return dict(self._rooms)

    def __contains__(self, room: str) -> bool:
        return room in self._rooms

    def of(self, room: str) -> Position | None:
        """Where one is in this room."""
        return self._rooms.get(room)

    def begin(self, room: str, epoch: str, seq: int) -> Position:
        """A room is heard from ``seq`` on, whatever was known of it before."""
        position = self._rooms[room] = Position(epoch=epoch, seq=seq)
        return position

    def drop(self, room: str) -> None:
        """A room that is not heard any more."""
        self._rooms.pop(room, None)

    def drop_typed(self, name: str) -> list[str]:
        """As ``drop``, for a name as somebody typed it; gives the room's own name, if it is one."""
        found = [room for room in self._rooms if _folded(room) == _folded(name)]
        for room in found:
            del self._rooms[room]
        return found

    def follow(self, room: str, seq: int, epoch: str) -> Fit:
        """An entry came: does it fit, and if it does, be there. ``epoch`` is the server's, for a
        room of which nothing was known."""
        position = self._rooms.get(room) or Position(epoch=epoch, seq=seq - 1)
        if seq <= position.seq:
            self.again += 1
            return Fit.AGAIN
        if seq > position.seq + 1:
            self.gaps += 1
            return Fit.GAP
        self._rooms[room] = Position(epoch=position.epoch, seq=seq)
        return Fit.NEXT


def _folded(name: str) -> str:
    """Alike for all spellings that the server takes for the same room (core/names)."""
    return unicodedata.normalize("NFKC", name.strip().lstrip("#")).casefold()
