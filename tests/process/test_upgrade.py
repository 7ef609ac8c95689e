"""From one chatd to the next and back: with the data, with a backup, and never by guessing."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chatd.store.sqlite import schema
from tests.process.client import Client, token_of
from tests.process.conftest import MakeClient, MakeDaemon
from tests.process.crowd import history
from tests.process.harness import Daemon
from tests.process.test_refusals import reason
from tests.unit.store.sample import released, unpack

NEWEST = max(released())
CHANGE = """
CREATE TABLE flags (name TEXT NOT NULL);
INSERT INTO flags VALUES ('new');
"""


@pytest.mark.parametrize("number", released())
def test_a_store_of_every_release_is_served_with_all_it_holds(
    make_daemon: MakeDaemon, guest: MakeClient, number: int
) -> None:
    daemon = make_daemon()
    unpack(number, daemon.database)
    daemon.start()
    assert daemon.metric("chatd_schema_version") == NEWEST
    assert daemon.database.with_name(f"chatd.sqlite3.before-{number + 1:04d}").exists() == (
        number < NEWEST
    )
    eve = guest(daemon, "eve")
    assert eve.positions["lobby"]["seq"] == 11
    texts = [message.get("text", "") for message in history(eve)]
    assert texts == ["black tea", "green coffee", "", "Schöne Grüße"]
    assert eve.must("send", room="lobby", text="still here")["seq"] == 12
    assert len(eve.must("search", query="green")["messages"]) == 1
    assert eve.must("rooms")["rooms"][0]["topic"] == "Tea at five"


def test_an_upgrade_keeps_everything_and_the_way_back_is_told(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    daemon = make_daemon().start()
    position = talk(daemon, "before")
    assert daemon.stop() == 0
    start_later(daemon, tmp_path / "schema")
    assert daemon.metric("chatd_schema_version") == NEWEST + 1
    check_resumes(daemon, position)
    late = talk(daemon, "after")
    assert daemon.stop() == 0
    # Back to the old one: it says no, and where the data of that time is.
    backup = daemon.database.with_name(f"chatd.sqlite3.before-{NEWEST + 1:04d}")
    assert "put back the backup" in reason(daemon)
    put_back(backup, daemon.database)
    daemon.start()
    talk(daemon, "instead")
    check_is_told_that_it_is_another_time(daemon, position)
    check_is_told_that_it_is_another_time(daemon, late)


def talk(daemon: Daemon, word: str) -> dict[str, dict[str, object]]:
    """Say something; gives the position before it."""
    with closing(Client(daemon.url())) as client:
        client.login("lobby", guest="ann")
        position = {room: dict(each) for room, each in client.positions.items()}
        for number in range(3):
            client.must("send", room="lobby", text=f"{word} {number}")
        return position


def check_resumes(daemon: Daemon, position: dict[str, dict[str, object]]) -> None:
    """Who comes back with a position of before hears what was said since."""
    positions = {room: dict(each) for room, each in position.items()}
    token = token_of(daemon.url(), "bob")
    with closing(Client(daemon.url(), positions=positions)) as client:
        client.login(guest="bob", guest_token=token, resume=True)
        assert client.event("caught_up")["recovered"] is True
        texts = [event["text"] for event in client.heard("message")]
        assert texts[:3] == ["before 0", "before 1", "before 2"]


def check_is_told_that_it_is_another_time(
    daemon: Daemon, position: dict[str, dict[str, object]]
) -> None:
    """Who comes back from a history that was put aside is not told that nothing is missing."""
    positions = {room: dict(each) for room, each in position.items()}
    with closing(Client(daemon.url(), positions=positions)) as client:
        client.login(guest="bob", resume=True)
        assert client.event("caught_up")["recovered"] is False


def start_later(daemon: Daemon, folder: Path) -> None:
    """The next release, whose schema has one file more."""
    shutil.copytree(schema.FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / f"{NEWEST + 1:04d}_flags.sql").write_text(CHANGE)
    later = [sys.executable, "-m", "tests.process.later_chatd", str(folder)]
    daemon.run([*later, "serve", "--config", str(daemon.config)], ready=True)


def put_back(backup: Path, database: Path) -> None:
    """As the operator would: nothing of the newer store stays beside it."""
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    for left in ("-wal", "-shm"):
        database.with_name(database.name + left).unlink(missing_ok=True)
    shutil.copy(backup, database)
