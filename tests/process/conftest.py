"""Daemons and clients that end with the test, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.process.client import Client, Closed
from tests.process.harness import Daemon
from tests.process.wire import Raw

MakeDaemon = Callable[..., Daemon]
MakeClient = Callable[..., Client]
MakeRaw = Callable[..., Raw]


@pytest.fixture
def make_daemon(tmp_path: Path) -> Iterator[MakeDaemon]:
    """Makes a daemon with these sections of configuration, not started, each in its own folder.

    In the end none of them runs, and what they logged is shown when the test fails. None may have
    logged an error, unless the test set ``may_fault``.
    """
    made: list[Daemon] = []

    def make(**sections: Mapping[str, Any]) -> Daemon:
        folder = tmp_path / f"chatd-{len(made)}"
        folder.mkdir()
        made.append(Daemon(folder, sections))
        return made[-1]

    yield make
    for daemon in made:
        daemon.close()
        for log in sorted(daemon.folder.glob("log-*")):
            print(f"--- {log.parent.name}/{log.name}\n{log.read_text(errors='replace')[-6000:]}")  # noqa: T201  # for whoever reads the run
    for daemon in made:
        assert daemon.may_fault or daemon.faults() == []


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """One that is ready, with nothing but defaults and no limit on the rate."""
    return make_daemon().start()


@pytest.fixture
def guest() -> Iterator[MakeClient]:
    """Makes a session of a guest at this daemon, in these rooms."""
    made: list[Client] = []

    def make(daemon: Daemon, name: str, *rooms: str) -> Client:
        client = Client(daemon.url())
        made.append(client)
        client.login(*(rooms or ("lobby",)), guest=name)
        return client

    yield make
    for client in made:
        with suppress(Closed, OSError):
            client.drop()


@pytest.fixture
def wire() -> Iterator[MakeRaw]:
    """Makes a connection to this daemon that says what it likes."""
    made: list[Raw] = []

    def make(daemon: Daemon, receive_buffer: int = 0) -> Raw:
        made.append(Raw(daemon.port, receive_buffer))
        return made[-1]

    yield make
    for raw in made:
        raw.close()
