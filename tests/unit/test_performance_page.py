"""docs/performance.md says what the figures say, and the picture shows them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.bench import profile
from tests.bench.behind import behind
from tests.bench.cases import BEHIND, CASES
from tests.bench.goals import Goal, judged
from tests.bench.picture import picture
from tests.bench.processes import cpu, memory
from tests.bench.proxied import SITE, Proxied, site
from tests.bench.report import PAGE, PICTURE, RESULTS, page
from tests.bench.table import middle, ratio, table, wrong

RESULTS_NOW: dict[str, Any] = json.loads(RESULTS.read_text())


def rounds(**costs: list[float]) -> dict[str, Any]:
    return {
        name: [
            {"cpu_us": cost, "p99": cost, "rate": cost, "lost": 0, "disorder": 0, "strangers": 0}
            for cost in each
        ]
        for name, each in costs.items()
    }


def test_the_page_and_the_picture_are_made_of_the_figures() -> None:
    assert PAGE.read_text() == page(RESULTS_NOW), "run `python -m tests.bench.report`"
    assert PICTURE.read_text() == picture(RESULTS_NOW), "run `python -m tests.bench.report`"
    assert "<!--" not in PAGE.read_text()


def test_every_peer_that_is_not_told_as_left_out_has_figures() -> None:
    told = {who for case in RESULTS_NOW["cases"].values() for who in case["rounds"]}
    assert set(RESULTS_NOW["versions"]) <= told
    assert {"chatd", "socketify", "picows", "Node ws", "Autobahn"} <= told


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    found = rounds(chatd=[1.0, 2.0, 4.0], other=[3.0, 2.0, 4.0])
    assert ratio(found, "other") == (1.0, 1.0, 3.0)
    assert middle(found["other"], "cpu_us") == 3.0
    found["other"][0] = None
    assert ratio(found, "other") == (1.0, 1.0, 1.0)
    found["chatd"][1]["lost"] = -2
    assert wrong(found["chatd"]) == 2


def test_what_was_answered_and_is_not_on_disk_is_wrong() -> None:
    found = rounds(**{"chatd, durable": [1.0, 1.0]})
    found["chatd, durable"][1] |= {"unanswered": 3, "unkept": 4, "ack_p50": 5.5, "ack_p99": 6.5}
    assert wrong(found["chatd, durable"]) == 7
    assert "| 5.5 | 6.5 | 1.0 | 7 |" in table("durable", found)


def test_behind_nginx_each_ones_time_is_told() -> None:
    found = rounds(**{"chatd": [2.0], Proxied.name: [5.0]})
    found[Proxied.name][0]["cpu_us_of"] = {"chatd": 1.5, "nginx": 3.5}
    told = behind({"cases": {"x": {"title": "full", "rounds": found}}})
    assert told.endswith("| full | 2 | 1.5 | 3.5 | 5 | 2.50 (2.50 to 2.50) | 2 | 5 |")
    assert "| full |" not in behind(
        {"cases": {"x": {"title": "full", "rounds": rounds(chatd=[1])}}}
    )


def test_what_is_measured_behind_nginx_is_the_site_of_the_package() -> None:
    shipped = SITE.read_text()
    moved = site(shipped, 8443, Path("/somewhere"))
    assert "listen 127.0.0.1:8443 ssl backlog=4096;" in moved
    assert not re.search(r"/etc/|/run/|\[::\]|listen (80|443)", moved.partition("\nmap ")[2])
    kept = [line for line in shipped.splitlines() if "proxy_" in line]
    assert len(kept) > 10
    assert set(kept) <= set(moved.splitlines())


def test_behind_nginx_only_chatd_is_measured_and_as_without() -> None:
    cases = {case.name: case for case in CASES}
    there = [name for name in cases if name.startswith(BEHIND)]
    assert len(there) == 5
    for name in there:
        assert cases[name].arguments() == cases[name.removeprefix(BEHIND)].arguments()
    assert table("tls-idle", {}) == table("idle", {})


def test_in_a_durable_room_an_answer_lets_the_next_be_said() -> None:
    told = {case.name for case in CASES if "--by-answer" in case.arguments()}
    assert told == {"durable"}


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal("x", 2.0, "other"), True),
        (Goal("x", 2.1, "other"), False),
        (Goal("x", 3.0), True),
        (Goal("x", 2.9), False),
        (Goal("x", 2.0, "other", figure="p99"), True),
        (Goal("x", 0.5, "other", figure="rate"), True),
        (Goal("x", 0.6, "other", figure="rate"), False),
        (Goal("x", 3.0, least=True), True),
        (Goal("x", 3.1, least=True), False),
    ],
)
def test_a_goal_is_met_or_not(goal: Goal, *, met: bool) -> None:
    results = {"cases": {"x": {"rounds": rounds(chatd=[3.0], other=[6.0])}}}
    found = judged(goal, results)
    assert found is not None
    assert found[2] is met


def test_a_goal_without_figures_is_not_judged() -> None:
    results = {"cases": {"x": {"rounds": rounds(chatd=[3.0])}}}
    assert judged(Goal("y", 1.0), results) is None
    assert judged(Goal("x", 1.0, "other"), results) is None


def test_the_picture_has_a_bar_for_each_peer() -> None:
    case = {"title": "one", "rounds": rounds(chatd=[1.0], cheaper=[0.5], dearer=[4.0])}
    drawn = ET.fromstring(picture({"cases": {"one": case}}))  # noqa: S314  # made just now
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"cheaper", "dearer", "0.50", "4.00"} <= set(texts)


def test_a_process_that_has_ended_meanwhile_is_no_error() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
        assert cpu(ended.pid) == 0.0
        assert memory(ended.pid) == 0


# --- where the time goes ---

CALLED = """
# Overhead  Symbol
    97.10%     0.00%  [k] entry_SYSCALL_64
    44.25%     0.50%  [k] __x64_sys_sendto
     2.75%     0.10%  [k] __x64_sys_recvfrom
     0.20%     0.20%  [k] __x64_sys_futex
     0.50%     0.00%  [.] __send
"""
OWNED = """
    48.00%  [kernel.kallsyms]
    45.50%  libpython3.11.so.1.0
     2.00%  _core.cpython-311-x86_64-linux-gnu.so
     1.50%  libc.so.6
"""


def test_the_kernel_is_told_by_its_calls_and_the_rest_by_its_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        profile, "run", lambda command: CALLED if "--children" in command else OWNED
    )
    monkeypatch.setattr(profile, "_found", lambda: "perf")
    found = profile.shares(Path("perf.data"))
    assert found == {
        "send": 44.2,
        "recv": 2.8,
        "poll": 0.0,
        "threads": 0.2,
        "rest of the kernel": 0.8,
        "interpreter": 45.5,
        "JSON": 2.0,
        "SQLite": 0.0,
        "other libraries": 4.5,
    }
    told = profile.table({"one message at a time to 100": found}).splitlines()
    assert told[0].startswith(
        "| case | send | recv | poll | threads | rest of the kernel | interpreter |"
    )
    assert told[2].startswith("| one message at a time to 100 | 44 | 3 | 0 | 0 | 1 | 46 | 2 | 0 |")
    assert profile.table(None) == "Not measured."
