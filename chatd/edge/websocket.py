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
from chatd.edge import opening, short
from chatd.edge.admission import Admitted
from chatd.edge.direct import Way, by_transport, way_to
from chatd.edge.outbox import PONG, Outbox, wire_of
from chatd.edge.outboxes import Outboxes
from chatd.edge.ports import EdgeMeter, EdgeSettings, House, Reactor, Session
from chatd.edge.shortcuts import Ways
from chatd.edge.upgraded import Upgraded, UpgradedFactory, likeness

STEPS = 256
"""Steps of the parser in one turn of the reactor, about two a frame: 64 KiB hold ten thousand empty
frames, and whoever sends them waits between turns, not everybody else."""
SLICE = 0.0005
"""Seconds after which a turn ends, too: what others feel of a flood is this, times its lines."""
UNHELD_BYTES = 16 * 1024 * 1024
"""The largest message of WebSocket when limits.frame_bytes is not enforced."""
RESERVED_BIT = b"RSV = 4 "  # how Autobahn words it
COMPRESSED = b"a compressed frame, and no compression (permessage-deflate) was agreed to"
REFUSED_FRAMES = {each.code for each in (PROTOCOL_ERROR, NOT_TEXT, BAD_UTF8, TOO_BIG)}
LATE = 64
"""Steps of the parser that somebody whose frame was refused is still listened to: whoever floods
must not cost more after that than before."""
HELD_MOST = 60.0
"""Seconds for which a session that the house does not read is not blamed for unread pongs."""

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


class ChatFactory(UpgradedFactory):
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
        super().__init__(reactor, journal)
        self.house = house
        self.outboxes = outboxes
        self.meter = meter
        self.ways = ways
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


