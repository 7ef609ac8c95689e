"""How findings are shown: for people as lines, for programs as JSON.
The shape of the JSON is promised: names may be added to it, none changes or goes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TextIO

from chatd import __version__
from chatd.ops.doctor.findings import SEVERITY, Finding, Status

WIDTH = 26  # the longest name of a check, and a little


def worst(findings: Iterable[Finding]) -> Status:
    """The status of them all."""
    return max((each.status for each in findings), key=SEVERITY.__getitem__, default="ok")


def write_lines(findings: Iterable[Finding], out: TextIO) -> Status:
    """A line for each finding as soon as it is there, with what to do below, and a last line that
    counts them; gives the worst status."""
    seen = []
    for each in findings:
        seen.append(each)
        out.write("".join(f"{line}\n" for line in _lines(each)))
        out.flush()
    count = {status: sum(each.status == status for each in seen) for status in SEVERITY}
    out.write(f"\n{count['ok']} ok, {count['warn']} warn, {count['fail']} fail\n")
    return worst(seen)


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.status:<5} {finding.check:<{WIDTH}}{_printable(finding.seen)}"
    if finding.do:
        yield f"{'':<{WIDTH + 6}}-> {_printable(finding.do)}"


def _printable(text: str) -> str:
    """A file may be called anything; on a screen it is one line and moves no cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def write_json(findings: Iterable[Finding], at: float, out: TextIO) -> Status:
    """One object: ``format`` is 1; ``chatd`` the version; ``at`` the time in UTC, ISO 8601;
    ``status`` the worst; ``findings`` in order, each with ``check``, ``status`` ("ok", "warn" or
    "fail"), ``seen`` and ``do`` ("" where there is nothing to do). Gives the worst status."""
    seen = list(findings)
    status = worst(seen)
    time = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    shown = {
        "format": 1,
        "chatd": __version__,
        "at": f"{time.isoformat(timespec='seconds')}Z",
        "status": status,
        "findings": [asdict(each) for each in seen],
    }
    json.dump(shown, out, indent=2)
    out.write("\n")
    return status
