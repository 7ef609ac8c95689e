"""Each alert fires when it should and is quiet when it should be: promtool judges, by cases.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.monitoring.bundle import ALERTS, RULES, promtool
from tests.unit.monitoring.cases import CASES, FLEET, SLOW, Case


def test_each_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    assert {case.alert for case in CASES if case.fires} == set(ALERTS)
    assert {case.alert for case in CASES if not case.fires} == set(ALERTS)


def groups() -> list[list[tuple[int, Case]]]:
    """Cases that are tried together, each with its number."""
    together: dict[int, list[tuple[int, Case]]] = {}
    alone = []
    for number, case in enumerate(CASES):
        if case.alert in FLEET:
            alone.append([(number, case)])
        else:
            together.setdefault(case.step, []).append((number, case))
    return [*together.values(), *alone]


@pytest.mark.parametrize("slow", [False, True])
def test_each_alert_fires_and_is_quiet_as_its_cases_say(tmp_path: Path, slow: bool) -> None:
    tests = [written(group) for group in groups() if (group[0][1].step == SLOW) is slow]
    assert tests
    file = tmp_path / "cases.yml"
    every = f"{SLOW if slow else 1}m"
    told = {"rule_files": list(map(str, RULES)), "evaluation_interval": every, "tests": tests}
    file.write_text(yaml.safe_dump(told))
    promtool("test", "rules", file)


def written(group: list[tuple[int, Case]]) -> dict[str, Any]:
    """Cases as promtool reads them."""
    return {
        "interval": f"{group[0][1].step}m",
        "input_series": [
            {"series": f"{name}{{{labels}}}".replace("@", f"case {number}"), "values": values}
            for number, case in group
            for name, labels, values in case.series
        ],
        "promql_expr_test": [expected(number, case) for number, case in group],
    }


def expected(number: int, case: Case) -> dict[str, Any]:
    """That it fires then, or does not; the number is for who looks the case up."""
    labels = f'alertname="{case.alert}"'
    one = "" if case.alert in FLEET else f', instance="case {number}"'
    firing = f'ALERTS{{{labels}, alertstate="firing"{one}}}'
    return {
        "expr": f"count by (alertname) ({firing})",
        "eval_time": f"{case.at}m",
        "exp_samples": [{"labels": f"{{{labels}}}", "value": 1}] if case.fires else [],
    }
