"""The states of a session and the steps between them; nothing of its connection or its user."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """OPEN: greeted, not logged in. READY: logged in. LEAVING: told to go. CLOSED: gone."""

    OPEN = "open"
    READY = "ready"
    LEAVING = "leaving"
    CLOSED = "closed"

    def may_become(self, other: State) -> bool:
        """Only forward; a session that is told to go stays told."""
        return _ORDER[other] > _ORDER[self]


_ORDER = {state: place for place, state in enumerate(State)}
