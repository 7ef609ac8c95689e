"""What chatd wants to reach beside its peers, and whether a run's figures do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.bench.table import OURS, middle, ratio


@dataclass(frozen=True)
class Goal:
    """``who``: that peer's cost (or with ``figure`` "p99", its p99) is at least ``bound`` times
    chatd's; with ``figure`` "rate", chatd's is that many times its own. Without one, chatd's
    ``figure`` is at most ``bound``, or at least, if ``least``."""

    case: str
    bound: float
    who: str = ""
    figure: str = "cpu_us"
    unit: str = "µs of CPU"
    least: bool = False


def _rooms(case: str) -> list[Goal]:
    wanted = {
        "socketify": 1 / 1.1,
        "nginx nchan": 5,
        "picows": 8,
        "Node ws": 10,
        "aiohttp": 10,
        "websockets": 10,
        "Autobahn": 12,
    }
    return [Goal(case, bound, who) for who, bound in wanted.items()]


GOALS = (
    *_rooms("room100"),
    *_rooms("room1000"),
    Goal("one", 1 / 1.1, "picows"),
    Goal("one", 1.0, "nginx nchan"),
    Goal("small", 1.0, "socketify"),
    Goal("small", 1.0, "nginx nchan"),
    Goal("small", 1.0, "Node ws"),
    Goal("echo", 25.0),
    Goal("echo", 1.0, "Node ws with JSON"),
    Goal("paced20k", 3.0, figure="p99", unit="ms, p99"),
    Goal("paced20k", 10.0, "Autobahn", figure="p99"),
    Goal("paced20k", 10.0, "nginx nchan", figure="p99"),
    Goal("paced100k", 1 / 0.7, "socketify"),
    Goal("paced100k", 5.0, figure="p99", unit="ms, p99"),
    Goal("paced300k", 2.0, "socketify"),
    Goal("paced300k", 5.0, figure="p99", unit="ms, p99"),
    Goal("idle", 130.0),
    Goal("idle", 6000.0, figure="bytes_each", unit="bytes a connection"),
    Goal("durable", 20_000.0, figure="rate", unit="acknowledged a second", least=True),
    Goal("durable", 25.0, figure="ack_p99", unit="ms, p99 of acknowledgements"),
    Goal("durable", 5.0, "ejabberd, SQLite", figure="rate"),
    Goal("durable", 5.0, "ejabberd, PostgreSQL", figure="rate"),
    Goal("durable", 1.0, "JetStream, synced", figure="rate"),
)


def judged(goal: Goal, results: dict[str, Any]) -> tuple[str, str, bool] | None:
    """What was wanted, what was found, and whether that is enough; None where nothing was found."""
    case = results["cases"].get(goal.case)
    if case is None:
        return None
    rounds = case["rounds"]
    ours = next(rounds[name] for name in OURS if name in rounds)
    if not goal.who:
        found = ours[0][goal.figure] if goal.figure == "bytes_each" else middle(ours, goal.figure)
        if found is None:
            return None
        word = "at least" if goal.least else "at most"
        wanted = f"{word} {goal.bound:,g} {goal.unit}"
        told = f"{found:,.0f}" if found >= 1000 else f"{found:.4g}"
        return wanted, told, found >= goal.bound if goal.least else found <= goal.bound
    if goal.who not in rounds:
        return None
    times = _times(goal, rounds, ours)
    if times is None:
        return None
    if goal.figure == "rate":
        wanted = f"a second: {goal.bound:.2g} times {goal.who}"
    else:
        what = "p99" if goal.figure == "p99" else "CPU"
        wanted = f"{what} of {goal.who}: {goal.bound:.2g} times chatd's"
    return wanted, f"{times:.2f}", times >= goal.bound


def _times(goal: Goal, rounds: Any, ours: Any) -> float | None:
    if goal.figure == "cpu_us":
        found = ratio(rounds, goal.who)
        return None if found is None else found[0]
    theirs, mine = middle(rounds[goal.who], goal.figure), middle(ours, goal.figure)
    if not theirs or not mine:
        return None
    return mine / theirs if goal.figure == "rate" else theirs / mine
