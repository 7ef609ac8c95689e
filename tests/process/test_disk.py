"""A disk that is full: nothing is stored and everything else goes on, until there is room again."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.process.client import Client, TextClient
from tests.process.conftest import MakeClient, MakeDaemon
from tests.process.crowd import history
from tests.process.harness import Daemon, eventually
from tests.process.test_store_full_disk import MOUNT, UNSHARE, can_mount

TEXT = "word " * 600


class Disk:
    """A small file system that only the daemon sees; here it is under the daemon's own root."""

    def __init__(self, daemon: Daemon) -> None:
        self._folder = Path(f"/proc/{daemon.pid}/root{daemon.database.parent}")
        self._ballast = self._folder / "ballast"

    def fill(self) -> None:
        """Take all the room that is left."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (65536, 4096, 1):
                try:
                    while ballast.write(bytes(size)) == size:
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        """Give it back."""
        self._ballast.unlink()

    def copy(self, target: Path) -> Path:
        """The database as it is now, while nobody writes; SQLite does not open it over there."""
        target.mkdir()
        for name in ("chatd.sqlite3", "chatd.sqlite3-wal"):
            (target / name).write_bytes((self._folder / name).read_bytes())
        return target / "chatd.sqlite3"


ONCE = MOUNT.replace("6m", "4m")
TWICE = ONCE.replace("exec", '"$@"; exec')


@pytest.fixture
def begin(make_daemon: MakeDaemon, tmp_path: Path) -> Callable[[str], Daemon]:
    """Starts a daemon, or two of them in turn, whose store is on a file system of four megabytes
    that goes away with the last process that sees it."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not can_mount(folder):
        pytest.skip("a small file system needs unshare and user namespaces")
    daemon = make_daemon(store={"path": str(folder / "chatd.sqlite3")})
    serve = [sys.executable, "-m", "chatd", "serve", "--config", str(daemon.config)]
    return lambda how: daemon.run(
        [*UNSHARE, "sh", "-c", how, "sh", str(folder), *serve], ready=True
    )


@pytest.fixture
def small(begin: Callable[[str], Daemon]) -> Daemon:
    return begin(ONCE)


def send_until_full(daemon: Daemon, disk: Disk, client: Client, key: str) -> tuple[str, int]:
    """Send until nothing can be stored any more: the store finds some room in what it has. Gives
    the key of a send that was refused, and how many were stored."""
    stored, refused = 0, ""
    while not refused or daemon.get("/readyz")[0] == 200:
        disk.fill()
        answer = client.ask("send", room="lobby", text=TEXT, key=f"{key}-{stored}")
        if answer["type"] == "ok":
            stored, refused = stored + 1, ""
            continue
        assert answer["code"] == "storage_full"
        assert answer["retry_after_ms"] > 0
        refused = f"{key}-{stored}"
    return refused, stored


def check_reading_goes_on(daemon: Daemon, ann: Client) -> None:
    assert len(ann.must("history", room="lobby", limit=20)["messages"]) == 20
    assert ann.must("search", query="word")["messages"]
    assert [each["user"] for each in ann.must("who", room="lobby")["people"]] == ["ann", "bob"]
    person = TextClient(daemon.url())
    person.line("you are in #lobby")
    person.say("/history")
    person.line("<ann>")
    person.say(TEXT)
    assert "disk is full" in person.line("!")
    person.close()


def check_it_says_why(daemon: Daemon) -> None:
    status, text = daemon.get("/readyz")
    assert status == 503
    assert "free some space on its disk" in text
    assert daemon.get("/healthz")[0] == 200
    assert daemon.metric("chatd_store_failures_total", kind="full") > 0
    assert daemon.metric("chatd_refused_total", code="storage_full") > 0
    assert "free some space on its disk" in daemon.logged("storage_full")[0]["reason"]


