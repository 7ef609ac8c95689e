"""Stopping: everybody is sent home with a time to come back, and nothing in hand is dropped."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing

import pytest

from tests.process.client import Client, TextClient
from tests.process.conftest import MakeClient, MakeDaemon, MakeRaw
from tests.process.crowd import check_the_end, crowd_at
from tests.process.harness import Daemon, eventually
from tests.process.wire import Raw, upgrade_request

CLOSE_TIMEOUT = 3.0  # seconds that a peer has to answer a close frame
HURRIED = 2.0  # seconds until a second signal has its way
EX_TEMPFAIL = 75  # sysexits.h
SLACK = 10.0  # seconds that a busy machine may add
TRIES = 3
"""A busy machine may disturb some."""


def silent(daemon: Daemon, wire: MakeRaw) -> Raw:
    """A session that neither reads nor answers: a drain has to wait for it, but not for ever."""
    raw = wire(daemon, receive_buffer=4096)
    raw.upgrade()
    raw.command(type="login", id=1, guest="silent")
    raw.command(type="join", id=2, room="lobby")
    raw.answer(2)
    return raw


def test_everybody_is_told_when_to_come_back_and_closed_with_a_code_that_says_so(
    make_daemon: MakeDaemon, guest: MakeClient
) -> None:
    daemon = make_daemon(drain={"rate": 10}).start()
    clients = [guest(daemon, f"guest{number}") for number in range(20)]
    person = TextClient(daemon.url())
    person.line("you are in #lobby")
    daemon.signal(signal.SIGTERM)
    told = [client.event("draining")["reconnect_after_ms"] for client in clients]
    assert {client.closed().code for client in clients} == {3000}
    assert "the server restarts; come back in" in person.line("restarts")
    assert person.closed().code == 3000
    assert daemon.exit_code() == 0
    # 21 sessions at no less than 10 a second, or as fast as they came: each its own time.
    assert all(200 <= after <= 200 + 21 / 10 * 1000 + 1 for after in told)
    assert len(set(told)) > 10


def test_the_service_manager_hears_of_the_stop_first(daemon: Daemon) -> None:
    daemon.notified.all()
    assert daemon.stop() == 0
    said = daemon.notified.all()
    assert said[0]["STOPPING"] == "1"
    assert "READY" not in {name for each in said for name in each}
    more = [int(each["EXTEND_TIMEOUT_USEC"]) for each in said if "EXTEND_TIMEOUT_USEC" in each]
    assert more
    assert more[0] > 30_000_000  # drain.timeout, in microseconds


def test_while_it_drains_it_is_alive_but_not_ready_and_lets_nobody_in(
    make_daemon: MakeDaemon, wire: MakeRaw
) -> None:
    daemon = make_daemon().start()
    early = wire(daemon)
    early.send(upgrade_request()[:40])  # in the middle of its handshake
    eventually(lambda: daemon.metric("chatd_connections") == 1)
    raw = silent(daemon, wire)
    daemon.signal(signal.SIGTERM)
    eventually(lambda: daemon.get("/readyz")[0] == 503)
    assert "draining" in daemon.get("/readyz")[1]
    assert daemon.get("/healthz")[0] == 200
    eventually(lambda: daemon.metric("chatd_draining") == 1)
    early.send(upgrade_request()[40:])
    answer = early.rest()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After:" in answer
    with pytest.raises(OSError, match="refused"):
        wire(daemon)
    assert daemon.exit_code(CLOSE_TIMEOUT + SLACK) == 0
    assert raw.close_code() == 3000


def test_who_never_reads_does_not_hold_the_drain_up_beyond_its_deadline(
    make_daemon: MakeDaemon, guest: MakeClient, wire: MakeRaw
) -> None:
    daemon = make_daemon(
        drain={"timeout": "500ms"}, limits={"outbox_bytes": "64 MiB", "ping_interval": "1h"}
    ).start()
    silent(daemon, wire)
    ann = guest(daemon, "ann")
    wait_for_backlog(daemon, ann)
    started = time.monotonic()
    daemon.signal(signal.SIGTERM)
    assert ann.closed().code == 3000
    assert daemon.exit_code() == 0
    assert time.monotonic() - started < 0.5 + SLACK
    assert [entry["sessions"] for entry in daemon.logged("drain_cut_short")] == [1]


def wait_for_backlog(daemon: Daemon, ann: Client) -> None:
    """Say so much that somebody's outbox holds more than the kernel took."""
    deadline = time.monotonic() + 20
    while daemon.metric("chatd_outbox_bytes") < 100_000:
        assert time.monotonic() < deadline
        for number in [ann.say("send", room="lobby", text="x" * 16_000) for _ in range(50)]:
            assert ann.answer(number)["type"] == "ok"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(
    make_daemon: MakeDaemon, wire: MakeRaw, number: signal.Signals
) -> None:
    daemon = make_daemon()

    def ends_at_once() -> bool:
        daemon.start()
        silent(daemon, wire)
        daemon.signal(number)
        eventually(lambda: daemon.get("/readyz")[0] == 503)
        started = time.monotonic()
        daemon.signal(number)
        assert daemon.exit_code() == 0
        assert daemon.logged("hurried")
        return time.monotonic() - started < CLOSE_TIMEOUT / 2

    assert any(ends_at_once() for _ in range(TRIES))


