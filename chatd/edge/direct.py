"""Bytes to a peer without a detour: its socket is tried first, and Twisted's buffer takes the rest.
The one file that knows private names of Twisted's connections; strangers get transport.write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.tcp import Connection

Way = Callable[[Any, bytes], None]
"""How to hand bytes to a transport."""

NAMES = ("socket", "dataBuffer", "_tempDataBuffer", "connected", "disconnecting")
"""What is asked of a connection; ``writeSomeData`` besides, for TLS has no such thing."""


def by_transport(transport: Any, data: bytes) -> None:
    """Twisted's own way: into its buffer, and to the socket when a later poll says so."""
    transport.write(data)


def by_socket(transport: Any, data: bytes) -> None:
    """To the socket now, as far as it takes it; the rest goes to the buffer, and so does all while
    something waits there: what is written stays in its order."""
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


def way_to(transport: Any) -> Way:
    """The shortest way that is known to be right for this kind of transport."""
    plain = isinstance(transport, Connection) and getattr(transport, "TLS", True) is False
    if plain and all(hasattr(transport, name) for name in NAMES):
        return by_socket
    return by_transport
