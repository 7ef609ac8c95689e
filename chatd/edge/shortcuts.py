"""Which ways past the libraries are taken: each is tried here at the start, and where one does not
fit any more, the library's own way is taken; a metric says so, and the log."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from twisted.internet.protocol import Protocol
from twisted.internet.tcp import Connection

from chatd.edge import direct, opening, reads, short
from chatd.edge.admission import Admitted
from chatd.edge.batch import Batch, batch
from chatd.edge.ports import EdgeMeter
from chatd.edge.reactor import Call, NextTurns, TickingPoller, Turns, writers_of
from chatd.edge.upgraded import Upgraded, UpgradedFactory, likeness


@dataclass(frozen=True, slots=True)
class Ways:
    """For each of ports.SHORTCUTS whether it is taken."""

    direct_send: bool = False
    batched_send: bool = False
    short_frames: bool = False
    turn_end: bool = False
    born_open: bool = False
    direct_read: bool = False


NONE = Ways()


def found(reactor: Any, factory: UpgradedFactory) -> Ways:
    """Those that were tried and work here."""
    direct_send = _sends_directly(reactor)
    return Ways(
        direct_send=direct_send,
        batched_send=direct_send and batch() is not None,
        short_frames=_knows_what_is_half_read(factory),
        turn_end=_poller(reactor) is not None,
        born_open=_is_born_open(factory),
        direct_read=_poller(reactor) is not None and _reads_directly(reactor),
    )


def tell(ways: Ways, meter: EdgeMeter) -> None:
    """Say in the metrics which are taken."""
    for name, taken in asdict(ways).items():
        meter.shortcut(name, taken)


def missing(ways: Ways) -> list[str]:
    """Those that are not taken."""
    return [name for name, taken in asdict(ways).items() if not taken]


def turns(ways: Ways, reactor: Any) -> Turns:
    """The reactor's turns, as well as they are known."""
    poller = _poller(reactor) if ways.turn_end else None
    return poller or NextTurns(reactor)


def soon(reactor: Any, taken: bool) -> Callable[[Call], None]:
    """How to call something a little later; ``taken``: in the same turn, where turns are known."""
    return turns(Ways(turn_end=taken), reactor).soon


def at_end(reactor: Any, taken: bool) -> Callable[[Call], None]:
    """The same, for what is to be done when all else of the turn is."""
    return turns(Ways(turn_end=taken), reactor).at_end


def batched(ways: Ways) -> Batch | None:
    """How to send to many sockets in one call, if that way is taken."""
    return batch() if ways.batched_send else None


def read(ways: Ways, reactor: Any) -> None:
    """Let connections be read straight from what a poll found, if that way is taken."""
    poller = _poller(reactor)
    if poller is not None:
        poller.first = reads.Reads(reactor).take if ways.direct_read else None


def _poller(reactor: Any) -> TickingPoller | None:
    poller = getattr(reactor, "_poller", None)
    return poller if isinstance(poller, TickingPoller) else None


def _sends_directly(reactor: Any) -> bool:
    """Whether bytes given to a connection's socket arrive, nothing is left in its buffer, and the
    reactor knows of a connection in which something is left."""
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    with near, far:
        connection: Any = Connection(near, Protocol(), reactor)
        if not direct.is_known(connection):
            return False
        try:
            connection.connected = True
            direct.by_socket(connection)(b"there?")
            if connection in reactor.getWriters():
                connection.stopWriting()
                return False
            connection.write(b"later")
            try:
                known = connection in (writers_of(reactor)() or ())
            finally:
                connection.stopWriting()
            return known and far.recv(16) == b"there?"
        except Exception:  # noqa: BLE001 - whatever has become of those names, they do not fit
            return False


class Ending:
    """A reactor of one connection, which remembers why it ended."""

    def __init__(self, connection: Any) -> None:
        self.why: object = None
        self._selectables = {connection.fileno(): connection}

    def _disconnectSelectable(self, connection: object, why: object, reading: bool) -> None:
        """It is over."""
        self.why = why


class Hearing(Protocol):
    """What a connection hears."""

    heard = b""

    def dataReceived(self, data: bytes) -> None:
        """Remember."""
        self.heard += data


def _reads_directly(reactor: Any) -> bool:
    """Whether what is to be read comes to the protocol, and an end is noticed."""
    near, far = socket.socketpair()
    near.setblocking(False)
    with near, far:
        try:
            protocol = Hearing()
            connection: Any = Connection(near, protocol, reactor)
            connection.connected = True
            ending = Ending(connection)
            taking = reads.Reads(ending, frozenset({Connection}))
            event = (near.fileno(), select.EPOLLIN)
            far.send(b"there?")
            left = taking.take([event, (near.fileno(), select.EPOLLHUP)])
            heard, running = protocol.heard, ending.why is None
            far.close()
            taking.take([event])
        except Exception:  # noqa: BLE001 - whatever has become of those names, they do not fit
            return False
        named = all(hasattr(reactor, name) for name in reads.NAMES)
        return named and running and ending.why is not None and (heard, len(left)) == (b"there?", 1)


def _knows_what_is_half_read(factory: UpgradedFactory) -> bool:
    """Whether a protocol of Autobahn's says when it has half a frame, and when it has none."""
    line = Upgraded(factory, Admitted("unix", opening.KEY), _nothing)
    try:
        line.take_over(opening.Nowhere(), b"")
        before = short.knows(line)
        line.dataReceived(b"\x81")
        return before and not short.between_messages(line)
    except Exception:  # noqa: BLE001 - as above
        return False


class Said(Upgraded):
    """A line that remembers what it heard."""

    heard = b""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Remember."""
        self.heard += payload


HALVES = (
    b"\x01\x83\x00\x00\x00\x00the",
    b"\x80\x82\x00\x00\x00\x00",
    b"re\x89\x80\x00\x00\x00\x00",
)
"""A message in two fragments, the second one in two pieces, and a ping: work for Autobahn."""
PONG = b"\x8a\x00"
FAREWELL = b"\x88\x82\x00\x00\x00\x00\x03\xe8"


def _is_born_open(factory: UpgradedFactory) -> bool:
    """Whether a line that Autobahn did not open itself reads, answers and closes like one."""
    try:
        made = opening.opened(Said, factory, likeness(factory))
        if made is None:
            return False
        count, transport = factory.countConnections, opening.Nowhere()
        line = made(factory, Admitted("unix", opening.KEY), _nothing)
        line.take_over(transport, b"")
        for piece in (*HALVES, FAREWELL):
            line.dataReceived(piece)
        closed = transport.written[1:] == [PONG, b"\x88\x02\x03\xe8"] and line.wasClean
        line.connectionLost()
        counted: bool = factory.countConnections == count
    except Exception:  # noqa: BLE001 - whatever has become of those names, they do not fit
        return False
    return closed and line.heard == b"there" and counted


def _nothing() -> None:
    pass
