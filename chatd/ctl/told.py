"""Answers as a person reads them: aligned lines, times of this host, nothing that could move a
terminal's cursor. With --json the answer itself is printed, and this is not asked."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

Frame = dict[str, Any]


def clean(text: object) -> str:
    """One line without control or format characters: names and reasons are other people's."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(mark) in {"Cc", "Cf", "Zl"} else mark
        for mark in " ".join(str(text).split())
    )


def when(ts: int) -> str:
    """Milliseconds since 1970 UTC, in this host's time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(ts / 1000))


def span(milliseconds: int) -> str:
    """How long, in the largest fitting units."""
    left = milliseconds // 1000
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if left >= 2 * size:
            return f"{left // size} {unit}"
    return f"{left} s"


def counted(number: int, thing: str) -> str:
    """`1 room`, `2 rooms`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def remaining(sessions: int) -> str:
    """How many a drain still waits for."""
    return f"{counted(sessions, 'session')} {'is' if sessions == 1 else 'are'} still here"


def table(rows: Iterable[Iterable[object]]) -> str:
    """Columns, as wide as they must be."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cleaned, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cleaned
    )
    return "\n".join(lines)


def _status(a: Frame) -> str:
    here = (counted(a["sessions"], "session"), counted(a["users"], "user"))
    laid_down = f"{counted(a['bans'], 'ban')}, {counted(a['mutes'], 'mute')}"
    rows = [
        ("server", f"{a['server']}, chatd {a['version']}"),
        ("up", f"{span(a['uptime'])}, since {when(a['since'])}"),
        ("state", "draining: nobody is let in" if a["draining"] else "open"),
        ("here", f"{', '.join(here)}, {counted(a['rooms'], 'room')} in use"),
        ("emergency", a["emergency"]),
        ("laid down", f"{laid_down}; {counted(a['reports'], 'report')} open"),
        ("listening", ", ".join(a["listening"])),
        ("config", a["config"] + ("" if a["reloaded"] else " (the last reload failed)")),
        ("log", a["log_level"]),
        ("store", f"schema {a['schema']}, epoch {a['epoch']}"),
    ]
    if a["restart"]:
        rows.append(("restart", f"wait for one: {', '.join(a['restart'])}"))
    return table(rows)


def _everybody(a: Frame) -> str:
    head = ("USER", "KIND", "SESSIONS", "ROOMS", "SINCE", "FROM")
    rows = [
        (
            p["user"],
            "operator" if p.get("operator") else "guest" if p.get("guest") else "account",
            p.get("sessions", 1),
            p.get("rooms", 0),
            when(p["since"]),
            ", ".join(p["addresses"]),
        )
        for p in a["people"]
    ]
    verb = "is" if a["strangers"] == 1 else "are"
    more = [f"{a['strangers']} more {verb} not logged in"] if a["strangers"] else []
    return "\n".join([table([head, *rows]) if rows else "nobody is here", *more])


def _roster(a: Frame) -> str:
    rows = [
        (
            p["user"],
            p.get("role", "member"),
            "here" if p.get("online") else "away",
            "guest" if p.get("guest") else "",
        )
        for p in a["people"]
    ]
    more = ["and more"] if a["more"] else []
    return "\n".join([table(rows) if rows else "nobody", *more])


def _rooms(a: Frame) -> str:
    rows = [(r["room"], f"{r.get('present', 0)} here", r.get("topic", "")) for r in a["rooms"]]
    return table(rows) if rows else "there are no public rooms"


def _sanctioned(a: Frame) -> str:
    until = f"until {when(a['until'])}" if "until" in a else "until it is lifted"
    return f"{clean(a['who'])}: {until}"


def _bans(a: Frame) -> str:
    head = ("KIND", "WHO", "WHERE", "UNTIL", "BY", "REASON")
    rows = [
        (
            s["kind"],
            s["who"],
            s.get("room", "server"),
            when(s["until"]) if "until" in s else "lifted",
            s["by"],
            s.get("reason", ""),
        )
        for s in a["sanctions"]
    ]
    return table([head, *rows]) if rows else "nobody is banned or muted"


def _reports(a: Frame) -> str:
    lines = [f"{a['open']} open"]
    for r in a["reports"]:
        lines.append(
            f"{r['number']}  {when(r['ts'])}  #{clean(r['room'])} {r['seq']}  by {clean(r['by'])}"
            f"{': ' + clean(r['reason']) if r.get('reason') else ''}"
        )
        if r.get("outcome"):
            lines.append(f"    settled by {clean(r['settled_by'])}: {clean(r['outcome'])}")
        else:
            lines.append(f"    <{clean(r['author'])}> {clean(r.get('text', ''))}")
    return "\n".join(lines)


def _leaving(a: Frame) -> str:
    if a["draining"]:
        return f"draining; {remaining(a['sessions'])}"
    return "people are let in"


def _reloaded(a: Frame) -> str:
    lines = [f"in force: {', '.join(a['settings']) or 'nothing has changed'}"]
    if a["restart"]:
        lines.append(f"wait for a restart: {', '.join(a['restart'])}")
    return "\n".join(lines)


def _explained(a: Frame) -> str:
    where = f" in #{clean(a['room'])}" if a["room"] else ""
    may = "may" if a["allowed"] else "may not"
    code = f" ({a['refusal']})" if a["refusal"] else ""
    head = f"{clean(a['user'])} {may} {clean(a['verb'])}{where}: {clean(a['says'])}{code}"
    marks = [("->" if s.get("decides") else "", s["asked"], s["found"]) for s in a["steps"]]
    return f"{head}\n{table(marks)}\nto change it: {clean(a['change'])}"


def _audit(a: Frame) -> str:
    rows = [
        (
            r["number"],
            when(r["ts"]),
            r["verb"],
            r.get("by", ""),
            r.get("address", ""),
            ", ".join(f"{name} {text}" for name, text in r.get("facts", {}).items()),
        )
        for r in reversed(a["records"])
    ]
    return table(rows) if rows else "no such records"


def _verdict(a: Frame) -> str:
    if a["whole"]:
        found = f"; record {a['found']} has the hash you gave" if a["found"] else ""
        records = counted(a["records"], "record")
        return f"the audit log is whole: {records}, head {clean(a['head'])}{found}"
    flaws = [f"record {flaw['number']} {clean(flaw['says'])}" for flaw in a["flaws"]]
    more = [f"and {a['more']} more"] if a["more"] else []
    return "\n".join([*flaws, *more, "the audit log is not whole: see docs/operations.md"])


def happened(e: Frame) -> str:
    """One line of `watch`."""
    parts = [when(e["ts"]), e["kind"]]
    parts += [clean(e[name]) for name in ("user", "word", "target") if e.get(name)]
    parts += [f"#{clean(e['room'])}"] if e.get("room") else []
    parts += [f"session {e['session']}"] if e.get("session") else []
    parts += [f"from {clean(e['address'])}"] if e.get("address") else []
    return "  ".join(parts)


TOLD: dict[str, Callable[[Frame], str]] = {
    "status": _status,
    "everybody": _everybody,
    "who": _roster,
    "rooms": _rooms,
    "ban": _sanctioned,
    "mute": _sanctioned,
    "bans": _bans,
    "reports": _reports,
    "emergency": lambda a: f"emergency: {a['step']}",
    "drain": _leaving,
    "undrain": _leaving,
    "reload": _reloaded,
    "loglevel": lambda a: str(a["level"]),
    "explain": _explained,
    "audit": _audit,
    "auditverify": _verdict,
}
"""By the command; what is not here is answered with no more than that it was done."""
