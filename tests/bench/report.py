"""docs/performance.md and its picture, made from the figures in tests/bench/results.json:
`python -m tests.bench.report`. What a run found is told as it is, what is not good as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.bench.behind import behind
from tests.bench.deflate import EACH, OFF, SHARED
from tests.bench.goals import GOALS, Goal, judged
from tests.bench.picture import picture
from tests.bench.profile import table as profile
from tests.bench.table import OURS, ratio, table, wrong
from tests.process.harness import PROJECT

RESULTS = Path(__file__).with_name("results.json")
WORDS = Path(__file__).with_name("performance.md")
WANTED_SECONDS, WANTED_GROWTH = 6.0, 1.2
BESIDE = {"find a room"}
"""Calls of the growth that are told without a goal."""
PAGE = PROJECT / "docs/performance.md"
PICTURE = PROJECT / "docs/performance.svg"


def page(results: dict[str, Any]) -> str:
    """The whole page: performance.md beside this file, with the figures in their places."""
    told = WORDS.read_text()
    parts = {
        "GOALS": _goals(results),
        "TABLES": _tables(results),
        "DEARER": _dearer(results),
        "VERSIONS": _versions(results),
        "STORM": _storm(results.get("storm")),
        "BEHIND": behind(results),
        "GROWTH": _growth(results.get("growth")),
        "DEFLATE": _deflate(results.get("deflate")),
        "PROFILE": profile(results.get("profile")),
        "LOADS": "{} to {}".format(min(results["loads"].values()), max(results["loads"].values())),
    }
    for name, text in parts.items():
        told = told.replace(f"<!-- {name} -->", text)
    return told


def _goals(results: dict[str, Any]) -> str:
    slower = results.get("slower", {})
    before = results.get("before", {})
    heads = ("case", "wanted", "found", "", "the version before", "on a slower host")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for goal in GOALS:
        found = judged(goal, results)
        if found is not None:
            wanted, figure, met = found
            title = results["cases"][goal.case]["title"]
            so = "met" if met else "**not met**"
            elsewhere = f"{before.get(_key(goal), '')} | {slower.get(_key(goal), '')}"
            lines.append(f"| {title} | {wanted} | {figure} | {so} | {elsewhere} |")
    return "\n".join(lines)


def _key(goal: Goal) -> str:
    """Under which what a goal was found to be elsewhere is kept."""
    return " ".join(filter(None, (goal.case, goal.who, goal.figure)))


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


def _storm(found: dict[str, Any] | None) -> str:
    if found is None:
        return "Not measured."
    whole = found["replayed"] == found["expected"] and not found["disorder"]
    met = found["seconds"] < WANTED_SECONDS and whole and not found["closed_as_slow"]
    trip, judged_so = found["round_trip_ms"], "met" if met else "**not met**"
    lines = (
        f"{found['clients']:,} guests, each {found['missed_each']} messages behind, came back to a",
        f"chatd that had just started (load of the host: {found['load']}).",
        f"Up to {found['at_once']:,} were on their way in at the same time.",
        f"All were caught up after {found['seconds']} s, which took",
        f"{found['server_cpu_seconds']} s of the server's CPU time. They heard",
        f"{found['replayed']:,} of the {found['expected']:,} messages that they had missed,",
        f"{found['disorder']} out of order; {found['closed_as_slow']:.0f} were closed as slow.",
        f"Who was there already was answered after {trip['p50']:.0f} ms meanwhile (median; the",
        f"longest: {trip['longest']:.0f} ms). Wanted: below {WANTED_SECONDS:g} s, nothing lost or",
        f"doubled, nobody closed: {judged_so}.",
    )
    return " ".join(lines)


def _growth(found: dict[str, Any] | None) -> str:
    if found is None:
        return "Not measured."
    few, many = found["few"], found["many"]
    lines = [
        " ".join(
            (
                f"The same calls of the store with {few[0]:,} messages in {few[1]:,} rooms, and",
                f"with {many[0]:,} messages in {many[1]:,} rooms with {many[2]:,} members; medians",
                f"in microseconds (load of the host: {found['load']}). Wanted: at most",
                f"{WANTED_GROWTH:g} times.",
            )
        ),
        "",
        "| call | few | many | times | |",
        "|---|---|---|---|---|",
    ]
    for name, call in found["calls"].items():
        met = "met" if call["ratio"] <= WANTED_GROWTH else "**not met**"
        met = "no goal" if name in BESIDE else met
        figures = f"{call['few_us']} | {call['many_us']} | {call['ratio']:.2f}"
        lines.append(f"| {name} | {figures} | {met} |")
    return "\n".join(lines)


def _deflate(found: dict[str, Any] | None) -> str:
    if found is None:
        return "Not measured."
    load = f"(load of the host: {found['load']})"
    lines = [
        f"CPU of the server per delivery in µs (times that without), and bytes on the wire {load}.",
        "",
        "| letters | off | | compressed once for all | | compressed for each | |",
        "|---|---|---|---|---|---|---|",
    ]
    lost = 0
    for size in sorted(found["sizes"], key=int):
        ways = [found["sizes"][size][way] for way in (OFF, SHARED, EACH)]
        cells = [f"{w['cpu_us']:.2f} ({w['times']:.2f}) | {w['wire_bytes']} B" for w in ways]
        lines.append(f"| {size} | {' | '.join(cells)} |")
        lost += sum(way["lost"] for way in ways)
    return "\n".join([*lines, "", f"Messages lost: {lost}."])


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
