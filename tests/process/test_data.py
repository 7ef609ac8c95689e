"""Backup, restore, retention, export and erasure, beside a real daemon and against kill -9."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from chatd.store.sqlite import opened
from tests.process.client import Client, token_of
from tests.process.conftest import MakeClient, MakeDaemon
from tests.process.crowd import check_the_end, crowd_at, history
from tests.process.harness import PROJECT, Daemon, clean_environ, eventually
from tests.process.test_store_full_disk import MOUNT, UNSHARE, can_mount
from tests.unit.store.examples import draft, make_room

RATE = 500
"""Messages a second that are written while a backup is made, at least; on a slow machine this SHARE
of what is written when none is made."""
SHARE = 0.25
TRIES = 5
SWEPT = "chatd_retention_last_sweep_timestamp_seconds"
LARGE = 8000
"""Messages of a database that takes a moment to copy."""


def does(daemon: Daemon, *verb: str, stdin: str = "") -> str:
    """What a verb says that must succeed."""
    done = daemon.verb(*verb, "--config", str(daemon.config), stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refuses(daemon: Daemon, *verb: str) -> str:
    """What a verb complains of that must not."""
    done = daemon.verb(*verb, "--config", str(daemon.config))
    assert done.returncode == 1, done.stdout
    return done.stderr


def newest(folder: Path) -> Path:
    return max(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def kept(database: Path) -> dict[str, int]:
    """The key and seq of every message in a database file."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return dict(connection.execute("SELECT key, seq FROM messages").fetchall())


# --- backup and restore under load ---


