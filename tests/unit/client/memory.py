"""A world in memory for lines and drivers: time that moves when told, connections that a test
makes, coroutines that run as far as they can."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any

from websockets.frames import Frame
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from chatd.client.world import Receiver
from tests.house.world import Clock, Timer


class Promise:
    """world.Promise."""

    def __init__(self) -> None:
        self.waiting: list[Running] = []
        self._done = False
        self._value: Any = None
        self._error: Exception | None = None

    def keep(self, value: Any) -> None:
        self._come(value, None)

    def fail(self, error: Exception) -> None:
        self._come(None, error)

    def _come(self, value: Any, error: Exception | None) -> None:
        if not self._done:
            self._done, self._value, self._error = True, value, error
            for running in self.waiting:
                running.go_on()

    def __await__(self) -> Generator[Promise, None, Any]:
        if not self._done:
            yield self
        if self._error is not None:
            raise self._error
        return self._value


class Running:
    """A coroutine, run until it waits; then until what it waits for has come."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None
        self._coroutine = coroutine
        self.go_on()

    def go_on(self) -> None:
        """Run until it waits again, or ends."""
        try:
            self._coroutine.send(None).waiting.append(self)
        except StopIteration as end:
            self.done, self.value = True, end.value
        except Exception as error:  # noqa: BLE001  # kept for the test to see
            self.done, self.error = True, error

    def cancel(self) -> None:
        """As a framework does: the coroutine learns it where it waits."""
        try:
            self._coroutine.throw(KeyboardInterrupt)
        except KeyboardInterrupt:
            self.done = True


class Transport:
    """world.Transport whose peer is the test, or ``websockets``."""

    def __init__(self, receiver: Receiver) -> None:
        self.written = bytearray()
        self.paused = False
        self.closed = False
        self.aborted = False
        self._receiver = receiver

    def write(self, data: bytes) -> None:
        self.written += data

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        if not self.aborted:
            self.aborted = True
            self._receiver.ended("aborted")

    def take(self) -> bytes:
        """What was written since the last call."""
        data = bytes(self.written)
        self.written.clear()
        return data


class Attempt:
    """A connection that is wanted, until the test says what becomes of it."""

    def __init__(self, receiver: Receiver) -> None:
        self.cancelled = False
        self._receiver = receiver

    def cancel(self) -> None:
        self.cancelled = True

    def fails(self, why: str) -> None:
        """It cannot be made."""
        self._receiver.failed(why)

    def succeeds(self) -> Peer:
        """It is made."""
        return Peer(self._receiver)


class Peer:
    """The other end: a WebSocket server that shares no code with ours."""

    def __init__(self, receiver: Receiver) -> None:
        self.transport = Transport(receiver)
        self.receiver = receiver
        self.server = ServerProtocol(subprotocols=[Subprotocol("chatd.v1")])
        receiver.made(self.transport)

    def opens(self) -> None:
        """Accept the handshake."""
        self.server.receive_data(self.transport.take())
        [request] = self.server.events_received()
        self.server.send_response(self.server.accept(request))  # type: ignore[arg-type]  # the only event before it is open is the request
        self._push()

    def refuses(self, answer: bytes) -> None:
        """Answer the handshake with something else."""
        self.transport.take()
        self.receiver.received(answer)

    def says(self, text: str) -> None:
        """Send a text."""
        self.server.send_text(text.encode())
        self._push()

    def closes(self, code: int, reason: str = "") -> None:
        """Send a close frame."""
        self.server.send_close(code, reason)
        self._push()

    def heard(self) -> list[Frame]:
        """The frames since the last call."""
        self.server.receive_data(self.transport.take())
        return [event for event in self.server.events_received() if isinstance(event, Frame)]

    def ends(self) -> None:
        """The connection is over."""
        self.receiver.ended("connection reset")

    def _push(self) -> None:
        self.receiver.received(b"".join(self.server.data_to_send()))


class World:
    """world.World."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.attempts: list[Attempt] = []
        self.wanted: list[tuple[str, int]] = []

    def now(self) -> float:
        return self.clock.monotonic()

    def later(self, seconds: float, call: Any) -> Timer:
        return self.clock.later(seconds, call)

    def promise(self) -> Promise:
        return Promise()

    def connect(self, host: str, port: int, receiver: Receiver) -> Attempt:
        self.wanted.append((host, port))
        self.attempts.append(Attempt(receiver))
        return self.attempts[-1]
