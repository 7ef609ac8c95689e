"""`/echo`: every message comes back as it came, for conformance suites of the WebSocket layer.
Autobahn as it is, but for the limits; chat is websocket.py."""

from __future__ import annotations

from typing import Any

from chatd.edge.upgraded import Upgraded

MOST_BYTES = 16 * 1024 * 1024


class EchoLine(Upgraded):
    """A connection that gets back what it sends."""

    maxFramePayloadSize = MOST_BYTES
    maxMessagePayloadSize = MOST_BYTES

    def onOpen(self) -> None:
        """A full transport stops its own reading: who does not listen need not speak."""
        super().onOpen()
        transport: Any = self.transport
        self.registerProducer(transport, True)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Send it back."""
        if self.state == self.STATE_OPEN:
            self.sendMessage(payload, isBinary)  # type: ignore[no-untyped-call]  # half typed library
