"""The rules: what they may ask for, and what each must say. Whether they fire: test_alerts.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from chatd.ops.metrics_catalogue import Row
from dashboards.overview import DELIVERY, HANDSHAKE
from tests.unit.monitoring.bundle import (
    ALERTS,
    BUNDLE,
    RECORDS,
    RULES,
    known,
    matchers,
    named,
    promtool,
    targets,
)

OF_PROMETHEUS = {"job", "instance", "le", "alertstate", "alertname"}

EXPRESSIONS = (
    *((name, rule["expr"]) for name, rule in (ALERTS | RECORDS).items()),
    *targets(),
)
"""Every one that Prometheus will be asked, and by whom."""


def test_promtool_finds_nothing_to_say() -> None:
    promtool("check", "rules", *RULES)


def test_only_what_is_really_exported_is_asked_for() -> None:
    assert [where for where, expr in EXPRESSIONS if not named(expr)] == []
    unknown = [(where, name) for where, expr in EXPRESSIONS for name in named(expr) - set(known())]
    assert unknown == []


def chosen() -> Iterator[tuple[str, Row, str, str]]:
    """Each choice by a label of chatd's own metrics: where, of which, the label and the value."""
    for where, expr in EXPRESSIONS:
        for series, label, value in matchers(expr):
            row = known()[series]
            if row is not None:
                yield where, row, label, value


def test_only_labels_and_values_are_chosen_that_there_are() -> None:
    for where, row, label, value in chosen():
        if label in OF_PROMETHEUS:
            continue
        values = {each.name: each.values for each in row.labels}
        assert label in values, f"{where}: {row.name} has no label {label}"
        assert value in values[label] or not values[label], f"{where}: no {label} is {value}"


def test_a_bound_that_is_asked_for_is_a_bucket() -> None:
    bounds = [(where, row, value) for where, row, label, value in chosen() if label == "le"]
    assert bounds
    for where, row, value in bounds:
        assert value in map(str, row.buckets), f"{where}: {row.name} has no bucket {value}"


def test_a_name_that_nobody_exports_would_be_found() -> None:
    assert named('sum by (job) (rate(chatd_nothing{a="b"}[5m])) > 3 and on (x) up') == {
        "chatd_nothing",
        "up",
    }
    assert "chatd_nothing" not in known()


def test_an_alert_says_whom_to_call_and_what_to_do() -> None:
    for rule in ALERTS.values():
        assert rule["labels"] == {"severity": rule["labels"]["severity"]}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        notes = rule["annotations"]
        assert set(notes) == {"summary", "description", "runbook_url"}
        assert notes["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"
        assert not notes["summary"].endswith(".")
        assert notes["description"].endswith(".")
        if "absent(" not in rule["expr"]:
            assert "{{ $value" in notes["description"] or "$labels" in notes["description"]


def test_before_each_alert_stands_why_its_threshold_is_what_it_is() -> None:
    text = (BUNDLE / "rules" / "chatd-alerts.yml").read_text()
    reasons = re.findall(r"((?:^      # .+\n)+)      - alert: (\w+)", text, flags=re.MULTILINE)
    assert [name for _, name in reasons] == list(ALERTS)
    assert all(len(reason.split()) > 12 for reason, _ in reasons)


def test_a_recording_rule_is_named_by_the_window_that_it_has() -> None:
    for name, rule in RECORDS.items():
        window = re.findall(r"\d+[mhd]$", name)
        asked = re.findall(r"\[(\w+)\]", rule["expr"])
        named_inside = re.findall(r"_?rate(\d+[mhd])", rule["expr"])
        assert set(asked + named_inside) == set(window), name


@pytest.mark.parametrize(("what", "allowed"), [("delivery", DELIVERY), ("handshake", HANDSHAKE)])
def test_alerts_and_dashboards_mean_the_same_objective(what: str, allowed: float) -> None:
    burns = [rule["expr"] for name, rule in ALERTS.items() if f"{what}budget" in name.lower()]
    limits = re.findall(r"> [\d.]+ \* ([\d.]+)", " ".join(burns))
    assert len(limits) == 8
    assert set(map(float, limits)) == {allowed}
