"""What moderators and operators type, and what they read: rows of the table of slash commands, and
the lines of their answers. Everybody's commands are in _text_commands and _text_answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from chatd.core import commands as c
from chatd.core import events as e
from chatd.core import moderation as m
from chatd.core.text import one_line
from chatd.dialects._text_lines import below, clock, counted, day
from chatd.dialects._text_memory import Memory, called
from chatd.dialects._words import checked

if TYPE_CHECKING:
    from chatd.dialects._text_commands import Given, Meaning

TIME = re.compile(r"([0-9]+)([smhdwSMHDW]?)")
"""How long something holds, as it is typed."""
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MOST_DIGITS = 12
_SHOWN = 20


def _here(memory: Memory, given: Given) -> str | None:
    """The room that lines go to, or None for the whole server."""
    return None if "server" in given else memory.room(None)


def _person(given: Given) -> str:
    return given["PERSON"].removeprefix("@")


def _seconds(given: Given) -> int | None:
    return int(given["N"][:_MOST_DIGITS]) if "N" in given else None


def _span(given: Given) -> int | None:
    """As `chatctl --for` has it: seconds, unless a unit stands behind them."""
    found = TIME.fullmatch(given.get("TIME", ""))
    if found is None:
        return None
    return int(found[1][:_MOST_DIGITS]) * _UNITS[found[2].lower()]


def _kick(memory: Memory, given: Given) -> Meaning:
    room, why = _here(memory, given), given.get("TEXT", "")
    return [checked(c.Kick, user=_person(given), room=room, reason=why)]


def _ban(memory: Memory, given: Given) -> Meaning:
    room, why = _here(memory, given), given.get("TEXT", "")
    who, seconds = _person(given), _span(given)
    return [checked(c.Ban, who=who, room=room, reason=why, seconds=seconds)]


def _unban(memory: Memory, given: Given) -> Meaning:
    return [checked(c.Unban, who=_person(given), room=_here(memory, given))]


def _bans(memory: Memory, given: Given) -> Meaning:
    return [checked(c.Bans, room=_here(memory, given))]


def _mute(memory: Memory, given: Given) -> Meaning:
    room, why = _here(memory, given), given.get("TEXT", "")
    who, seconds = _person(given), _span(given)
    return [checked(c.Mute, user=who, room=room, reason=why, seconds=seconds)]


def _unmute(memory: Memory, given: Given) -> Meaning:
    return [checked(c.Unmute, user=_person(given), room=_here(memory, given))]


def _slow(memory: Memory, given: Given) -> Meaning:
    return [checked(c.Slow, room=memory.room(None), seconds=_seconds(given))]


def _read_only(memory: Memory, given: Given) -> Meaning:
    return [checked(c.ReadOnly, room=memory.room(None), on="off" not in given)]


def _report(memory: Memory, given: Given) -> Meaning:
    why = given.get("TEXT", "")
    return [checked(c.Report, room=memory.room(None), user=_person(given), reason=why)]


def _reports(_: Memory, given: Given) -> Meaning:
    return [c.Reports(settled="settled" in given)]


def _settle(_: Memory, given: Given) -> Meaning:
    return [checked(c.Settle, number=_seconds(given), outcome=given["TEXT"])]


def _emergency(_: Memory, given: Given) -> Meaning:
    return [checked(c.Emergency, step=given.get("STEP"))]


def _announce(_: Memory, given: Given) -> Meaning:
    return [checked(c.Announce, text=given["TEXT"])]


def _audit(_: Memory, given: Given) -> Meaning:
    return [checked(c.Audit, limit=_seconds(given) if "N" in given else _SHOWN)]


def _audit_verify(_: Memory, given: Given) -> Meaning:
    return [checked(c.AuditVerify, head=given.get("HASH"))]


ROWS: tuple[tuple[str, str, Callable[[Memory, Given], Meaning]], ...] = (
    ("/report PERSON [TEXT]", "tell the operators of somebody's last message here", _report),
    ("/kick PERSON [server] [TEXT]", "put somebody out, saying why", _kick),
    (
        "/ban PERSON [server] [TIME] [TEXT]",
        "keep a person out, for good or for 90 (seconds), 15m, 2h, 7d; an address from the server",
        _ban,
    ),
    ("/unban PERSON [server]", "lift a ban", _unban),
    (
        "/mute PERSON [server] [TIME] [TEXT]",
        "let somebody listen only, for good or for 90 (seconds), 15m, 2h, 7d",
        _mute,
    ),
    ("/unmute PERSON [server]", "lift a mute", _unmute),
    ("/bans [server]", "list the bans and mutes of this room, or all", _bans),
    ("/slow N", "let each member say one message in N seconds; 0 ends it", _slow),
    ("/readonly [off]", "let only moderators speak here, or everybody again", _read_only),
    ("/reports [settled]", "list what was reported, for operators", _reports),
    ("/settle N TEXT", "close report N and say what came of it", _settle),
    (
        "/emergency [STEP]",
        "see or enter a step: off, no_guests, no_new, members, operators",
        _emergency,
    ),
    ("/announce TEXT", "tell everybody on the server", _announce),
    ("/audit [N]", "show the last N records of the audit log, for operators", _audit),
    ("/auditverify [HASH]", "see whether the audit log is whole, and holds a hash", _audit_verify),
)


# --- what they read --------------------------------------------------------------------------


def done(memory: Memory, command: c.Command) -> str:
    """The line for a command that is answered with no more than that it was done."""
    match command:
        case c.Kick(user=user, room=room):
            return f"{one_line(user)} was put out of {_where(memory, room)}"
        case c.Unban(who=who, room=room):
            return f"{one_line(who)} is no longer banned from {_where(memory, room)}"
        case c.Unmute(user=user, room=room):
            return f"{one_line(user)} may speak in {_where(memory, room)} again"
        case c.Settle(number=number):
            return f"report {number} is settled"
        case _:
            return ""


def _where(memory: Memory, room: str | None) -> str:
    return "the server" if room is None else memory.shown(room)


def _sanctioned(memory: Memory, command: c.Command, answer: m.Sanctioned, zone: tzinfo) -> str:
    deed = "banned from" if isinstance(command, c.Ban) else "muted in"
    until = " until it is lifted" if answer.until is None else f" until {_time(answer.until, zone)}"
    where = _where(memory, getattr(command, "room", None))
    return f"{one_line(answer.who)} is {deed} {where}{until}"


def _time(ts: int, zone: tzinfo) -> str:
    return f"{day(ts, zone)} {clock(ts, zone)}"


def _sanctions(_: Memory, __: c.Command, answer: m.SanctionList, zone: tzinfo) -> str:
    if not answer.sanctions:
        return "nobody is banned or muted"
    return "\n".join(_sanction(line, zone) for line in answer.sanctions)


def _sanction(line: m.SanctionLine, zone: tzinfo) -> str:
    where = called(line.room) if line.room else "server"
    until = f" until {_time(line.until, zone)}" if line.until is not None else ""
    reason = f": {one_line(line.reason)}" if line.reason else ""
    return f"{line.kind} {one_line(line.who)} ({where}){until} by {one_line(line.by)}{reason}"


def _reported(_: Memory, __: c.Command, answer: m.Reported, ___: tzinfo) -> str:
    return f"the operators will see it, as report {answer.number}"


def _report_list(_: Memory, __: c.Command, answer: m.ReportList, zone: tzinfo) -> str:
    if not answer.reports:
        return f"no reports; {answer.open} open"
    return "\n".join([f"{answer.open} open", *(_report_line(r, zone) for r in answer.reports)])


def _report_line(r: m.ReportLine, zone: tzinfo) -> str:
    reason = f": {one_line(r.reason)}" if r.reason else ""
    told = f"{r.number} {_time(r.ts, zone)} {called(r.room)} by {one_line(r.by)}{reason}"
    if r.outcome:
        return f"{told}\n    settled by {one_line(r.settled_by)}: {one_line(r.outcome)}"
    return f"{told}\n    <{one_line(r.author)}> {below(r.text)}"


def _step(_: Memory, __: c.Command, answer: m.EmergencyStep, ___: tzinfo) -> str:
    return f"the emergency step is {one_line(answer.step)}"


def _audit_list(_: Memory, __: c.Command, answer: m.AuditList, zone: tzinfo) -> str:
    lines = [_record(each, zone) for each in reversed(answer.records)]
    return "\n".join(lines) or "the audit log is empty"


def _record(r: m.AuditLine, zone: tzinfo) -> str:
    by = f" by {one_line(r.by)}" if r.by else ""
    address = f" from {one_line(r.address)}" if r.address else ""
    facts = "".join(f", {one_line(name)} {one_line(text)}" for name, text in r.facts.items())
    return f"{r.number} {_time(r.ts, zone)} {one_line(r.verb)}{by}{address}{facts}"


def _verdict(_: Memory, __: c.Command, answer: m.AuditVerdict, ___: tzinfo) -> str:
    if answer.whole:
        records = counted(answer.records, "record")
        return f"the audit log is whole: {records}, head {answer.head}"
    told = [f"record {flaw.number} {one_line(flaw.says)}" for flaw in answer.flaws]
    told += [f"and {answer.more} more"] if answer.more else []
    return "\n".join(["the audit log is not whole", *told])


ANSWERS: dict[type[e.Ok], Callable[[Memory, Any, Any, tzinfo], str]] = {
    m.Sanctioned: _sanctioned,
    m.SanctionList: _sanctions,
    m.Reported: _reported,
    m.ReportList: _report_list,
    m.EmergencyStep: _step,
    m.AuditList: _audit_list,
    m.AuditVerdict: _verdict,
}
