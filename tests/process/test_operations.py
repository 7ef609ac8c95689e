"""docs/operations.md: every command in it does what it should, on a chatd with somebody in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.process.client import Client
from tests.process.conftest import MakeClient, MakeDaemon
from tests.process.harness import PROJECT, Daemon, clean_environ

BOOK = PROJECT / "docs" / "operations.md"
SECTIONS = ("Back up", "Restore", "Retention", "Export and erase", "Audit")
"""In their order, one after the other at the same chatd."""


def blocks(section: str) -> list[tuple[str, str]]:
    """The language and text of each fenced block of a section."""
    parts = re.split(r"^## (.+)$", BOOK.read_text(), flags=re.MULTILINE)
    text = dict(zip(parts[1::2], parts[2::2], strict=True))[section]
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


class Host:
    """What the book speaks of: root's shell, the service, and folders that are somewhere else."""

    def __init__(self, daemon: Daemon, folder: Path) -> None:
        self.daemon, self.folder = daemon, folder
        for place in ("var/backups", "var/lib/node_exporter", "tmp", "bin"):
            (folder / place).mkdir(parents=True)
        start = f"import sys; from chatd import cli; cli.CONFIG = {str(daemon.config)!r}"
        self._program("chatd", f'exec {sys.executable} -c "{start}; sys.exit(cli.main())" "$@"')
        self._program("runuser", 'test "$1 $2 $3" = "-u chatd --" && shift 3 && exec "$@"')

    def _program(self, name: str, line: str) -> None:
        file = self.folder / "bin" / name
        file.write_text(f"#!/bin/sh\n{line}\n")
        file.chmod(0o755)

    def does(self, command: str) -> None:
        """Run one command of the book, which must succeed."""
        service: dict[str, Callable[[], object]] = {
            "systemctl stop chatd": self.daemon.stop,
            "systemctl start chatd": self.daemon.start,
            "systemctl reload chatd": self._reloads,
        }
        if command in service:
            assert service[command]() in {0, None, self.daemon}
            return
        here = re.sub(r"(?<=\s)/(var|tmp)/", rf"{self.folder}/\1/", command)
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-ec", here],
            cwd=PROJECT,
            env=clean_environ() | {"PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"

    def _reloads(self) -> None:
        assert "failed" not in self.daemon.reload()["STATUS"]


def test_the_sections_are_there_and_have_commands() -> None:
    for section in SECTIONS:
        assert any(language == "sh" for language, _ in blocks(section)), section


@pytest.mark.timeout(120)
def test_every_command_about_data_can_be_run(
    make_daemon: MakeDaemon, guest: MakeClient, tmp_path: Path
) -> None:
    daemon = make_daemon().start()
    host = Host(daemon, tmp_path / "host")
    daemon.verb("user", "add", "alice", "--config", str(daemon.config), stdin="a long password\n")
    bob = guest(daemon, "bob")
    bob.must("send", room="lobby", text="hello")
    for section in SECTIONS:
        for language, text in blocks(section):
            if language == "toml":
                daemon.configure(**tomllib.loads(text))
            for command in text.replace("\\\n", " ").splitlines() if language == "sh" else ():
                host.does(command)
    look_at(host)


def look_at(host: Host) -> None:
    """What they left."""
    there = host.folder
    assert len([each for each in (there / "var/backups/chatd").iterdir() if each.is_dir()]) == 2
    assert "chatd_backup_size" in (there / "var/lib/node_exporter/chatd_backup.prom").read_text()
    assert "bob (guest): hello" in (there / "tmp/lobby.txt").read_text()
    assert '"text":"hello"' in (there / "tmp/lobby.jsonl").read_text()
    assert (there / "tmp/chatd-tried/chatd.sqlite3").exists()
    assert list(host.daemon.folder.glob("*.before-restore-*"))
    client = Client(host.daemon.url())
    refused = client.ask("login", user="alice", password="a long password")
    assert refused["code"] == "login_failed"
    client.close()
