"""A world in memory for tests of the edge: a transport as Twisted's, a house, a meter, a client.
The client is the `websockets` library's protocol without I/O: it shares no code with the edge."""

from __future__ import annotations

from collections import Counter, deque
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from websockets.client import ClientProtocol
from websockets.extensions.base import ClientExtensionFactory
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from chatd.core.commands import Command
from chatd.core.errors import CloseCode
from chatd.core.events import Error, Event, Ok, Stored
from chatd.core.hooks import Hook
from chatd.core.limits import LimitName, Mode
from chatd.core.log import RoomId
from chatd.core.ports import Frame, Outbox
from chatd.core.settings import Settings
from chatd.edge.front import FrontFactory
from chatd.edge.pages import Pages
from chatd.edge.ports import EdgeSettings

FULL = 64 * 1024
ANN = IPv4Address("TCP", "192.0.2.1", 50000)


class Pipe:
    """A transport whose other end is read when the test says so; otherwise like Twisted's."""

    def __init__(self, clock: Clock, peer: Any = ANN) -> None:
        self.clock = clock
        self.peer = peer
        self.protocol: Any = None
        self.producer: Any = None
        self.producer_paused = False
        self.reading = True
        self.connected = True
        self.disconnecting = False
        self.half_closing = False
        self.half_closed = False
        self.aborted = False
        self.no_delay = False
        self.written = b""
        self.unread: deque[bytes] = deque()
        self.writes: list[bytes] = []

    # --- the protocol's side ---
    def write(self, data: bytes) -> None:
        if not self.connected or self.half_closed:
            return
        self.writes.append(data)
        self.written += data
        if self.producer is not None and len(self.written) > FULL:
            self.producer_paused = True
            self.producer.pauseProducing()

    def loseConnection(self) -> None:
        self.reading = False
        self.disconnecting = True
        self.clock.callLater(0, self.take, 0)

    def loseWriteConnection(self) -> None:
        self.half_closing = True
        self.clock.callLater(0, self.take, 0)

    def abortConnection(self) -> None:
        if self.connected and not self.aborted:
            self.aborted = True
            self.reading = False
            self.clock.callLater(0, self.lose, ConnectionAborted())

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert streaming
        assert self.producer is None
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        if self.connected and not self.disconnecting:
            self.reading = True
            self.clock.callLater(0, self.deliver)

    def stopProducing(self) -> None:
        self.loseConnection()

    def setTcpNoDelay(self, on: bool) -> None:
        self.no_delay = on

    def getPeer(self) -> Any:
        return self.peer

    def getHost(self) -> Any:
        return IPv4Address("TCP", "127.0.0.1", 8765)

    # --- the other side ---
    def deliver(self, data: bytes = b"") -> None:
        if data:
            self.unread.append(data)
        while self.unread and self.reading and self.connected:
            self.protocol.dataReceived(self.unread.popleft())

    def take(self, most: int = 1 << 40) -> bytes:
        """The other side reads."""
        taken, self.written = self.written[:most], self.written[most:]
        if not self.written and self.connected and not self.aborted:
            if self.producer is not None and self.producer_paused:
                self.producer_paused = False
                self.producer.resumeProducing()
            elif self.disconnecting:
                self.lose(ConnectionDone())
            elif self.half_closing:
                self.half_closed = True
        return taken

    def lose(self, why: Exception | None = None) -> None:
        """The connection is over."""
        if self.connected:
            self.connected = False
            if self.producer is not None:
                self.producer.stopProducing()
                self.producer = None
            reason = Failure(why or ConnectionLost())  # type: ignore[no-untyped-call]  # half typed library
            self.protocol.connectionLost(reason)


