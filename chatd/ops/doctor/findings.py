"""What a check says: ok, warn or fail, what was seen, and what to do about it.
How findings are shown is report.py's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Literal

Status = Literal["ok", "warn", "fail"]
SEVERITY: dict[Status, int] = {"ok": 0, "warn": 1, "fail": 2}
"""How bad each is; the worst of a run is the exit code."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that a check has to say. ``do`` is empty where there is nothing to do."""

    status: Status
    seen: str
    do: str = ""


Verdicts = Iterator[Verdict]


def ok(seen: str) -> Verdict:
    """As it should be."""
    return Verdict("ok", seen)


def warn(seen: str, do: str) -> Verdict:
    """chatd works, but not for ever, or not as well as it could."""
    return Verdict("warn", seen, do)


def fail(seen: str, do: str) -> Verdict:
    """chatd does not work, cannot start, or leaves a door open."""
    return Verdict("fail", seen, do)


def typed(path: Path) -> str:
    """A path as one types it into a shell: what there is to do is there to be copied."""
    return quote(str(path))


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and the name of the check that gave it."""

    check: str
    status: Status
    seen: str
    do: str
