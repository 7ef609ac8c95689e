"""A skipped test is no passed test: what tests/conftest.py makes of one in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = (Path(__file__).parents[1] / "conftest.py").read_text()

SKIPPING = """
import pytest

def test_passes(): pass

def test_skips(): pytest.skip("no moon tonight")

@pytest.mark.skip(reason="no moon at all")
def test_is_marked(): pass

@pytest.mark.xfail(reason="known")
def test_is_expected_to_fail(): raise ValueError
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST)
    return pytester


def test_a_skip_is_a_failure_in_ci(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.makepyfile(SKIPPING)
    outcome = project.runpytest_subprocess()
    outcome.assert_outcomes(passed=1, failed=1, errors=1, xfailed=1)
    outcome.stdout.fnmatch_lines(["*no moon tonight*", "*In CI nothing is skipped*"])


def test_a_skip_is_a_skip_at_home(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    project.makepyfile(SKIPPING)
    project.runpytest_subprocess().assert_outcomes(passed=1, skipped=2, xfailed=1)


def test_a_module_that_skips_itself_is_a_failure_in_ci(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.makepyfile("import pytest\npytest.importorskip('no_such_module')")
    outcome = project.runpytest_subprocess()
    outcome.assert_outcomes(errors=1)
    assert outcome.ret != 0


def test_a_skip_with_a_reason_on_the_list_is_allowed_in_ci(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    listed = 'MAY_BE_SKIPPED_IN_CI: dict[str, str] = {"test_moon.py::test_skips": "no sky"}'
    project.makeconftest(
        CONFTEST.replace("MAY_BE_SKIPPED_IN_CI: dict[str, str] = {}", listed),
    )
    project.makepyfile(test_moon="import pytest\ndef test_skips(): pytest.skip('no moon')")
    project.runpytest_subprocess().assert_outcomes(skipped=1)
