"""Whether the store takes messages, for /readyz: asked now and then, and told to the log when it
changes."""

from __future__ import annotations

from collections.abc import Callable

from chatd.core.ports import Log, Store, StoreFailed, StoreFull

PROBED = 1.0
"""Seconds for which an answer of the store to "can you write?" is good enough."""


class Probe:
    """``now`` gives seconds that never go back."""

    def __init__(self, store: Store, now: Callable[[], float], log: Log) -> None:
        self._store, self._now, self._log = store, now, log
        self._asked = -PROBED
        self._reason = ""

    async def reason(self) -> str:
        """Why it does not; empty when it does."""
        now = self._now()
        if now - self._asked >= PROBED:
            try:
                await self._store.probe()
            except (StoreFull, StoreFailed) as error:
                self._learn(f"store: {error}")
            else:
                self._learn("")
            self._asked = now
        return self._reason

    def _learn(self, reason: str) -> None:
        was, self._reason = self._reason, reason
        if reason and not was:
            self._log.warning("store_not_ready", reason=reason)
        elif was and not reason:
            self._log.info("store_ready", was=was)
