"""A WebSocket that is open from its birth: its request was read and judged by us, so nothing is
left for Autobahn's handshake to find out. What its protocol is like after one is learned from one
that Autobahn itself has opened. The one file that knows what that leaves behind."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from twisted.internet.address import UNIXAddress

from chatd.edge.admission import Admitted

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
OWN = {"factory", "transport", "connected", "_admitted", "_left", "_abort", "_wskey"}
"""Each line has these of its own, from us."""
FIXED = (type(None), bool, int, float, str, bytes, tuple)
KEPT = {
    *("allowedOrigins", "allowedOriginsPatterns", "versions", "perMessageCompressionAccept"),
    *("websocket_extensions", "websocket_extensions_in_use", "websocket_protocols"),
    *("http_headers", "http_request_params", "_valid_events"),
}
"""What could be changed, and is not: Autobahn only reads these once a line is open."""
LAZY = {"is_open", "is_closed", "send_queue", "trafficStats", "utf8validator", "_transport_details"}
"""What a line has only when it is asked for: most never are. Their types make them."""
NAMES = ("_batched_timer", "countConnections")
"""Of Autobahn's factory: its timers, and how many lines there are."""

KEY = base64.b64encode(bytes(16)).decode()
"""A key of no client."""

Line = TypeVar("Line", bound=type)


class Lazy:
    """An attribute that is made, and kept in the object, when it is first asked for."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, line: Any, owner: type | None = None) -> object:
        if line is None:
            return self
        made = line.__dict__[self._name] = self._make()
        return made


class Nowhere:
    """A transport to nobody, who remembers what was said."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Remembered."""
        self.written.append(data)

    def setTcpNoDelay(self, on: bool) -> None:
        """All the same to nobody."""

    def loseConnection(self) -> None:
        """There is none."""

    abortConnection = unregisterProducer = loseConnection

    def getPeer(self) -> UNIXAddress:
        """Nobody's address."""
        return UNIXAddress(None)

    getHost = getPeer


def opened(line: Line, factory: object, likeness: Mapping[str, object]) -> Line | None:
    """The class of such lines that are open from their birth, with what ``likeness``, one that
    Autobahn has opened for this factory, has in common with every other; None when there is
    something unheard of."""
    names: dict[str, object] = {"born_open": True, "_results": None}
    for name, value in likeness.items():
        if name in OWN or name == "_results":
            continue
        if name in LAZY:
            names[name] = Lazy(type(value))
        elif isinstance(value, FIXED):
            names[name] = value
        elif name in KEPT:
            names[name] = staticmethod(value) if callable(value) else value
        else:
            return None
    if not names.keys() >= LAZY or not all(hasattr(factory, name) for name in NAMES):
        return None
    made: Any = type(line.__name__, (line,), names)
    return made  # type: ignore[no-any-return]  # a class made at run time


def begin(line: Any, transport: Any) -> None:
    """Put it on its transport; it is open, and its answer to the handshake is still to be sent."""
    transport.protocol = line
    # Its own, though they are as in its class: there they would be looked up for every frame.
    line.state, line.data = line.state, line.data
    line.current_frame, line.inside_message = line.current_frame, line.inside_message
    line.transport = transport
    line.connected = 1
    line.factory.countConnections += 1
    if line.autoPingInterval:
        timers = line.factory._batched_timer  # noqa: SLF001  # see above
        line.autoPingPendingCall = timers.call_later(line.autoPingInterval, line._sendAutoPing)  # noqa: SLF001  # as above


def accepted(admitted: Admitted) -> bytes:
    """The answer to the handshake (RFC 6455 section 4.2.2)."""
    digest = hashlib.sha1(admitted.key.encode("ascii") + MAGIC, usedforsecurity=False).digest()
    protocol = admitted.subprotocol
    more = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol is not None else ""
    if admitted.agreed is not None:
        more += f"Sec-WebSocket-Extensions: {admitted.agreed.answer}\r\n"
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
        f"{more}Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n\r\n"
    ).encode("ascii")