def test_a_second_signal_does_not_wait_for_a_store_that_is_stuck(
    daemon: Daemon, guest: MakeClient
) -> None:
    ann = guest(daemon, "ann")
    with closing(sqlite3.connect(daemon.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # as a hung disk would, for ten seconds
        ann.say("send", room="lobby", text="hello")
        eventually(lambda: daemon.metric("chatd_commands_total", command="send") == 1)
        daemon.signal(signal.SIGTERM)
        eventually(lambda: daemon.get("/readyz")[0] == 503)
        started = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert daemon.exit_code() == EX_TEMPFAIL
        assert time.monotonic() - started < HURRIED + SLACK
        other.execute("ROLLBACK")
    daemon.start()
    assert guest(daemon, "bob").positions["lobby"]["seq"] == 0


def test_a_signal_to_stop_is_obeyed_while_the_boot_waits_for_the_store(
    make_daemon: MakeDaemon,
) -> None:
    daemon = make_daemon().start()
    assert daemon.stop() == 0
    daemon.configure(rooms={"lobby": "yard"})  # to be made, when the store can
    with closing(sqlite3.connect(daemon.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        daemon.start(ready=False)
        eventually(lambda: daemon.logged("store_open"))
        daemon.signal(signal.SIGTERM)
        eventually(lambda: daemon.logged("stopping"))
        other.execute("ROLLBACK")
    assert daemon.exit_code() == 0
    assert not daemon.logged("ready")


def test_what_was_stored_is_acknowledged_before_the_close(
    make_daemon: MakeDaemon, guest: MakeClient
) -> None:
    """Told to stop in the middle of a pipeline: the client knows of every message in the store."""
    daemon = make_daemon()
    for part in range(3):
        daemon.start()
        ann = guest(daemon, f"ann{part}")
        numbers = [
            ann.say("send", room="lobby", text="one of many", key=f"{part}-{number}")
            for number in range(400)
        ]
        ann.answer(numbers[part * 40])  # some are done, some under way, some not even read
        daemon.signal(signal.SIGTERM)
        assert ann.closed().code == 3000
        assert daemon.exit_code() == 0
        acked = {a["seq"] for a in ann.answered().values() if a["type"] == "ok" and "seq" in a}
        with closing(sqlite3.connect(daemon.database)) as database:
            mine = "SELECT seq FROM messages WHERE name = ?"
            kept = {seq for (seq,) in database.execute(mine, (f"ann{part}",))}
        assert len(kept) > part * 40
        assert len(kept - acked) == 1  # the one that was waited for, and so taken out


def test_a_reload_during_the_drain_is_no_reload(make_daemon: MakeDaemon, wire: MakeRaw) -> None:
    daemon = make_daemon().start()
    silent(daemon, wire)
    daemon.notified.all()
    daemon.signal(signal.SIGTERM)
    daemon.notified.until("STOPPING")
    daemon.signal(signal.SIGHUP)
    assert daemon.exit_code() == 0
    assert all("RELOADING" not in said for said in daemon.notified.all())


@pytest.mark.timeout(120)
def test_restarts_under_load_lose_nothing_and_double_nothing(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon().start()
    crowd = crowd_at(daemon)
    crowd.start()
    rounds = 3
    for _ in range(rounds):
        crowd.go_on(150)
        assert daemon.stop() == 0
        daemon.start()
        back = len(crowd.members)
        eventually(lambda: daemon.metric("chatd_resumes_total") == back)  # noqa: B023  # called before the next round begins
        assert daemon.metric("chatd_resumes_total", result="lost") == 0
    crowd.go_on(150)
    check_the_end(daemon, crowd)
    for member in crowd.members:
        assert member.closes[3000] == rounds
        assert member.closes[1006] == 0
        assert len(member.delays) == rounds
    # Nothing had been stored of which its sender was not told.
    assert [sender.again for sender in crowd.senders] == [0] * len(crowd.senders)
    assert daemon.stop() == 0
