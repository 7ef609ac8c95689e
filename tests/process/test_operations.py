"""docs/operations.md: every command in it does what it should, on a chatd with somebody in it. The
package manager is a stand-in here; tests/system has a host with packages."""

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
SECTIONS = (
    *("Install", "Configure", "Watch", "Back up", "Restore", "Upgrade", "Retention"),
    *("Export and erase", "Limits", "Moderate", "Emergencies", "Capacity", "Compression"),
    "Audit",
)
"""In their order, one after the other at the same chatd."""
FOUND = {0, 1, 2}
"""What `chatd doctor` may say of the host that a test runs on."""


def parts() -> dict[str, str]:
    """The sections by their titles."""
    found = re.split(r"^## (.+)$", BOOK.read_text(), flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def blocks(section: str) -> list[tuple[str, str]]:
    """The language and text of each fenced block of a section."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", parts()[section], flags=re.MULTILINE | re.DOTALL)


class Host:
    """What the book speaks of: root's shell, the service, and folders that are somewhere else."""

    def __init__(self, daemon: Daemon, folder: Path) -> None:
        self.daemon, self.folder = daemon, folder
        for place in ("var/backups", "var/lib/chatd-metrics", "tmp", "bin"):
            (folder / place).mkdir(parents=True)
        start = f"import sys; from chatd import cli; cli.CONFIG = {str(daemon.config)!r}"
        self._program("chatd", f'exec {sys.executable} -c "{start}; sys.exit(cli.main())" "$@"')
        self._program(
            "chatctl", f'exec {sys.executable} -m chatd.ctl --config {daemon.config} "$@"'
        )
        self._program("runuser", 'test "$1 $2 $3" = "-u chatd --" && shift 3 && exec "$@"')
        self._program("dnf", 'case "$1" in install|upgrade) ;; *) exit 1 ;; esac')
        self._program("journalctl", f'test "$1 $2" = "-u chatd" && cat {daemon.folder}/log-*')
        ask = "import sys, urllib.request as r; print(r.urlopen(sys.argv[-1]).read().decode())"
        self._program("curl", f'exec {sys.executable} -c "{ask}" "$@"')

    def _program(self, name: str, line: str) -> None:
        file = self.folder / "bin" / name
        file.write_text(f"#!/bin/sh\n{line}\n")
        file.chmod(0o755)

    def does(self, command: str) -> None:
        """Run one command of the book, which must succeed."""
        service: dict[str, Callable[[], object]] = {
            "systemctl stop chatd": self.daemon.stop,
            "systemctl stop chatd.socket": self.daemon.stop,  # which the service requires
            "systemctl start chatd": self.daemon.start,
            "systemctl restart chatd": self._restarts,
            "systemctl reload chatd": self._reloads,
            "systemctl status chatd": lambda: None if self.daemon.runs() else 3,
            "systemctl enable --now chatd.socket chatd-operations.socket": lambda: 0,
        }
        if command in service:
            assert service[command]() in {0, None, self.daemon}
            return
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-ec", self._here(command)],
            cwd=PROJECT,
            env=clean_environ() | {"PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        allowed = FOUND if command.startswith("chatd doctor") else {0}
        assert done.returncode in allowed, f"{command}\n{done.stdout}{done.stderr}"

    def _here(self, command: str) -> str:
        """With the places of this host."""
        command = re.sub(r"(?<=\s)/(var|tmp)/", rf"{self.folder}/\1/", command)
        command = command.replace("/etc/chatd/chatd.toml", str(self.daemon.config))
        return command.replace("127.0.0.1:8766", f"127.0.0.1:{self.daemon.operations_port}")

    def _restarts(self) -> None:
        assert self.daemon.stop() == 0
        self.daemon.start()

    def _reloads(self) -> None:
        assert "failed" not in self.daemon.reload()["STATUS"]


def test_every_section_is_tried_and_has_commands() -> None:
    assert tuple(parts()) == SECTIONS
    for section in SECTIONS:
        assert any(language == "sh" for language, _ in blocks(section)), section


@pytest.mark.timeout(300)
def test_every_command_can_be_run(
    make_daemon: MakeDaemon, guest: MakeClient, tmp_path: Path
) -> None:
    daemon = make_daemon().start()
    host = Host(daemon, tmp_path / "host")
    for name in ("alice", "carl"):
        add = ("user", "add", name, "--config", str(daemon.config))
        assert daemon.verb(*add, stdin="a long password\n").returncode == 0
    guest(daemon, "bob", "lobby").must("send", room="lobby", text="hello")
    for section in SECTIONS:
        if section == "Moderate":  # whoever was here before has been sent home
            guest(daemon, "bob", "lobby")
        for language, text in blocks(section):
            if language == "toml":
                daemon.configure(**tomllib.loads(text))
            for command in text.replace("\\\n", " ").splitlines() if language == "sh" else ():
                host.does(command)
    look_at(host)


def look_at(host: Host) -> None:
    """What they left."""
    there = host.folder
    assert len([each for each in (there / "var/backups/chatd").iterdir() if each.is_dir()]) == 3
    assert "chatd_backup_size" in (there / "var/lib/chatd-metrics/chatd_backup.prom").read_text()
    assert "bob (guest): hello" in (there / "tmp/lobby.txt").read_text()
    assert '"text":"hello"' in (there / "tmp/lobby.jsonl").read_text()
    assert (there / "tmp/chatd-tried/chatd.sqlite3").exists()
    assert list(host.daemon.folder.glob("*.before-restore-*"))
    client = Client(host.daemon.url())
    refused = client.ask("login", user="alice", password="a long password")
    assert refused["code"] == "login_failed"
    client.must("login", user="olga", password="correct horse battery staple")
    done = {each["verb"] for each in client.must("audit", limit=200)["records"]}
    assert {"ban", "unban", "kick", "mute", "emergency", "drain", "user_erase", "restore"} <= done
    client.close()
