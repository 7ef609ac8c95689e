"""The embedded store's calls about what operators lay down: which thread each one goes to.
What each does is in sanctions; the other calls of the port are in store."""

from __future__ import annotations

from chatd.core.log import Author, RoomId
from chatd.core.sanctions import Emergency, Report, RoomRules, Sanction, SanctionKind, Subject
from chatd.store.sqlite import sanctions
from chatd.store.sqlite.threads import Threads


class SanctionCalls:
    """ports.Sanctions, for a store that has its threads."""

    _threads: Threads

    async def sanctions_version(self) -> int:
        """See the port."""
        return await self._threads.read("sanctions_version", sanctions.version)

    async def sanctions(self, now: int) -> list[Sanction]:
        """See the port."""
        return await self._threads.read("sanctions", sanctions.in_force, now)

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
    ) -> Sanction:
        """See the port."""
        asked = (kind, subject, room_id, reason, by, ts, until)
        return await self._threads.write("sanction", sanctions.sanction, *asked)

    async def lift(self, kind: SanctionKind, subject: Subject, room_id: RoomId | None) -> bool:
        """See the port."""
        return await self._threads.write("lift", sanctions.lift, kind, subject, room_id)

    async def room_rules(self) -> dict[RoomId, RoomRules]:
        """See the port."""
        return await self._threads.read("room_rules", sanctions.room_rules)

    async def set_room_rules(self, room_id: RoomId, rules: RoomRules) -> None:
        """See the port."""
        await self._threads.write("set_room_rules", sanctions.set_room_rules, room_id, rules)

    async def emergency(self) -> Emergency:
        """See the port."""
        return await self._threads.read("emergency", sanctions.emergency)

    async def set_emergency(self, step: Emergency) -> None:
        """See the port."""
        await self._threads.write("set_emergency", sanctions.set_emergency, step)

    async def report(
        self, room_id: RoomId, seq: int, *, by: Author, reason: str, ts: int
    ) -> Report:
        """See the port."""
        asked = (room_id, seq, by, reason, ts)
        return await self._threads.write("report", sanctions.report, *asked)

    async def reports(self, *, settled: bool, limit: int) -> list[Report]:
        """See the port."""
        return await self._threads.read("reports", sanctions.reports, settled, limit)

    async def reports_open(self) -> int:
        """See the port."""
        return await self._threads.read("reports_open", sanctions.reports_open)

    async def settle(self, number: int, *, outcome: str, by: str, ts: int) -> Report | None:
        """See the port."""
        asked = (number, outcome, by, ts)
        return await self._threads.write("settle", sanctions.settle, *asked)