@pytest.mark.timeout(180)
def test_a_backup_under_load_has_all_that_was_acknowledged_before_it_began(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    daemon = make_daemon().start()
    backups = tmp_path / "backups"
    crowd = crowd_at(daemon)
    crowd.start()
    crowd.go_on(500)
    began = time.monotonic()
    crowd.go_on(500)
    wanted = min(RATE, SHARE * 500 / (time.monotonic() - began))
    reader = Client(daemon.url())
    reader.login("lobby", guest="late")
    reader.event("message")
    reader.drop()  # not closed: that would first read all that is on its way
    positions = reader.positions
    epoch = str(positions["lobby"]["epoch"])
    before: dict[str, int] = {}
    rates: list[float] = []
    while len(rates) < TRIES and max(rates, default=0.0) < wanted:
        before, began = crowd.acked(), time.monotonic()
        does(daemon, "backup", str(backups))
        rates.append((len(crowd.acked()) - len(before)) / (time.monotonic() - began))
    assert max(rates) >= wanted, rates
    backup = newest(backups)
    verified = daemon.verb("verify", str(backup), "--json")
    assert verified.returncode == 0
    assert json.loads(verified.stdout)["good"] is True
    there = kept(backup / "chatd.sqlite3")
    assert {key: there.get(key) for key in before} == before
    check_the_end(daemon, crowd)  # nobody was disturbed
    assert daemon.stop() == 0
    assert len(kept(daemon.database)) > len(there)
    does(daemon, "restore", "--replace", str(backup))
    daemon.start()
    check_the_past(daemon, there, positions, epoch)


def check_the_past(
    daemon: Daemon, there: dict[str, int], positions: dict[str, Any], epoch: str
) -> None:
    """After a restore: what the backup had, and who comes back is told that it is another past."""
    token = token_of(daemon.url(), "late")
    with closing(Client(daemon.url(), positions=positions)) as client:
        assert client.epoch != epoch
        client.login(resume=True, guest="late", guest_token=token)
        caught_up = client.event("caught_up")
        assert (caught_up["recovered"], caught_up["epoch"]) == (False, client.epoch)
        assert {each["key"]: each["seq"] for each in history(client)} == there
        client.must("send", room="lobby", text="on we go")
        assert client.event("message")["seq"] == max(there.values()) + 1
    assert daemon.stop() == 0


def test_a_restore_refuses_a_running_daemon_and_changes_nothing(
    daemon: Daemon, guest: MakeClient, tmp_path: Path
) -> None:
    ann = guest(daemon, "ann")
    does(daemon, "backup", str(tmp_path / "backups"))
    ann.must("send", room="lobby", text="after the backup")
    for more in ((), ("--dry-run",)):
        told = refuses(daemon, "restore", "--replace", *more, str(tmp_path / "backups"))
        assert f"in use by another chatd (process {daemon.pid}): stop that one first" in told
    assert [each["text"] for each in history(ann)] == ["after the backup"]


def test_migrate_has_nothing_to_do_and_refuses_a_running_daemon(daemon: Daemon) -> None:
    assert "nothing to do" in does(daemon, "migrate", "--plan")
    assert "stop that one first" in refuses(daemon, "migrate")
    daemon.stop()
    assert "nothing to do" in does(daemon, "migrate")


def test_the_textfile_for_node_exporter_says_when(daemon: Daemon, tmp_path: Path) -> None:
    began = time.time()
    file = tmp_path / "chatd_backup.prom"
    does(daemon, "backup", str(tmp_path / "backups"), "--metrics", str(file))
    told = dict(line.split() for line in file.read_text().splitlines() if line[0] != "#")
    assert abs(float(told["chatd_backup_last_success_timestamp_seconds"]) - began) < 60
    size = newest(tmp_path / "backups").joinpath("chatd.sqlite3").stat().st_size
    assert int(told["chatd_backup_size_bytes"]) == size
    assert float(told["chatd_backup_duration_seconds"]) > 0
    assert file.stat().st_mode & 0o777 == 0o644
    before = file.read_text()
    told_no = daemon.verb(
        "backup", str(file), "--metrics", str(file), "--config", str(daemon.config)
    )
    assert told_no.returncode == 1  # a file is no folder for backups
    assert file.read_text() == before


# --- kill -9 in the middle ---


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of some twenty megabytes."""
    path = tmp_path_factory.mktemp("large") / "chatd.sqlite3"
    fill(path, LARGE)
    return path


def fill(path: Path, count: int) -> None:
    """A database with so many messages of 1970."""
    with opened(path) as (store, run):
        room = run(make_room(store))

        async def say() -> None:
            drafts = (draft("word " * 300, key=f"k{number}") for number in range(count))
            together = [Deferred.fromCoroutine(store.append(room, each)) for each in drafts]
            for each in together:
                await each

        run(say())


@pytest.fixture
def folder(large: Path, tmp_path: Path) -> Path:
    """A --dev folder with that database."""
    folder = tmp_path / "dev"
    folder.mkdir()
    (folder / "chatd.sqlite3").write_bytes(large.read_bytes())
    return folder


Moment = Callable[[], bool]


def run_until(moment: Moment, *verb: str) -> int:
    """Run a verb, and kill it when that moment has come; gives its exit code."""
    command = [sys.executable, "-m", "chatd", *verb]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=PROJECT, env=clean_environ(), stdout=quiet) as process:
        while process.poll() is None:
            if moment():
                process.kill()
                break
        return process.wait()


def size(file: Path) -> int:
    """How many bytes a file has; -1 when it is not there, or not there any more."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return -1


def moments_of_a_backup(backups: Path) -> Iterator[Moment]:
    def partial(name: str, least: int) -> Moment:
        return lambda: any(size(file) >= least for file in backups.glob(f".*.partial/{name}"))

    yield backups.exists
    for least in (0, 1, 5 << 20, 10 << 20):
        yield partial("chatd.sqlite3", least)
    yield partial("manifest.json", 0)


@pytest.mark.timeout(180)
def test_a_killed_backup_leaves_no_half_one_and_the_others_alone(
    folder: Path, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    verb = ("backup", str(backups), "--keep", "1", "--dev", str(folder))
    killed = 0
    for moment in moments_of_a_backup(backups):
        killed += run_until(moment, *verb) == -9
        for backup in (each for each in backups.iterdir() if not each.name.startswith(".")):
            assert subprocess.run(chatd("verify", str(backup)), check=False).returncode == 0
    assert killed >= 3
    assert subprocess.run(chatd(*verb), cwd=PROJECT, check=False).returncode == 0
    assert len(kept(newest(backups) / "chatd.sqlite3")) == LARGE
    assert len(kept(folder / "chatd.sqlite3")) == LARGE
    assert not list(backups.glob(".*.partial"))


def chatd(*verb: str) -> list[str]:
    return [sys.executable, "-m", "chatd", *verb]


def epoch_of(database: Path) -> str:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return str(connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0])


@pytest.mark.timeout(180)
def test_a_killed_restore_leaves_the_old_database_whole_or_the_new_one(
    folder: Path, tmp_path: Path
) -> None:
    database = folder / "chatd.sqlite3"
    backups = tmp_path / "backups"
    subprocess.run(chatd("backup", str(backups), "--dev", str(folder)), cwd=PROJECT, check=True)
    with opened(database) as (store, run):
        room = run(store.room("lobby"))
        assert room is not None
        run(store.append(room.room_id, draft("later", key="later")))
    restore = ("restore", "--replace", str(backups), "--dev", str(folder))
    fresh = folder / "chatd.sqlite3.restoring"
    killed = 0
    for moment in (
        fresh.exists,
        lambda: size(fresh) > 5 << 20,
        lambda: Path(f"{fresh}-wal").exists() or Path(f"{fresh}-journal").exists(),
        lambda: any(folder.glob("*.before-restore-*")),
    ):
        epoch, before = epoch_of(database), kept(database)
        killed += run_until(moment, *restore) == -9
        now = kept(database)
        assert now == before if epoch_of(database) == epoch else "later" not in now
    assert killed >= 2
    subprocess.run(chatd(*restore), cwd=PROJECT, check=True)
    assert len(kept(database)) == LARGE
    assert not list(folder.glob("*.restoring*"))
    assert any("later" in kept(aside) for aside in folder.glob("*.before-restore-*Z"))


def test_a_disk_that_is_full_gets_no_half_backup(folder: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if not can_mount(small):
        pytest.skip("a small file system needs unshare and user namespaces")
    backup = chatd("backup", str(small / "backups"), "--dev", str(folder))
    after = '"$@"; code=$?; find "$0" -mindepth 1; exit $code'
    mount = MOUNT.replace('&& exec "$@"', f'&& exec sh -c \'{after}\' "$0" "$@"')
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", mount, str(small), str(small), *backup],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert f"no room in {small}/backups: the database has" in done.stderr
    assert done.stdout == ""


# --- retention ---


def test_what_is_too_many_goes_while_people_are_there(daemon: Daemon, guest: MakeClient) -> None:
    ann, bob = guest(daemon, "ann"), guest(daemon, "bob")
    for number in range(1, 31):
        ann.must("send", room="lobby", text=f"message {number}", key=f"k{number}")
    bob.heard()
    old = {"lobby": {"epoch": bob.epoch, "seq": 3}}
    young = {"lobby": {"epoch": bob.epoch, "seq": 25}}
    daemon.configure(retention={"messages": 10})
    daemon.reload()
    eventually(lambda: daemon.metric("chatd_retention_removed_total") == 20)
    assert [each["seq"] for each in history(bob)] == list(range(21, 31))
    for positions, recovered in ((old, False), (young, True)):
        token = token_of(daemon.url(), "back")
        with closing(Client(daemon.url(), positions=positions)) as back:
            back.login(resume=True, guest="back", guest_token=token)
            assert back.event("caught_up")["recovered"] is recovered
    again = ann.must("send", room="lobby", text="message 30", key="k30")
    assert (again["seq"], again["again"]) == (30, True)
    assert ann.must("send", room="lobby", text="message 1", key="k1")["seq"] == 31
    assert bob.event("message")["seq"] == 31
    began = time.time()
    eventually(lambda: daemon.metric(SWEPT) > began - 60)


def test_what_is_too_old_goes_when_a_daemon_starts(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(retention={"age": "30d"})
    fill(daemon.database, 1500)
    full = daemon.database.stat().st_size
    daemon.start()
    eventually(lambda: daemon.metric("chatd_retention_removed_total") == 1500)
    eventually(lambda: daemon.metric(SWEPT) > 0)
    daemon.stop()
    assert daemon.database.stat().st_size < full / 2


# --- export and erasure ---


def test_an_export_is_the_log_in_its_order_while_it_grows(
    daemon: Daemon, guest: MakeClient
) -> None:
    ann = guest(daemon, "ann")
    for number in range(1, 21):
        ann.must("send", room="lobby", text=f"message {number}")
    lines = [json.loads(line) for line in does(daemon, "export", "lobby").splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, 21))
    assert lines[-1]["text"] == "message 20"
    text = does(daemon, "export", "lobby", "--format", "text")
    assert text.splitlines()[0].endswith("#1 ann (guest): message 1")
    cut = f"{sys.executable} -m chatd export lobby --config {daemon.config} | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", cut], cwd=PROJECT, check=False, capture_output=True, text=True
    )
    assert (json.loads(done.stdout)["seq"], done.stderr) == (1, "")


