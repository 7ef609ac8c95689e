"""The dashboards: what is committed is what is made, and dashboard-linter's rules hold."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from dashboards.__main__ import BOARDS as MADE
from dashboards.__main__ import main
from dashboards.drawing import draw
from dashboards.panels import CHOSEN
from tests.unit.monitoring.bundle import ALERTS, BOARDS, BUNDLE, RECORDS, named, panels, targets

FOLDER = BUNDLE / "dashboards"
EVERY_BOARD = pytest.mark.parametrize("name", BOARDS)


@pytest.mark.parametrize("board", MADE, ids=lambda board: board.name)
def test_what_is_committed_is_what_is_made(board: Any) -> None:
    assert (FOLDER / f"chatd-{board.name}.json").read_text() == draw(board), "run `make docs`"


def test_what_is_no_board_any_more_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "chatd-old.json").write_text("{}")
    main(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in FOLDER.iterdir()}


@EVERY_BOARD
def test_grafana_of_rhel_8_can_read_it(name: str) -> None:
    board = BOARDS[name]
    assert board["schemaVersion"] == 36  # Grafana 9.2 has 37; older ones are brought up to date
    assert board["uid"] in {f"chatd-{each.name}" for each in MADE}
    assert {panel["type"] for panel in board["panels"]} <= {"row", "timeseries", "stat"}


@EVERY_BOARD
def test_source_job_and_instance_can_be_chosen(name: str) -> None:
    board = BOARDS[name]
    source, job, instance = board["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == (
        "datasource", "datasource", "prometheus",
    )  # fmt: skip
    for each, called in ((job, "job"), (instance, "instance")):
        assert (each["name"], each["type"]) == (called, "query")
        assert each["datasource"]["uid"] == "${datasource}"
        assert each["multi"]
        assert each["includeAll"]
        assert each["allValue"] == ".+"
        assert each["current"]["value"] == "$__all"


@EVERY_BOARD
def test_panels_have_their_own_number_and_none_lies_over_another(name: str) -> None:
    board = BOARDS[name]
    numbers = [panel["id"] for panel in board["panels"]]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] >= other["x"] + other["w"] or other["x"] >= one["x"] + one["w"]
        below = one["y"] >= other["y"] + other["h"] or other["y"] >= one["y"] + one["h"]
        assert beside or below, (one, other)


@EVERY_BOARD
def test_a_panel_says_what_it_shows_and_in_which_unit(name: str) -> None:
    for panel in panels(BOARDS[name]):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@EVERY_BOARD
def test_a_query_keeps_to_what_was_chosen(name: str) -> None:
    for panel in panels(BOARDS[name]):
        letters = [target["refId"] for target in panel["targets"]]
        assert letters
        assert len(set(letters)) == len(letters)
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            assert target["legendFormat"]
            selectors = re.findall(r"\{([^}]*)\}", target["expr"])
            assert len(selectors) >= len(named(target["expr"])), panel["title"]
            assert all(CHOSEN in selector for selector in selectors), panel["title"]


@EVERY_BOARD
def test_a_query_looks_as_far_back_as_the_picture_wants(name: str) -> None:
    for panel in panels(BOARDS[name]):
        for target in panel["targets"]:
            for call, window in re.findall(r"(rate|increase)\([^[]*\[([^]]+)\]", target["expr"]):
                number_of_the_whole = panel["type"] == "stat" and call == "increase"
                assert window == ("$__range" if number_of_the_whole else "$__rate_interval")


def test_a_counter_is_shown_by_how_fast_it_rises() -> None:
    bare = {where for where, expr in targets() if counters(expr) and "[" not in expr}
    assert bare == {"chatd-overview.json: Broken promises"}  # where the very number is what counts


def counters(expr: str) -> set[str]:
    return {name for name in named(expr) if re.search("_(total|count|sum)$", name)}


def exported(expr: str) -> set[str]:
    """The metrics that an expression comes down to, through what is recorded."""
    names = named(expr)
    recorded = names & set(RECORDS)
    return (names - recorded).union(*(exported(RECORDS[name]["expr"]) for name in recorded))


def test_each_alert_can_be_followed_on_some_dashboard() -> None:
    shown = set().union(*(exported(expr) for _, expr in targets()))
    lost = [name for name, alert in ALERTS.items() if not exported(alert["expr"]) & shown]
    assert set(lost) == {"ChatdDown", "ChatdNotScraped"}  # there is nothing to be shown then
