"""`chatd canary` beside a real daemon, and beside one that lies: what it counts, what it says."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.process.client import Client
from tests.process.conftest import MakeDaemon
from tests.process.harness import PROJECT, Daemon, clean_environ, eventually
from tests.process.liar import Frame, Liar
from tests.process.notified import Notified
from tests.process.ports import free_port

FAULTS = ("lost", "doubled", "misordered", "unrecovered")


class Canary:
    """A running canary, its numbers and its log."""

    def __init__(self, folder: Path, url: str, *more: str, **environ: str) -> None:
        self.notified = Notified()
        self.file = folder / "canary.prom"
        self._log = folder / "canary-log"
        self._port = free_port()
        command = [
            *(sys.executable, "-W", "error", "-m", "chatd", "canary", "--url", url),
            *("--interval", "100ms", "--log", "json"),
            *("--metrics", str(self.file), "--metrics", f"tcp:127.0.0.1:{self._port}"),
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *more],
                cwd=PROJECT,
                env=clean_environ() | {"NOTIFY_SOCKET": self.notified.address} | environ,
                stderr=log,
            )
        self.notified.until("READY", alive=self._lives)

    def _lives(self) -> None:
        if self._process.poll() is not None:
            raise ChildProcessError(self._log.read_text())

    def page(self) -> str:
        """What its listener says."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=20) as page:
            text: str = page.read().decode()
        return text

    def metric(self, name: str, **labels: str) -> float:
        """A number by its name without the beginning that all have."""
        return number(self.page(), f"chatd_canary_{name}", labels)

    def faults(self) -> dict[str, float]:
        """Those that must be zero."""
        return {word: self.metric(f"{word}_total") for word in FAULTS}

    def succeeds(self, more: int = 3) -> None:
        """Wait until so many probes more were acknowledged and heard."""
        wanted = self.metric("round_trip_seconds_count") + more
        eventually(lambda: self.metric("round_trip_seconds_count") >= wanted)

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The entries of one event."""
        entries = [json.loads(line) for line in self._log.read_text().splitlines()]
        return [each for each in entries if each["event"] == event]

    def signal(self, which: signal.Signals) -> int:
        """Tell it to stop; gives its exit code."""
        self._process.send_signal(which)
        return self._process.wait(20)

    def close(self) -> None:
        """Whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self.notified.close()
        print(self._log.read_text())  # noqa: T201  # for whoever reads the run


def number(page: str, name: str, labels: dict[str, str]) -> float:
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


MakeCanary = Callable[..., Canary]
NOTHING = dict.fromkeys(FAULTS, 0.0)


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[MakeCanary]:
    """Makes one that watches this address."""
    made: list[Canary] = []

    def make(url: str, *more: str, **environ: str) -> Canary:
        made.append(Canary(tmp_path, url, *more, **environ))
        return made[-1]

    yield make
    for each in made:
        each.close()


