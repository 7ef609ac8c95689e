"""ports.Bus for one host: a queue from this process to itself.
A bus between hosts gets a file of its own and passes the same contract suite."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from chatd.core.ports import Notice
from chatd.core.ports.bus import nothing_more


class LocalBus:
    """Hands on, a little later, all that was published until then: that is a turn of the bus.

    ``soon`` makes that turn (edge/reactor.py's Turns); this bus itself loses nothing.
    """

    def __init__(self, soon: Callable[[Callable[[], None]], object]) -> None:
        self._soon = soon
        self._heard: Callable[[Notice], None] = _nobody
        self._settled: Callable[[], None] = nothing_more
        self._waiting: deque[Notice] = deque()
        self._due = False

    async def start(
        self, heard: Callable[[Notice], None], settled: Callable[[], None] = nothing_more
    ) -> None:
        """Begin to call ``heard``, never from within ``publish``, and ``settled`` after each turn
        of it."""
        self._heard, self._settled = heard, settled

    def publish(self, notice: Notice) -> None:
        """Ring; never blocks, never raises."""
        self._waiting.append(notice)
        if not self._due:
            self._ring()

    async def stop(self) -> None:
        """Hear nothing more: what waits is dropped."""
        self._heard, self._settled = _nobody, nothing_more
        self._waiting.clear()

    def _ring(self) -> None:
        self._due = True
        self._soon(self._deliver)

    def _deliver(self) -> None:
        """One turn: what waits now; what is published meanwhile belongs to the next.

        When ``heard`` raises, the fault is the reactor's to report, and the rest is not lost by it.
        """
        self._due = False
        turn = len(self._waiting)
        try:
            while turn and self._waiting:
                turn -= 1
                self._heard(self._waiting.popleft())
        finally:
            if self._waiting and not self._due:
                self._ring()
            self._settled()


def _nobody(notice: Notice) -> None:
    """Who hears before start and after stop."""
