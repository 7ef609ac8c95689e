"""The bus's port: a doorbell between hosts, never the message itself.
Its implementations are in chatd/bus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from chatd.core.log import Entry, RoomId


class Notice(Struct, frozen=True):
    """The doorbell: the room's log has reached ``seq``. ``entry`` is it, when at hand. ``epoch``:
    in a room without history, that in which ``seq`` counts; empty in any other."""

    room_id: RoomId
    seq: int
    entry: Entry | None = None
    epoch: str = ""


def nothing_more() -> None:
    """For those who do not ask when a turn is over."""


class Bus(Protocol):
    """Carries notices to every host. May lose, repeat and reorder: the hearer compares seq."""

    async def start(
        self, heard: Callable[[Notice], None], settled: Callable[[], None] = nothing_more
    ) -> None:
        """Begin to call ``heard``, never from within ``publish``; and ``settled`` when that has
        been called for all there is for now, whatever it raised."""
        ...

    def publish(self, notice: Notice) -> None:
        """Ring; never blocks, never raises."""
        ...

    async def stop(self) -> None:
        """Hear nothing more."""
        ...