def stored(daemon: Daemon) -> list[str]:
    """The keys of all probes in the file, in the room's order."""
    with closing(sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT key FROM messages ORDER BY id").fetchall()
    return [key for (key,) in rows]


def test_it_says_and_hears_and_says_how_long_that_took(daemon: Daemon, canary: MakeCanary) -> None:
    began = time.time()
    watching = canary(daemon.url())
    watching.succeeds(5)
    assert watching.faults() == NOTHING
    assert began < watching.metric("last_success_timestamp_seconds") < time.time()
    assert [watching.metric("online", session=each) for each in ("says", "hears")] == [1, 1]
    assert 0 < watching.metric("round_trip_seconds_sum") < 20
    [made] = watching.logged("canary_room_made")
    assert made["room"] == "canary"


def test_the_file_has_the_same_numbers_and_goes_at_the_end(
    daemon: Daemon, canary: MakeCanary
) -> None:
    watching = canary(daemon.url())
    watching.succeeds()
    eventually(lambda: number(watching.file.read_text(), "chatd_canary_probes_total", {}) >= 3)
    names = {family.name for family in text_string_to_metric_families(watching.file.read_text())}
    assert names == {family.name for family in text_string_to_metric_families(watching.page())}
    assert watching.signal(signal.SIGTERM) == 0
    assert list(watching.file.parent.glob("*canary.prom*")) == []


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_and_says_goodbye(
    daemon: Daemon, canary: MakeCanary, which: signal.Signals
) -> None:
    watching = canary(daemon.url())
    watching.succeeds()
    assert watching.signal(which) == 0
    assert watching.logged("canary_stopped")
    assert eventually(lambda: daemon.metric("chatd_sessions_closed_total", reason="bye") == 2)


def test_it_ends_when_told_while_nobody_is_there(tmp_path: Path, canary: MakeCanary) -> None:
    watching = canary(f"ws://127.0.0.1:{free_port()}/")
    assert watching.signal(signal.SIGTERM) == 0


def test_systemd_hears_that_it_is_ready_how_it_goes_and_that_it_lives(
    daemon: Daemon, canary: MakeCanary
) -> None:
    watching = canary(daemon.url(), WATCHDOG_USEC="400000")
    for _ in range(3):
        watching.notified.until("WATCHDOG")
    watching.succeeds()
    status = watching.notified.until("STATUS")[-1]["STATUS"]
    assert status.endswith(" probes, 0 lost, 0 doubled")
    watching.signal(signal.SIGTERM)
    assert any("STOPPING" in heard for heard in watching.notified.all())


@pytest.mark.timeout(180)
def test_kills_and_restarts_lose_and_double_nothing(
    make_daemon: MakeDaemon, canary: MakeCanary
) -> None:
    daemon = make_daemon().start()
    watching = canary(daemon.url())
    watching.succeeds()
    for gently in (False, True, False):
        if gently:
            assert daemon.stop() == 0
        else:
            daemon.kill()
        eventually(lambda: watching.metric("online") == 0)
        daemon.start()
        eventually(lambda: watching.metric("online") == 2)
        watching.succeeds()
        assert watching.faults() == NOTHING
    assert watching.metric("reconnects_total", session="says") == 3
    assert {1006, 3000} == {entry["code"] for entry in watching.logged("canary_offline")}
    probes = watching.metric("probes_total")
    watching.signal(signal.SIGTERM)
    keys = stored(daemon)
    assert max(Counter(keys).values()) == 1
    assert [int(key.partition(".")[2]) for key in keys] == list(range(1, len(keys) + 1))
    assert probes <= len(keys)


def test_every_restart_has_a_probe_under_way_however_long_the_interval(
    make_daemon: MakeDaemon, canary: MakeCanary
) -> None:
    daemon = make_daemon().start()
    watching = canary(daemon.url(), "--interval", "1h")
    for restarts in range(3):
        # The first is said at once; who loses both lines at different moments may say two.
        eventually(lambda: watching.metric("round_trip_seconds_count") > restarts)  # noqa: B023  # called before the next round begins
        daemon.kill()
        daemon.start()
        eventually(lambda: watching.metric("online") == 2)
    assert watching.faults() == NOTHING


def test_a_server_that_was_not_there_is_waited_for(
    make_daemon: MakeDaemon, canary: MakeCanary
) -> None:
    daemon = make_daemon()
    watching = canary(daemon.url())
    assert watching.metric("last_success_timestamp_seconds") == 0
    daemon.start()
    watching.succeeds()


def test_with_a_token_it_is_a_bot(daemon: Daemon, canary: MakeCanary, tmp_path: Path) -> None:
    config = ("--config", str(daemon.config))
    daemon.verb("user", "add", "bird", *config, stdin="a long password\n")
    token = tmp_path / "token"
    token.write_text(daemon.verb("token", "add", "bird", *config).stdout)
    watching = canary(daemon.url(), "--token-file", str(token), "--room", "aviary")
    watching.succeeds()
    assert {entry["user"] for entry in watching.logged("canary_online")} == {"bird"}
    daemon.verb("token", "revoke", token.read_text().strip(), *config)
    eventually(lambda: watching.metric("failures_total", reason="stopped") == 1)
    assert watching.faults() == NOTHING
    assert token.read_text().strip() not in str(watching.logged("canary_failed"))


def test_one_that_is_put_out_of_its_room_begins_anew(daemon: Daemon, canary: MakeCanary) -> None:
    watching = canary(daemon.url())
    watching.succeeds()
    (user,) = (e["user"] for e in watching.logged("canary_online") if e["session"] == "says")
    config = str(daemon.config)
    daemon.verb("user", "add", "olga", "--operator", "--config", config, stdin="a long password\n")
    with closing(Client(daemon.url())) as olga:
        olga.login("canary", user="olga", password="a long password")
        olga.must("kick", room="canary", user=user)
    eventually(lambda: watching.metric("failures_total", reason="refused") == 1)
    (failed,) = watching.logged("canary_failed")
    assert "not in" in failed["reason"]


def test_who_may_not_make_the_room_is_told_so_in_the_log(
    make_daemon: MakeDaemon, canary: MakeCanary
) -> None:
    daemon = make_daemon(rooms={"create": "operators"}).start()
    watching = canary(daemon.url())
    eventually(lambda: watching.metric("failures_total", reason="refused") == 1)
    assert watching.metric("refused_total", code="forbidden") == 1
    [failed] = watching.logged("canary_failed")
    assert "room 'canary' is not there and cannot be made" in failed["reason"]
    assert failed["level"] == "warning"


# --- a server that lies ---


def honest(_number: int, event: Frame) -> list[Frame]:
    return [event]


def loses(number: int, event: Frame) -> list[Frame]:
    """The third is acknowledged and never told; the fourth gets its place."""
    return [] if number == 3 else [event]


def doubles(number: int, event: Frame) -> list[Frame]:
    """The third is stored twice."""
    return [event, event | {"seq": event["seq"] + 1}] if number == 3 else [event]


def stutters(number: int, event: Frame) -> list[Frame]:
    """The third is told twice."""
    return [event, event] if number == 3 else [event]


def swaps(number: int, event: Frame) -> list[Frame]:
    """The third is told after its place was given to something else."""
    if number == 3:
        return [event | {"seq": event["seq"] + 1}, event | {"key": "of others"}]
    return [event]


@pytest.mark.parametrize(
    ("sin", "found"),
    [
        (honest, {}),
        (loses, {"lost": 1.0}),
        (doubles, {"doubled": 1.0}),
        (stutters, {"doubled": 2.0}),  # by either session
        (swaps, {"misordered": 2.0, "lost": 1.0}),
    ],
)
def test_a_lie_is_found_out(
    canary: MakeCanary, sin: Callable[[int, Frame], list[Frame]], found: dict[str, float]
) -> None:
    with closing(Liar(sin)) as liar:
        watching = canary(liar.url)
        watching.succeeds(8)
        assert watching.faults() == NOTHING | found
        watching.signal(signal.SIGTERM)


# --- mistakes at the command line ---


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--url", "chat.example"], "begins with ws:// or wss://"),
        (["--url", "ws://h/", "--interval", "5"], "the unit is missing"),
        (["--url", "ws://h/", "--interval", "2h"], "allowed: 100ms to 1h"),
        (["--url", "ws://h/", "--token-file", "/nowhere"], "No such file"),
        (["--url", "ws://h/", "--token-file", "/dev/zero"], "this is a device; name a file"),
        (["--url", "ws://h/", "--metrics", "tcp:9775"], "tcp:HOST:PORT"),
        (["--url", "ws://h/", "--ca", "/nowhere"], "has no TLS"),
        (["--url", "wss://h/", "--ca", "/nowhere"], "No such file"),
        ([], "--url"),
    ],
)
def test_a_mistake_is_told_at_once(arguments: list[str], why: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chatd", "canary", *arguments],
        cwd=PROJECT, env=clean_environ(), capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_numbers_that_nobody_could_read_are_no_way_to_begin(daemon: Daemon) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chatd", "canary", "--url", daemon.url(), "--metrics", "/no/x.prom"],
        cwd=PROJECT, env=clean_environ(), capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "canary_cannot_export" in done.stderr


def once(url: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "chatd", "canary", "--once", "--url", url]
    return subprocess.run(
        [*command, *more],
        cwd=PROJECT,
        env=clean_environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_once_it_ends_with_0_when_its_word_was_heard(daemon: Daemon) -> None:
    done = once(daemon.url())
    assert done.returncode == 0, done.stderr
    assert daemon.metric("chatd_messages_in_total") >= 1


def test_once_it_ends_with_1_and_says_so_when_nobody_answers() -> None:
    done = once(f"ws://127.0.0.1:{free_port()}/", "--within", "500ms")
    assert done.returncode == 1
    assert "canary_not_heard" in done.stderr