class Journal:
    """ports.Log that remembers."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.faults: list[BaseException] = []

    def info(self, event: str, **facts: object) -> None:
        self.events.append(event)

    def warning(self, event: str, **facts: object) -> None:
        self.events.append(event)

    def fault(self, event: str, error: BaseException, **facts: object) -> str:
        self.events.append(event)
        self.faults.append(error)
        return f"f{len(self.faults)}"


class Total:
    """ports.Sum."""

    value: float = 0


class Tally:
    """EdgeMeter that adds up."""

    def __init__(self) -> None:
        self.handshakes: list[str] = []
        self.seconds: list[float] = []
        self.count: Counter[str] = Counter()
        self.now: dict[str, int] = {}
        self.received_frames = Total()
        self.received_bytes = Total()

    def handshake(self, result: str, seconds: float) -> None:
        self.handshakes.append(result)
        self.seconds.append(seconds)

    def connections(self, now: int) -> None:
        self.now["connections"] = now

    def bytes_out(self, size: int) -> None:
        self.count["bytes_out"] += size

    def frames_out(self, count: int) -> None:
        self.count["frames_out"] += count

    def writes(self, count: int) -> None:
        self.count["writes"] += count

    def flushed(self, pace: str) -> None:
        self.count[pace] += 1

    def shortcut(self, name: str, taken: bool) -> None:
        self.now[name] = taken

    def dropped(self, kind: str, frames: int) -> None:
        self.count[kind] += frames

    def slow_closed(self) -> None:
        self.count["slow_closed"] += 1

    def outbox_bytes(self, now: int) -> None:
        self.now["outbox_bytes"] = now

    def agreed(self) -> None:
        self.count["agreed"] += 1

    def inflated(self) -> None:
        self.count["inflated"] += 1

    def deflated(self, seconds: float) -> None:
        self.count["deflated"] += 1

    def packed(self, frames: int, saved: int) -> None:
        self.count["packed"] += frames
        self.count["saved"] += saved


class Talk:
    """A dialect of which the edge needs only the names."""

    echo = True
    resumes = True

    def __init__(self, name: str, subprotocol: str) -> None:
        self.name = name
        self.subprotocol = subprotocol

    def speaker(self) -> Any:
        raise AssertionError("the edge asks for no speaker")

    def event(self, event: Event, *, label: str, now: int) -> Frame | None:
        raise AssertionError("the edge encodes nothing")

    def answer(self, command: Command | None, answer: Ok | Error) -> Frame | None:
        raise AssertionError("the edge answers nothing")


class Guest:
    """A session that remembers what it heard; `hears` may be replaced."""

    def __init__(self, outbox: Outbox, dialect: Any, address: str) -> None:
        self.outbox: Any = outbox
        self.dialect = dialect
        self.address = address
        self.heard: list[bytes] = []
        self.ends: list[tuple[str, bool]] = []
        self.pings = 0

    def hear(self, payload: bytes) -> None:
        self.heard.append(payload)

    def pinged(self) -> None:
        self.pings += 1

    def gone(self, reason: str, clean: bool) -> None:
        self.ends.append((reason, clean))

    def say(self, text: str, *, ephemeral: bool = False) -> None:
        self.outbox.put(Frame(text.encode()), ephemeral=ephemeral)

    def close(self, code: CloseCode, reason: str = "") -> None:
        self.outbox.close(code, reason)


class Limits:
    """ports.LimitGuard that remembers what was met; ``modes`` as in core.settings."""

    def __init__(self) -> None:
        self.modes: dict[LimitName, Mode] = {}
        self.met: list[LimitName] = []

    def off(self, limit: LimitName) -> bool:
        return self.modes.get(limit) == "off"

    def holds(self, limit: LimitName) -> bool:
        return self.modes.get(limit, "on") == "on"

    def stops(self, limit: LimitName, **facts: object) -> bool:
        if not self.off(limit):
            self.met.append(limit)
        return self.holds(limit)


class Posts:
    """ports.Hooks that remember. ``trouble`` is answered instead."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str | None, str]] = []
        self.trouble: Error | None = None
        self.asked: list[str] = []

    async def find(self, token: str) -> Hook | Error | None:
        self.asked.append(token)
        return HOOK if token == "right" else None

    async def post(self, hook: Hook, text: str, key: str | None, address: str) -> Ok | Error:
        assert hook is HOOK
        self.said.append((text, key, address))
        return self.trouble or Stored(room="ops", seq=7, ts=1000)


HOOK = Hook(hook_id="1", room_id=RoomId(1), room="ops", name="alerts", created_ts=1)


