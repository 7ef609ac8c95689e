"""Whom a real Prometheus watches: canaries, node_exporter with a backup's file, people who talk.
The Prometheus is prometheus.py, the daemons are harness.py's."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from chatd.client import ChatError, Client
from tests.process.harness import PROJECT, Daemon, clean_environ
from tests.process.ports import free_port


class Programs:
    """Programs that run beside a test, and end with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, command: Sequence[str]) -> None:
        """One more; what it says goes to a file."""
        log = self._folder / f"program-{len(self._running)}.log"
        with log.open("wb") as out:
            self._running.append(
                subprocess.Popen(command, cwd=PROJECT, env=clean_environ(), stdout=out, stderr=out)
            )

    def canary(self, url: str, *more: str) -> str:
        """`chatd canary` at this address; gives where its metrics are."""
        where = f"127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "chatd", "canary", "--url", url, "--interval", "500ms"]
        self.start([*command, "--metrics", f"tcp:{where}", *more])
        return where

    def node_exporter(self, folder: Path) -> str:
        """The real one, which reads this folder and nothing else; gives where its metrics are."""
        program = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
        if program is None:
            raise FileNotFoundError("node_exporter is not installed")
        where = f"127.0.0.1:{free_port()}"
        textfile = ("--collector.textfile", f"--collector.textfile.directory={folder}")
        only = "--collector.disable-defaults"
        self.start([program, f"--web.listen-address={where}", only, *textfile])
        return where

    def close(self) -> None:
        """End all."""
        for each in self._running:
            each.kill()
            each.wait()


class Talk:
    """People in a room who talk for as long as it lasts, each at this pace; a thread of its own."""

    def __init__(self, daemon: Daemon, people: int, pause: float) -> None:
        self._url, self._people, self.pause = daemon.url(), people, pause
        self._over = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._all()), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Enough."""
        self._over.set()
        self._thread.join()

    async def _all(self) -> None:
        talkers = [asyncio.create_task(self._one(number)) for number in range(self._people)]
        while not self._over.is_set():
            await asyncio.sleep(0.05)
        for talker in talkers:
            talker.cancel()
        await asyncio.wait(talkers)

    async def _one(self, number: int) -> None:
        while True:
            with suppress(ChatError):
                await self._live(number)
            await asyncio.sleep(0.2)

    async def _live(self, number: int) -> None:
        async with Client(self._url, guest=f"talker{number}", patience=5.0) as chat:
            await chat.join("lobby")
            hearing = asyncio.create_task(self._hear(chat))
            try:
                while True:
                    with suppress(ChatError):
                        await chat.send("lobby", "so much to say " * 20)
                    await asyncio.sleep(self.pause)
            finally:
                hearing.cancel()

    async def _hear(self, chat: Client) -> None:
        async for _ in chat.events():
            pass


def back_up(daemon: Daemon, folder: Path) -> Path:
    """`chatd backup --metrics`, as docs/operations.md says; gives the file for node_exporter."""
    file = folder / "chatd_backup.prom"
    done = daemon.verb(
        *("backup", str(folder / "backups"), "--config", str(daemon.config)),
        *("--metrics", str(file)),
    )
    if done.returncode != 0:
        raise ChildProcessError(done.stderr)
    return file


def age(file: Path, seconds: float) -> None:
    """The backup that this file tells of was made so long ago."""
    name = "chatd_backup_last_success_timestamp_seconds"
    lines = [
        f"{name} {time.time() - seconds}" if line.startswith(f"{name} ") else line
        for line in file.read_text().splitlines()
    ]
    fresh = file.with_suffix(".new")
    fresh.write_text("\n".join([*lines, ""]))
    fresh.rename(file)