def test_a_database_that_somebody_keeps_locked_is_told_as_such(make_daemon: MakeDaemon) -> None:
    """Also to who asks before the store has given up waiting."""
    daemon = make_daemon().start()
    with closing(sqlite3.connect(daemon.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        eventually(lambda: "another process keeps" in daemon.get("/readyz")[1])
        assert daemon.get("/readyz")[0] == 503
    eventually(lambda: daemon.get("/readyz") == (200, "ready\n"))


def test_a_full_disk_stops_nothing_but_writing_and_heals_by_itself(
    small: Daemon, guest: MakeClient
) -> None:
    ann, bob = guest(small, "ann"), guest(small, "bob")
    disk = Disk(small)
    acked = 30
    for _ in range(acked):
        ann.must("send", room="lobby", text=TEXT)
    assert ann.must("search", query="word")["messages"]  # the index has them, and keeps them
    for round_ in range(3):
        refused, more = send_until_full(small, disk, ann, f"round{round_}")
        check_reading_goes_on(small, ann)
        check_it_says_why(small)
        disk.empty()
        eventually(lambda: small.get("/readyz") == (200, "ready\n"))
        stored = ann.must("send", room="lobby", text=TEXT, key=refused)
        acked += more + 1
        assert (stored["seq"], "again" in stored) == (acked, False)
        check_all_is_there(disk.copy(small.folder / f"copy-{round_}"), bob, acked)
    assert small.stop() == 0


def check_all_is_there(copy: Path, bob: Client, acked: int) -> None:
    """Bob has heard all, without a gap (he would have said so), and the file is whole."""
    bob.must("ping")
    assert bob.positions["lobby"]["seq"] == acked
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        kept = database.execute("SELECT count(*), max(seq) FROM messages").fetchone()
    assert kept == (acked, acked)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_daemon_that_starts_on_a_full_disk_serves_what_there_is(
    begin: Callable[[str], Daemon], guest: MakeClient, number: signal.Signals
) -> None:
    daemon = begin(TWICE)
    ann = guest(daemon, "ann")
    for _ in range(30):
        ann.must("send", room="lobby", text=TEXT)
    disk = Disk(daemon)
    _, more = send_until_full(daemon, disk, ann, "more")
    first = int(Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text())
    daemon.notified.all()
    os.kill(first, number)
    daemon.notified.until("READY", alive=daemon.runs)
    disk.fill()
    bob = guest(daemon, "bob")
    assert bob.positions["lobby"]["seq"] == len(history(bob)) == 30 + more
    assert bob.ask("send", room="lobby", text=TEXT)["code"] == "storage_full"
    disk.empty()
    eventually(lambda: daemon.get("/readyz") == (200, "ready\n"))
    assert bob.must("send", room="lobby", text=TEXT)["seq"] == 31 + more
    assert daemon.stop() == 0
    daemon.may_fault = True  # the shell's last word on the first one
    assert set(daemon.faults()) <= {"Killed"}


def test_sends_side_by_side_are_each_stored_or_refused(small: Daemon, guest: MakeClient) -> None:
    """The disk becomes full in the middle of a group of sends, and room is made in the middle of
    the next: whoever was refused is not in the room, whoever was acknowledged is."""
    ann, bob = guest(small, "ann"), guest(small, "bob")
    disk = Disk(small)
    acked: set[str] = set()
    owed = [f"key{number}" for number in range(300)]
    disk.fill()
    for attempt in range(20):
        asked = {ann.say("send", room="lobby", text=TEXT, key=key): key for key in owed}
        if attempt == 2:
            disk.empty()
        answers = {key: ann.answer(number) for number, key in asked.items()}
        assert {each["code"] for each in answers.values() if each["type"] == "error"} <= {
            "storage_full"
        }
        acked |= {key for key, each in answers.items() if each["type"] == "ok"}
        owed = [key for key in owed if key not in acked]
        if not owed:
            break
    assert owed == []
    told = bob.heard("message")
    assert sorted(each["key"] for each in told) == sorted(acked)
    assert small.stop() == 0
