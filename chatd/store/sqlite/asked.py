"""The embedded store's calls about members, what operators lay down, and the audit log: which
thread each one goes to. What each does is in rooms, sanctions and audit; the rest is in store."""

from __future__ import annotations

from chatd.core.audit import NO_DEED, Deed, Head, Record, Wanted
from chatd.core.log import Author, Member, Membership, RoomId, UserId
from chatd.core.sanctions import Emergency, Report, RoomRules, Sanction, SanctionKind, Subject
from chatd.store.sqlite import audit, rooms, sanctions
from chatd.store.sqlite.threads import Threads


class MemberCalls:
    """What ports.Store has about members, for a store that has its threads."""

    _threads: Threads

    async def set_member(
        self,
        room_id: RoomId,
        member: Member,
        *,
        deed: Deed = NO_DEED,
        keep_owner: bool = False,
        only_change: bool = False,
    ) -> None:
        """See the port."""
        how = keep_owner, only_change
        await self._threads.write("set_member", rooms.set_member, room_id, member, deed, *how)

    async def drop_member(
        self, room_id: RoomId, user_id: UserId, *, deed: Deed = NO_DEED, keep_owner: bool = False
    ) -> None:
        """See the port."""
        await self._threads.write(
            "drop_member", rooms.drop_member, room_id, user_id, deed, keep_owner
        )

    async def last_owner(self, room_id: RoomId, user_id: UserId) -> bool:
        """See the port."""
        return await self._threads.read("last_owner", rooms.last_owner, room_id, user_id)

    async def members(self, room_id: RoomId, limit: int) -> list[Member]:
        """See the port."""
        return await self._threads.read("members", rooms.members, room_id, limit)

    async def member_count(self, room_id: RoomId) -> int:
        """See the port."""
        return await self._threads.read("member_count", rooms.member_count, room_id)

    async def memberships(self, user_id: UserId) -> list[Membership]:
        """See the port."""
        return await self._threads.read("memberships", rooms.memberships, user_id)

    async def membership(self, room_id: RoomId, user_id: UserId) -> Membership | None:
        """See the port."""
        return await self._threads.read("membership", rooms.membership, room_id, user_id)

    async def member_named(self, room_id: RoomId, name: str) -> Member | None:
        """See the port."""
        return await self._threads.read("member_named", rooms.member_named, room_id, name)

    async def mark(self, user_id: UserId, room_id: RoomId, seq: int) -> int:
        """See the port."""
        return await self._threads.write("mark", rooms.mark, user_id, room_id, seq)


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
        deed: Deed = NO_DEED,
    ) -> Sanction:
        """See the port."""
        asked = (kind, subject, room_id, reason, by, ts, until, deed)
        return await self._threads.write("sanction", sanctions.sanction, *asked)

    async def lift(
        self,
        kind: SanctionKind,
        subject: Subject,
        room_id: RoomId | None,
        *,
        deed: Deed = NO_DEED,
    ) -> bool:
        """See the port."""
        return await self._threads.write("lift", sanctions.lift, kind, subject, room_id, deed)

    async def room_rules(self) -> dict[RoomId, RoomRules]:
        """See the port."""
        return await self._threads.read("room_rules", sanctions.room_rules)

    async def set_room_rules(
        self, room_id: RoomId, rules: RoomRules, *, deed: Deed = NO_DEED
    ) -> None:
        """See the port."""
        asked = (room_id, rules, deed)
        await self._threads.write("set_room_rules", sanctions.set_room_rules, *asked)

    async def emergency(self) -> Emergency:
        """See the port."""
        return await self._threads.read("emergency", sanctions.emergency)

    async def set_emergency(self, step: Emergency, *, deed: Deed = NO_DEED) -> None:
        """See the port."""
        await self._threads.write("set_emergency", sanctions.set_emergency, step, deed)

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

    async def settle(
        self, number: int, *, outcome: str, by: str, ts: int, deed: Deed = NO_DEED
    ) -> Report | None:
        """See the port."""
        asked = (number, outcome, by, ts, deed)
        return await self._threads.write("settle", sanctions.settle, *asked)


class AuditCalls:
    """ports.Audit, for a store that has its threads."""

    _threads: Threads

    async def record(self, *deeds: Deed) -> None:
        """See the port."""
        await self._threads.write("record", audit.record, *deeds)

    async def audit_head(self) -> Head:
        """See the port."""
        return await self._threads.read("audit_head", audit.head)

    async def audit(self, after: int, limit: int) -> list[Record]:
        """See the port."""
        return await self._threads.read("audit", audit.after, after, limit)

    async def audit_found(self, wanted: Wanted, before: int | None, limit: int) -> list[Record]:
        """See the port."""
        return await self._threads.read("audit_found", audit.found, wanted, before, limit)
