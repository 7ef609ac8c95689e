"""What holds for every test: in CI a skip is a failure, and hypothesis asks no stop-watch.
What a folder of tests needs beyond that lives in its own conftest.py."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it says no types

pytest_plugins = ["pytester"]

# Node id, or its beginning, of a test that may be skipped in CI -> why it cannot run there.
MAY_BE_SKIPPED_IN_CI: dict[str, str] = {}

# A shared machine pauses at any time, so a deadline would judge the machine. In CI the examples
# are the same at every run: a red run can be made again.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# A shell lets what it starts in the background ignore SIGINT, and so would all that tests start and
# end by it; what is heeded here is as usual there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

FIRST = (
    *("tests/system/test_ansible.py", "tests/process/test_prometheus.py", "tests/conformance/"),
    "tests/system/",
)
"""What takes longest begins. The packages are built by the first of these, while others go on with
what needs none."""
LAST = "tests/browser/"
"""Playwright keeps an event loop in this thread while its browser is open, and no test after it
could run one of its own."""
TOGETHER = ("tests/system/test_package", "tests/conformance/")
"""Tests that share what takes long to make: a host, a foreign suite."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put them in the order of FIRST, the others and LAST."""
    items.sort(key=lambda item: _turn(item.nodeid))


def _turn(nodeid: str) -> int:
    last = len(FIRST) + nodeid.startswith(LAST)
    return next((turn for turn, each in enumerate(FIRST) if nodeid.startswith(each)), last)


class Together(LoadScopeScheduling):  # type: ignore[misc]  # it says no types
    """Deals tests out to workers file by file, and some files together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((each for each in TOGETHER if file.startswith(each)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | None:
    """For --dist=loadfile; else xdist's own."""
    return Together(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _fail_if_skipped_in_ci(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped_in_ci(report)
    return report


def _fail_if_skipped_in_ci(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or not os.environ.get("CI"):
        return
    if any(report.nodeid.startswith(allowed) for allowed in MAY_BE_SKIPPED_IN_CI):
        return
    why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = (
        f"{why}\nIn CI nothing is skipped: let .ci/run install what is missing, "
        "or name the test and the reason in MAY_BE_SKIPPED_IN_CI of tests/conftest.py."
    )
