"""A connection after its upgrade: what Autobahn's protocol must be told to be safe in this house.
What is said over it is websocket.py (the chat) or echo.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionRequest
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from txaio.tx import make_logger

from chatd.core.ports import Log
from chatd.edge import inflating, opening
from chatd.edge.admission import Admitted
from chatd.edge.ports import Delayed, Reactor
from chatd.edge.timers import use_exact_timers

HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{more}\r\n"
)


class UpgradedFactory(WebSocketServerFactory):
    """What Autobahn's protocols find in their ``factory``: their options, and our means."""

    noisy = False

    def __init__(self, reactor: Reactor, journal: Log) -> None:
        super().__init__(server="", reactor=reactor)  # type: ignore[no-untyped-call]  # half typed library
        self.clock = reactor
        self.journal = journal
        self.exact = use_exact_timers(self, reactor)
        self.options(
            versions=[13],
            webStatus=False,
            # a frame that breaks a rule gets its close code, so that who wrote it can learn
            failByDrop=False,
            # HTTP was read by us, within its own deadline
            openHandshakeTimeout=0,
            perMessageCompressionAccept=inflating.accept,
        )

    def options(self, **options: object) -> None:
        """Autobahn's setProtocolOptions: for lines that are made from now on."""
        self.setProtocolOptions(**options)  # type: ignore[no-untyped-call]  # half typed library


def likeness(factory: UpgradedFactory) -> dict[str, object]:
    """What a line of this factory is like when Autobahn has just opened it."""
    line = Upgraded(factory, Admitted("unix", opening.KEY), lambda: None)
    line.take_over(opening.Nowhere(), b"")
    found = vars(line) | {"autoPingPendingCall": None}
    line.connectionLost()
    return found


class Upgraded(WebSocketServerProtocol):
    """A WebSocket whose handshake was read and judged by us before it came here.

    ``left`` is called once, when the connection is over.
    """

    factory: UpgradedFactory
    autoPingTimeout: float
    closeHandshakeTimeout: float
    log = make_logger(level="critical")  # what a peer does wrong is counted, not logged
    born_open = False
    """Whether its class is one of opening.py's."""
    most_inflated = 0
    """The longest message that may come compressed: bytes, without the compression."""

    def __init__(
        self, factory: UpgradedFactory, admitted: Admitted, left: Callable[[], None]
    ) -> None:
        if not self.born_open:
            super().__init__()
        self.factory = factory
        self._admitted = admitted
        self._left = left
        self._abort: Delayed | None = None

    def take_over(self, transport: Any, rest: bytes) -> None:
        """Begin on a transport whose request was read; ``rest`` came behind it.

        Autobahn gets that request in our own words: no two parsers can understand it differently.
        """
        if self.born_open:
            opening.begin(self, transport)
            self.answer(opening.accepted(self._admitted))
            self.onOpen()
            if rest:
                self.dataReceived(rest)
            return
        more = ""
        if self._admitted.subprotocol is not None:
            more = f"Sec-WebSocket-Protocol: {self._admitted.subprotocol}\r\n"
        if self._admitted.agreed is not None:
            more += f"Sec-WebSocket-Extensions: {self._admitted.agreed.offer}\r\n"
        head = HANDSHAKE.format(key=self._admitted.key, more=more)
        transport.protocol = self
        self.makeConnection(transport)  # type: ignore[no-untyped-call]  # half typed library
        self.dataReceived(head.encode("ascii"))
        if rest:
            self.dataReceived(rest)

    def answer(self, data: bytes) -> None:
        """Our answer to the handshake, where Autobahn gives none."""
        transport: Any = self.transport
        transport.write(data)

    def onConnect(self, request: ConnectionRequest) -> str | None:
        """Everything was asked in admission.py."""
        del request
        return self._admitted.subprotocol

    def onOpen(self) -> None:
        """Autobahn's own attempt at this comes before it has read the option, and fails."""
        transport: Any = self.transport
        transport.setTcpNoDelay(True)
        if self._admitted.agreed is not None:
            inflating.inflate(self, self._admitted.agreed, self.most_inflated)

    def inflates(self) -> None:
        """A compressed message begins."""

    def dataReceived(self, data: bytes) -> None:
        """Some bytes of the peer; whatever they do to us, it stays here."""
        try:
            super().dataReceived(data)
        except Exception as error:  # noqa: BLE001 - Autobahn lets it escape to the reactor
            self.broke(error)

    def broke(self, error: BaseException) -> None:
        """A fault of ours: of this connection nothing is known to be right any more."""
        self.factory.journal.fault("connection_failed", error)
        self.dropConnection(abort=True)

    def dropConnection(self, abort: bool = False) -> None:
        """End the connection. After a clean closing handshake without a reset: that could only
        destroy what the peer has not read yet. What it never reads is aborted in time."""
        abort = abort and not self.wasClean
        super().dropConnection(abort)
        if not abort and self._abort is None and self.connected:
            transport: Any = self.transport
            self._abort = self.factory.clock.callLater(
                self.closeHandshakeTimeout, transport.abortConnection
            )

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is over."""
        self.connected = 0
        for delayed in (self._abort, self.closeHandshakeTimeoutCall):
            if delayed is not None and delayed.active():
                delayed.cancel()
        try:
            super().connectionLost(reason)
        except Exception as error:  # noqa: BLE001 - whoever counts connections must be told
            self.factory.journal.fault("connection_failed", error)
        self._left()
