"""The plays of tests/conversations against a real chatd: its configuration, its edge, its store.
Those that need a world that obeys (time, a broken disk) stay in memory."""

from __future__ import annotations

import itertools
import json
import time
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from chatd.ops import users
from chatd.store.sqlite import opened
from tests.conversations.directions import needs
from tests.conversations.director import give
from tests.conversations.patterns import words
from tests.conversations.script import Play, plays_of
from tests.conversations.stage import JSON, Closed, Unable
from tests.process.client import Closed as Gone
from tests.process.client import Connection
from tests.process.conftest import MakeDaemon
from tests.process.harness import PATIENCE, Daemon, eventually

PLAYS = plays_of(Path(__file__).parents[1] / "conversations")
ITERATIONS = 1000
"""Rounds of the password hash: what it costs is not what these tests are about."""

# What a setting of the node is called in the configuration, and how it is written there.
KEYS: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "announce_limit": ("rooms", "announce_limit", int),
    "burst": ("limits", "burst", int),
    "guests": ("guests", "allowed", json.loads),
    "linger": ("guests", "linger", "{}s".format),
    "may_create": ("rooms", "create", str),
    "motd": ("server", "motd", str),
    "rate": ("limits", "rate", float),
    "rooms_per_user": ("limits", "rooms_per_user", int),
}


class ProcessActor:
    """stage.Actor: a connection over the network. As in memory, what is sent has had its effect
    when ``send`` returns; those who hear of it are waited for when they are to hear it."""

    def __init__(self, daemon: Daemon, dialect: str, left: Callable[[], None]) -> None:
        self.open = True
        self._connection = Connection(daemon.url(f"/?format={dialect}"))
        self._json = dialect == JSON
        self._left = left
        self._came: deque[str] = deque()
        self._end: Closed | None = None
        self._barriers = itertools.count()

    def send(self, text: str) -> None:
        """See the port."""
        self._send(text)
        if self._json:
            self._take_until(_answers(text))
        elif not text.startswith("/"):
            self._take_until_barrier()

    def receive(self) -> str | None:
        """See the port. Waits: what a play asks for has to come."""
        if self._came or self._take():
            return self._came.popleft()
        if self._end:
            raise self._end
        return None

    def rest(self) -> list[str]:
        """See the port."""
        self._take_until_barrier()
        rest = list(self._came)
        self._came.clear()
        if self._end and not rest:
            raise self._end
        return rest

    def close(self) -> None:
        """See the port."""
        self.open = False
        self._connection.close()
        self._left()

    def drop(self) -> None:
        """See the port."""
        self.give_up()
        self._left()

    def give_up(self) -> None:
        """End the connection, whatever its state."""
        self.open = False
        self._connection.drop()

    def _send(self, text: str) -> None:
        try:
            self._connection.send(text)
        except Gone as end:
            self._over(end)

    def _take_until_barrier(self) -> None:
        """A command that changes nothing is answered when all before it is done."""
        mark = f"barrier-{next(self._barriers)}"
        self._send(json.dumps({"type": "ping", "id": mark}) if self._json else f"/{mark}")
        self._take_until(lambda frame: mark in frame)
        if self._came and mark in self._came[-1]:
            self._came.pop()

    def _take_until(self, last: Callable[[str], bool] | None) -> None:
        """Take what comes, up to the frame that is asked for, or the end."""
        while last is not None and self._take() and not last(self._came[-1]):
            pass

    def _take(self) -> bool:
        if self._end:
            return False
        try:
            self._came.append(self._connection.receive(time.monotonic() + PATIENCE))
        except TimeoutError:
            return False
        except Gone as end:
            self._over(end)
            return False
        return True

    def _over(self, end: Gone) -> None:
        self.open = False
        self._end = Closed(end.code, end.reason)


def _answers(sent: str) -> Callable[[str], bool] | None:
    """Whether a frame is the answer to what was sent; None when that can have none."""
    try:
        number = json.loads(sent)["id"]
    except (ValueError, LookupError, TypeError):
        return None
    return lambda frame: json.loads(frame).get("id") == number


class ProcessStage:
    """stage.Stage: one daemon, begun with the first that is asked of it."""

    can = frozenset({"settings"})

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._actors: list[ProcessActor] = []
        self._begun = False

    def connect(self, dialect: str, who: str) -> ProcessActor:
        """See the port."""
        del who
        self._begin()
        self._actors.append(ProcessActor(self._daemon, dialect, self._noticed))
        return self._actors[-1]

    def direct(self, what: str, **how: str) -> str:
        """See the port."""
        if what == "settings":
            self._configure(how["pairs"])
            return ""
        self._begin()
        verb = {"account": "add", "token": "token_add", "revoke": "token_revoke"}.get(what, what)
        return self._at_desk(verb, how)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._daemon.start()

    def _configure(self, pairs: str) -> None:
        if self._begun:
            raise Unable("settings come before the first connection")
        for pair in words(pairs):
            name, word = pair.split("=", 1)
            section, key, value = KEYS[name]
            self._daemon.configure(**{section: {key: value(word)}})

    def _at_desk(self, verb: str, how: dict[str, str]) -> str:
        """What the verbs of the command line do, without a process for each."""
        out, err = StringIO(), StringIO()
        args = Namespace(
            name=how.get("user", how.get("name")),
            operator=bool(how.get("operator")),
            label=how.get("name", ""),
            token_id=how.get("token"),
        )
        with opened(self._daemon.database) as (store, run):
            desk = users.Desk(
                store,
                run,
                out,
                err,
                lambda _: how["password"],
                ITERATIONS,
                lambda: 1_700_000_000_000,
            )
            if getattr(users, verb)(args, desk) != 0:
                raise Unable(err.getvalue())
        return out.getvalue().strip()

    def _noticed(self) -> None:
        """Wait until chatd knows who has left."""
        here = sum(actor.open for actor in self._actors)
        eventually(lambda: self._daemon.metric("chatd_sessions") <= here)

    def end(self) -> None:
        """Let go of all connections."""
        for actor in self._actors:
            actor.give_up()


@pytest.fixture
def stage(make_daemon: MakeDaemon) -> Iterator[ProcessStage]:
    stage = ProcessStage(
        make_daemon(server={"name": "test", "motd": ""}, limits={"rate": 20, "burst": 100})
    )
    yield stage
    stage.end()


PLAYABLE = [play for play in PLAYS if needs(play) <= ProcessStage.can]


@pytest.mark.parametrize("play", PLAYABLE, ids=[play.name for play in PLAYABLE])
def test_a_play_goes_as_written(play: Play, stage: ProcessStage) -> None:
    give(play, stage)


def test_most_plays_are_given() -> None:
    assert len(PLAYABLE) > len(PLAYS) / 2
