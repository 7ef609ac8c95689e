"""Sending everybody home: nobody new, what is in hand finished, each with its own time to return.
When it happens is daemon.py's; what a session is told is the node's."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol

from twisted.internet.task import deferLater

from chatd.core.ports import Log

LOOK = 0.02
"""Seconds between two looks at whether a step is over."""


class Drained(Protocol):
    """The node, as far as a drain needs it."""

    def leaving(self) -> Collection[object]:
        """Those that were told to go, and are still connected."""
        ...

    def hush(self) -> None:
        """Nobody new, and no new commands."""
        ...

    def busy(self) -> int:
        """How many of those have commands in hand."""
        ...

    def dismiss_all(self) -> None:
        """Tell each of them when to come back, and close it."""
        ...


class Listening(Protocol):
    """The public listeners, as far as a drain needs them."""

    async def stop(self) -> None:
        """Accept no more."""
        ...


class LetThemListen:
    """For a process that stays: who comes is answered that it drains."""

    async def stop(self) -> None:
        """Go on listening."""


class Drain:
    """One drain, of at most ``timeout`` seconds; ``hurry`` ends it at the next look."""

    def __init__(
        self, reactor: Any, node: Drained, public: Listening, journal: Log, timeout: float
    ) -> None:
        self._reactor = reactor
        self._node = node
        self._public = public
        self._journal = journal
        self._deadline = reactor.seconds() + timeout
        self.hurry = False

    async def run(self) -> None:
        """Every step, in order."""
        self._node.hush()
        await self._public.stop()
        await self._until(lambda: not self._node.busy())
        await deferLater(self._reactor, LOOK)  # what was stored is still to be told
        self._node.dismiss_all()
        await self._until(lambda: not self._node.leaving())
        if left := self._node.leaving():
            self._journal.warning("drain_cut_short", sessions=len(left))

    async def _until(self, over: Callable[[], bool]) -> None:
        while not (over() or self.hurry or self._reactor.seconds() > self._deadline):
            await deferLater(self._reactor, LOOK)
