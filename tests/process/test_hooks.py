"""docs/hooks.md: its examples do what the page says, at a real daemon."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.process.client import Client
from tests.process.conftest import MakeClient, MakeDaemon
from tests.process.harness import PROJECT, Daemon, clean_environ

PAGE = (PROJECT / "docs" / "hooks.md").read_text()
ADD, SAY, AGAIN = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
[GROUP] = re.findall(r"^```\n(🔥.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)


def make_hook(daemon: Daemon, command: str = ADD) -> str:
    """By the verb as the page has it; gives the token."""
    words = command.split()[1:]
    done = daemon.verb(*words, "--config", str(daemon.config))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def post(daemon: Daemon, token: str, body: object, **fields: str) -> tuple[int, str, Any]:
    """Status, body and headers."""
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=20)
    with closing(connection):
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **fields}
        connection.request("POST", f"/hooks/{token}", sent, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers


def shell(command: str, daemon: Daemon, token: str) -> dict[str, Any]:
    """An example, as somebody types it; gives the answer."""
    environ = clean_environ() | {"CHATD": f"http://127.0.0.1:{daemon.port}", "TOKEN": token}
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env=environ, capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_program_says_something_and_once_with_a_key(daemon: Daemon, guest: MakeClient) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    ann = guest(daemon, "ann")
    ann.must("create", room="ops")
    token = make_hook(daemon)
    assert shell(SAY, daemon, token) | {"ts": 0} == {
        "ok": True, "room": "ops", "seq": 1, "ts": 0, "again": False,
    }  # fmt: skip
    message = ann.event("message")
    assert (message["user"], message["text"]) == ("alertmanager", "deploy done")
    assert [shell(AGAIN, daemon, token)["again"] for _ in range(2)] == [False, True]
    assert ann.event("message")["text"] == "backup of db1: 12 GB"


def test_an_alert_is_said_as_the_page_shows(daemon: Daemon, guest: MakeClient) -> None:
    ann = guest(daemon, "ann")
    ann.must("create", room="ops")
    alert = {
        "status": "firing",
        "labels": {"alertname": "HostDown", "severity": "critical", "instance": "db1:9100"},
        "annotations": {"summary": "no answer for 5 minutes"},
        "generatorURL": "http://prometheus.example/graph?g0.expr=up",
    }
    assert post(daemon, make_hook(daemon), {"version": "4", "alerts": [alert]})[0] == 200
    assert ann.event("message")["text"] == GROUP


def test_what_is_wrong_is_said_with_its_status(make_daemon: MakeDaemon, guest: MakeClient) -> None:
    daemon = make_daemon(limits={"rate": 1, "burst": 20}).start()
    guest(daemon, "ann").must("create", room="ops")
    token = make_hook(daemon)
    for body, fields, status, says in (
        (b"hello", {}, 400, "not JSON"),
        ({"text": "x"}, {"Content-Type": "text/plain"}, 415, "application/json"),
        ({"text": "x" * 20_000}, {}, 413, "16384"),
        (b"x" * 2**21, {}, 413, "1048576"),
    ):
        found = post(daemon, token, body, **fields)
        assert (found[0], says in found[1]) == (status, True)
    assert post(daemon, token[:-1] + "x", {"text": "x"})[0] == 404
    answers = [post(daemon, token, {"text": "x"}) for _ in range(30)]
    [late, *_] = [each for each in answers if each[0] == 429]
    assert int(late[2]["Retry-After"]) >= 1


def test_a_revoked_hook_says_nothing_more(daemon: Daemon, guest: MakeClient) -> None:
    guest(daemon, "ann").must("create", room="ops")
    token, config = make_hook(daemon), ("--config", str(daemon.config))
    [listed] = json.loads(daemon.verb("hook", "list", "--json", *config).stdout)
    assert (listed["room"], listed["name"]) == ("ops", "alertmanager")
    assert token not in daemon.verb("hook", "list", *config).stdout
    assert post(daemon, token, {"text": "x"})[0] == 200
    assert daemon.verb("hook", "revoke", listed["id"], *config).returncode == 0
    assert post(daemon, token, {"text": "x"})[0] == 404
    assert daemon.verb("hook", "revoke", listed["id"], *config).returncode == 1
    assert "hook_revoke" in daemon.verb("audit", *config).stdout


def test_a_hook_cannot_speak_as_somebody(daemon: Daemon) -> None:
    config = ("--config", str(daemon.config))
    daemon.verb("user", "add", "alice", *config, stdin="correct horse battery\n")
    for words in (("lobby", "alice"), ("nowhere", "alerts"), ("lobby", "a\x01b")):
        done = daemon.verb("hook", "add", *words, *config)
        assert (done.returncode, done.stdout) == (1, "")


def test_what_was_posted_survives_a_kill(daemon: Daemon, guest: MakeClient) -> None:
    guest(daemon, "ann").must("create", room="ops")
    token = make_hook(daemon)
    assert post(daemon, token, {"text": "x"}, **{"Idempotency-Key": "k"})[0] == 200
    daemon.kill()
    daemon.start()
    status, body, _ = post(daemon, token, {"text": "x"}, **{"Idempotency-Key": "k"})
    assert (status, json.loads(body)["again"]) == (200, True)


def test_nobody_takes_the_name_of_a_hook(daemon: Daemon, guest: MakeClient) -> None:
    config = ("--config", str(daemon.config))
    early, ann = guest(daemon, "Alertmanager"), guest(daemon, "ann")  # before there is the hook
    ann.must("create", room="ops")
    token = make_hook(daemon)
    for name in ("alertmanager", "ALERTMANAGER", "a1ertmanager"):
        assert ann.ask("nick", nick=name)["code"] == "name_taken"
        with closing(Client(daemon.url())) as mallory:
            assert mallory.ask("login", guest=name)["code"] == "name_taken"
    done = daemon.verb("user", "add", "alertmanager", *config, stdin="correct horse battery\n")
    assert (done.returncode, "looks like, the hook alertmanager" in done.stderr) == (1, True)
    assert post(daemon, token, {"text": "disk full"})[0] == 200
    assert early.event("renamed")["nick"].startswith("guest-")
    assert ann.event("message")["user"] == "alertmanager"
    [listed] = json.loads(daemon.verb("hook", "list", "--json", *config).stdout)
    assert daemon.verb("hook", "revoke", listed["id"], *config).returncode == 0
    ann.must("nick", nick="alertmanager")
