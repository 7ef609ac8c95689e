"""The doctor beside a real daemon and on what real mishaps leave behind."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from chatd.store.sqlite.backup import back_up
from tests.process.conftest import MakeClient, MakeDaemon
from tests.process.harness import Daemon, eventually

# What these say depends on the machine that the tests run on.
OF_THE_MACHINE = {"interpreter", "disk", "log-disk", "clock", "file-limit", "backlog"}
OF_THE_MACHINE |= {"fips", "selinux", "firewall"}
CODES = {"ok": 0, "warn": 1, "fail": 2}

UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")
MOUNT = 'mount -t tmpfs -o size=96m none "$1" && shift && exec "$@"'


class Report:
    """What the doctor said."""

    def __init__(self, daemon: Daemon, *arguments: str) -> None:
        done = daemon.verb("doctor", "--config", str(daemon.config), "--json", *arguments)
        assert done.stderr == ""
        self.told: dict[str, Any] = json.loads(done.stdout)
        self.findings: list[dict[str, str]] = self.told["findings"]
        assert done.returncode == CODES[self.told["status"]]

    def of(self, check: str) -> list[tuple[str, str]]:
        return [(f["status"], f["seen"]) for f in self.findings if f["check"] == check]

    def not_well(self) -> list[str]:
        """The names of chatd's own checks that found something."""
        own = [each for each in self.findings if each["check"] not in OF_THE_MACHINE]
        return [each["check"] for each in own if each["status"] != "ok"]


@pytest.fixture
def stopped(make_daemon: MakeDaemon, guest: MakeClient) -> Daemon:
    """One that has served, and stopped in good order."""
    daemon = make_daemon().start()
    guest(daemon, "ann").must("send", room="lobby", text="hello")
    assert daemon.stop() == 0
    return daemon


@pytest.fixture
def nook() -> Iterator[Path]:
    """A folder whose path is short: a unix socket's may have 107 bytes (unix(7))."""
    with TemporaryDirectory(prefix="chatd-") as folder:
        yield Path(folder)


