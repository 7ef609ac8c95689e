"""A real chatd, seen from outside: its folder and configuration, its life, what it logs and tells.
How one talks to it is client.py and wire.py; what a service manager hears of it is notified.py."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from prometheus_client.parser import text_string_to_metric_families

from tests.process.notified import Notified
from tests.process.ports import free_port
from tests.process.settings import Sections, toml

PROJECT = Path(__file__).parents[2]
LAUNCHER = Path(__file__).with_name("hand_over.py")
PATIENCE = 60.0
"""Seconds that anything may take on a busy machine before a test gives up."""
STOPPED = 20.0
"""Seconds in which it has ended; less than a drain may take that waits for somebody in vain."""

T = TypeVar("T")


class Daemon:
    """One chatd and its folder. It may be started again after its end, on the same ports."""

    def __init__(self, folder: Path, sections: Mapping[str, Mapping[str, Any]] = {}) -> None:
        self.folder = folder
        self.port, self.operations_port = free_port(), free_port()
        self.sections: Sections = {
            "listen": {
                "public": [f"tcp:127.0.0.1:{self.port}"],
                "operations": [f"tcp:127.0.0.1:{self.operations_port}"],
            },
            "store": {"path": str(folder / "chatd.sqlite3")},
            "control": {"socket": str(folder / "control.sock")},
            "limits": {
                "rate": 1_000_000,
                "burst": 1_000_000,
                "mode": {"command": "off"},
                "exempt": ["127.0.0.1"],
            },
            "log": {"format": "json"},
        }
        self.notified = Notified()
        self.may_fault = False
        """Whether this test does what a host should never see, so that errors may be logged."""
        self.code: int | None = None
        self.up = Event()
        """Set while it is ready, as far as its life was ended by this harness."""
        self._process: subprocess.Popen[bytes] | None = None
        self._lives = 0
        self.configure(**sections)

    # --- configuration ---
    @property
    def config(self) -> Path:
        """The file."""
        return self.folder / "chatd.toml"

    @property
    def database(self) -> Path:
        """The store."""
        return Path(self.sections["store"]["path"])

    def configure(self, **sections: Mapping[str, Any]) -> None:
        """Write the file anew, with these keys changed; chatd reads it at its next start or
        reload."""
        for section, keys in sections.items():
            self.sections.setdefault(section, {}).update(deepcopy(dict(keys)))
        fresh = self.config.with_suffix(".new")
        fresh.write_text(toml(self.sections))
        fresh.rename(self.config)  # chatd may be reading it just now

    # --- life ---
    @property
    def pid(self) -> int:
        """Of the process that runs."""
        return self._running.pid

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise LookupError("no chatd was started")
        return self._process

    def start(
        self,
        *,
        ready: bool = True,
        sockets: Mapping[str, Sequence[socket.socket]] | None = None,
        **environ: str,
    ) -> Daemon:
        """Begin a life, and wait until it says that it is ready. ``sockets`` are handed over under
        their names, as systemd does."""
        command = [sys.executable, "-m", "chatd", "serve", "--config", str(self.config)]
        handed: tuple[int, ...] = ()
        if sockets is not None:
            named = [(name, each.fileno()) for name, many in sockets.items() for each in many]
            handed = tuple(fd for _, fd in named)
            words = [f"{fd}:{name}" for name, fd in named]
            command = [sys.executable, str(LAUNCHER), *words, "--", *command]
        return self.run(command, ready=ready, pass_fds=handed, **environ)

    def run(
        self, command: Sequence[str], *, ready: bool, pass_fds: Sequence[int] = (), **environ: str
    ) -> Daemon:
        """Start this command as the daemon."""
        self.end()
        self.up.clear()
        self.notified.all()
        self._lives += 1
        self.code = None
        with self.log_file.open("wb") as log, self.output_file.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=clean_environ() | {"NOTIFY_SOCKET": self.notified.address} | environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                pass_fds=pass_fds,
            )
        if ready:
            self.notified.until("READY", alive=self.runs)
            self.up.set()
        return self

    def runs(self) -> bool:
        """Whether the process lives. Raises Ended when it does not, with what it logged last."""
        if self._running.poll() is not None:
            raise Ended(f"chatd ended with {self._running.returncode}:\n{self.tail()}")
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._running.send_signal(number)

    def exit_code(self, seconds: float = STOPPED) -> int:
        """Wait for the end. Raises subprocess.TimeoutExpired."""
        self.code = self._running.wait(seconds)
        return self.code

    def stop(self, seconds: float = STOPPED) -> int:
        """End it in good order; gives the exit code."""
        self.up.clear()
        self.signal(signal.SIGTERM)
        return self.exit_code(seconds)

    def kill(self) -> None:
        """kill -9: no last word."""
        self.up.clear()
        self.signal(signal.SIGKILL)
        self.exit_code()

    def reload(self) -> dict[str, str]:
        """SIGHUP; gives what is said when it is over."""
        self.notified.all()
        self.signal(signal.SIGHUP)
        return self.notified.until("READY", alive=self.runs)[-1]

    def end(self) -> None:
        """Whatever its state: there is no process afterwards."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End it, and let go of everything."""
        self.end()
        self.notified.close()

    def rss(self) -> int:
        """Bytes of memory that it holds."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    # --- what it says ---
    @property
    def log_file(self) -> Path:
        """Standard error of this life."""
        return self.folder / f"log-{self._lives}"

    @property
    def output_file(self) -> Path:
        """Standard output of this life."""
        return self.folder / f"output-{self._lives}"

    def tail(self) -> str:
        """The end of the log, for a reader of a failure."""
        return self.log_file.read_text(errors="replace")[-4000:]

    def logged(self, event: str = "") -> list[dict[str, Any]]:
        """The entries of this life, all or those of one event; every line must be one."""
        entries = [json.loads(line) for line in self.log_file.read_text().splitlines()]
        return [each for each in entries if event in {"", each["event"]}]

    def faults(self) -> list[str]:
        """Lines of all lives that say that something is wrong in chatd, or that are no JSON."""
        return [line for file in sorted(self.folder.glob("log-*")) for line in _faults(file)]

    def get(self, path: str) -> tuple[int, str]:
        """Ask the operations listener: status and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.operations_port, timeout=PATIENCE)
        with closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's series that have these labels. Raises LookupError for none."""
        status, text = self.get("/metrics")
        if status != 200:
            raise LookupError(f"/metrics answers {status}: {text}")
        found = [
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        if not found:
            raise LookupError(f"no metric {name} {labels}")
        return sum(found)

    def url(self, path: str = "/") -> str:
        """The public listener's address for WebSocket."""
        return f"ws://127.0.0.1:{self.port}{path}"

    # --- other verbs ---
    def verb(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run another verb of chatd beside the daemon, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "chatd", *arguments],
            cwd=PROJECT,
            env=clean_environ(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


class Ended(Exception):
    """chatd is no more, and should be."""


def _faults(file: Path) -> Iterator[str]:
    for line in file.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            entry = {}
        if entry.get("level", "error") in {"error", "critical"}:
            yield line


def clean_environ() -> dict[str, str]:
    """Ours, without what a service manager said to us."""
    managers = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM", "LISTEN_")
    return {name: value for name, value in os.environ.items() if not name.startswith(managers)}


def eventually(ask: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """Ask again and again until the answer is true; gives it. An OSError or a LookupError is a no.
    Raises TimeoutError."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while True:
        try:
            if answer := ask():
                return answer
            last = repr(answer)
        except (OSError, LookupError) as error:
            last = repr(error)
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s; the last answer was {last}")
        time.sleep(pause)
        pause = min(0.2, pause * 1.5)
