"""docs/performance.md and its picture, made from the figures in tests/bench/results.json:
`python -m tests.bench.report`. What a run found is told as it is, what is not good as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.bench.goals import GOALS, judged
from tests.bench.picture import picture
from tests.bench.table import OURS, ratio, table, wrong
from tests.process.harness import PROJECT

RESULTS = Path(__file__).with_name("results.json")
WORDS = Path(__file__).with_name("performance.md")
PAGE = PROJECT / "docs/performance.md"
PICTURE = PROJECT / "docs/performance.svg"


def page(results: dict[str, Any]) -> str:
    """The whole page: words.md with the figures in their places."""
    told = WORDS.read_text()
    parts = {
        "GOALS": _goals(results),
        "TABLES": _tables(results),
        "DEARER": _dearer(results),
        "VERSIONS": _versions(results),
        "LOADS": ", ".join(f"{name} {load}" for name, load in results["loads"].items()),
    }
    for name, text in parts.items():
        told = told.replace(f"<!-- {name} -->", text)
    return told


def _goals(results: dict[str, Any]) -> str:
    lines = ["| case | wanted | found | |", "|---|---|---|---|"]
    for goal in GOALS:
        found = judged(goal, results)
        if found is not None:
            wanted, figure, met = found
            title = results["cases"][goal.case]["title"]
            lines.append(f"| {title} | {wanted} | {figure} | {'met' if met else '**not met**'} |")
    return "\n".join(lines)


def _tables(results: dict[str, Any]) -> str:
    return "\n\n".join(
        f"### {case['title'].capitalize()}\n\n{table(name, case['rounds'])}"
        for name, case in results["cases"].items()
    )


def _dearer(results: dict[str, Any]) -> str:
    lines = []
    for case in results["cases"].values():
        rounds = case["rounds"]
        found = {who: ratio(rounds, who) for who in rounds if who not in OURS}
        cheaper = [
            f"{who} ({times[0]:.2f})" for who, times in found.items() if times and times[0] < 1
        ]
        if cheaper:
            lines.append(f"- {case['title']}: {', '.join(cheaper)}")
        lines += [
            f"- {case['title']}: {wrong(mine)} messages lost or out of order at {who}"
            for who, mine in rounds.items()
            if wrong(mine)
        ]
    return "\n".join(lines) or "- none"


def _versions(results: dict[str, Any]) -> str:
    lines = ["| server | version | command |", "|---|---|---|"]
    for who, version in results["versions"].items():
        lines.append(f"| {who} | {version} | `{results['commands'][who]}` |")
    software = ", ".join(f"{name} {version}" for name, version in results["software"].items())
    left = [f"{who} ({why.splitlines()[0]})" for who, why in results["left_out"].items()]
    lines += ["", f"On {results['date']}: {software}; {results['cores']} cores."]
    lines += [f"Left out, for it could not be had: {', '.join(left)}."] if left else []
    return "\n".join(lines)


def main() -> None:
    """Write both."""
    results = json.loads(RESULTS.read_text())
    PAGE.write_text(page(results))
    PICTURE.write_text(picture(results))


if __name__ == "__main__":
    main()
