"""What it costs to be behind nginx, as a table: what chatd takes, what nginx takes, what both take
beside chatd alone in the same rounds."""

from __future__ import annotations

from typing import Any

from tests.bench.proxied import Proxied
from tests.bench.table import middle, ratio

HEADS = (
    *("case", "chatd alone, µs", "chatd behind nginx", "nginx", "both", "times chatd alone"),
    *("p99 alone, ms", "p99 behind"),
)


def behind(results: dict[str, Any]) -> str:
    """As Markdown; a word where it was not measured."""
    cases = [case for case in results["cases"].values() if Proxied.name in case["rounds"]]
    rows = [_row(case) for case in cases]
    if not rows:
        return "No figures of a quiet host yet."
    head = f"| {' | '.join(HEADS)} |\n{'|---' * len(HEADS)}|\n"
    return head + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(case: dict[str, Any]) -> list[str]:
    alone, both = (case["rounds"][name] for name in ("chatd", Proxied.name))
    parts = [each["cpu_us_of"] for each in both if each is not None]
    times = ratio(case["rounds"], Proxied.name)
    return [
        str(case["title"]),
        _told(middle(alone, "cpu_us")),
        *(_told(middle(parts, name)) for name in ("chatd", "nginx")),
        _told(middle(both, "cpu_us")),
        "-" if times is None else f"{times[0]:.2f} ({times[1]:.2f} to {times[2]:.2f})",
        *(_told(middle(rounds, "p99")) for rounds in (alone, both)),
    ]


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}" if value < 100 else f"{value:,.0f}"
