"""What a run found, for people and for programs. What is counted is tally.py's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chatd.bench.tally import Tally

SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
BUSY = 0.8
"""Of a core: more than that, and this program is what was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was asked for, and how it went. Times in seconds; ``busy``: this program's share of a
    core while they talked."""

    url: str
    connections: int
    rooms: int
    rate: float
    duration: float
    tally: Tally
    talked: float
    busy: float

    @property
    def good(self) -> bool:
        """Whether all came, and all that was acknowledged was heard, once."""
        tally = self.tally
        came = len(tally.opened) == self.connections
        return came and not (tally.lost or tally.doubled or tally.refused)


def told(run: Run) -> dict[str, Any]:
    """For programs; times in milliseconds."""
    tally = run.tally
    return {
        "url": run.url,
        "connections": {"asked": run.connections, "open": len(tally.opened)},
        "rooms": run.rooms,
        "seconds": round(run.talked, 3),
        "open_ms": percentiles(tally.opened),
        "said": {"asked": round(run.rate * run.duration), "said": tally.said},
        "acknowledged": _counted(tally.acknowledged, run.talked),
        "delivered": _counted(tally.delivered, run.talked),
        "expected": tally.expected,
        "lost": tally.lost,
        "doubled": tally.doubled,
        "refused": dict(sorted(tally.refused.items())),
        "own_cpu": round(run.busy, 3),
        "good": run.good,
    }


def _counted(ages: Sequence[float], seconds: float) -> dict[str, Any]:
    rate = len(ages) / seconds if seconds else 0.0
    return {"count": len(ages), "per_second": round(rate, 1), "ms": percentiles(ages)}


def percentiles(ages: Sequence[float]) -> dict[str, float]:
    """In milliseconds; nothing where nothing was measured."""
    if not ages:
        return {}
    rising = sorted(ages)
    found = {name: rising[int(share * (len(rising) - 1))] for name, share in SHARES.items()}
    return {name: round(1000 * age, 2) for name, age in (found | {"longest": rising[-1]}).items()}


def text(run: Run) -> str:
    """For people."""
    found = told(run)
    came = f"{found['connections']['open']} of {run.connections} connections open"
    said = f"{run.tally.said} messages said of {found['said']['asked']} asked for"
    lines = [
        f"{came}, handshake and log-in: {_shown(found['open_ms'])}",
        f"{run.rooms} {'room' if run.rooms == 1 else 'rooms'}, {said}, in {run.talked:.1f} s",
        *(f"{word:<12} {_line(found[word])}" for word in ("acknowledged", "delivered")),
        f"{'lost':<12} {run.tally.lost} of {run.tally.expected}",
        f"{'doubled':<12} {run.tally.doubled}",
    ]
    lines += [f"refused      {count} times: {why}" for why, count in found["refused"].items()]
    lines.append(f"{'this program':<12} {100 * run.busy:.0f} % of a core")
    if run.busy > BUSY:
        lines.append(
            "             that is a lot: it may be the limit, not the server; start several"
        )
    return "\n".join(lines) + "\n"


def _line(counted: dict[str, Any]) -> str:
    return f"{counted['count']} ({counted['per_second']:g} a second): {_shown(counted['ms'])}"


def _shown(found: dict[str, float]) -> str:
    return ", ".join(f"{name} {age:g} ms" for name, age in found.items()) or "nothing measured"
