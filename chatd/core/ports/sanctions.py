"""The part of the store's port that keeps what operators lay down: sanctions, room rules, reports,
the emergency. Who is hit by what is core/sanctions and core/policy."""

from __future__ import annotations

from typing import Protocol

from chatd.core.audit import NO_DEED, Deed
from chatd.core.log import Author, RoomId
from chatd.core.sanctions import Emergency, Report, RoomRules, Sanction, SanctionKind, Subject


class Sanctions(Protocol):
    """Durable when a call returns; may raise StoreFull or StoreFailed like all of the store."""

    async def sanctions_version(self) -> int:
        """Rises with every change that is made through a call of this part, by any process."""
        ...

    async def sanctions(self, now: int) -> list[Sanction]:
        """Those in force at ``now``, by number."""
        ...

    async def sanction(
        self,
        kind: SanctionKind,
        subject: Subject,
        room_id: RoomId | None,
        *,
        reason: str,
        by: str,
        ts: int,
        until: int | None,
        deed: Deed = NO_DEED,
    ) -> Sanction:
        """Lay one on. The same kind on the same subject and room replaces the one before; those
        that are over at ``ts`` are forgotten. Raises StoreFailed when there is no such room."""
        ...

    async def lift(
        self,
        kind: SanctionKind,
        subject: Subject,
        room_id: RoomId | None,
        *,
        deed: Deed = NO_DEED,
    ) -> bool:
        """End one; false when there was none."""
        ...

    async def room_rules(self) -> dict[RoomId, RoomRules]:
        """Those of all rooms that have some."""
        ...

    async def set_room_rules(
        self, room_id: RoomId, rules: RoomRules, *, deed: Deed = NO_DEED
    ) -> None:
        """Replace a room's; the defaults are none. Raises StoreFailed where there is no room."""
        ...

    async def emergency(self) -> Emergency:
        """The step in force."""
        ...

    async def set_emergency(self, step: Emergency, *, deed: Deed = NO_DEED) -> None:
        """Enter or leave a step."""
        ...

    async def report(
        self, room_id: RoomId, seq: int, *, by: Author, reason: str, ts: int
    ) -> Report:
        """Keep a report; the same person's about the same message again gives the first.

        Raises NoSuchTarget when that is no message of the room, or a deleted one."""
        ...

    async def reports(self, *, settled: bool, limit: int) -> list[Report]:
        """Open ones oldest first, or settled ones newest first (by number)."""
        ...

    async def reports_open(self) -> int:
        """How many wait to be settled."""
        ...

    async def settle(
        self, number: int, *, outcome: str, by: str, ts: int, deed: Deed = NO_DEED
    ) -> Report | None:
        """Close a report with an ``outcome`` that is not empty; None when there is none of this
        number that is open."""
        ...
