"""docs/canary.md says of each metric what the code says, and speaks of no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatd.canary.rows import ROWS
from chatd.ops.metrics_catalogue import CATALOGUE, Row

PAGE = (Path(__file__).parents[3] / "docs" / "canary.md").read_text()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_page_says_what_a_metric_is(row: Row) -> None:
    by = f" (by `{row.labels[0].name}`)" if row.labels else ""
    about = row.about[0].lower() + row.about[1:].rstrip(".")
    assert f"| {row.name} | {row.kind}{by}: {about} |\n" in PAGE


def test_the_page_speaks_of_no_metric_that_is_not_there() -> None:
    assert set(re.findall(r"chatd_canary_\w+", PAGE)) == {row.name for row in ROWS}


def test_no_metric_has_the_name_of_one_of_chatd() -> None:
    assert not {row.name for row in ROWS} & {row.name for row in CATALOGUE}
