"""chatd among those who are compared: as it is deployed, with its limits, metrics and log on; the
rate of one session is set so high that the load generator may be one."""

from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import chatd
from tests.bench.contestants import Contestant, Speech
from tests.process.client import Client
from tests.process.harness import Daemon

SEND = {"type": "send", "id": "{a}", "room": "r{r}", "text": "{m}"}
MOST_ROOMS = 1000
Sections = dict[str, dict[str, object]]
_runs = itertools.count()


class Ours(Contestant):
    """chatd, in rooms without history."""

    name = "chatd"
    history = False

    def __init__(self, rooms: int = 1, **sections: dict[str, object]) -> None:
        super().__init__()
        self._rooms = rooms
        self._sections = sections
        self._daemon: Daemon | None = None
        self.version = f"chatd {chatd.__version__}"

    def sections(self, daemon: Daemon) -> Sections:
        """More of its configuration."""
        del daemon  # those who stand before it have to know its places
        return self._sections

    def start(self, folder: Path) -> None:
        """Run it, and make its rooms."""
        limits = {"rooms_per_user": MOST_ROOMS, "handshakes": 10_000, "login_timeout": "60s"}
        self._daemon = Daemon(folder, {"limits": limits, "guests": {"linger": "0s"}})
        self._daemon.configure(rooms={"history": self.history}, **self.sections(self._daemon))
        self._daemon.start()
        self.port = self._daemon.port
        self.command = ["chatd", "serve", "--config", "chatd.toml"]
        with closing(Client(self._daemon.url())) as maker:
            maker.login(guest="maker")
            for number in range(self._rooms):
                maker.ask("create", room=f"r{number}")
            for number in range(self._rooms):
                maker.ask("leave", room=f"r{number}")

    @property
    def speech(self) -> Speech:  # type: ignore[override]  # new names for each run
        """Guests who log in and join their room."""
        run = next(_runs)
        login = {"type": "login", "guest": f"g{run}n{{c}}"}
        join = {"type": "join", "room": "r{r}"}
        return Speech(
            path="/?format=json",
            hellos=(json.dumps(login), json.dumps(join)),
            awaits=('"type":"ok"', 2),
            send=json.dumps(SEND),
        )

    @property
    def pids(self) -> dict[str, int]:
        """Of the daemon."""
        return {self.name: self.daemon.pid}

    @property
    def daemon(self) -> Daemon:
        """The one that runs."""
        if self._daemon is None:
            raise LookupError("chatd does not run")
        return self._daemon

    def stop(self) -> None:
        """Drain it, and expect it to be content."""
        if self._daemon is not None:
            self._daemon.stop()
            self._daemon = None


class OursDurable(Ours):
    """chatd, in rooms that keep what is said."""

    name = "chatd, durable"
    history = True
    keeps = True

    def kept(self) -> int:
        """The rows of its log."""
        with closing(sqlite3.connect(f"file:{self.daemon.database}?mode=ro", uri=True)) as store:
            return int(store.execute("SELECT count(*) FROM messages").fetchone()[0])
