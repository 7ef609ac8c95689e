"""Figures of rounds as a table: medians, and how many times chatd's cost each one's is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tests.bench.cases import BEHIND

Rounds = Mapping[str, Sequence[dict[str, Any] | None]]
OURS = ("chatd", "chatd, durable")


def middle(rounds: Sequence[dict[str, Any] | None], name: str) -> float | None:
    """The median of a figure over the rounds that have it."""
    found = [each[name] for each in rounds if each is not None and each.get(name) is not None]
    return median(found) if found else None


def ratio(rounds: Rounds, who: str) -> tuple[float, float, float] | None:
    """How many times chatd's cost in the same round: the median, the lowest and the highest."""
    ours = next((rounds[name] for name in OURS if name in rounds), ())
    pairs = zip(rounds[who], ours, strict=False)
    found = [a["cpu_us"] / b["cpu_us"] for a, b in pairs if a and b and a["cpu_us"] and b["cpu_us"]]
    return (median(found), min(found), max(found)) if found else None


def wrong(rounds: Sequence[dict[str, Any] | None]) -> int:
    """Messages that were lost, out of order, or nobody's, in all rounds; in a durable room also
    those without an answer, and those that were answered and are not on disk."""
    return sum(
        abs(each["lost"])
        + sum(each.get(name, 0) for name in ("disorder", "strangers", "unanswered", "unkept"))
        for each in rounds
        if each is not None
    )


def table(case: str, rounds: Rounds) -> str:
    """As Markdown."""
    kinds = {"idle": (HANDSHAKE, _idle), "durable": (KEPT, _kept)}
    heads, told = kinds.get(case.removeprefix(BEHIND), (TALK, _talk))
    lines = ["| server | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for who in rounds:
        cells = told(rounds, who)
        shown = f"**{who}**" if who in OURS else who
        lines.append(f"| {shown} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


HANDSHAKE = ("CPU per handshake, µs", "times chatd's", "KB per connection")
TALK = (
    *("CPU, µs", "times chatd's", "a second", "p50 ms", "p99 ms"),
    *("wrong", "server's core", "generator's core"),
)

KEPT = (
    *("CPU, µs", "times chatd's", "acknowledged a second", "acknowledged p50 ms", "p99 ms"),
    *("heard p99 ms", "wrong", "server's cores", "generator's core"),
)


def _idle(rounds: Rounds, who: str) -> list[str]:
    first = next((each for each in rounds[who] if each is not None), None)
    kept = first["bytes_each"] / 1000 if first else None  # later rounds find memory that is free
    return [_number(middle(rounds[who], "cpu_us")), _times(rounds, who), _number(kept)]


def _talk(rounds: Rounds, who: str) -> list[str]:
    mine = rounds[who]
    return [
        _number(middle(mine, "cpu_us"), 2),
        _times(rounds, who),
        f"{middle(mine, 'rate') or 0:,.0f}",
        _number(middle(mine, "p50")),
        _number(middle(mine, "p99")),
        str(wrong(mine)),
        f"{100 * (middle(mine, 'server_share') or 0):.0f} %",
        f"{100 * (middle(mine, 'generator_share') or 0):.0f} %",
    ]


def _kept(rounds: Rounds, who: str) -> list[str]:
    talk, mine = _talk(rounds, who), rounds[who]
    late = [_number(middle(mine, name)) for name in ("ack_p50", "ack_p99", "p99")]
    return [*talk[:3], *late, *talk[5:]]


def _times(rounds: Rounds, who: str) -> str:
    found = ratio(rounds, who)
    return "-" if found is None else f"{found[0]:.2f} ({found[1]:.2f} to {found[2]:.2f})"


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
