"""Checks of what chatd runs on: the interpreter and the SQLite library.
What is in the database is stored.py's."""

from __future__ import annotations

from datetime import UTC, date, datetime

from chatd.ops.doctor.exam import Exam
from chatd.ops.doctor.findings import Verdicts, fail, ok, warn
from chatd.ops.doctor.host import Host

OLDEST_SQLITE = (3, 26, 0)  # RHEL 8's, for which the store's statements are written
SUPPORTED = {(3, 11): date(2027, 10, 31), (3, 12): date(2028, 10, 31)}
"""The versions that chatd is tested with, and until when Python's makers mend their security holes
(PEP 664, PEP 693). A distribution may do so for longer."""


def interpreter(_exam: Exam, host: Host) -> Verdicts:
    """Whether chatd is tested with it, and somebody still mends it."""
    python = host.interpreter()
    here = f"{python.name} {_dotted(python.version)}"
    short = python.version[:2]
    tested = " and ".join(_dotted(version) for version in SUPPORTED)
    if short < min(SUPPORTED):
        yield fail(f"{here} is too old", f"run chatd with Python {tested}")
    elif python.name != "CPython" or short not in SUPPORTED:
        yield warn(f"{here}: chatd is tested with CPython {tested}", "use one of those")
    elif datetime.fromtimestamp(host.now(), UTC).date() > SUPPORTED[short]:
        yield warn(
            f"{here}: its makers ended its support on {SUPPORTED[short]}",
            "see whether your distribution still mends it, else move to a newer Python",
        )
    else:
        yield ok(f"{here}, supported until {SUPPORTED[short]}")


def sqlite(_exam: Exam, host: Host) -> Verdicts:
    """Whether the store's statements run in it."""
    library = host.sqlite()
    here = f"SQLite {_dotted(library.version)}"
    if library.version < OLDEST_SQLITE:
        yield fail(f"{here} is too old", f"install SQLite {_dotted(OLDEST_SQLITE)} or later")
    elif not library.fts5:
        yield fail(f"{here} has no full-text search", "install a SQLite that is built with FTS5")
    else:
        yield ok(f"{here}, with full-text search")


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
