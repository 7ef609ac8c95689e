"""Many who hear the same, told in one loop: nothing is asked of each, but of all together who of
them has to be told by itself. When what waits for them leaves is outboxes.py's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from chatd.core.ports import Audience
from chatd.edge.direct import Writers, send_each

if TYPE_CHECKING:
    from chatd.edge.outboxes import Flushed

    Apart = dict[Flushed, None]
    """Some of a crowd, in their order."""

CROWD = 12
"""Outboxes from which on to know them together is quicker than to look at each."""
SHARE = 4
"""At most every so many-th may be one to be told by itself."""
_SEEN = object()


def crowd_of(outboxes: Sequence[Any], most: int) -> Crowd | None:
    """The crowd that these are, made when they are told the second time; None where each has to be
    looked at. ``most``: bytes that wait for them at most."""
    if len(outboxes) < CROWD or not isinstance(outboxes, Audience):
        return None
    kept = outboxes.kept
    if kept is None:  # who comes and goes with each message is no crowd yet
        outboxes.kept = _SEEN
    elif kept is _SEEN:
        kept = outboxes.kept = Crowd(outboxes, most)
    return kept if isinstance(kept, Crowd) and kept.is_worth_it else None


class Crowd:
    """Some outboxes, and the ways to their sockets in the same order.

    ``wires`` wait for all of them but those that are ``parted``: for each of these they wait in its
    own outbox, before what else does. ``waiting``: bytes of ``wires``, at most ``freely``.
    """

    __slots__ = (
        "_as_of",
        "_aside",
        "_places",
        "_sends",
        "_singles",
        "_transports",
        "freely",
        "outboxes",
        "parted",
        "waiting",
        "wires",
    )  # fmt: skip

    def __init__(self, outboxes: Sequence[Any], most: int) -> None:
        self.outboxes: Sequence[Flushed] = tuple(outboxes)
        self._transports = [each.transport for each in outboxes]
        self._places: dict[object, int] = {each: place for place, each in enumerate(outboxes)}
        self._singles = [each for each in outboxes if _is_single(each)]
        for each in self._singles:
            self._transports[self._places[each]] = None
        # One that takes all and sends nothing stands for those of them that are told otherwise.
        self._sends: list[Any] = [each.socket.send if each else len for each in self._transports]
        self._places.update({each: place for place, each in enumerate(self._transports)})
        self.freely = min([most, *(each.freely for each in outboxes if each.freely > 0)])
        self._aside: list[Flushed] = []
        self._as_of = -1
        self.wires: list[bytes] = []
        self.waiting = 0
        self.parted: Apart = {}

    @property
    def is_worth_it(self) -> bool:
        """Whether most may be told together."""
        return not self.is_too_many(len(self._singles))

    def is_too_many(self, count: int) -> bool:
        """Whether it is not worth it any more when so many are told by themselves."""
        return count * SHARE > len(self.outboxes)

    def apart(self, due: Collection[Flushed], writers: Writers, as_of: int) -> Apart | None:
        """Who of them is to be told by itself: something waits already, for it (``due``) or in its
        transport (``writers``), or it is on a detour. None: too many for it to be worth it.
        ``as_of`` is another number whenever some outbox has come to a detour, or back."""
        if self.is_too_many(len(due)):
            return None
        if as_of != self._as_of:
            self._as_of = as_of
            self._aside = [each for each in self.outboxes if each.detour]
        writing = None if self.is_too_many(len(self._aside)) else writers()
        if writing is None or self.is_too_many(len(writing)):
            return None
        apart = dict.fromkeys(self._singles)
        apart.update(dict.fromkeys(self._aside))
        apart.update(dict.fromkeys(each for each in due if each in self._places))
        apart.update(dict.fromkeys(self.of(writing)))
        return apart

    def of(self, transports: Iterable[object]) -> list[Flushed]:
        """Those of these transports, as far as they are of this crowd."""
        places = self._places
        return [self.outboxes[places[each]] for each in transports if each in places]

    def wait(self, wire: bytes) -> None:
        """This as well is for all but those who are parted."""
        self.wires.append(wire)
        self.waiting += len(wire)

    def taken(self) -> tuple[list[bytes], Apart]:
        """What waited, and who was parted; nothing waits any more."""
        wires, parted = self.wires, self.parted
        self.wires, self.waiting, self.parted = [], 0, {}
        return wires, parted

    def send(self, wire: bytes, apart: Iterable[Flushed]) -> list[Exception]:
        """To all but those; see direct.py."""
        sends = self._sends.copy()
        for each in apart:
            sends[self._places[each]] = len
        return send_each(sends, self._transports, wire)


def _is_single(outbox: Flushed) -> bool:
    """Whether this one is always told by itself: it has each frame in its own form, or no
    socket that is known."""
    return outbox.freely <= 0 or not hasattr(outbox.transport, "socket")