class ChatLine(Upgraded):
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
        self._late = 0
        self._dialect = dialect
        self._session: Session = Unopened()
        self._outbox = Outbox(
            self, factory.outboxes, settings.outbox_bytes, factory.closeHandshakeTimeout
        )
        self._fate = ""
        self._held = False
        self._steps = 0
        self._turn_ends = 0.0
        self._yielding = False
        self._held_since = 0.0
        self._read_since = 0.0
        self._send_by: Way = by_transport

    # --- from Autobahn ---
    def onOpen(self) -> None:
        """The session begins."""
        super().onOpen()
        self.registerProducer(self._outbox, True)
        if self.factory.ways.direct_send:
            self._send_by = way_to(self.transport)
        try:
            self._session = self.factory.house.open(
                self._outbox, self._dialect, self._admitted.address
            )
        except Exception as error:  # noqa: BLE001 - one session's trouble stays its own
            self._fault(error)

    def dataReceived(self, data: bytes) -> None:
        """Counted, then read the short way as far as that goes; the rest is Autobahn's."""
        self.factory.meter.bytes_in(len(data))
        self._begin_turn()
        if self.factory.ways.short_frames and self._may_read_short():
            try:
                data = self._read_short(data)
            except Exception as error:  # noqa: BLE001 - as in Autobahn's way
                self.broke(error)
                return
        if data:
            super().dataReceived(data)

    def _may_read_short(self) -> bool:
        return (
            self.state == self.STATE_OPEN
            and not (self._held or self._yielding)
            and short.between_messages(self)
        )

    def _read_short(self, data: bytes) -> bytes:
        """Take text frames from the beginning; gives what is left."""
        at, most = 0, self.maxFramePayloadSize
        while not self._is_over() and self._may_read_short():
            text, at = short.text_frame(data, at, most)
            if text is None:
                break
            self._steps += 2
            short.sign_of_life(self)
            self.onMessage(text, False)
        return data[at:]

    def processData(self) -> bool:
        """One step of Autobahn's parser; none while the house holds, for what was read already,
        and only so many in one turn."""
        if self._held or self._yielding:
            return False
        if self._late and self._is_deaf():
            return False
        if self._is_over():
            self._yield()
            return False
        self._steps += 1
        return super().processData()

    def _begin_turn(self) -> None:
        self._steps, self._turn_ends = 0, self.factory.clock.seconds() + SLICE

    def _is_over(self) -> bool:
        """Whether it is the others' turn."""
        return self._steps >= STEPS or self.factory.clock.seconds() > self._turn_ends

    def _is_deaf(self) -> bool:
        """Whether this peer goes on sending long after it was refused for a frame (RFC 6455 section
        7.1.7): then its answer to our close frame is not looked for any more."""
        self._late += 1
        if self._late <= LATE:
            return False
        self.data = b""
        return True

    def _yield(self) -> None:
        """Let others have a turn, then go on."""
        self._yielding = True
        transport: Any = self.transport
        transport.pauseProducing()
        self.factory.clock.callLater(0, self._next_turn)

    def _next_turn(self) -> None:
        self._yielding = False
        if not self._held and self.connected:
            transport: Any = self.transport
            transport.resumeProducing()
            self._read_on()

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
        self.factory.meter.frames_in(1)
        if len(payload) > self.factory.house.settings.frame_bytes:
            self._stops("frame_bytes")  # it is not held, else it had not come here
        try:
            self._session.hear(payload)
        except Exception as error:  # noqa: BLE001 - one session's trouble stays its own
            self._fault(error)

    def onPing(self, payload: bytes) -> None:
        """Answer by the outbox: who pings without reading must not fill our memory with pongs."""
        self._session.pinged()
        pong = Frame(payload)
        pong.wire = wire_of(payload, PONG)
        self._outbox.put(pong, ephemeral=True)

    def onPong(self, payload: bytes) -> None:
        """Answers to our own pings are few; nothing is said of these to Autobahn's debug log."""
        del payload
        self._session.pinged()

    def onAutoPingTimeout(self) -> None:
        """No pong came; but one that lies unread because we do not read is no fault of the peer,
        and one that takes a long backlog is alive, though our ping waits behind it."""
        if self._seems_alive():
            self.autoPingTimeoutCall = self.factory.clock.callLater(
                self.autoPingTimeout, self.onAutoPingTimeout
            )
        else:
            self._fate = self._fate or "ping_timeout"
            super().onAutoPingTimeout()

    def _seems_alive(self) -> bool:
        now = self.factory.clock.seconds()
        if self._held:
            return now - self._held_since < HELD_MOST
        return now - max(self._read_since, self._outbox.moved) < self.autoPingTimeout

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
            if not isReply:
                self._fate = _WORDS.get(code or 0, PROTOCOL_ERROR.word)
            self._outbox.finish()
        if (reasonUtf8 or b"").startswith(RESERVED_BIT):
            super().sendCloseFrame(code, COMPRESSED, isReply)
        else:
            super().sendCloseFrame(code, reasonUtf8, isReply)

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
        self._send_by(self.transport, data)

    def leave(self, code: CloseCode, reason: str) -> None:
        """Begin the closing handshake."""
        self.sendClose(code.code, reason)

    def drop(self, code: CloseCode) -> None:
        """End it without one."""
        self._fate = self._fate or code.word
        self.dropConnection(abort=True)

    def pause(self) -> None:
        """Read no more from the peer."""
        if not self._held:
            self._held = True
            self._held_since = self.factory.clock.seconds()
            transport: Any = self.transport
            transport.pauseProducing()

    def resume(self) -> None:
        """Read on, beginning with what was read already."""
        if self._held:
            self._held = False
            self._read_since = self.factory.clock.seconds()
            transport: Any = self.transport
            transport.resumeProducing()
            self.factory.clock.callLater(0, self._read_on)

    def _read_on(self) -> None:
        """What was read already, as in dataReceived. Autobahn moves all of the rest for each frame
        that it takes: a client that is held again and again costs much that way."""
        self._begin_turn()
        try:
            if self.factory.ways.short_frames:
                data, self.data = self.data, b""
                self.data = self._read_short(data) if self._may_read_short() else data
            self.consumeData()
        except Exception as error:  # noqa: BLE001 - as in dataReceived
            self.broke(error)

    # --- faults of ours ---
    def _fault(self, error: BaseException) -> None:
        number = self.factory.journal.fault("session_failed", error)
        self._outbox.close(INTERNAL, f"a fault of the server, number {number}")

    def broke(self, error: BaseException) -> None:
        """As of any connection, with a name for it."""
        self._fate = self._fate or INTERNAL.word
        super().broke(error)
