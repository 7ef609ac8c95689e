"""Those who come back with positions: so many at the same time, the others in the order in which
they came. After a restart all come at once, and whoever is here already shall not wait for them.
What is replayed is catchup's."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from chatd.core.commands import Login
from chatd.core.log import RoomId
from chatd.core.rooms import Room

if TYPE_CHECKING:
    from chatd.node.inbox import Item
    from chatd.node.node import Node
    from chatd.node.session import Session

AT_ONCE = 32
"""Log-ins with positions that are in hand at the same time, each until its first page is told:
enough to keep the store's readers busy, and some milliseconds of a turn of the reactor."""
COMPLAINT = 60.0
"""Seconds between two lines of the log about one room: all who were in it come back."""


class Returning:
    """Who may come back now. A place is held from the log-in to the first wait for the client: one
    that reads slowly keeps nobody else out. ``waiting`` is told to the meter."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._inside: dict[Session, bool] = {}  # whether its replay has begun
        self._waiting: OrderedDict[Session, None] = OrderedDict()
        self._called = False
        self._complained: dict[RoomId, float] = {}

    def admits(self, session: Session, item: Item) -> bool:
        """Whether this may begin; else the session is called when it may."""
        if not isinstance(item, Login) or not item.resume or session in self._inside:
            return True
        if session not in self._waiting:
            if not self._waiting and len(self._inside) < AT_ONCE:
                self._inside[session] = False
                return True
            self._waiting[session] = None
            self._tell()
        return False

    def waits(self, session: Session) -> bool:
        """Whether it stands in the queue: that takes as long as it does, by no fault of its own."""
        return session in self._waiting

    def replays(self, session: Session) -> None:
        """Its log-in was good, and a replay follows, which leaves by itself."""
        if session in self._inside:
            self._inside[session] = True

    def answered(self, session: Session) -> None:
        """Its log-in was answered: without a replay to come, its place is free."""
        if self._inside.get(session) is False:
            self.leave(session)

    def leave(self, session: Session) -> None:
        """Its place is the next one's; harmless when it has none."""
        if self._inside.pop(session, None) is not None and self._waiting and not self._called:
            self._called = True
            # Not at once: first everybody else gets what this turn of the reactor has for them.
            self._node.clock.later(0, self._call)

    def gone(self, session: Session) -> None:
        """The session is over, or takes no more commands."""
        if session in self._waiting:
            del self._waiting[session]
            self._tell()
        self.leave(session)

    def knows_more(self, room: Room, seq: int) -> None:
        """Somebody names a position of this epoch that the store does not have, though it was
        asked: the store went back without a new epoch, or the client made it up. An operator has
        to hear of it, for where the numbers were given again nobody can tell any more."""
        now = self._node.clock.monotonic()
        if now - self._complained.get(room.room_id, -COMPLAINT) < COMPLAINT:
            return
        recent = {r: at for r, at in self._complained.items() if now - at < COMPLAINT}
        self._complained = {**recent, room.room_id: now}
        self._node.log.warning("position_unknown", room=room.room_id, seq=seq, last=room.tail)

    def _call(self) -> None:
        self._called = False
        while self._waiting and len(self._inside) < AT_ONCE:
            session, _ = self._waiting.popitem(last=False)
            self._inside[session] = False
            session.come()
        self._tell()

    def _tell(self) -> None:
        self._node.meter.resumes_waiting(len(self._waiting))
