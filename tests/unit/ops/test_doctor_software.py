"""The interpreter and the SQLite library, good and bad."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatd.ops.doctor.host import Interpreter, Sqlite
from chatd.ops.doctor.software import SUPPORTED
from tests.unit.ops.patient import Patient

PYPROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())


@pytest.mark.parametrize("version", [(3, 11, 7), (3, 12, 3)])
def test_a_tested_python_is_fine(version: tuple[int, int, int]) -> None:
    finding = Patient(python=Interpreter("CPython", version)).only("interpreter")
    assert finding.status == "ok"
    assert finding.seen.startswith("CPython " + ".".join(map(str, version)))


@pytest.mark.parametrize(
    ("python", "status"),
    [
        (Interpreter("CPython", (3, 10, 14)), "fail"),
        (Interpreter("CPython", (3, 13, 0)), "warn"),
        (Interpreter("PyPy", (3, 11, 9)), "warn"),
    ],
)
def test_another_python_is_not(python: Interpreter, status: str) -> None:
    finding = Patient(python=python).only("interpreter")
    assert finding.status == status
    assert "3.11" in finding.seen + finding.do


def test_a_python_is_warned_of_when_its_support_has_ended() -> None:
    end = SUPPORTED[3, 12]
    last = datetime(end.year, end.month, end.day, 23, 59, tzinfo=UTC).timestamp()
    assert Patient(time=last).only("interpreter").status == "ok"
    assert Patient(time=last + 120).only("interpreter").status == "warn"


def test_the_tested_versions_are_those_that_the_package_names() -> None:
    named = {
        (int(major), int(minor))
        for line in PYPROJECT["project"]["classifiers"]
        for major, minor in re.findall(r"Python :: (\d+)\.(\d+)$", line)
    }
    assert set(SUPPORTED) == named


def test_the_oldest_sqlite_that_will_do_is_3_26() -> None:
    assert Patient(library=Sqlite((3, 26, 0), fts5=True)).only("sqlite").status == "ok"
    old = Patient(library=Sqlite((3, 25, 3), fts5=True)).only("sqlite")
    assert (old.status, old.seen) == ("fail", "SQLite 3.25.3 is too old")
    assert "3.26.0" in old.do


def test_a_sqlite_without_full_text_search_will_not_do() -> None:
    finding = Patient(library=Sqlite((3, 45, 0), fts5=False)).only("sqlite")
    assert finding.status == "fail"
    assert "FTS5" in finding.do
