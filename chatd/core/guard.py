"""What happens when a limit is met: it is counted, told to the log now and then, and held, or not.
Which limits there are is limits. Nothing here is on the way of a command that meets none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatd.core.limits import LimitName, Mode, mode_of
from chatd.core.ports.world import Clock, Log, Meter

QUIET = 30.0
"""Seconds between two lines of the log about one limit: whoever floods must not flood the log."""


class Guard:
    """Asked by whoever finds a limit met. ``modes`` gives those in force."""

    def __init__(
        self, modes: Callable[[], Mapping[LimitName, Mode]], clock: Clock, meter: Meter, log: Log
    ) -> None:
        self._modes = modes
        self._clock, self._meter, self._log = clock, meter, log
        self._told: dict[LimitName, float] = {}
        self._untold: dict[LimitName, int] = {}

    def off(self, limit: LimitName) -> bool:
        """Whether it need not be looked at: for those whose looking costs something."""
        return mode_of(self._modes(), limit) == "off"

    def holds(self, limit: LimitName) -> bool:
        """Whether it is enforced when it is met."""
        return mode_of(self._modes(), limit) == "on"

    def stops(self, limit: LimitName, **facts: object) -> bool:
        """The limit was met, by what ``facts`` tell the log: count it, and say whether to hold."""
        mode = mode_of(self._modes(), limit)
        if mode == "off":
            return False
        self._meter.limit_hit(limit, mode)
        self._tell(limit, mode, facts)
        return mode == "on"

    def _tell(self, limit: LimitName, mode: Mode, facts: dict[str, object]) -> None:
        """The first of a while is told, those after it are added to the next line."""
        now = self._clock.monotonic()
        count = self._untold.get(limit, 0) + 1
        if now - self._told.get(limit, -QUIET) < QUIET:
            self._untold[limit] = count
            return
        self._told[limit], self._untold[limit] = now, 0
        self._log.warning("limit_met", limit=limit, mode=mode, times=count, **facts)
