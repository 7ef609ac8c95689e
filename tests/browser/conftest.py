"""A browser for all tests, and people with pages at a daemon. The daemon's fixtures are those of
tests/process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.scripted import Scripted
from tests.browser.slow_line import SlowLine
from tests.browser.visitor import NoBrowser, Visitor, chromium
from tests.process.conftest import daemon, guest, make_daemon
from tests.process.harness import Daemon

__all__ = ["daemon", "guest", "make_daemon"]

MakeVisitor = Callable[..., Visitor]


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
    """Somebody in the lobby of a server that the test plays; only the page itself is real."""
    person = visitor(page_server)
    played = Scripted(person)
    person.enters("ann")
    return played
