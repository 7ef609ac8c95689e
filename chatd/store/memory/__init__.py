"""The reference store: small, in memory, never suspends. What it does is what every store must do.
Nothing outlives it; tests use it, and set `trouble` to see what others do when a store fails."""

from __future__ import annotations

from chatd.core.ports import StoreFailed
from chatd.store.memory.accounts import Accounts
from chatd.store.memory.audit import Audit
from chatd.store.memory.hooks import Hooks
from chatd.store.memory.log import Log
from chatd.store.memory.rooms import Rooms
from chatd.store.memory.sanctions import Sanctions


class MemoryStore(Log, Rooms, Accounts, Sanctions, Audit, Hooks):
    """ports.Store in memory."""

    def __init__(self, epoch: str = "memory") -> None:
        super().__init__()
        self._epoch = epoch

    @property
    def epoch(self) -> str:
        """As it was given."""
        return self._epoch

    @property
    def schema_version(self) -> int:
        """There is none."""
        return 0

    async def secret(self) -> bytes:
        """Always the same: nobody signs anything that lasts with it."""
        self.reading()
        return bytes(32)

    async def close(self) -> None:
        """Fail from now on."""
        self.trouble = StoreFailed("the store is closed")

    async def probe(self) -> None:
        """Say whether there is trouble."""
        self.writing()
