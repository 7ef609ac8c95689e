"""All come back at the same time: `python -m tests.bench storm [--clients N] [--out FILE]`.

A chatd whose rooms have some history is started, and so many guests resume from a position some
messages ago, as after a restart: each has a token of its own. Measured: until all were caught up,
and what that cost; whether each got every message it had missed, once and in order; and whether two
who were there already could chat meanwhile. With --at-once, the load generator has no more than so
many on their way in, and opens the next one when another is caught up."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

from chatd.auth.tokens import seal_guest
from chatd.core.log import UserId
from tests.bench.contestants import Missing
from tests.bench.driving import built, until_quiet
from tests.bench.keeping import keep
from tests.bench.processes import cpu
from tests.process.client import Client
from tests.process.harness import Daemon

ROOMS = 500
MISSED = 5
"""Messages that each client has not heard yet."""
ON_THE_WAY = 10_000
"""Clients that come at the same time: all of them, as if they had agreed upon it."""

BACKLOG = 4096
"""Connections that may wait to be accepted, as chatd.socket has it."""


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench storm", description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=ON_THE_WAY, help="clients on their way in")
    parser.add_argument("--out", type=Path, help="a file for the figures")
    args = parser.parse_args(argv)
    with TemporaryDirectory(prefix="chatd-bench-") as folder:
        found = storm(Path(folder), args.clients, args.at_once)
    print(json.dumps(found, indent=1))  # noqa: T201  # its result
    keep(args.out, "storm", found)
    return 0


def storm(
    folder: Path,
    clients: int,
    at_once: int,
    watched: Callable[[int], AbstractContextManager[object]] = nullcontext,
) -> dict[str, Any]:
    """One storm. ``watched`` is given the daemon's process, and entered for as long as it lasts."""
    limits = {"sessions": 2 * clients + 100, "handshakes": 10_000, "rooms_per_user": 1000}
    daemon = Daemon(folder, {"limits": limits, "listen": {"backlog": BACKLOG}})
    with closing(daemon):
        return _storm(daemon, clients, at_once, watched)


def _storm(
    daemon: Daemon,
    clients: int,
    at_once: int,
    watched: Callable[[int], AbstractContextManager[object]],
) -> dict[str, Any]:
    daemon.start()
    epoch = _seed(daemon)
    daemon.stop()
    tokens = _tokens(daemon, clients)
    daemon.start()
    with closing(Client(daemon.url())) as one, closing(Client(daemon.url())) as other:
        one.login("lobby", guest="one")
        other.login("lobby", guest="other")
        until_quiet(daemon.pid)
        over, times = Event(), list[float]()
        chatting = Thread(target=_chat, args=(one, over, times), daemon=True)
        chatting.start()
        with watched(daemon.pid):
            found = _come(daemon, tokens, clients, at_once, epoch, over)
        chatting.join()
    closes = daemon.metric("chatd_slow_sessions_closed_total")
    daemon.stop()
    return found | {
        "clients": clients,
        "at_once": at_once,
        "missed_each": MISSED,
        "closed_as_slow": closes,
        "round_trip_ms": {"p50": round(1000 * median(times), 1), "longest": 1000 * max(times)},
        "load": round(os.getloadavg()[0], 1),
    }


def _seed(daemon: Daemon) -> str:
    """Rooms with a history; gives the store's epoch."""
    with closing(Client(daemon.url())) as maker:
        maker.login(guest="maker")
        epoch = ""
        for room in range(ROOMS):
            epoch = str(maker.ask("create", room=f"r{room}")["epoch"])
            for number in range(1, MISSED + 1):
                maker.ask("send", room=f"r{room}", text=f"~00{number:08x}{0:012x}~")
    return epoch


def _tokens(daemon: Daemon, clients: int) -> Path:
    """What guests have who were here before, in a file for the load generator."""
    with closing(sqlite3.connect(daemon.database)) as connection:
        secret = connection.execute("SELECT value FROM meta WHERE name = 'secret'").fetchone()[0]
    tokens = [seal_guest(secret, UserId(f"g{number:022d}")) for number in range(clients)]
    file = daemon.database.with_name("tokens")
    file.write_text("".join(f"{token}\n" for token in tokens))
    return file


def _come(
    daemon: Daemon, tokens: Path, clients: int, at_once: int, epoch: str, over: Event
) -> dict[str, Any]:
    position = {"r{r}": {"epoch": epoch, "seq": 0}}
    login = {"type": "login", "guest": "g{c}", "guest_token": "{t}", "resume": position}
    command = [
        *(str(built()), "--port", str(daemon.port), "--connections", str(clients)),
        *("--rooms", str(ROOMS), "--path", "/?format=json", "--seconds", "0"),
        *("--hello", json.dumps(login), "--tokens", str(tokens)),
        *("--await", '"caught_up"', "--await-count", "1", "--at-once", str(at_once)),
    ]
    spent, begun = cpu(daemon.pid), time.monotonic()
    took, told = 0.0, {"lost": 0, "disorder": 0}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as load:
        assert load.stdout is not None
        assert load.stdin is not None
        for line in load.stdout:
            if line.strip() == "open":
                took, spent = time.monotonic() - begun, cpu(daemon.pid) - spent
                over.set()  # what comes now is that all of them go
                load.stdin.write("go\n")
                load.stdin.flush()
            elif line.startswith("{"):
                told = json.loads(line)
    over.set()
    if load.returncode:
        raise Missing(f"the load generator gave up, with {load.returncode}")
    return {
        "seconds": round(took, 2),
        "server_cpu_seconds": round(spent, 2),
        "replayed": told["lost"] * -1,  # heard, and not said in this run
        "expected": clients * MISSED,
        "disorder": told["disorder"],
    }


def _chat(one: Client, over: Event, times: list[float]) -> None:
    while not over.is_set():
        begun = time.monotonic()
        one.ask("send", room="lobby", text="is anybody there?")
        times.append(time.monotonic() - begun)
        over.wait(0.05)
