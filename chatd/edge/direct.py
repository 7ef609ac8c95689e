"""Bytes to a peer without a detour: its socket is tried first, and Twisted's buffer takes the rest.
The one file that knows private names of Twisted's connections; strangers get transport.write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.tcp import Connection

Write = Callable[[bytes], None]

NAMES = ("socket", "dataBuffer", "_tempDataBuffer", "connected", "disconnecting")
"""What is asked of a connection; ``writeSomeData`` besides, for TLS has no such thing."""


def is_known(transport: Any) -> bool:
    """Whether this is a kind of transport whose socket may be written to."""
    plain = isinstance(transport, Connection) and getattr(transport, "TLS", True) is False
    return plain and all(hasattr(transport, name) for name in NAMES)


def by_socket(transport: Any) -> Write:
    """To the socket now, as far as it takes it; the rest goes to the buffer, and so does all while
    something waits there: what is written stays in its order. A function of its own for each: that
    is called by the interpreter without a detour, unlike a ``partial`` or a method."""

    def write(data: bytes) -> None:
        if (
            transport.dataBuffer
            or transport._tempDataBuffer  # noqa: SLF001  # see above
            or transport.disconnecting
            or not transport.connected
        ):
            transport.write(data)
            return
        try:
            sent = transport.socket.send(data)
        except OSError:  # it is full, or lost: Twisted meets that itself, and knows what follows
            sent = 0
        if sent < len(data):
            transport.write(data[sent:])

    return write
