"""The audit log at a real daemon: what is in it, kill -9, and whoever goes behind its back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.process.client import Client
from tests.process.conftest import MakeDaemon
from tests.process.harness import Daemon, eventually

SECRET = "correct horse battery"
ROUNDS = 3
ACKS = 20


def audit(daemon: Daemon, *more: str) -> list[dict[str, Any]]:
    done = daemon.verb("audit", "--json", "--config", str(daemon.config), *more)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def verify(daemon: Daemon, *more: str) -> tuple[int, str]:
    done = daemon.verb("audit", "verify", "--config", str(daemon.config), *more)
    return done.returncode, done.stdout + done.stderr


def verbs(daemon: Daemon) -> list[str]:
    return [each["verb"] for each in audit(daemon, "--limit", "1000")]


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    daemon = make_daemon()
    add = ("user", "add", "olga", "--operator", "--config", str(daemon.config))
    assert daemon.verb(*add, stdin=f"{SECRET}\n").returncode == 0
    return daemon.start()


def operator(daemon: Daemon) -> Client:
    client = Client(daemon.url())
    client.must("login", user="olga", password=SECRET)
    return client


def head(daemon: Daemon) -> str:
    """As somebody makes it of the metric."""
    return f"{int(daemon.metric('chatd_audit_head')):012x}"


def test_what_was_done_to_a_daemon_is_in_it_and_comes_to_journal_and_metric(
    daemon: Daemon,
) -> None:
    daemon.may_fault = True  # the reload that fails is an error in its log
    with closing(Client(daemon.url())) as stranger:
        assert stranger.ask("login", user="olga", password="wrong")["code"] == "login_failed"
    with closing(operator(daemon)) as olga:
        olga.must("ban", who="192.0.2.0/24", reason="spam")
        daemon.configure(server={"motd": "new"}, store={"read_threads": 3})
        daemon.reload()
        good = daemon.config.read_text()
        daemon.config.write_text("[nonsense]\n")
        daemon.reload()
        daemon.config.write_text(good)
        wanted = {"user_add", "start", "login_failed", "ban", "reload", "reload_failed"}
        eventually(lambda: daemon.metric("chatd_audit_records") == len(wanted))
        told = {each["verb"]: each for each in audit(daemon)}
        assert told["user_add"]["facts"] == {"user": "olga", "operator": "yes"}
        assert told["start"]["facts"]["store.path"]
        assert told["login_failed"]["facts"]["user"] == "olga"
        facts = told["reload"]["facts"]
        assert facts["server.motd"] == '"Be kind to each other." -> "new"'
        assert facts["store.read_threads"] == "2 -> 3 (restart)"
        assert told["reload_failed"]["facts"]["problems"] == "1"
        newest = audit(daemon, "--limit", "1")[0]["hash"]
        assert newest.startswith(head(daemon))
        assert newest in {each["head"] for each in daemon.logged("audit")}
        assert olga.must("auditverify", head=newest)["whole"] is True
        code, said = verify(daemon, "--head", head(daemon))
        assert (code, "is whole: 6 records" in said) == (0, True), said
    assert daemon.stop() == 0
    assert verbs(daemon)[-1] == "stop"


def test_a_record_that_finds_no_room_at_the_stop_is_in_the_journal(daemon: Daemon) -> None:
    with closing(sqlite3.connect(daemon.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert daemon.stop() == 0
    assert [each["verb"] for each in daemon.logged("audit_lost")] == ["stop"]
    assert "stop" not in verbs(daemon)


def slows(daemon: Daemon) -> int:
    with closing(sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True)) as database:
        (count,) = database.execute("SELECT count(*) FROM audit WHERE verb = 'slow'").fetchone()
        return int(count)


@pytest.mark.timeout(180)
def test_kill_9_leaves_a_whole_chain_with_all_that_was_acknowledged(daemon: Daemon) -> None:
    acked, seen = 0, ""
    for _ in range(ROUNDS):
        olga = operator(daemon)
        for n in range(ACKS):
            olga.must("slow", room="lobby", seconds=n)
        acked += ACKS
        seen = head(daemon)
        for _ in range(ACKS):  # and some more that nobody waits for
            olga.say("slow", room="lobby", seconds=7)
        daemon.kill()
        olga.close()
        assert slows(daemon) >= acked
        acked = slows(daemon)
        daemon.start()
    code, said = verify(daemon, "--head", seen)
    assert code == 0, said
    assert verbs(daemon).count("start") == ROUNDS + 1


def test_what_is_changed_behind_its_back_is_named(daemon: Daemon) -> None:
    with closing(operator(daemon)) as olga:
        for text in ("one", "two", "three"):
            olga.must("announce", text=text)
        last = olga.must("audit", limit=1)["records"][0]
    assert daemon.stop() == 0
    with closing(sqlite3.connect(daemon.database, isolation_level=None)) as intruder:
        intruder.execute("DROP TRIGGER audit_holds")
        intruder.execute("DROP TRIGGER audit_stays")
        intruder.execute("UPDATE audit SET verb = 'nothing' WHERE number = 3")
        intruder.execute("DELETE FROM audit WHERE number >= ?", (last["number"],))
        intruder.execute("DELETE FROM sqlite_sequence WHERE name = 'audit'")
    code, said = verify(daemon)
    assert code == 1
    assert "record 3 was changed" in said
    code, said = verify(daemon, "--head", last["hash"])
    assert f"none has the hash {last['hash']}" in said
