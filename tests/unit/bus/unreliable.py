"""A ports.Bus that does all that a bus may do: it loses, repeats, delays and reorders, by a seed.

For tests of whoever hears: what they do must not depend on any of it.
"""

from collections.abc import Callable
from random import Random

from chatd.core.ports import Notice
from chatd.core.ports.bus import nothing_more


class UnreliableBus:
    """Delivers each turn's notices shuffled, some twice, some in a later turn, some never.

    The chances are between 0 and 1. ``soon`` makes the next turn; with ``late`` below 1 everything
    that is not lost arrives in the end. ``lost`` and ``repeated`` count, so that a test can show
    that it was tried at all.
    """

    def __init__(
        self,
        seed: int,
        soon: Callable[[Callable[[], None]], object],
        *,
        lose: float = 0.2,
        repeat: float = 0.2,
        late: float = 0.3,
    ) -> None:
        self._random = Random(seed)  # noqa: S311 - weather, not secrets
        self._soon = soon
        self._lose, self._repeat, self._late = lose, repeat, late
        self._heard: Callable[[Notice], None] = _nobody
        self._settled: Callable[[], None] = nothing_more
        self._waiting: list[Notice] = []
        self._due = False
        self.lost = 0
        self.repeated = 0

    async def start(
        self, heard: Callable[[Notice], None], settled: Callable[[], None] = nothing_more
    ) -> None:
        self._heard, self._settled = heard, settled

    async def stop(self) -> None:
        self._heard, self._settled = _nobody, nothing_more
        self._waiting.clear()

    def publish(self, notice: Notice) -> None:
        if self._random.random() < self._lose:
            self.lost += 1
            return
        self._waiting.append(notice)
        if self._random.random() < self._repeat:
            self.repeated += 1
            self._waiting.append(notice)
        self._ring()

    def _ring(self) -> None:
        if not self._due:
            self._due = True
            self._soon(self._deliver)

    def _deliver(self) -> None:
        self._due = False
        self._random.shuffle(self._waiting)
        now = sum(self._random.random() >= self._late for _ in self._waiting)
        try:
            while now and self._waiting:
                now -= 1
                self._heard(self._waiting.pop())
        finally:
            if self._waiting:
                self._ring()
            self._settled()


def _nobody(notice: Notice) -> None:
    """Who hears before start and after stop."""
