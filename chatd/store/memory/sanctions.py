"""What operators lay down, in the reference store."""

from __future__ import annotations

from msgspec.structs import replace

from chatd.core.audit import NO_DEED, Deed
from chatd.core.log import Author, RoomId
from chatd.core.ports import NoSuchTarget, StoreFailed
from chatd.core.sanctions import Emergency, Report, RoomRules, Sanction, SanctionKind, Subject
from chatd.store.memory.audit import record
from chatd.store.memory.kept import Keeper, Kept


class Sanctions(Keeper):
    """ports.Sanctions."""

    async def sanctions_version(self) -> int:
        """See the port."""
        return self.reading().sanctions_version

    async def sanctions(self, now: int) -> list[Sanction]:
        """See the port."""
        return [each for each in self.reading().sanctions if each.holds(now)]

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
        kept = self.writing()
        if room_id is not None:
            _must_be(kept, room_id)
        kept.must_be_there(deed.actor_id, subject.value)
        same = _same(kind, subject, room_id)
        kept.sanctions = [s for s in kept.sanctions if s.holds(ts) and _key(s) != same]
        kept.sanctions_laid += 1
        laid = Sanction(
            number=kept.sanctions_laid,
            kind=kind,
            subject=subject,
            room_id=room_id,
            reason=reason,
            by=by,
            ts=ts,
            until=until,
            room=kept.rooms[room_id].stored.name if room_id is not None else None,
        )
        kept.sanctions.append(laid)
        kept.sanctions_version += 1
        record(kept, deed)
        return laid

    async def lift(
        self,
        kind: SanctionKind,
        subject: Subject,
        room_id: RoomId | None,
        *,
        deed: Deed = NO_DEED,
    ) -> bool:
        """See the port."""
        kept = self.writing()
        same = _same(kind, subject, room_id)
        others = [each for each in kept.sanctions if _key(each) != same]
        lifted = len(others) < len(kept.sanctions)
        kept.sanctions = others
        kept.sanctions_version += lifted
        record(kept, deed if lifted else NO_DEED)
        return lifted

    async def room_rules(self) -> dict[RoomId, RoomRules]:
        """See the port."""
        return dict(self.reading().room_rules)

    async def set_room_rules(
        self, room_id: RoomId, rules: RoomRules, *, deed: Deed = NO_DEED
    ) -> None:
        """See the port."""
        kept = self.writing()
        _must_be(kept, room_id)
        kept.room_rules.pop(room_id, None)
        if rules != RoomRules():
            kept.room_rules[room_id] = rules
        kept.sanctions_version += 1
        record(kept, deed)

    async def emergency(self) -> Emergency:
        """See the port."""
        return self.reading().emergency

    async def set_emergency(self, step: Emergency, *, deed: Deed = NO_DEED) -> None:
        """See the port."""
        kept = self.writing()
        kept.emergency = step
        kept.sanctions_version += 1
        record(kept, deed)

    async def report(
        self, room_id: RoomId, seq: int, *, by: Author, reason: str, ts: int
    ) -> Report:
        """See the port."""
        kept = self.writing()
        kept.must_be_there(by.user_id)
        for user_id, each in kept.reports:
            if (user_id, each.room_id, each.seq) == (by.user_id, room_id, seq):
                return each
        room = kept.rooms.get(room_id)
        if room is None or seq not in room.messages or seq in room.deletions:
            raise NoSuchTarget(seq)
        message = room.message(seq)
        report = Report(
            number=len(kept.reports) + 1,
            room_id=room_id,
            room=room.stored.name,
            seq=seq,
            author=message.author.name,
            text=message.text,
            by=by.name,
            reason=reason,
            ts=ts,
        )
        kept.reports.append((by.user_id, report))
        kept.sanctions_version += 1
        return report

    async def reports(self, *, settled: bool, limit: int) -> list[Report]:
        """See the port."""
        found = [each for _, each in self.reading().reports if bool(each.outcome) == settled]
        return (found[::-1] if settled else found)[:limit]

    async def reports_open(self) -> int:
        """See the port."""
        return sum(not each.outcome for _, each in self.reading().reports)

    async def settle(
        self, number: int, *, outcome: str, by: str, ts: int, deed: Deed = NO_DEED
    ) -> Report | None:
        """See the port."""
        kept = self.writing()
        kept.must_be_there(deed.actor_id)
        for place, (user_id, each) in enumerate(kept.reports):
            if each.number == number and not each.outcome:
                done = replace(each, outcome=outcome, settled_by=by, settled_ts=ts, text="")
                kept.reports[place] = user_id, done
                kept.sanctions_version += 1
                record(kept, deed)
                return done
        return None


def _must_be(kept: Kept, room_id: RoomId) -> None:
    if room_id not in kept.rooms:
        raise StoreFailed(f"there is no room {room_id}")


def _same(kind: SanctionKind, subject: Subject, room_id: RoomId | None) -> tuple[object, ...]:
    return kind, subject.kind, subject.value, room_id


def _key(sanction: Sanction) -> tuple[object, ...]:
    return _same(sanction.kind, sanction.subject, sanction.room_id)
