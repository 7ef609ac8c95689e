"""The edge as a whole on real sockets: what memory cannot show of the kernel and of Twisted."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.tcp import Port
from websockets.client import ClientProtocol
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.uri import parse_uri

from chatd.core.errors import DRAINING
from chatd.core.ports import Audience, Frame
from chatd.core.settings import Settings
from chatd.edge import direct
from chatd.edge.batch import Batch
from chatd.edge.front import FrontFactory
from chatd.edge.listen import Listeners
from chatd.edge.outboxes import broadcast
from chatd.edge.pages import Pages
from chatd.edge.ports import SHORTCUTS, EdgeSettings
from chatd.edge.reactor import measure_ticks
from chatd.edge.shortcuts import Ways
from tests.unit.edge.memory import House, Journal, Tally, request
from tests.unit.edge.real import Turning

SMALL_BUFFERS = 16 * 1024


class Service:
    """A front on a real port."""

    def __init__(self, turning: Turning, folder: Path, *, shortcuts: bool) -> None:
        self.turning = turning
        self.house = House()
        self.meter = Tally()
        self.journal = Journal()
        self.clients: list[socket.socket] = []
        self.calls = Counter[str]()
        settings = EdgeSettings(ping_interval=60, echo=True, shortcuts=shortcuts)
        self.front = FrontFactory(
            turning.reactor, self.house, settings, Pages(folder), self.journal, self.meter
        )
        self.listeners = Listeners(turning.reactor, self.front, self.journal, "listen.public")
        self.port = int(self.listeners.tcp("127.0.0.1", 0, 10).rpartition(":")[2])

    def dial(self, *, small: bool = False) -> socket.socket:
        client = socket.socket()
        if small:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFERS)
        client.connect(("127.0.0.1", self.port))
        self.clients.append(client)
        return client

    def client(self, path: str = "/", *, small: bool = False) -> Visitor:
        return Visitor(self, self.dial(small=small), path)


class Visitor:
    """A WebSocket client on a real socket."""

    def __init__(self, service: Service, sock: socket.socket, path: str) -> None:
        self.service = service
        self.sock = sock
        self.protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1{path}"), max_size=None)
        self.protocol.send_request(self.protocol.connect())
        self.events: list[Any] = []
        self.send()
        service.turning.until(lambda: self.hear() and self.protocol.handshake_exc is None)
        self.events.pop(0)

    def send(self) -> None:
        data = b"".join(self.protocol.data_to_send())
        self.sock.setblocking(True)
        self.sock.sendall(data)

    def hear(self) -> list[Any]:
        """All that has come until now."""
        self.sock.setblocking(False)
        try:
            data = self.sock.recv(1 << 20)
        except BlockingIOError:
            return self.events
        self.protocol.receive_data(data) if data else self.protocol.receive_eof()
        self.events += self.protocol.events_received()
        return self.events

    def texts(self) -> list[bytes]:
        return [
            bytes(each.data)
            for each in self.hear()
            if isinstance(each, WebSocketFrame) and each.opcode is Opcode.TEXT
        ]


def counted(call: Callable[..., Any], calls: Counter[str], name: str) -> Callable[..., Any]:
    """The same, and how often."""

    def counting(*args: Any) -> Any:
        calls[name] += 1
        return call(*args)

    return counting


@pytest.fixture(params=["shortcuts", "in one call", "no shortcuts"])
def service(
    turning: Turning,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Service]:
    """One that is in one call sends so, however few they are."""
    if request.param == "in one call":
        monkeypatch.setattr(direct, "FEW", 1)
    (tmp_path / "index.html").write_text("<!doctype html>" + "x" * 500_000)
    measure_ticks(turning.reactor, lambda _: None)
    shortcuts = request.param != "no shortcuts"
    made = Service(turning, tmp_path, shortcuts=shortcuts)
    for name in ("send", "same"):
        monkeypatch.setattr(Batch, name, counted(getattr(Batch, name), made.calls, name))
    assert made.front.ways == (Ways(*[True] * len(SHORTCUTS)) if shortcuts else Ways())
    yield made
    for client in made.clients:
        client.close()
    turning.run(made.listeners.stop())
    assert not made.journal.faults


def test_two_clients_talk(service: Service) -> None:
    one, other = service.client(), service.client()
    turning = service.turning
    turning.until(lambda: one.texts() == other.texts() == [b"welcome"])
    one.protocol.send_text(b"hello")
    one.send()
    turning.until(lambda: service.house.guests[0].heard == [b"hello"])
    service.house.guests[1].say("ann: hello")
    turning.until(lambda: other.texts() == [b"welcome", b"ann: hello"])
    one.sock.close()
    turning.until(lambda: service.house.guests[0].ends == [("lost", False)])
    assert service.meter.now["connections"] == 1
    other.sock.close()
    turning.until(lambda: service.meter.now["connections"] == 0)


def test_an_audience_hears_all_in_order_whatever_some_of_them_do(
    service: Service, request: pytest.FixtureRequest
) -> None:
    for listener in service.turning.reactor.getReaders():
        if isinstance(listener, Port):  # those whom it accepts have as little room
            listener.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFERS)
    visitors = [service.client(small=True) for _ in range(24)]
    turning, guests = service.turning, service.house.guests
    audience = Audience([guest.outbox for guest in guests])
    slow, quits, wanted = visitors[3], visitors[7], [b"welcome"]
    for number in range(60):
        text = b"%d " % number * (1 if number % 3 else 9000)
        broadcast(audience, Frame(text))
        wanted.append(text)
        guests[number % 24].say(f"to you: {number}")
        if number == 30:
            quits.sock.close()
        turning.reactor.iterate(0)
        for visitor in visitors:
            if visitor is not slow and visitor is not quits:
                visitor.hear()
    staying = [visitor for visitor in visitors if visitor is not quits]

    def told(visitor: Visitor) -> list[bytes]:
        return [text for text in visitor.texts() if not text.startswith(b"to you")]

    turning.until(lambda: all(len(told(visitor)) == len(wanted) for visitor in staying))
    for place, visitor in enumerate(visitors):
        if visitor is not quits:
            assert told(visitor) == wanted
            own = [b"to you: %d" % number for number in range(place, 60, 24)]
            assert [text for text in visitor.texts() if text.startswith(b"to you")] == own
    way = request.node.callspec.params["service"]
    assert set(service.calls) == (set() if way == "no shortcuts" else {"send", "same"})


def test_small_frames_do_not_wait_for_each_other(service: Service) -> None:
    service.client()
    (line,) = (
        each.protocol for each in service.turning.reactor.getReaders() if hasattr(each, "protocol")
    )
    assert line.transport.getTcpNoDelay()


def test_a_slow_reader_is_closed_and_the_others_are_not_hurt(service: Service) -> None:
    service.front.use(EdgeSettings(close_timeout=0.2))
    service.house.settings = Settings(outbox_bytes=256 * 1024)
    _, quick = service.client(small=True), service.client()
    turning = service.turning
    guests = service.house.guests
    said = 0
    quick_count = 0

    def flood() -> bool:
        nonlocal said, quick_count
        for guest in guests:
            for _ in range(10):
                guest.say("x" * 4000)
        said += 10
        quick_count = len(quick.texts())
        return bool(guests[0].ends)

    turning.until(flood)
    assert guests[0].ends == [("too_slow", False)]
    assert service.meter.count["slow_closed"] == 1
    turning.until(lambda: len(quick.texts()) == said + 1)
    assert guests[1].ends == []
    assert service.front.outboxes.waiting == 0


def test_a_slow_reader_within_its_outbox_gets_everything_in_order(service: Service) -> None:
    service.house.settings = Settings(outbox_bytes=8 << 20)
    client = service.client(small=True)
    guest = service.house.guests[0]
    expected = [b"welcome"] + [b"%d:" % number + b"x" * 1000 for number in range(6000)]
    for text in expected[1:]:
        guest.say(text.decode())
    service.turning.until(lambda: service.front.outboxes.waiting and not guest.outbox.due)
    service.turning.until(lambda: len(client.hear()) == len(expected))
    assert client.texts() == expected
    assert service.front.outboxes.waiting == 0


def test_what_waits_is_sent_before_a_close(service: Service) -> None:
    client = service.client(small=True)
    guest = service.house.guests[0]
    for _ in range(50):
        guest.say("x" * 10_000)
    guest.close(DRAINING, "soon back")
    service.turning.until(lambda: client.hear() and client.protocol.close_rcvd)
    assert len(client.texts()) == 51
    client.send()
    service.turning.until(lambda: guest.ends)
    assert guest.ends == [("draining", False)]


def test_a_closed_client_that_is_silent_is_dropped(service: Service) -> None:
    service.front.use(EdgeSettings(close_timeout=0.2))
    service.client()
    guest = service.house.guests[0]
    guest.close(DRAINING, "soon back")
    service.turning.until(lambda: guest.ends)
    assert guest.ends == [("draining", False)]


def test_a_held_client_is_stopped_by_the_kernel_and_loses_nothing(service: Service) -> None:
    client = service.client()
    guest = service.house.guests[0]
    guest.outbox.hold()
    client.protocol.send_text(b"one")
    client.protocol.send_text(b"two")
    client.send()
    for _ in range(20):
        service.turning.reactor.iterate(0)
    assert guest.heard == []
    guest.outbox.release()
    service.turning.until(lambda: guest.heard == [b"one", b"two"])


def test_a_long_page_arrives_whole_at_a_slow_reader(service: Service) -> None:
    client = service.dial(small=True)
    client.sendall(request("/").encode())
    answer = service.turning.read_all(client)
    assert answer.endswith(b"x" * 500_000)
    assert b"Connection: close" in answer


def test_a_refusal_arrives_though_more_was_sent_than_was_read(service: Service) -> None:
    client = service.dial()
    client.sendall(request("/", "Content-Length: 200000", method="POST").encode())
    client.sendall(b"x" * 200_000)
    assert service.turning.read_all(client).startswith(b"HTTP/1.1 405 ")


def test_echo_does_not_read_from_one_who_does_not_read(service: Service) -> None:
    client = service.client("/echo", small=True)
    client.sock.setblocking(False)
    frame = b"\x82\xfe\xff\xff\0\0\0\0" + b"x" * 65535
    sent = 0
    stuck = 0
    while stuck < 50:
        try:
            sent += client.sock.send(frame[sent % len(frame) :])
            stuck = 0
        except BlockingIOError:
            stuck += 1
        service.turning.reactor.iterate(0)
    (transport,) = (
        each for each in service.turning.reactor.getWriters() if hasattr(each, "dataBuffer")
    )
    assert len(transport.dataBuffer) + transport._tempDataLen < 1 << 20
