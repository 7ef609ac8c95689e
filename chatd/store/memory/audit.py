"""The audit log of the reference store."""

from __future__ import annotations

from secrets import token_hex

from msgspec.structs import replace

from chatd.core.audit import ERASE, NO_DEED, Deed, Head, Record, Wanted, chained
from chatd.store.memory.kept import Keeper, Kept


class Audit(Keeper):
    """ports.Audit."""

    async def record(self, *deeds: Deed) -> None:
        """See the port."""
        record(self.writing(), *deeds)

    async def audit_head(self) -> Head:
        """See the port."""
        return _head(self.reading())

    async def audit(self, after: int, limit: int) -> list[Record]:
        """See the port."""
        return [each for each in self.reading().audit if each.number > after][:limit]

    async def audit_found(self, wanted: Wanted, before: int | None, limit: int) -> list[Record]:
        """See the port."""
        found = [each for each in self.reading().audit if wanted.holds(each)]
        return [each for each in found[::-1] if before is None or each.number < before][:limit]


def record(kept: Kept, *deeds: Deed) -> None:
    """For the calls that take a deed along."""
    for deed in deeds:
        if deed != NO_DEED:
            made = chained(deed, _head(kept), (token_hex(16), token_hex(16)))
            kept.audit.append(made if deed.verb == ERASE else _without_the_gone(kept, made))


def _without_the_gone(kept: Kept, record: Record) -> Record:
    who = None if kept.is_gone(record.actor_id) else record.who
    what = None if kept.is_gone(record.target_id) else record.what
    return replace(record, who=who, what=what)


def _head(kept: Kept) -> Head:
    if not kept.audit:
        return Head()
    newest = kept.audit[-1]
    return Head(newest.number, newest.hash, newest.number)