class House:
    """ports.House with sessions that remember."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.limits = Limits()
        self.draining = False
        self.dialects: dict[str, Any] = {
            "text": Talk("text", "chatd.text"),
            "json": Talk("json", "chatd.v1"),
        }
        self.guests: list[Guest] = []
        self.greeting = "welcome"
        self.banned: dict[str, str] = {}
        self.hooks = Posts()
        self.guest_class: type[Guest] = Guest

    def admits(self, address: str) -> str | None:
        return self.banned.get(address)

    def open(self, outbox: Outbox, dialect: Any, address: str) -> Guest:
        guest = self.guest_class(outbox, dialect, address)
        self.guests.append(guest)
        if self.greeting:
            guest.say(self.greeting)
        return guest


class World:
    """A front in memory, and everything that it needs."""

    def __init__(self, settings: EdgeSettings | None = None, folder: Path | None = None) -> None:
        self.clock = Clock()
        self.house = House()
        self.meter = Tally()
        self.journal = Journal()
        self.front = FrontFactory(
            self.clock,
            self.house,
            settings or EdgeSettings(),
            Pages(folder or Path("/nonexistent")),
            self.journal,
            self.meter,
        )

    def turn(self, seconds: float = 0.0) -> None:
        """Let the reactor have its turn, or time pass."""
        self.clock.advance(seconds)
        self.clock.advance(0)

    def connect(self, peer: Any = ANN) -> Pipe:
        pipe = Pipe(self.clock, peer)
        pipe.protocol = self.front.buildProtocol(peer)
        assert pipe.protocol is not None
        pipe.protocol.makeConnection(pipe)
        return pipe

    def ask(self, data: bytes | str, peer: Any = ANN) -> Reply:
        """Send bytes on a new connection; what comes back, as HTTP."""
        pipe = self.connect(peer)
        pipe.deliver(data.encode("latin-1") if isinstance(data, str) else data)
        self.turn()
        return Reply(pipe, pipe.take())

    def client(self, path: str = "/", *, peer: Any = ANN, offers: tuple[str, ...] = ()) -> Client:
        """A client whose session is open."""
        client = Client(self, path, peer=peer, offers=offers)
        client.open()
        return client


class Reply:
    """An HTTP answer, and the pipe it came by."""

    def __init__(self, pipe: Pipe, data: bytes) -> None:
        self.pipe = pipe
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        self.status = int(first.split(" ")[1]) if first else 0
        self.fields: dict[str, str] = {}
        for line in rest:
            name, _, value = line.partition(": ")
            assert name.lower() not in self.fields, f"{name} is there twice"
            self.fields[name.lower()] = value


class Client:
    """A WebSocket client in memory."""

    def __init__(
        self,
        world: World,
        path: str = "/",
        *,
        peer: Any = ANN,
        offers: tuple[str, ...] = (),
        compression: ClientExtensionFactory | None = None,
    ) -> None:
        self.world = world
        self.pipe = world.connect(peer)
        self.protocol = ClientProtocol(
            parse_uri(f"ws://localhost:8765{path}"),
            subprotocols=list(offers) or None,  # type: ignore[arg-type]  # plain words for the library's own type
            extensions=[compression] if compression else None,
            max_size=None,
        )
        self.heard: list[Any] = []

    def open(self, **fields: str) -> Response:
        """Shake hands; gives the answer."""
        request = self.protocol.connect()
        for name, value in fields.items():
            request.headers[name.replace("_", "-")] = value
        self.protocol.send_request(request)
        self.send()
        self.hear()
        response = self.heard.pop(0)
        assert isinstance(response, Response)
        return response

    @property
    def guest(self) -> Guest:
        """The session that the house has for the newest client."""
        return self.world.house.guests[-1]

    def send(self) -> None:
        """Deliver what the protocol wants to send, in one piece."""
        data = b"".join(self.protocol.data_to_send())
        if data:
            self.pipe.deliver(data)
        self.world.turn()

    def hear(self, most: int = 1 << 40) -> list[Any]:
        """Read what has come; gives the events of it, too."""
        data = self.pipe.take(most)
        self.protocol.receive_data(data)
        events = self.protocol.events_received()
        self.heard += events
        return events

    def say(self, text: str) -> None:
        self.protocol.send_text(text.encode())
        self.send()

    def texts(self) -> list[str]:
        """The text frames that have come since the last call."""
        self.world.turn()
        self.hear()
        frames = [each for each in self.heard if isinstance(each, WebSocketFrame)]
        self.heard = [each for each in self.heard if each not in frames]
        self.heard += [each for each in frames if each.opcode is not Opcode.TEXT]
        return [bytes(each.data).decode() for each in frames if each.opcode is Opcode.TEXT]

    def frames(self, opcode: Opcode) -> list[bytes]:
        """The payloads of frames of one kind that came."""
        self.texts()
        return [
            bytes(each.data)
            for each in self.heard
            if isinstance(each, WebSocketFrame) and each.opcode is opcode
        ]

    @property
    def closed_with(self) -> tuple[int, str] | None:
        """The close frame that came, as code and reason."""
        self.texts()
        received = self.protocol.close_rcvd
        return (received.code, received.reason) if received else None


def six(host: str) -> IPv6Address:
    return IPv6Address("TCP", host, 50000)


def unix() -> UNIXAddress:
    return UNIXAddress(None)


def request(path: str = "/", *fields: str, method: str = "GET", version: str = "1.1") -> str:
    """The text of a request with a Host."""
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: localhost:8765", *fields, "", ""])


UPGRADE = (
    "Upgrade: websocket",
    "Connection: keep-alive, Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
