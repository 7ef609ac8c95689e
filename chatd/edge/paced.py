"""A connection that is read at a pace that others can bear: a little in one turn of the reactor,
nothing while the house holds it, and hardly anything after a refusal. Whose words they are is
websocket.py's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autobahn.twisted.websocket import WebSocketServerProtocol

from chatd.core.ports import Log
from chatd.edge import inflating, short
from chatd.edge.admission import Admitted
from chatd.edge.ports import EdgeMeter, Reactor
from chatd.edge.shortcuts import Ways
from chatd.edge.upgraded import Upgraded, UpgradedFactory

STEPS = 256
"""Steps of the parser in one turn of the reactor, about two a frame: 64 KiB hold ten thousand empty
frames, and whoever sends them waits between turns, not everybody else."""
SLICE = 0.0005
"""Seconds after which a turn ends, too: what others feel of a flood is this, times its lines."""
LATE = 64
"""Steps of the parser that somebody whose frame was refused is still listened to: whoever floods
must not cost more after that than before."""
HELD_MOST = 60.0
"""Seconds for which a session that the house does not read is not blamed for unread pongs."""
OPEN: int = WebSocketServerProtocol.STATE_OPEN
"""Here and not in its class, for it is asked for every frame."""


class PacedFactory(UpgradedFactory):
    """Means of such lines."""

    def __init__(self, reactor: Reactor, journal: Log, meter: EdgeMeter, ways: Ways) -> None:
        super().__init__(reactor, journal)
        self.meter = meter
        self.received_bytes = meter.received_bytes
        self.ways = ways


class Paced(Upgraded):
    """``_late`` is set, to 1, when the peer was refused for a frame."""

    factory: PacedFactory
    maxFramePayloadSize: int
    autoPingTimeoutCall: Any
    _late = 0
    _held_since = 0.0
    _read_since = 0.0
    _steps = 0

    def __init__(self, factory: PacedFactory, admitted: Admitted, left: Callable[[], None]) -> None:
        super().__init__(factory, admitted, left)
        # Each its own: what is asked for every frame is found at once in the object, and in a class
        # by looking through all that it is made of.
        self._held = self._yielding = False
        self._turn_ends = 0.0
        self.autoPingTimeoutCall = None

    def dataReceived(self, data: bytes) -> None:
        """Counted, then read the short way as far as that goes; the rest is Autobahn's."""
        factory = self.factory
        factory.received_bytes.value += len(data)
        self._turn_ends = 0.0
        if factory.ways.short_frames:
            try:
                data = self._read_short(data)
            except Exception as error:  # noqa: BLE001 - as in Autobahn's way
                self.broke(error)
                return
        if data:
            self._begin_turn()
            super().dataReceived(data)

    def _read_short(self, data: bytes) -> bytes:
        """Take text frames from the beginning, where one begins; gives what is left."""
        if self.state != OPEN or self._held or self._yielding or not short.between_messages(self):
            return data
        at, most, size = 0, self.maxFramePayloadSize, len(data)
        while True:
            text, at = short.text_frame(data, at, most)
            if text is None and self._admitted.agreed is not None:
                text, at = inflating.text_frame(self, data, at)
            if text is None:
                break
            if self.autoPingTimeoutCall:
                short.sign_of_life(self)
            if at == size:  # nearly always there is one, and nothing else
                self.onMessage(text, False)
                return b""
            if not self._turn_ends:
                self._begin_turn()
            self._steps += 2
            self.onMessage(text, False)
            if self.state != OPEN or self._is_over():
                break
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
        """Unless it has begun: who brings one frame needs none."""
        if not self._turn_ends:
            self._steps, self._turn_ends = 0, self.factory.clock.seconds() + SLICE

    def _is_over(self) -> bool:
        """Whether it is the others' turn, or the house holds."""
        if self._held:
            return True
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
        self._turn_ends = 0.0
        self._begin_turn()
        try:
            if self.factory.ways.short_frames:
                data, self.data = self.data, b""
                self.data = self._read_short(data)
            self.consumeData()
        except Exception as error:  # noqa: BLE001 - as in dataReceived
            self.broke(error)

    def _seems_alive(self, moved: float) -> bool:
        """Though no pong came. ``moved``: when the peer last took something of ours."""
        now = self.factory.clock.seconds()
        if self._held:
            return now - self._held_since < HELD_MOST
        return now - max(self._read_since, moved) < self.autoPingTimeout
