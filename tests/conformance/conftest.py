"""What a conformance suite counted is printed at the end of the run, also when all passed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

COUNTED = pytest.StashKey[list[str]]()


@pytest.fixture
def record_counts(request: pytest.FixtureRequest) -> Callable[[str], None]:
    counted = request.config.stash.setdefault(COUNTED, [])
    return lambda line: counted.append(f"{request.node.name}: {line}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash.get(COUNTED, []):
        terminalreporter.write_line(line)
