"""What a conformance suite counted is printed at the end of the run, also when all passed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

COUNTED = "counted"


@pytest.fixture
def record_counts(request: pytest.FixtureRequest) -> Callable[[str], None]:
    return lambda line: request.node.user_properties.append((COUNTED, line))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, line in report.user_properties:
            if name == COUNTED:
                terminalreporter.write_line(f"{report.location[2]}: {line}")
