"""Accounts and tokens from the command line, beside a daemon that runs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.client import Client, Frame
from tests.process.conftest import MakeDaemon
from tests.process.harness import Daemon, clean_environ, eventually

PASSWORD = "correct horse battery"
SOON = 1.0  # seconds until a revocation reaches a session
SLACK = 9.0  # seconds that a busy machine may add
REVOKED = 3501
USAGE = 2


@pytest.fixture
def home(daemon: Daemon) -> Daemon:
    """A daemon with the account carl."""
    added = user(daemon, "add", "carl", stdin=PASSWORD)
    assert (added.returncode, added.stdout) == (0, "made user carl\n"), added.stderr
    return daemon


def user(daemon: Daemon, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return daemon.verb("user", *words, "--config", str(daemon.config), stdin=stdin)


def token(daemon: Daemon, *words: str) -> str:
    done = daemon.verb("token", *words, "--config", str(daemon.config))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def logs_in(daemon: Daemon, **who: str) -> Frame:
    """The answer to a log-in of its own connection."""
    client = Client(daemon.url())
    try:
        return client.ask("login", **who)
    finally:
        client.close()


@pytest.fixture
def carl(home: Daemon) -> Iterator[Client]:
    """Logged in, and in the lobby."""
    client = Client(home.url())
    client.login("lobby", user="carl", password=PASSWORD)
    yield client
    client.drop()


def check_ends_soon(client: Client) -> None:
    """The session is ended within the promised time."""
    started = time.monotonic()
    assert client.closed().code == REVOKED
    assert time.monotonic() - started < SOON + SLACK


def test_who_was_added_beside_the_daemon_can_log_in(home: Daemon) -> None:
    answer = logs_in(home, user="carl", password=PASSWORD)
    assert answer["user"] == "carl"
    assert "guest" not in answer
    assert logs_in(home, user="carl", password="wrong")["code"] == "login_failed"
    assert user(home, "add", "olga", "--operator", stdin=PASSWORD).returncode == 0
    assert logs_in(home, user="olga", password=PASSWORD)["operator"] is True
    listed = json.loads(user(home, "list", "--json").stdout)
    assert [(each["name"], each["operator"]) for each in listed] == [
        ("carl", False),
        ("olga", True),
    ]


def test_what_cannot_be_added_is_refused_in_one_line(home: Daemon) -> None:
    for words, stdin, says in (
        (("add", "carl"), PASSWORD, "already"),
        (("add", "car1"), PASSWORD, "looks like carl"),
        (("add", "c\N{CYRILLIC SMALL LETTER A}rl"), PASSWORD, "one script"),
        (("add", "dora"), "", "no password"),
        (("add", "dora"), "short", "password"),
        (("disable", "nobody"), "", "nobody"),
    ):
        refused = user(home, *words, stdin=stdin)
        assert refused.returncode == 1
        assert says in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert [each["name"] for each in json.loads(user(home, "list", "--json").stdout)] == ["carl"]


def test_a_session_ends_when_its_account_is_disabled(home: Daemon, carl: Client) -> None:
    assert user(home, "disable", "carl").returncode == 0
    check_ends_soon(carl)
    assert logs_in(home, user="carl", password=PASSWORD)["code"] == "login_failed"
    assert user(home, "enable", "carl").returncode == 0
    assert logs_in(home, user="carl", password=PASSWORD)["type"] == "ok"


def test_sessions_end_when_the_password_changes(home: Daemon, carl: Client) -> None:
    assert user(home, "passwd", "carl", stdin="another long one").returncode == 0
    check_ends_soon(carl)
    assert logs_in(home, user="carl", password=PASSWORD)["code"] == "login_failed"
    assert logs_in(home, user="carl", password="another long one")["type"] == "ok"


def test_only_the_sessions_of_a_revoked_token_end(home: Daemon, carl: Client) -> None:
    mine = token(home, "add", "carl", "--label", "the canary")
    other = token(home, "add", "carl")
    bots = [Client(home.url()) for _ in range(2)]
    for bot, secret in zip(bots, (mine, other), strict=True):
        assert bot.login(token=secret)["user"] == "carl"
    token_id = json.loads(token(home, "list", "carl", "--json"))[0]["id"]
    token(home, "revoke", token_id)
    check_ends_soon(bots[0])
    assert logs_in(home, token=mine)["code"] == "login_failed"
    for still_there in (bots[1], carl):
        still_there.must("ping")
    bots[1].close()


def test_a_revocation_while_the_daemon_is_down_holds_when_it_is_up(home: Daemon) -> None:
    secret = token(home, "add", "carl")
    assert home.stop() == 0
    token(home, "revoke", secret)
    home.start()
    assert logs_in(home, token=secret)["code"] == "login_failed"
    assert logs_in(home, user="carl", password=PASSWORD)["type"] == "ok"


def test_a_password_is_never_in_the_arguments_nor_in_the_store(make_daemon: MakeDaemon) -> None:
    """While it waits for the password, the process shows none; and there is no option for one."""
    daemon = make_daemon().start()
    command = [sys.executable, "-m", "chatd", "user", "add", "carl", "--config"]
    with subprocess.Popen(
        [*command, str(daemon.config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=clean_environ(),
    ) as adding:
        assert adding.stdin is not None
        adding.stdin.write(f"{PASSWORD}\n".encode())
        adding.stdin.flush()
        shown = eventually(Path(f"/proc/{adding.pid}/cmdline").read_bytes)
        assert PASSWORD.encode() not in shown
        adding.stdin.close()
        assert adding.wait() == 0
    assert daemon.verb("user", "add", "dora", "--password", PASSWORD).returncode == USAGE
    files = [file.read_bytes() for file in daemon.folder.iterdir() if file.is_file()]
    assert len(files) > 3
    assert all(PASSWORD.encode() not in content for content in files)


def test_a_verb_without_a_store_says_what_is_missing(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(store={"path": "/nowhere/at/all/chatd.sqlite3"})
    refused = user(daemon, "list")
    assert refused.returncode == 1
    assert "/nowhere/at/all" in refused.stderr
    assert "Traceback" not in refused.stderr
