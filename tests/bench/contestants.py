"""Those who are compared: how each is installed, started, and spoken to by the load generator.
Peers are installed on first use, each into a folder of its own in .cache/bench; nothing else.
Here are those in Python and on Node.js; Debian's are debian.py's."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import end
from tests.process.harness import PROJECT
from tests.process.ports import free_port

CACHE = PROJECT / ".cache/bench"
SERVERS = Path(__file__).with_name("servers")
BOOT = 20.0
"""Seconds that a peer has to listen."""


class Missing(Exception):
    """A peer cannot be had here; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Speech:
    """How the load generator speaks to a server: see tests/bench/load/load.c."""

    path: str = "/r{r}"
    header: str = ""
    hellos: tuple[str, ...] = ()
    awaits: tuple[str, int] = ("", 0)
    send: str = "{m}"
    binary: bool = False
    answer_end: str = ""
    reflected: bool = False

    def arguments(self) -> list[str]:
        """For its command line."""
        told = ["--path", self.path, "--send", self.send]
        told += ["--header", self.header] if self.header else []
        told += [word for hello in self.hellos for word in ("--hello", hello)]
        if self.awaits[1]:
            told += ["--await", self.awaits[0], "--await-count", str(self.awaits[1])]
        told += ["--answer-end", self.answer_end] if self.answer_end else []
        told += ["--reflected"] if self.reflected else []
        return told + (["--binary"] if self.binary else [])


class Contestant:
    """One server. ``start`` gives its process; it must listen on ``port`` then."""

    name = ""
    speech = Speech()
    version = ""
    keeps = False
    """Whether what is said is stored durably before it is answered."""
    tls = False

    def __init__(self) -> None:
        self.port = 0
        self.command: list[str] = []
        self.environ: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        """Bring it here, and find out its version. Raises Missing."""

    def start(self, folder: Path) -> None:
        """Run it. Raises Missing."""
        self.port = free_port()
        self.command = self.words(self.port, folder)
        with (folder / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=os.environ | self.environ,
            )
        try:
            wait_for(self.port, self.process)
        except Missing as missing:
            self.stop()
            tail = (folder / "server.log").read_text(errors="replace")[-500:]
            raise Missing(f"{missing}: {tail}") from None

    def words(self, port: int, folder: Path) -> list[str]:
        """Its command."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it; harmless when it does not run."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def kept(self) -> int | None:
        """How many messages its disk holds; None where it is not asked to."""
        return None

    @property
    def pids(self) -> dict[str, int]:
        """Of the processes whose trees are looked at, by their names."""
        if self.process is None:
            raise LookupError(f"{self.name} does not run")
        return {self.name: self.process.pid}


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens. Raises Missing."""
    deadline = time.monotonic() + BOOT
    while time.monotonic() < deadline and process.poll() is None:
        with closing(socket.socket()) as trial:
            trial.settimeout(1.0)
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Missing(f"it does not listen (exit code {process.poll()})")


def run(command: Sequence[str | Path], folder: Path | None = None) -> str:
    """A command of an installation, bounded in time. Raises Missing with the end of its words."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{command[0]}: {error}") from None
    if done.returncode:
        raise Missing(f"{command[0]} ended with {done.returncode}: {done.stderr[-300:]}")
    return done.stdout


class OnPython(Contestant):
    """A server in Python, with its packages in an environment of its own."""

    def __init__(self, name: str, *packages: str) -> None:
        super().__init__()
        self.name = name
        self._packages = packages

    @property
    def python(self) -> Path:
        """Of its environment."""
        return CACHE / self.name / "venv/bin/python"

    def install(self) -> None:
        """By pip."""
        mark = CACHE / self.name / "installed"
        wanted = f"{self._packages} on {sys.base_prefix}, {sys.version}"
        if not mark.exists() or mark.read_text() != wanted:
            shutil.rmtree(CACHE / self.name, ignore_errors=True)
            run([sys.executable, "-m", "venv", CACHE / self.name / "venv"])
            run([self.python, "-m", "pip", "install", "-q", *self._packages])
            mark.write_text(wanted)
        self.version = ", ".join(self._packages).replace("==", " ").replace("[twisted]", "")

    def words(self, port: int, folder: Path) -> list[str]:
        return [str(self.python), str(SERVERS / f"on_{self.name.lower()}.py"), str(port)]


class OnBarePython(OnPython):
    """The least that Python can do."""

    def __init__(self) -> None:
        super().__init__("bare Python")

    @property
    def python(self) -> Path:
        """Its own; there is nothing to install."""
        return Path(sys.executable)

    def install(self) -> None:
        """Nothing."""
        self.version = f"Python {platform.python_version()}"

    def words(self, port: int, folder: Path) -> list[str]:
        return [str(self.python), str(SERVERS / "on_bare.py"), str(port)]


class OnNode(Contestant):
    """ws on Node.js."""

    package = "ws@8.23.0"
    name = "Node ws"
    mode: tuple[str, ...] = ()

    def install(self) -> None:
        """By npm."""
        node = shutil.which("node")
        if node is None or shutil.which("npm") is None:
            raise Missing("there is no node with npm here")
        folder = CACHE / "ws"
        if not (folder / "node_modules/ws").is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            run(["npm", "install", "--silent", "--no-audit", "--prefix", folder, self.package])
        self.version = f"{self.package.replace('@', ' ')}, Node {run([node, '--version']).strip()}"

    def start(self, folder: Path) -> None:
        """Beside its module, where Node looks for it."""
        shutil.copy(SERVERS / "on_ws.js", CACHE / "ws/on_ws.js")
        super().start(folder)

    def words(self, port: int, folder: Path) -> list[str]:
        return ["node", str(CACHE / "ws/on_ws.js"), str(port), *self.mode]


class OnNodeWithJson(OnNode):
    """The same, reading and wording each message as JSON."""

    name = "Node ws with JSON"
    mode = ("json",)
    speech = Speech(send=json.dumps({"type": "send", "room": "r{r}", "text": "{m}"}))
