"""The chat's connection: Autobahn's protocol between a session of the house and its outbox.
Who may open one is admission.py; how frames wait is outbox.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatd.core.errors import (
    BAD_UTF8,
    BYE,
    CLOSES,
    INTERNAL,
    NOT_TEXT,
    PROTOCOL_ERROR,
    TOO_BIG,
    CloseCode,
)
from chatd.core.limits import LimitName
from chatd.core.ports import Dialect, Frame, Log
from chatd.edge import direct, opening
from chatd.edge.admission import Admitted
from chatd.edge.outboxes import Outboxes
from chatd.edge.paced import Paced, PacedFactory
from chatd.edge.packing import outbox_for
from chatd.edge.ports import EdgeMeter, EdgeSettings, House, Reactor, Session
from chatd.edge.shortcuts import Ways
from chatd.edge.upgraded import likeness
from chatd.edge.wire import PONG, wire_of

UNHELD_BYTES = 16 * 1024 * 1024
"""The largest message of WebSocket when limits.frame_bytes is not enforced."""
GIANT = 1 << 20
"""The length of a frame that nobody sends in good faith: what is left of it after its refusal is
not looked through."""
RESERVED_BIT = b"RSV = 4 "  # how Autobahn words it
COMPRESSED = b"a compressed frame, and no compression (permessage-deflate) was agreed to"
INFLATED = b" after decompression"  # behind the limit of messages that come as they are
REFUSED_FRAMES = {each.code for each in (PROTOCOL_ERROR, NOT_TEXT, BAD_UTF8, TOO_BIG)}
_WORDS = {close.code: close.word for close in CLOSES.values()}
_ON_PURPOSE = {None, 1000}  # RFC 6455 section 7.4.1; 1001, going away, is also a page's reload


class Unopened:
    """The session of a connection that has none (yet)."""

    def hear(self, payload: bytes, /) -> None:
        """Nobody listens."""

    def pinged(self) -> None:
        """Nobody pays."""

    def gone(self, reason: str, clean: bool) -> None:
        """Nobody is missed."""


class ChatFactory(PacedFactory):
    """Means and options of the chat's lines. ``use`` takes the options of a (new) configuration:
    lines that are open keep theirs."""

    def __init__(
        self,
        reactor: Reactor,
        journal: Log,
        house: House,
        outboxes: Outboxes,
        meter: EdgeMeter,
        ways: Ways,
    ) -> None:
        super().__init__(reactor, journal, meter, ways)
        self.house = house
        self.outboxes = outboxes
        self.received_frames = meter.received_frames
        self.line: type[ChatLine] = ChatLine

    def use(self, settings: EdgeSettings) -> None:
        """Lines made from now on have these deadlines."""
        self.options(
            autoPingInterval=settings.ping_interval,
            autoPingTimeout=settings.ping_timeout,
            closeHandshakeTimeout=settings.close_timeout,
        )
        if self.ways.born_open:
            self.line = opening.opened(ChatLine, self, likeness(self)) or ChatLine


class ChatLine(Paced):
    """One session's connection."""

    factory: ChatFactory

    def __init__(
        self, factory: ChatFactory, dialect: Dialect, admitted: Admitted, left: Callable[[], None]
    ) -> None:
        super().__init__(factory, admitted, left)
        settings = factory.house.settings
        held = factory.house.limits.holds("frame_bytes")
        self.maxFramePayloadSize = settings.frame_bytes if held else UNHELD_BYTES
        self.maxMessagePayloadSize = self.maxFramePayloadSize
        self._parts = 0
        self._dialect = dialect
        self._session: Session = Unopened()
        self.most_inflated = settings.frame_bytes  # held or not: a few bytes may become many
        patience = factory.closeHandshakeTimeout
        self._outbox = outbox_for(
            admitted.agreed, self, factory.outboxes, settings.outbox_bytes, patience
        )
        self._fate = ""

    # --- from Autobahn ---
    def onOpen(self) -> None:
        """The session begins."""
        super().onOpen()
        self.registerProducer(self._outbox, True)
        if self.factory.ways.direct_send and direct.is_known(self.transport):
            self._outbox.goes_by(self.transport)
        try:
            self._session = self.factory.house.open(
                self._outbox, self._dialect, self._admitted.address
            )
        except Exception as error:  # noqa: BLE001 - one session's trouble stays its own
            self._fault(error)

    def onMessageBegin(self, isBinary: bool) -> None:
        """Refuse binary messages at their beginning, not after all of their bytes."""
        super().onMessageBegin(isBinary)
        self._parts = 0
        if isBinary:
            self.sendCloseFrame(NOT_TEXT.code, b"text frames only")

    def onMessageFrameBegin(self, length: int) -> None:
        """One part of a message; nearly all have one only."""
        self._parts += 1
        if self._parts > 1 and self.state == self.STATE_OPEN:
            most = self.factory.house.settings.frame_parts
            if self._parts > most and self._stops("frame_parts"):
                self.sendCloseFrame(TOO_BIG.code, f"over {most} frames in one message".encode())
        super().onMessageFrameBegin(length)

    def _stops(self, limit: LimitName) -> bool:
        return self.factory.house.limits.stops(limit, address=self._admitted.address)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """One text frame for the session; none once it was told to go."""
        if self._outbox.closed or isBinary:
            return
        self.factory.received_frames.value += 1
        if len(payload) > self.most_inflated:
            self._stops("frame_bytes")  # it is not held, else it had not come here
        try:
            self._session.hear(payload)
        except Exception as error:  # noqa: BLE001 - one session's trouble stays its own
            self._fault(error)

    def inflates(self) -> None:
        """A compressed message begins."""
        self.factory.meter.inflated()

    def onPing(self, payload: bytes) -> None:
        """Answer by the outbox: who pings without reading must not fill our memory with pongs."""
        self._session.pinged()
        pong = Frame(b"")  # nothing that could be compressed
        pong.wire = wire_of(payload, PONG)
        self._outbox.put(pong, ephemeral=True)

    def onPong(self, payload: bytes) -> None:
        """Answers to our own pings are few; nothing is said of these to Autobahn's debug log."""
        del payload
        self._session.pinged()

    def onAutoPingTimeout(self) -> None:
        """No pong came; but one that lies unread because we do not read is no fault of the peer,
        and one that takes a long backlog is alive, though our ping waits behind it."""
        if self._seems_alive(self._outbox.moved):
            self.autoPingTimeoutCall = self.factory.clock.callLater(
                self.autoPingTimeout, self.onAutoPingTimeout
            )
        else:
            self._fate = self._fate or "ping_timeout"
            super().onAutoPingTimeout()

    def onCloseFrame(self, code: int, reasonRaw: bytes) -> bool | None:
        """The peer closes, or answers our close."""
        if self.state == self.STATE_OPEN:
            self._fate = self._fate or "client"
        return super().onCloseFrame(code, reasonRaw)

    def sendCloseFrame(
        self, code: int | None = None, reasonUtf8: bytes | None = None, isReply: bool = False
    ) -> None:
        """Every close frame of ours comes by here, Autobahn's own refusals too."""
        if self.state == self.STATE_OPEN:
            if self.wasMaxMessagePayloadSizeExceeded or self.wasMaxFramePayloadSizeExceeded:
                self._stops("frame_bytes")
            self._late = int(code in REFUSED_FRAMES)
            begun: Any = self.current_frame
            if self._late and begun is not None and begun.length > GIANT:
                self.utf8validateIncomingCurrentMessage = False
            if not isReply:
                self._fate = _WORDS.get(code or 0, PROTOCOL_ERROR.word)
            self._outbox.finish()
        super().sendCloseFrame(code, self._reworded(reasonUtf8), isReply)

    def _reworded(self, reason: bytes | None) -> bytes | None:
        """Autobahn's reason, where it does not know better."""
        if reason is None:
            return None
        if reason.startswith(RESERVED_BIT):
            return COMPRESSED
        if reason.endswith(INFLATED):
            return f"over {self.most_inflated} bytes{INFLATED.decode()}".encode()
        return reason

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The connection is over, however it came about."""
        del wasClean, code, reason
        fate = self._fate or "lost"
        on_purpose = fate == BYE.word or (fate == "client" and self.remoteCloseCode in _ON_PURPOSE)
        self._outbox.end()
        session, self._session = self._session, Unopened()
        session.gone(fate, clean=on_purpose)

    def answer(self, data: bytes) -> None:
        """With the first frames, in one write."""
        self._outbox.begin(data)

    # --- for the outbox ---
    def write(self, data: bytes) -> None:
        """Whole frames; not by Autobahn's sendData, which words a debug line for each."""
        transport: Any = self.transport
        transport.write(data)

    def leave(self, code: CloseCode, reason: str) -> None:
        """Begin the closing handshake."""
        self.sendClose(code.code, reason)

    def drop(self, code: CloseCode) -> None:
        """End it without one."""
        self._fate = self._fate or code.word
        self.dropConnection(abort=True)

    def dropConnection(self, abort: bool = False) -> None:
        """End the connection, and first its outbox: in a transport that was aborted something may
        still lie that nobody knows of any more, and what is told at once would overtake it."""
        self._outbox.end()
        super().dropConnection(abort)

    # --- faults of ours ---
    def _fault(self, error: BaseException) -> None:
        number = self.factory.journal.fault("session_failed", error)
        self._outbox.close(INTERNAL, f"a fault of the server, number {number}")

    def broke(self, error: BaseException) -> None:
        """As of any connection, with a name for it."""
        self._fate = self._fate or INTERNAL.word
        super().broke(error)
