"""The part of the store's port that keeps the audit log: it only grows, and each record is chained
to the one before. What a record is, and whether the chain is whole, is core/audit."""

from __future__ import annotations

from typing import Protocol

from chatd.core.audit import Deed, Head, Record, Wanted


class Audit(Protocol):
    """Durable when a call returns; may raise StoreFull or StoreFailed like all of the store.

    Other calls of the store take a ``deed`` along: it is recorded in the same transaction, if they
    change anything at all. NO_DEED is not recorded.
    """

    async def record(self, *deeds: Deed) -> None:
        """Record these, in this order, all or none."""
        ...

    async def audit_head(self) -> Head:
        """The newest record."""
        ...

    async def audit(self, after: int, limit: int) -> list[Record]:
        """Records with a number > ``after``, ascending, whatever was done to them."""
        ...

    async def audit_found(self, wanted: Wanted, before: int | None, limit: int) -> list[Record]:
        """Those that are wanted, newest first, below ``before`` (None: from the newest)."""
        ...
