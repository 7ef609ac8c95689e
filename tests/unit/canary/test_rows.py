"""docs/canary.md says of each metric what the code says, and speaks of no other; and its commands
keep a secret."""

from __future__ import annotations

import re
import subprocess
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


def test_the_token_that_the_page_makes_is_for_nobody_else(tmp_path: Path) -> None:
    token = tmp_path / "canary.token"
    (line,) = re.findall(r"^.* > /etc/chatd/canary\.token.*$", PAGE, re.MULTILINE)
    script = f"umask 022; chatd() {{ echo secret; }}; {line}".replace(
        "/etc/chatd/canary.token", str(token)
    )
    subprocess.run(["/bin/bash", "-euc", script], check=True)
    assert (token.read_text(), token.stat().st_mode & 0o777) == ("secret\n", 0o600)
