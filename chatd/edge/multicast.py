"""An audience that is told in one loop: nothing is asked of each, but of all together who of them
has to be told by itself. When what waits for them leaves is outboxes.py's."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from chatd.core.ports import Audience
from chatd.edge.batch import Batch
from chatd.edge.direct import send_each
from chatd.edge.reactor import Writers

if TYPE_CHECKING:
    from chatd.edge.outboxes import Flushed

    Some = dict[Flushed, None]
    """Some of an audience, in their order."""

ENOUGH = 12
"""Outboxes from which on to know them together is quicker than to look at each."""
SHARE = 4
"""At most every so many-th may be one to be told by itself."""
NOBODYS = socket.socket.__new__(socket.socket)
"""In the place of a socket that is not known, and is not asked but for its number: it has none."""
_SEEN, _NOT_WORTH_IT = object(), object()


def multicast_of(outboxes: Sequence[Any], most: int) -> Multicast | None:
    """The multicast to these, made when they are told the second time; None where each has to be
    looked at. ``outboxes``: ENOUGH of them; ``most``: bytes that wait for them at most."""
    if not isinstance(outboxes, Audience):
        return None
    kept = outboxes.kept
    if kept is None:  # not yet: an audience may be another with each message
        outboxes.kept = _SEEN
    elif kept is _SEEN:
        made = Multicast(outboxes, most)
        kept = outboxes.kept = made if made.is_worth_it else _NOT_WORTH_IT
    return kept if isinstance(kept, Multicast) else None


class Multicast:
    """The outboxes of an audience, and the ways to their sockets in the same order.

    ``wires`` wait for all but those who are ``parted``; these get each by themselves, in their own
    outbox. Who is parted later takes along what waits until then: its own outbox is empty, else it
    had been parted from the beginning. ``waiting``: bytes of ``wires``, at most ``freely``.
    """

    __slots__ = (
        "_as_of", "_detoured", "_places", "_singles", "_sockets", "_transports", "freely",
        "outboxes", "parted", "waiting", "wires",
    )  # fmt: skip

    def __init__(self, outboxes: Sequence[Any], most: int) -> None:
        # Not the Audience itself: that keeps this one, and a ring waits for the collector.
        self.outboxes: Sequence[Flushed] = tuple(outboxes)
        self._transports = [each.transport for each in outboxes]
        # By outbox, and by transport.
        self._places: dict[object, int] = {each: place for place, each in enumerate(outboxes)}
        self._singles = [each for each in outboxes if _is_single(each)]
        for each in self._singles:
            self._transports[self._places[each]] = None
        self._sockets = [each.socket if each else NOBODYS for each in self._transports]
        self._places.update({each: at for at, each in enumerate(self._transports) if each})
        self.freely = min([most, *(each.freely for each in outboxes if each.freely > 0)])
        self._detoured: list[Flushed] = []
        self._as_of = -1
        self.wires: list[bytes] = []
        self.waiting = 0
        self.parted: Some = {}

    @property
    def is_worth_it(self) -> bool:
        """Whether most may be told together."""
        return not self.is_too_many(len(self._singles))

    def is_too_many(self, count: int) -> bool:
        """Whether so many are more than it is worth to look through, or to tell by themselves."""
        return count * SHARE > len(self.outboxes)

    def apart(self, due: Collection[Flushed], writers: Writers, as_of: int) -> Some | None:
        """Who of them is to be told by itself: something waits already, for it (``due``) or in its
        transport (``writers``), or it is on a detour. None: too many for it to be worth it.
        ``as_of`` is another number whenever some outbox has come to a detour, or back."""
        if self.is_too_many(len(due)):
            return None
        if as_of != self._as_of:
            self._as_of = as_of
            self._detoured = [each for each in self.outboxes if each.detour]
        writing = None if self.is_too_many(len(self._detoured)) else writers()
        if writing is None or self.is_too_many(len(writing)):
            return None
        apart = dict.fromkeys([*self._singles, *self._detoured])
        for each in due:
            if each in self._places:
                apart[each] = None
        if writing:
            apart.update(dict.fromkeys(self.of(writing)))
        return None if self.is_too_many(len(apart)) else apart

    def of(self, transports: Iterable[object]) -> list[Flushed]:
        """Those of these transports, as far as they are among them."""
        places = self._places
        return [self.outboxes[places[each]] for each in transports if each in places]

    @property
    def is_spent(self) -> bool:
        """Whether so many were parted that the others are better told one by one. More than it
        takes to begin: to part all the others costs more than to go on with them."""
        return 2 * len(self.parted) > len(self.outboxes)

    def wait(self, wire: bytes, apart: Collection[Flushed]) -> bool:
        """This as well is for all but those who are parted; those who are ``apart`` if nothing
        waited until now, and then it gives True."""
        begins = not self.wires
        if begins:
            self.parted = dict.fromkeys(apart)
        self.wires.append(wire)
        self.waiting += len(wire)
        return begins

    def part(self, outbox: Flushed) -> None:
        """What waits for it with the others waits in its own outbox from now on."""
        self.parted[outbox] = None
        outbox.frames.extend(self.wires)
        outbox.waiting += self.waiting

    def taken(self) -> tuple[list[bytes], Some]:
        """What waited, and who was parted; nothing waits any more."""
        wires, parted = self.wires, self.parted
        self.wires, self.waiting, self.parted = [], 0, {}
        return wires, parted

    def send(
        self, wire: bytes, apart: Collection[Flushed], batch: Batch | None = None
    ) -> list[Exception]:
        """To all but those; see direct.py."""
        but = sorted(self._places[each] for each in apart)
        return send_each(self._sockets, self._transports, wire, batch, but)


def _is_single(outbox: Flushed) -> bool:
    """Whether this one is always told by itself: it has each frame in its own form, or no
    socket that is known."""
    return outbox.freely <= 0 or not hasattr(outbox.transport, "socket")
