"""Two honest people who chat, an attack beside them, and how long each of their messages took."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.process.client import Client
from tests.process.harness import PATIENCE, PROJECT, Daemon, clean_environ

UNDER_ATTACK: dict[str, dict[str, Any]] = {
    "limits": {
        "rate": 20,
        "burst": 100,
        "mode": {},
        "exempt": ["127.0.0.1"],
        "sessions_per_address": 50,
        "connections_per_address": 100,
        "handshakes_per_address": 20,
        "failed_logins_per_address": 10,
        "handshake_timeout": "2s",
        "search_time": "20ms",
    },
    "guests": {"linger": "0s"},
    "delivery": {"compression": True},
}
"""The defaults, but for what makes the difference small, and for compression, which gives attackers
more to try: honest people are at 127.0.0.1, and are not counted by address; all the others are."""


class Company:
    """ann and bob in the lobby. ann speaks; a round trip is over when bob has heard it, and ann
    has her answer."""

    def __init__(self, daemon: Daemon) -> None:
        self.ann, self.bob = Client(daemon.url()), Client(daemon.url())
        self.ann.login("lobby", guest="ann")
        self.bob.login("lobby", guest="bob")
        self.said = 0

    def round_trip(self) -> float:
        """Say something and wait until it was heard, in seconds. Raises TimeoutError, and Closed.
        The client itself raises Doubled when a message is missing."""
        begun = time.monotonic()
        self.said += 1
        number = self.ann.say("send", room="lobby", text=f"word {self.said}")
        deadline = begun + PATIENCE
        while (heard := self.bob.event("message"))["user"] != "ann":
            if time.monotonic() > deadline:
                raise TimeoutError("bob hears others only")
        answer = self.ann.answer(number)
        if (answer["type"], heard["text"], heard["seq"]) != (
            *("ok", f"word {self.said}"),
            answer.get("seq"),
        ):
            raise LookupError(f"ann was told {answer}, and bob heard {heard}")
        return time.monotonic() - begun

    def close(self) -> None:
        """They go, and say so: their names are free again."""
        for client in (self.ann, self.bob):
            client.must("quit")
            client.closed()


class Attacker:
    """A program of attacks.py. ``became`` is there after it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.became: dict[str, int] = {}

    def end(self) -> None:
        """Let it end, and hear what became of it."""
        out, _ = self._process.communicate(timeout=3 * PATIENCE)
        if self._process.returncode:
            raise LookupError(f"the attack failed: {self._process.returncode}")
        self.became = json.loads(out)


@contextmanager
def attacked(daemon: Daemon, name: str) -> Iterator[Attacker]:
    """An attack that is under way."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.process.attacks", name, str(daemon.port)],
        cwd=PROJECT,
        env=clean_environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        attacker = Attacker(process)
        try:
            if process.stdout is None or process.stdout.readline() != "begun\n":
                raise LookupError(f"the attack {name} did not begin")
            yield attacker
            attacker.end()
        finally:
            if process.poll() is None:
                process.kill()
