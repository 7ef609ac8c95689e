"""Reading the audit log, and asking whether it is whole: for operators.
What writes it is act and the gate; what a record is, and the chain, is core/audit."""

from __future__ import annotations

from string import hexdigits

from chatd.commands.host import Caller, Host
from chatd.core import commands as c
from chatd.core.audit import Record, Wanted
from chatd.core.audit_walk import Walk
from chatd.core.errors import Refused
from chatd.core.moderation import AuditFlaw, AuditLine, AuditList, AuditVerdict
from chatd.core.ports import StoreFailed

STEP = 500
"""Records that are read and hashed at a time: some milliseconds."""


async def audit(host: Host, session: Caller, command: c.Audit) -> AuditList:
    """A page of records, newest first."""
    wanted = Wanted(
        actor=command.by or "",
        verb=command.verb or "",
        user=command.user or "",
        since=command.since or 0,
        until=command.until if command.until is not None else Wanted().until,
    )
    found = await host.store.audit_found(wanted, command.before, command.limit + 1)
    page = found[: command.limit]
    return AuditList(records=[line(each) for each in page], more=len(found) > len(page))


def line(record: Record) -> AuditLine:
    """A record as it is told."""
    who = record.told_who
    return AuditLine(
        number=record.number,
        ts=record.ts,
        verb=record.verb,
        by=who.name,
        address=who.address,
        facts=record.told_what,
        hash=record.hash,
    )


async def verify(host: Host, session: Caller, command: c.AuditVerify) -> AuditVerdict:
    """Walk along the whole chain, step by step, while others go on."""
    if command.head is not None and not set(command.head) <= set(hexdigits):
        says = f"'head' is {command.head!r}; a hash has hexadecimal digits only"
        raise Refused("bad_field", says)
    walk, head = Walk(command.head or ""), await host.store.audit_head()
    try:
        while walk.take(await host.store.audit(walk.last, STEP)):
            pass
    except StoreFailed as error:
        walk.unreadable(str(error))
    verdict = walk.end(head)
    return AuditVerdict(
        whole=not verdict.flaws,
        records=verdict.records,
        head=verdict.head.hash,
        found=verdict.found or None,
        flaws=[AuditFlaw(number=flaw.number, says=flaw.says) for flaw in verdict.flaws],
        more=verdict.more,
    )
