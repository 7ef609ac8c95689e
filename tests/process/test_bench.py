"""`chatd bench` at a real chatd: what an operator runs, and what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.process.conftest import MakeDaemon
from tests.process.harness import PROJECT, Daemon, clean_environ
from tests.process.ports import free_port

FEW = ("--connections", "12", "--rooms", "3", "--rate", "60", "--arrivals", "200")


def bench(url: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "chatd", "bench", url, *FEW, *more]
    return subprocess.run(
        command, cwd=PROJECT, env=clean_environ(), capture_output=True, text=True, timeout=90,
        check=False,
    )  # fmt: skip


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_all_that_is_said_is_acknowledged_and_heard_by_all(daemon: Daemon) -> None:
    done = bench(daemon.url(), "--duration", "1s", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = told(done)
    assert found["connections"] == {"asked": 12, "open": 12}
    assert found["said"] == {"asked": 60, "said": 60}
    assert found["acknowledged"]["count"] == 60
    assert found["delivered"]["count"] == found["expected"] == 60 * 4
    assert (found["lost"], found["doubled"], found["refused"], found["good"]) == (0, 0, {}, True)
    assert set(found["delivered"]["ms"]) == {"p50", "p90", "p99", "longest"}


def test_rooms_that_are_there_are_used_again_and_people_can_read_it(daemon: Daemon) -> None:
    for _ in range(2):
        done = bench(daemon.url(), "--duration", "500ms", "--no-history")
        assert done.returncode == 0, done.stderr
        assert "12 of 12 connections open" in done.stdout
        assert "lost         0 of 120" in done.stdout


def test_what_a_limit_refuses_is_told_and_is_no_success(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(limits={"sessions": 5}).start()
    done = bench(daemon.url(), "--duration", "200ms", "--json")
    assert done.returncode == 1
    found = told(done)
    assert found["connections"]["open"] == 5
    assert not found["good"]
    ((why, times),) = found["refused"].items()
    assert times == 7
    assert "HTTP 503" in why
    assert "5 sessions" in why


def test_a_server_that_is_not_there_is_said(daemon: Daemon) -> None:
    done = bench(f"ws://127.0.0.1:{free_port()}/", "--duration", "100ms")
    assert done.returncode == 1
    assert "not one connection to ws://127.0.0.1" in done.stderr
    assert "Connect call failed" in done.stderr
