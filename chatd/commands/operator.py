"""What concerns the whole server: the emergency, announcements, and what members report.
Kicks, bans and mutes, also those of operators, are moderation."""

from __future__ import annotations

from chatd.commands.act import Act
from chatd.commands.host import Caller, Host
from chatd.commands.places import asked, case_of, kept, line_of, must, place_of
from chatd.core import commands as c
from chatd.core.errors import Refused
from chatd.core.events import Notice, Ok
from chatd.core.moderation import EmergencyStep, Reported, ReportLine, ReportList
from chatd.core.ports import NoSuchTarget
from chatd.core.rooms import Attendance, Person
from chatd.core.sanctions import EMERGENCY_STEPS, Report
from chatd.core.text import blank, clean

LOOKED_BACK = 200
"""Messages among which the last one of somebody is looked for."""


def _operates(host: Host, me: Person) -> None:
    asked(case_of(host, me.actor, me.user_id, "operate"))


async def emergency(host: Host, session: Caller, command: c.Emergency, act: Act) -> EmergencyStep:
    """Enter a step, or tell the one in force."""
    _operates(host, session.me)
    if command.step is not None:
        step = EMERGENCY_STEPS.get(command.step.lower())
        if step is None:
            steps = ", ".join(EMERGENCY_STEPS)
            raise Refused("bad_field", f"'step' is {command.step!r}; allowed: {steps}")
        deed = act.deed(step=step.word, before=host.laid.emergency.word)
        await host.store.set_emergency(step, deed=deed)
        await host.laid.changed()
        return EmergencyStep(step=step.word)
    act.nothing()
    return EmergencyStep(step=host.laid.emergency.word)


async def announce(host: Host, session: Caller, command: c.Announce, act: Act) -> Ok:
    """Tell everybody who is logged in."""
    _operates(host, session.me)
    said = clean(command.text)
    if blank(said):
        raise Refused("empty", "there is nothing to say in an empty text")
    await host.store.record(act.deed(characters=len(said)))
    host.tell_all(Notice(text=said, user=session.me.name, all=True))
    return Ok()


async def report(host: Host, session: Caller, command: c.Report) -> Reported:
    """Tell the operators of a message."""
    me = session.me
    place = await place_of(host, me, command.room)
    must(host, me, "report", place)
    kept(place.room)
    if (command.seq is None) == (command.user is None):
        raise Refused("bad_field", "report needs exactly one of 'seq' and 'user'")
    seq = command.seq if command.seq is not None else await _last_of(host, place, command.user)
    reason, now = line_of(command.reason), host.clock.now()
    try:
        made = await host.store.report(place.room.room_id, seq, by=me.author, reason=reason, ts=now)
    except NoSuchTarget:
        raise Refused("no_such_message", f"room {place.room.name!r} has no message {seq}") from None
    return Reported(number=made.number)


async def _last_of(host: Host, place: Attendance, user: str | None) -> int:
    messages, _ = await host.store.history(
        place.room.room_id, before=None, after=None, limit=LOOKED_BACK
    )
    for message in reversed(messages):
        if not message.deleted and message.author.name.casefold() == (user or "").casefold():
            return message.seq
    raise Refused("no_such_message", f"{user!r} is not among those who last spoke here")


async def reports(host: Host, session: Caller, command: c.Reports) -> ReportList:
    """Open ones, or settled ones."""
    _operates(host, session.me)
    found = await host.store.reports(settled=command.settled, limit=command.limit)
    lines = [_line(each) for each in found]
    return ReportList(reports=lines, open=await host.store.reports_open())


def _line(report: Report) -> ReportLine:
    return ReportLine(
        number=report.number,
        room=report.room,
        seq=report.seq,
        author=report.author,
        by=report.by,
        ts=report.ts,
        text=report.text,
        reason=report.reason,
        outcome=report.outcome,
        settled_by=report.settled_by,
        settled_ts=report.settled_ts,
    )


async def settle(host: Host, session: Caller, command: c.Settle, act: Act) -> Ok:
    """Close a report."""
    _operates(host, session.me)
    outcome = line_of(command.outcome)
    if not outcome:
        raise Refused("empty", "say what came of it, in a word at least")
    done = await host.store.settle(
        command.number,
        outcome=outcome,
        by=session.me.name,
        ts=host.clock.now(),
        deed=act.deed(report=command.number, outcome=outcome),
    )
    if done is None:
        raise Refused("no_such_report", f"no open report has the number {command.number}")
    return Ok()
