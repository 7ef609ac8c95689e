"""Terminals for the tests, each a tmux server of its own that ends with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.process.conftest import daemon as daemon
from tests.process.conftest import guest as guest
from tests.process.conftest import make_daemon as make_daemon
from tests.terminal.terminal import Terminal

MakeTerminal = Callable[..., Terminal]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[MakeTerminal]:
    """Runs `chatd connect` with these arguments in a terminal of this size."""
    made: list[Terminal] = []

    def make(*arguments: str, size: tuple[int, int] = (80, 24), **environ: str) -> Terminal:
        socket = tmp_path / f"tmux-{len(made)}"
        made.append(Terminal(socket, arguments, size, environ))
        return made[-1]

    yield make
    for each in made:
        print(each.text())  # noqa: T201  # shown when the test fails
        each.close()
