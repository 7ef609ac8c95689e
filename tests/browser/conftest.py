"""A browser for all tests, and people with pages at a daemon of their own, which was started while
the test before it ran. The daemon itself and its clients are those of tests/process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.scripted import Scripted
from tests.browser.slow_line import SlowLine
from tests.browser.visitor import NoBrowser, Visitor, chromium
from tests.process.conftest import guest, make_daemon
from tests.process.harness import Daemon

__all__ = ["guest", "make_daemon"]

MakeVisitor = Callable[..., Visitor]


class Spares:
    """Daemons for one test each; the next one starts while this one is in use."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0
        self._next = self._begin()

    def _begin(self) -> Daemon:
        self._number += 1
        folder = self._folder / f"chatd-{self._number}"
        folder.mkdir()
        return Daemon(folder).start(ready=False)

    def take(self) -> Daemon:
        """One that is ready."""
        daemon, self._next = self._next, self._begin()
        daemon.notified.until("READY", alive=daemon.runs)
        daemon.up.set()
        return daemon

    def close(self) -> None:
        """End the one that nobody took."""
        self._next.close()


@pytest.fixture(scope="session")
def spares(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spares]:
    """One of them is always about to be ready."""
    spares = Spares(tmp_path_factory.mktemp("spares"))
    yield spares
    spares.close()


@pytest.fixture
def daemon(spares: Spares) -> Iterator[Daemon]:
    """One that is ready, with nothing but defaults and no limit on the rate; what it logged is
    shown when the test fails, and may be no error."""
    daemon = spares.take()
    yield daemon
    daemon.close()
    for log in sorted(daemon.folder.glob("log-*")):
        print(f"--- {log.name}\n{log.read_text(errors='replace')[-6000:]}")  # noqa: T201  # for who reads a failure
    assert daemon.may_fault or daemon.faults() == []


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    try:
        with chromium() as browser:
            yield browser
    except NoBrowser as missing:
        pytest.skip(f"{missing}; the package is called chromium")


@pytest.fixture
def visitor(browser: Browser) -> Iterator[MakeVisitor]:
    """Makes a person whose browser has not opened the page yet. In the end no page may have had an
    error, nor have asked for what its policy forbids."""
    made: list[Visitor] = []

    def make(at: Daemon | SlowLine, **options: object) -> Visitor:
        made.append(Visitor(browser, f"http://127.0.0.1:{at.port}/", **options))
        return made[-1]

    yield make
    for person in made:
        person.leaves()
    assert [trouble for person in made for trouble in person.trouble] == []


@pytest.fixture(scope="session")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that only serves the page: for tests that play the server behind it."""
    daemon = Daemon(tmp_path_factory.mktemp("page")).start()
    yield daemon
    daemon.close()
    assert daemon.faults() == []


@pytest.fixture
def scripted(page_server: Daemon, visitor: MakeVisitor) -> Scripted:
    """Somebody in the lobby of a server that the test plays; only the page itself is real. The page
    is at rest, and its clock stands still."""
    person = visitor(page_server)
    played = Scripted(person)
    person.enters("ann")
    played.settles()
    played.until_asked("read")  # the last that a page asks by itself
    return played