def digests(folder: Path) -> dict[str, str]:
    """What is in the files of configuration and store. SQLite makes its -shm anew at will, and an
    empty -wal says nothing."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.glob("chatd.*")
        if not file.name.endswith("-shm") and file.stat().st_size
    }


# --- a daemon that is well ---


def test_a_daemon_that_runs_is_found_well(daemon: Daemon, guest: MakeClient) -> None:
    guest(daemon, "ann").must("send", room="lobby", text="hello")
    report = Report(daemon, "--full")
    assert report.not_well() == []
    assert report.of("daemon")[0][1].startswith(f"chatd runs as process {daemon.pid}, ")
    operations = f"tcp:127.0.0.1:{daemon.operations_port}"
    assert report.of("listeners") == [
        ("ok", f"tcp:127.0.0.1:{daemon.port} answers /"),
        ("ok", f"{operations} answers /healthz"),
        ("ok", f"{operations} answers /readyz"),
    ]
    assert daemon.get("/readyz") == (200, "ready\n")


def test_sockets_from_systemd_are_found_by_their_names(make_daemon: MakeDaemon, nook: Path) -> None:
    path = nook / "chat.sock"
    listen = {"public": ["systemd:chat"], "operations": ["systemd:watch"]}
    daemon = make_daemon(listen=listen, http={"trusted_proxies": ["unix"]})
    with socket.socket(socket.AF_UNIX) as chat, socket.socket(socket.AF_INET6) as watch:
        chat.bind(str(path))
        path.chmod(0o666)
        watch.bind(("::1", 0))
        for each in (chat, watch):
            each.listen()
        port = watch.getsockname()[1]
        daemon.start(sockets={"watch": [watch], "chat": [chat]})
        report = Report(daemon)
    assert report.of("listeners") == [
        ("ok", f"systemd:chat (unix:{path}) answers /"),
        ("ok", f"systemd:watch (tcp:[::1]:{port}) answers /healthz"),
        ("ok", f"systemd:watch (tcp:[::1]:{port}) answers /readyz"),
    ]
    assert report.not_well() == ["socket-permissions"]
    assert str(path) in report.of("socket-permissions")[0][1]


def test_a_socket_that_was_removed_under_the_daemon_is_a_failure(
    make_daemon: MakeDaemon, nook: Path
) -> None:
    path = nook / "chat.sock"
    daemon = make_daemon(listen={"public": [f"unix:{path}"]}).start()
    assert Report(daemon).not_well() == []
    path.unlink()
    report = Report(daemon)
    assert report.not_well() == ["listeners", "socket-permissions"]
    assert report.told["status"] == "fail"


def test_a_control_socket_that_was_removed_under_the_daemon_is_a_warning(daemon: Daemon) -> None:
    Path(daemon.folder / "control.sock").unlink()
    report = Report(daemon)
    assert (report.not_well(), report.told["status"]) == (["control"], "warn")


def test_a_database_that_was_removed_under_the_daemon_is_a_failure(daemon: Daemon) -> None:
    daemon.database.unlink()
    [(status, seen)] = Report(daemon).of("store")
    assert status == "fail"
    assert "is gone" in seen


def test_a_database_that_was_moved_under_the_daemon_makes_it_unready_until_it_is_back(
    daemon: Daemon,
) -> None:
    assert daemon.get("/readyz")[0] == 200
    moved = daemon.database.rename(daemon.folder / "moved")
    eventually(lambda: daemon.get("/readyz")[0] == 503)
    assert f"{daemon.database} is not the file that chatd has open" in daemon.get("/readyz")[1]
    moved.rename(daemon.database)
    eventually(lambda: daemon.get("/readyz")[0] == 200)
    assert [len(daemon.logged(event)) for event in ("store_not_ready", "store_ready")] == [1, 1]


# --- no daemon ---


def test_a_stopped_daemon_is_a_warning_and_nothing_of_its_store_changes(stopped: Daemon) -> None:
    before = digests(stopped.folder)
    report = Report(stopped, "--full")
    assert report.not_well() == ["daemon"]
    assert report.of("daemon")[0][1].startswith("chatd is not running")
    assert report.of("listeners") == []
    assert digests(stopped.folder) == before
    stopped.start()
    assert Report(stopped).not_well() == []


def test_what_a_killed_daemon_leaves_is_sound_and_stays_for_the_next(
    daemon: Daemon, guest: MakeClient
) -> None:
    guest(daemon, "ann").must("send", room="lobby", text="hello")
    daemon.kill()
    before = digests(daemon.folder)
    assert Path(f"{daemon.database}-wal").stat().st_size > 0
    report = Report(daemon, "--full")
    assert report.not_well() == ["daemon"]
    assert digests(daemon.folder) == before
    daemon.start()
    assert guest(daemon, "bob").must("history", room="lobby")["messages"][0]["text"] == "hello"


def test_a_folder_for_trying_chatd_out_is_examined_and_not_made(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    daemon, home = make_daemon(), tmp_path / "state"
    done = daemon.verb("doctor", "--dev", str(home))
    assert done.returncode == 2
    assert "cannot be read" in done.stdout
    assert not home.exists()
    home.mkdir()
    (home / "chatd.toml").write_text('[store]\npath = "chatd.sqlite3"\n')
    add = ("user", "add", "ann", "--dev", str(home))
    assert daemon.verb(*add, stdin="correct horse battery\n").returncode == 0
    done = daemon.verb("doctor", "--dev", str(home))
    assert done.returncode in {1, 2}  # it is not running
    assert f"{home}/chatd.sqlite3 has schema" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(" fail")


# --- mishaps ---


def test_a_database_with_a_broken_page_is_a_failure(stopped: Daemon) -> None:
    with closing(sqlite3.connect(stopped.database)) as reader:
        asked = reader.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'")
        (page,) = asked.fetchone()
        (size,) = reader.execute("PRAGMA page_size").fetchone()
    with stopped.database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    report = Report(stopped)
    assert report.not_well() == ["daemon", "integrity"]
    assert report.told["status"] == "fail"


def test_a_database_that_is_none_any_more_is_a_failure_and_the_rest_is_examined(
    stopped: Daemon,
) -> None:
    stopped.database.write_bytes(b"Dear diary, " * 1000)
    done = stopped.verb("doctor", "--config", str(stopped.config))
    assert (done.returncode, done.stderr) == (2, "")
    lines = done.stdout.splitlines()
    [at] = [at for at, line in enumerate(lines) if line.startswith("fail  store ")]
    assert "file is not a database" in lines[at]
    assert "restore the newest backup" in lines[at + 1]
    assert any(" backlog " in line for line in lines[at:])


def test_a_schema_from_the_future_is_a_failure(stopped: Daemon) -> None:
    with closing(sqlite3.connect(stopped.database, isolation_level=None)) as writer:
        writer.execute("PRAGMA user_version = 999")
    [(status, seen)] = Report(stopped).of("store")
    assert status == "fail"
    assert "schema 999" in seen


def test_permissions_that_let_everybody_in_are_failures(daemon: Daemon) -> None:
    daemon.config.chmod(0o666)
    report = Report(daemon)
    assert report.not_well() == ["configuration-permissions"]
    assert report.told["status"] == "fail"
    daemon.config.chmod(0o600)
    daemon.folder.chmod(0o777)
    report = Report(daemon)
    assert report.not_well() == ["configuration-permissions", "store-permissions"]
    daemon.folder.chmod(0o700)
    assert Report(daemon).not_well() == []


def test_what_lies_beside_the_configuration_and_old_backups_are_warnings(daemon: Daemon) -> None:
    left = Path(f"{daemon.config}.rpmnew")
    left.touch()
    kept = daemon.folder / "backups"
    kept.mkdir()
    report = Report(daemon, "--backups", str(kept))
    assert report.not_well() == ["leftovers", "backup"]
    left.unlink()
    now = time.time_ns() // 1_000_000
    two_days = 2 * 86_400_000
    back_up(daemon.database, kept, version="1.0.0", now=now - two_days - 60_000)
    assert Report(daemon, "--backups", str(kept)).not_well() == ["backup"]
    back_up(daemon.database, kept, version="1.0.0", now=now)
    assert Report(daemon, "--backups", str(kept)).not_well() == []


def test_a_disk_that_is_full_is_a_failure_and_breaks_no_check(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("a small file system needs unshare")
    work = [sys.executable, "-m", "tests.process.doctor_in_little_room", str(tmp_path)]
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", MOUNT, "sh", str(tmp_path), *work],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