def test_a_daemon_that_is_stalled_stores_nothing_more_of_an_erased_user(
    daemon: Daemon, guest: MakeClient
) -> None:
    """It takes up what it was sent before the erasure, whenever it wakes."""
    for name in ("alice", "bob"):
        does(daemon, "user", "add", name, stdin="a long password\n")
    with closing(Client(daemon.url())) as alice, closing(Client(daemon.url())) as bob:
        alice.login("lobby", user="alice", password="a long password")
        bob.login("lobby", user="bob", password="a long password")
        bob.must("create", room="den", private=True)
        alice.must("send", room="lobby", text="all about me")
        daemon.signal(signal.SIGSTOP)
        for number in range(5):
            alice.say("send", room="lobby", text=f"all about me {number}")
        alice.say("send", to="bob", text="all about me, for you")
        bob.say("send", to="alice", text="are you there?")
        bob.say("invite", room="den", user="alice")
        does(daemon, "user", "erase", "alice", "--yes")
        daemon.signal(signal.SIGCONT)
        assert alice.closed().code == 3501
        bob.must("send", room="lobby", text="she is gone")
    assert daemon.stop() == 0
    content = daemon.database.read_bytes()
    assert b"she is gone" in content
    assert b"about me" not in content
    assert b"alice" not in content


def test_an_erased_user_is_gone_at_once_and_the_others_hear_of_it(
    daemon: Daemon, guest: MakeClient
) -> None:
    does(daemon, "user", "add", "alice", stdin="a long password\n")
    bob = guest(daemon, "bob")
    with closing(Client(daemon.url())) as alice:
        alice.login("lobby", user="alice", password="a long password")
        alice.must("send", room="lobby", text="all about me")
        bob.must("send", room="lobby", text="an answer", reply_to=1)
        bob.heard()
        assert "say so with --yes" in refuses(daemon, "user", "erase", "alice")
        assert "removed: 1 text" in does(daemon, "user", "erase", "alice", "--yes")
        assert alice.closed().code == 3501  # revoked: stay away
    deleted = bob.event("deleted")
    assert (deleted["target"], deleted["user"]) == (1, "erased user")
    told = [(each["user"], each.get("text", "")) for each in history(bob)]
    assert told == [("erased user", ""), ("bob", "an answer")]
    with closing(Client(daemon.url())) as again:
        refused = again.ask("login", user="alice", password="a long password")
        assert refused["code"] == "login_failed"
