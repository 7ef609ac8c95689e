"""Bytes to a peer without a detour: its socket is tried first, and Twisted's buffer takes the rest.
The one file that knows private names of Twisted's connections; strangers get transport.write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any

from twisted.internet.tcp import Connection

from chatd.edge.batch import Batch, Short

FEW = 16
"""Sockets from which on one call for all is cheaper than one for each."""

Write = Callable[[bytes], None]
"""A way to hand bytes on."""

NAMES = ("socket", "dataBuffer", "_tempDataBuffer", "connected", "disconnecting")
"""What is asked of a connection; ``writeSomeData`` besides, for TLS has no such thing."""


class Stranger:
    """Stands for a transport that is not known: all goes by its way of writing."""

    __slots__ = ("write",)
    dataBuffer = b"not known"

    def __init__(self, write: Write) -> None:
        self.write = write


def is_known(transport: Any) -> bool:
    """Whether this is a kind of transport whose socket may be written to."""
    if not isinstance(transport, Connection) or getattr(transport, "TLS", True) is not False:
        return False
    for name in NAMES:  # noqa: SIM110 - asked for each connection, and all() takes twice as long
        if not hasattr(transport, name):
            return False
    return True


def by_socket(transport: Any) -> Write:
    """The short way to one that is known: to the socket now, as far as it takes it; the rest goes
    to the buffer, and so does all while something waits there: what is written stays in its order.
    """

    def write(data: bytes) -> None:
        for error in write_all([transport], [data]):
            raise error

    return write


def write_all(
    transports: Sequence[Any], pieces: Sequence[bytes], batch: Batch | None = None
) -> list[Exception]:
    """The same for many transports that are known or a Stranger, each once, with its bytes: first
    all is asked, then all is sent. After each call of the kernel a processor has forgotten where
    the interpreter's ways lead, so little is done between two of them; with a ``batch`` there is
    one call for many. What fails keeps nobody else from hearing, and is given back."""
    failed: list[Exception] = []
    sockets = _free(transports)
    if len(sockets) != len(transports):  # seldom
        sockets, transports, pieces, failed = _write_others(transports, pieces)
    if batch is None or len(sockets) < FEW or not batch.works:
        short = _one_by_one(zip(sockets, pieces, strict=True))
    else:
        try:
            short = batch.send(sockets, pieces)
        except Exception as error:  # noqa: BLE001 - see above
            return [*failed, error, *_given_up(transports)]
    for place, sent in short:
        failed += _written(transports[place], pieces[place][sent:])
    return failed


def _free(transports: Iterable[Any]) -> list[Any]:
    """The sockets of those for whom nothing waits; of all of them or of fewer, if one fails."""
    try:
        return [
            each.socket
            for each in transports
            if not (each.dataBuffer or each._tempDataBuffer or each.disconnecting)  # noqa: SLF001  # see above
            and each.connected
        ]
    except Exception:  # noqa: BLE001 - they are asked one by one then
        return []


def _write_others(
    transports: Sequence[Any], pieces: Sequence[bytes]
) -> tuple[list[Any], list[Any], list[bytes], list[Exception]]:
    """The sockets that may be tried, whose they are, and their bytes; all others have theirs, or
    failed."""
    sockets: list[Any] = []
    free: list[Any] = []
    left: list[bytes] = []
    failed: list[Exception] = []
    for transport, data in zip(transports, pieces, strict=True):
        try:
            if found := _free([transport]):
                sockets += found
                free.append(transport)
                left.append(data)
            else:
                transport.write(data)
        except Exception as error:  # noqa: BLE001 - see above
            failed.append(error)
    return sockets, free, left, failed


def send_each(
    sockets: Sequence[Any],
    transports: Sequence[Any],
    data: bytes,
    batch: Batch | None = None,
    but: Sequence[int] = (),
) -> list[Exception]:
    """The same bytes for many, but for those at some places, which rise: ``sockets`` are those of
    ``transports``, in their order. They are known, and nothing waits in them. What fails is given
    back, as above."""
    if batch is None or len(sockets) - len(but) < FEW or not batch.works:
        told = _all_but(but, len(sockets))
        parts = zip((sockets[place] for place in told), repeat(data))
        short = [(told[at], sent) for at, sent in _one_by_one(parts)]
    else:
        try:
            short = batch.same(sockets, data, but)
        except Exception as error:  # noqa: BLE001 - see above
            told = _all_but(but, len(transports))
            return [error, *_given_up(transports[place] for place in told)]
    failed = []
    for place, sent in short:
        failed += _written(transports[place], data[sent:])
    return failed


def _all_but(places: Sequence[int], count: int) -> Sequence[int]:
    skipped = set(places)
    return [place for place in range(count) if place not in skipped]


def _one_by_one(parts: Iterable[tuple[Any, bytes]]) -> Short:
    short = []
    for place, (socket, data) in enumerate(parts):
        try:
            sent = socket.send(data)
        except OSError:  # it is full, or lost: Twisted meets that itself, and knows what follows
            sent = 0
        if sent < len(data):
            short.append((place, sent))
    return short


def _given_up(transports: Iterable[Any]) -> list[Exception]:
    """Nobody knows what these have got. Who is behind them comes back on a new line, and asks for
    what is missing; on this one half a frame might be followed by another."""
    failed = []
    for transport in transports:
        try:
            transport.abortConnection()
        except Exception as error:  # noqa: BLE001 - as above
            failed.append(error)
    return failed


def _written(transport: Any, rest: bytes) -> list[Exception]:
    """What its socket did not take is its buffer's; what that raises."""
    try:
        transport.write(rest)
    except Exception as error:  # noqa: BLE001 - see above
        return [error]
    return []
