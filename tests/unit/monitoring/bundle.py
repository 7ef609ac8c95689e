"""The monitoring bundle as values: its rules, its dashboards, and which metrics there are.
What must be true of them is in the tests beside this."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatd.canary.rows import ROWS
from chatd.ops.metrics_catalogue import CATALOGUE, Row
from chatd.ops.metrics_reference import reference

PROJECT = Path(__file__).parents[3]
BUNDLE = PROJECT / "packaging" / "monitoring"
RULES = tuple(sorted((BUNDLE / "rules").glob("*.yml")))
RUNBOOKS = PROJECT / "docs" / "runbooks"

ENDS = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
PROMETHEUS = {"up", "ALERTS"}
WORDS = {
    *("abs", "absent", "and", "by", "bool", "changes", "clamp_min", "count", "histogram_quantile"),
    *("ignoring", "increase", "max", "max_over_time", "min", "on", "or", "predict_linear", "rate"),
    *("sum", "time", "unless", "vector", "without"),
}
"""Of PromQL, as far as the bundle speaks it."""


def rules(kind: str) -> list[dict[str, Any]]:
    """All that are alerts ("alert"), or are recorded ("record")."""
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


ALERTS = {rule["alert"]: rule for rule in rules("alert")}
RECORDS = {rule["record"]: rule for rule in rules("record")}
BOARDS: dict[str, Any] = {
    file.name: json.loads(file.read_text()) for file in sorted((BUNDLE / "dashboards").glob("*"))
}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Without the headings."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets() -> Iterator[tuple[str, str]]:
    """Every query of every dashboard, with where it stands."""
    for name, board in BOARDS.items():
        for panel in panels(board):
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}", target["expr"]


@cache
def known() -> dict[str, Row | None]:
    """Every series by its name; those that are not chatd's or the canary's own have no row."""
    own = {row.name + end: row for row in (*CATALOGUE, *ROWS) for end in ENDS[row.kind]}
    library = re.findall(r"`((?:process|python)_\w+)`", reference())
    written = re.findall(r"chatd_backup_\w+", (PROJECT / "chatd/ops/data.py").read_text())
    return {**dict.fromkeys([*library, *written, *RECORDS, *PROMETHEUS]), **own}


def named(expr: str) -> set[str]:
    """The series that an expression speaks of."""
    bare = re.sub(r'"[^"]*"', "", expr)
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]", " ", bare)
    bare = re.sub(r"\b(by|on|ignoring|without)\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"(?<![\w.$])[a-zA-Z_:][\w:]*", bare)) - WORDS


def matchers(expr: str) -> Iterator[tuple[str, str, str]]:
    """Series, label and value of every choice in an expression, such as code="full"."""
    for series, inside in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expr):
        for label, values in re.findall(r'(\w+)\s*[=!]~?\s*"([^"]*)"', inside):
            yield from ((series, label, value) for value in values.split("|"))


def promtool(*arguments: str | Path) -> None:
    """Run it; it must have nothing to say against what it is given."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed; it is in the package prometheus")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
