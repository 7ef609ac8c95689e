"""`/echo`: every message comes back as it came, for conformance suites of the WebSocket layer.
Autobahn as it is, but for the limits; chat is websocket.py."""

from __future__ import annotations

from typing import Any

from chatd.edge.packing import deflated_wire
from chatd.edge.upgraded import Upgraded
from chatd.edge.wire import TEXT

BINARY = 0x82
MOST_BYTES = 16 * 1024 * 1024


class EchoLine(Upgraded):
    """A connection that gets back what it sends."""

    maxFramePayloadSize = MOST_BYTES
    maxMessagePayloadSize = MOST_BYTES
    most_inflated = MOST_BYTES

    def onOpen(self) -> None:
        """A full transport stops its own reading: who does not listen need not speak."""
        super().onOpen()
        transport: Any = self.transport
        self.registerProducer(transport, True)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Send it back; compressed as the chat would, if it may be."""
        if self.state != self.STATE_OPEN:
            return
        if self._admitted.agreed is not None:
            transport: Any = self.transport
            opcode = BINARY if isBinary else TEXT
            transport.write(deflated_wire(payload, self._admitted.agreed.window, opcode))
        else:
            self.sendMessage(payload, isBinary)  # type: ignore[no-untyped-call]  # half typed library
