"""docs/terminal.md: its examples do what the page says; and how a script sees what goes wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.process.conftest import MakeClient, MakeDaemon
from tests.process.harness import PATIENCE, PROJECT, Daemon, clean_environ, eventually
from tests.process.test_library import tls_before
from tests.unit.client.certificates import Authority

PAGE = (PROJECT / "docs" / "terminal.md").read_text()
ECHO, ONE, FOLLOW, JSON = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ENDED_BY = {signal.SIGTERM: -signal.SIGTERM, signal.SIGINT: 130}
"""SIGTERM ends it in the end, so that systemd sees no failure in that."""


def environ(daemon: Daemon, tmp_path: Path) -> Mapping[str, str]:
    """One in which `chatd` is this one, as a shell finds it."""
    program = tmp_path / "bin" / "chatd"
    if not program.exists():
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m chatd "$@"\n')
        program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    return clean_environ() | {"CHATD_URL": daemon.url(), "PATH": path, "PYTHONPATH": str(PROJECT)}


def shell(command: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """As somebody types it."""
    return subprocess.run(
        ["/bin/sh", "-c", command], env=env, capture_output=True, text=True, timeout=30, check=False
    )


def test_a_script_says_a_line_and_ends(daemon: Daemon, guest: MakeClient, tmp_path: Path) -> None:
    bob = guest(daemon, "bob")
    bob.must("create", room="ops")
    env = environ(daemon, tmp_path)
    done = shell(ECHO, env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert bob.event("message")["text"] == "deploy done"
    assert shell(ONE, env).returncode == 0
    assert bob.event("message")["text"] == "backup\nof db1"
    lines = [json.loads(line) for line in shell(JSON, env).stdout.splitlines()]
    [stored] = [line for line in lines if line["type"] == "stored"]
    assert stored["seq"] == bob.event("message")["seq"]


def test_lines_without_a_text_are_passed_over(daemon: Daemon, guest: MakeClient) -> None:
    bob = guest(daemon, "bob")
    for stdin in ("", "\n \n", "\nhello\n\n"):
        done = daemon.verb("connect", daemon.url(), stdin=stdin)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert bob.event("message")["seq"] == 1


def test_what_a_pipe_says_is_no_command(daemon: Daemon, guest: MakeClient) -> None:
    bob = guest(daemon, "bob")
    assert daemon.verb("connect", daemon.url(), stdin="/quit\n//me\n").returncode == 0
    assert [bob.event("message")["text"] for _ in range(2)] == ["/quit", "//me"]


def test_a_standard_input_that_is_closed_is_no_file_that_can_be_read(
    daemon: Daemon, tmp_path: Path
) -> None:
    done = shell("exec chatd connect <&-", environ(daemon, tmp_path))
    assert done.returncode == os.EX_NOINPUT
    assert done.stderr == ("chatd connect: standard input is closed; </dev/null is an empty one\n")


def test_a_follower_hears_everything_also_after_a_restart(
    daemon: Daemon, guest: MakeClient, tmp_path: Path
) -> None:
    guest(daemon, "bob").must("create", room="ops")
    follower = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {FOLLOW}"],
        env=environ(daemon, tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with follower:
        try:
            bob = guest(daemon, "eve", "ops")
            eventually(lambda: bob.must("who", room="ops")["present"] == 3)
            bob.must("send", room="ops", text="one")
            assert follower.stdout is not None
            heard = [next(x for x in follower.stdout if "<eve>" in x)]
            daemon.kill()
            daemon.start()
            guest(daemon, "eve", "ops").must("send", room="ops", text="two")
            heard.append(next(x for x in follower.stdout if "<eve>" in x))
        finally:
            follower.kill()
    assert [line.split(" ", 1)[1] for line in heard] == ["#ops <eve> one\n", "#ops <eve> two\n"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_follower_who_is_ended_says_goodbye_and_may_come_back_at_once(
    daemon: Daemon, guest: MakeClient, tmp_path: Path, number: signal.Signals
) -> None:
    bob = guest(daemon, "bob")
    bob.must("create", room="ops")
    for _ in range(2):
        follower = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {FOLLOW}"], env=environ(daemon, tmp_path),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with follower:
            try:
                assert bob.event("joined")["user"] == "watcher"
                follower.send_signal(number)
                assert bob.event("left")["reason"] == "quit"
                assert follower.wait(PATIENCE) == ENDED_BY[number]
            finally:
                follower.kill()
            assert follower.stderr is not None
            assert follower.stderr.read() == ""


def test_a_name_that_is_kept_is_said_to_be_free_soon(daemon: Daemon, guest: MakeClient) -> None:
    guest(daemon, "bob").drop()
    done = daemon.verb("connect", daemon.url(), "--guest", "bob", stdin="hello")
    assert done.returncode == 77
    assert "in use" in done.stderr
    assert done.stderr.endswith("; if it was you whose line broke, it is free in half a minute\n")


@pytest.mark.parametrize(
    ("words", "stdin", "code", "says"),
    [
        (("--room", "nowhere"), "x", 77, "there is no room"),
        (("--room", "lobby"), "x" * 20_000, 65, "line 1 was not said"),
        (("--one",), "", 65, "there is nothing to say"),
        (("--one",), " \n\n", 65, "there is nothing to say"),
        (("ftp://x/",), "x", 64, "ws://"),
        (("--user", "alice"), "x", 64, "token"),
        (("--token-file", "/nowhere"), "x", 66, "/nowhere"),
        (("--guest", "a\x01b"), "x", 64, "bad_name"),
        (("--timeout", "300ms", "ws://127.0.0.1:1/"), "x", 69, "no log-in within 0.3 s"),
    ],
)
def test_what_goes_wrong_has_an_exit_code_and_a_reason(
    daemon: Daemon, words: tuple[str, ...], stdin: str, code: int, says: str
) -> None:
    url = () if any("://" in word for word in words) else (daemon.url(),)
    done = daemon.verb("connect", *url, *words, stdin=stdin)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_wss_is_spoken_with_whom_one_believes(daemon: Daemon, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with tls_before(daemon, authority.server("localhost")) as url:
        believed = daemon.verb("connect", url, "--ca", str(authority.file), stdin="hello\n")
        assert (believed.returncode, believed.stderr) == (0, "")
        refused = daemon.verb("connect", url, stdin="hello\n")
    assert refused.returncode == 69
    assert "certificate is not believed" in refused.stderr


def test_a_script_waits_while_the_rate_is_over_its_limit(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(limits={"rate": 50, "burst": 10}).start()
    text = "".join(f"line {number}\n" for number in range(40))
    assert daemon.verb("connect", daemon.url(), stdin=text).returncode == 0
    done = daemon.verb("connect", daemon.url(), "--json", stdin="last\n")
    [stored] = [x for x in map(json.loads, done.stdout.splitlines()) if x["type"] == "stored"]
    assert stored["seq"] == 41
