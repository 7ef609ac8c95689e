"""Frames and requests that no good client sends, at a real process; two honest clients go on."""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.process.client import Client
from tests.process.conftest import MakeClient, MakeDaemon, MakeRaw
from tests.process.harness import Daemon, eventually
from tests.process.wire import BINARY, CLOSE, CONTINUATION, PING, TEXT, frame, upgrade_request

FRAME_BYTES = 64 * 1024  # the limit of the defaults


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for all of them: what one does must not harm the next."""
    sections = {"limits": {"handshake_timeout": "2s"}}
    with closing(Daemon(tmp_path_factory.mktemp("hostile"), sections)) as daemon:
        daemon.start()
        yield daemon
        assert daemon.stop() == 0
        assert daemon.faults() == []


@pytest.fixture
def honest(shared: Daemon) -> Iterator[None]:
    """Two who chat before, and must be able to go on chatting after."""
    ann, bob = Client(shared.url()), Client(shared.url())
    ann.login("lobby", guest="ann")
    bob.login("lobby", guest="bob")
    yield
    sent = ann.must("send", room="lobby", text="are you there?")
    assert [each["seq"] for each in bob.heard("message")] == [sent["seq"]]
    for client in (ann, bob):
        client.must("quit")
        client.closed()
    eventually(lambda: shared.metric("chatd_connections") == 0)


HOSTILE_FRAMES = [
    pytest.param(frame(BINARY, b"\x00\x01\x02"), 1003, id="binary"),
    pytest.param(frame(TEXT, b"\xc3\x28"), 1007, id="invalid UTF-8"),
    pytest.param(frame(TEXT, b"\xed\xa0\x80"), 1007, id="a surrogate in UTF-8"),
    pytest.param(frame(TEXT, b"x" * (FRAME_BYTES + 1)), 1009, id="huge"),
    pytest.param(b"\x81\xff" + (1 << 62).to_bytes(8, "big") + b"mask", 1009, id="said to be huge"),
    pytest.param(b"\x81\xff" + b"\xff" * 8 + b"mask", 1002, id="of a negative length"),
    pytest.param(b"\x81\x05hello", 1002, id="unmasked"),
    pytest.param(frame(TEXT, b"{}", rsv=4), 1002, id="a reserved bit"),
    pytest.param(frame(0x3, b"?"), 1002, id="a reserved opcode"),
    pytest.param(frame(PING, b"x" * 126), 1002, id="a long ping"),
    pytest.param(frame(PING, b"x", fin=False), 1002, id="a ping in pieces"),
    pytest.param(frame(CONTINUATION, b"more"), 1002, id="a continuation of nothing"),
    pytest.param(
        frame(TEXT, b"one", fin=False) + frame(TEXT, b"two"), 1002, id="two messages in one"
    ),
    pytest.param(
        frame(TEXT, b"x" * 1000, fin=False) + frame(CONTINUATION, b"x" * 1000, fin=False) * 70,
        1009,
        id="huge in small pieces",
    ),
    pytest.param(frame(CLOSE, b"\x03"), 1002, id="a close of one byte"),
    pytest.param(frame(CLOSE, b"\x03\xed"), 1002, id="a close code that must not be sent"),
    pytest.param(frame(CLOSE, b"\x03\xe8\xff"), 1007, id="a reason that is no UTF-8"),
]


@pytest.mark.usefixtures("honest")
@pytest.mark.parametrize(("data", "code"), HOSTILE_FRAMES)
def test_a_hostile_frame_ends_its_own_connection_with_its_code(
    shared: Daemon, wire: MakeRaw, data: bytes, code: int
) -> None:
    raw = wire(shared)
    raw.upgrade()
    raw.command(type="login", id=1, guest="eve")
    raw.answer(1)
    raw.send(data)
    assert raw.close_code() == code


@pytest.mark.usefixtures("honest")
def test_frames_that_mean_nothing_are_answered_until_it_is_enough(
    shared: Daemon, wire: MakeRaw
) -> None:
    raw = wire(shared)
    raw.upgrade()
    for number in range(60):
        raw.send(frame(TEXT, b"[" * number * 100))
    assert raw.close_code() == 3502


@pytest.mark.usefixtures("honest")
def test_a_message_may_come_byte_by_byte_and_in_any_pieces(shared: Daemon, wire: MakeRaw) -> None:
    """Not hostile, only odd: it is served like any other."""
    raw = wire(shared)
    for byte in upgrade_request():
        raw.send(bytes([byte]))
    assert raw.head().startswith(b"HTTP/1.1 101 ")
    command = b'{"type": "login", "id": "odd", "guest": "\xc3\xb6dd"}'
    pieces = [command[at : at + 1] for at in range(len(command))]
    stream = frame(TEXT, pieces[0], fin=False)
    for piece in pieces[1:-1]:
        stream += frame(PING, b"in between") + frame(CONTINUATION, piece, fin=False)
    stream += frame(CONTINUATION, pieces[-1])
    for byte in stream:
        raw.send(bytes([byte]))
    assert raw.answer("odd")["user"] == "ödd"


HOSTILE_REQUESTS = [
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, id="TLS"),
    pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", id="two hosts"),
    pytest.param(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", id="a long path"),
    pytest.param(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", id="many headers"),
    pytest.param(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        id="smuggling",
    ),
    pytest.param(b"\x00" * 100_000, id="zeros"),
    pytest.param(b"\r\n" * 100_000, id="empty lines"),
    pytest.param(upgrade_request("/../../etc/passwd"), id="a path that climbs"),
    pytest.param(upgrade_request("/", "Sec-WebSocket-Key: another\r\n"), id="two keys"),
    pytest.param(upgrade_request("/", "Origin: https://evil.example\r\n"), id="another origin"),
    pytest.param(upgrade_request("/?format=irc"), id="a dialect that is none"),
]


@pytest.mark.usefixtures("honest")
@pytest.mark.parametrize("request_", HOSTILE_REQUESTS)
def test_a_hostile_request_is_refused_with_a_status_or_cut_off(
    shared: Daemon, wire: MakeRaw, request_: bytes
) -> None:
    raw = wire(shared)
    raw.send(request_)
    answer = raw.rest()
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    assert b"Traceback" not in answer
    assert b"root:" not in answer


@pytest.mark.usefixtures("honest")
def test_noise_ends_nothing_but_itself(shared: Daemon, wire: MakeRaw) -> None:
    """Random bytes before and after the handshake, from a seed that repeats."""
    chance = random.Random(1972)  # noqa: S311  # chance for a test, no secret
    for length in (1, 10, 100, 1000, 10_000):
        for upgraded in (False, True):
            raw = wire(shared)
            if upgraded:
                raw.upgrade()
            raw.send(chance.randbytes(length))
            raw.socket.shutdown(socket.SHUT_WR)
            raw.rest()


@pytest.mark.usefixtures("honest")
def test_who_resets_the_connection_in_any_state_is_forgotten(shared: Daemon, wire: MakeRaw) -> None:
    request = upgrade_request()
    login = frame(TEXT, b'{"type": "login", "guest": "mallory"}')
    for said in (b"", request[:30], request, request + login, request + login[:10]):
        raw = wire(shared)
        raw.send(said)
        # A linger of zero seconds makes close() a reset.
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01" + b"\x00" * 7)


def test_who_never_finishes_the_handshake_or_the_log_in_is_let_go(
    make_daemon: MakeDaemon, guest: MakeClient, wire: MakeRaw
) -> None:
    daemon = make_daemon(limits={"handshake_timeout": "2s", "login_timeout": "2s"}).start()
    ann = guest(daemon, "ann")
    half = [wire(daemon) for _ in range(50)]
    for number, raw in enumerate(half):
        raw.send(upgrade_request()[: number * 3])
    unnamed = wire(daemon)
    unnamed.upgrade()
    for raw in half:
        answer = raw.rest()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 408 ")
    assert unnamed.close_code() == 3003
    assert daemon.metric("chatd_handshakes_total", result="timeout") >= 49
    ann.must("send", room="lobby", text="still here")


def test_one_address_cannot_take_all_connections(make_daemon: MakeDaemon, wire: MakeRaw) -> None:
    daemon = make_daemon(limits={"sessions": 8, "sessions_per_address": 5, "exempt": []}).start()
    seated = [wire(daemon) for _ in range(5)]
    for raw in seated:
        raw.upgrade()
    late = wire(daemon)
    with pytest.raises(ConnectionError, match="429"):
        late.upgrade()
    seated.pop().close()
    eventually(lambda: daemon.metric("chatd_sessions") == 4)
    seated.append(wire(daemon))
    seated[-1].upgrade()


def test_without_file_descriptors_those_who_are_in_go_on(
    make_daemon: MakeDaemon, guest: MakeClient, wire: MakeRaw
) -> None:
    daemon = make_daemon()
    command = [sys.executable, "-m", "chatd", "serve", "--config", str(daemon.config)]
    daemon.run(["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", *command], ready=True)
    assert daemon.logged("few_files")
    ann = guest(daemon, "ann")
    crowd = [wire(daemon) for _ in range(100)]
    eventually(lambda: len(os.listdir(f"/proc/{daemon.pid}/fd")) > 60)
    ann.must("send", room="lobby", text="still here")
    for raw in crowd:
        raw.close()
    eventually(lambda: daemon.metric("chatd_connections") == 1)
    guest(daemon, "bob").must("send", room="lobby", text="and so am I")
