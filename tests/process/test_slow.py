"""Who does not read: is let go, costs a bounded amount of memory, and nobody else waits."""

from __future__ import annotations

from tests.process.client import Client
from tests.process.conftest import MakeClient, MakeDaemon, MakeRaw
from tests.process.harness import Daemon, eventually
from tests.process.wire import PING, Raw, frame

TEXT = "x" * 16_000
PIPELINE = 50
TOO_SLOW = 3001
MEGABYTE = 1 << 20


def still(daemon: Daemon, wire: MakeRaw, name: str) -> Raw:
    """A session that has joined the lobby, and reads nothing more."""
    raw = wire(daemon, receive_buffer=4096)
    raw.upgrade()
    raw.command(type="login", id=1, guest=name)
    raw.command(type="join", id=2, room="lobby")
    raw.answer(2)
    return raw


def say_much(ann: Client, megabytes: int, *others: Client) -> None:
    """Many sends, as fast as they are acknowledged, while the others read."""
    for _ in range(megabytes * MEGABYTE // (PIPELINE * len(TEXT)) + 1):
        for number in [ann.say("send", room="lobby", text=TEXT) for _ in range(PIPELINE)]:
            assert ann.answer(number)["type"] == "ok"
        for client in (ann, *others):
            client.heard()


def test_who_does_not_read_is_let_go_and_nobody_else_notices(
    daemon: Daemon, guest: MakeClient, wire: MakeRaw
) -> None:
    ann, bob = guest(daemon, "ann"), guest(daemon, "bob")
    slow = still(daemon, wire, "slow")
    say_much(ann, 12, bob)
    eventually(lambda: daemon.metric("chatd_slow_sessions_closed_total") == 1)
    assert bob.positions == ann.positions  # he got every message, or would have complained
    assert bob.positions["lobby"]["seq"] > 700
    # When it reads at last, the line is whole up to its end, and says why.
    assert slow.close_code() in {TOO_SLOW, 1006}
    eventually(lambda: daemon.metric("chatd_sessions_closed_total", reason="too_slow") == 1)
    assert daemon.metric("chatd_outbox_dropped_total", kind="too_slow") > 0
    eventually(lambda: daemon.metric("chatd_outbox_bytes") == 0)


def test_a_burst_of_many_throws_nobody_out_who_reads(daemon: Daemon, guest: MakeClient) -> None:
    """What many say at the same time is one commit, told at once: more than an outbox holds."""
    crowd = [guest(daemon, f"guest{number}") for number in range(6)]
    numbers = [
        [client.say("send", room="lobby", text=TEXT) for _ in range(PIPELINE)] for client in crowd
    ]
    for client, asked in zip(crowd, numbers, strict=True):
        assert {client.answer(number)["type"] for number in asked} == {"ok"}
    for client in crowd:
        assert len(client.heard("message")) == len(crowd) * PIPELINE
    assert daemon.metric("chatd_slow_sessions_closed_total") == 0


def test_who_was_too_slow_comes_back_and_has_missed_nothing(
    daemon: Daemon, guest: MakeClient
) -> None:
    """The client reads what came up to the close, and resumes from there."""
    ann = guest(daemon, "ann")
    slow = Client(daemon.url(), ahead=16)
    token = slow.login("lobby", guest="slow")["guest_token"]
    say_much(ann, 12)
    eventually(lambda: daemon.metric("chatd_slow_sessions_closed_total") == 1)
    assert slow.closed().code in {TOO_SLOW, 1006}
    assert 0 < slow.positions["lobby"]["seq"] < ann.positions["lobby"]["seq"]
    back = Client(daemon.url(), positions=slow.positions)
    back.login(guest="slow", guest_token=token, resume=True)
    caught_up = back.event("caught_up")
    assert caught_up["recovered"] is True
    assert back.positions == ann.positions
    back.close()
    slow.close()


def test_memory_is_bounded_by_the_outboxes(
    make_daemon: MakeDaemon, guest: MakeClient, wire: MakeRaw
) -> None:
    """Thirty who read nothing, and far more said than all their outboxes may hold."""
    daemon = make_daemon(limits={"outbox_bytes": "256 KiB"}).start()
    ann = guest(daemon, "ann")
    say_much(ann, 4)
    before = daemon.rss()
    crowd = [still(daemon, wire, f"slow{number}") for number in range(30)]
    say_much(ann, 24)
    eventually(lambda: daemon.metric("chatd_slow_sessions_closed_total") == 30)
    assert daemon.rss() - before < 60 * MEGABYTE  # a tenth of what was said to them
    for slow in crowd:
        slow.close()
    eventually(lambda: daemon.metric("chatd_sessions") == 1)
    ann.must("ping")


def test_who_asks_without_reading_the_answers_is_not_read_any_more(
    daemon: Daemon, guest: MakeClient, wire: MakeRaw
) -> None:
    """Pings of WebSocket, and history by the page: answers must not pile up without end."""
    ann = guest(daemon, "ann")
    say_much(ann, 2)
    before = daemon.rss()
    greedy, pinging = still(daemon, wire, "greedy"), still(daemon, wire, "pinging")
    for raw in (greedy, pinging):
        raw.socket.settimeout(1.0)
    pour(pinging, frame(PING, b"p" * 125) * 500)
    pour(greedy, history_question() * 200)
    ann.must("send", room="lobby", text="and I am still here")
    assert daemon.rss() - before < 40 * MEGABYTE


def history_question() -> bytes:
    return frame(0x1, b'{"type": "history", "room": "lobby", "limit": 200}')


def pour(raw: Raw, data: bytes) -> None:
    """Send this again and again, until the other end takes no more or hangs up, or it is a lot."""
    try:
        for _ in range(16 * MEGABYTE // len(data)):
            raw.socket.sendall(data)
    except OSError:  # it pushes back, and that is what it should do
        return
