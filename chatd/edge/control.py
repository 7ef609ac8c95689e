"""The control socket: who may connect, and lines of JSON between them and a session of the node.
What is commanded is chatd/commands; the socket itself is opened by listen.py."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.internet.protocol import Protocol as Connection
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.core.errors import BYE, CloseCode
from chatd.core.events import Error
from chatd.core.ports import Frame, Log
from chatd.core.ports import Outbox as Door
from chatd.edge.ports import Reactor, Session
from chatd.edge.websocket import Unopened

LONGEST = 64 * 1024
"""Bytes of one command's line."""
WAITING = 16 * 1024 * 1024
"""Bytes that may wait for a peer who does not read: the largest answer, and what is watched."""
MOST = 64
"""Connections at the same time."""
_CREDENTIALS = struct.Struct("iII")  # struct ucred of unix(7): pid, uid, gid
_PEER_GROUPS = 59  # SO_PEERGROUPS of socket(7), since Linux 4.13; Python has no name for it
_BUFFER = 1024  # bytes, the most that Python's getsockopt takes: 256 groups


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of a unix socket, as the kernel says."""

    uid: int
    groups: Collection[int]

    @property
    def name(self) -> str:
        """Of the account of this host."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return f"uid-{self.uid}"


def peer_of(sock: socket.socket) -> Peer:
    """SO_PEERCRED: those who called connect(2), whoever holds the socket now."""
    given = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, gid = _CREDENTIALS.unpack(given)
    return Peer(uid, {gid, *_more_groups(sock, uid, gid)})


def _more_groups(sock: socket.socket, uid: int, gid: int) -> Collection[int]:
    try:
        raw = sock.getsockopt(socket.SOL_SOCKET, _PEER_GROUPS, _BUFFER)
    except OSError:  # more groups than that (ERANGE), or an older kernel: what the host's files say
        try:
            return os.getgrouplist(pwd.getpwuid(uid).pw_name, gid)
        except (KeyError, OSError):
            return ()
    return struct.unpack(f"{len(raw) // 4}I", raw)


class House(Protocol):
    """The node's side."""

    def open(self, outbox: Door, peer: str, uid: int) -> Session:
        """Begin a session of an operator, and greet it."""
        ...


class ControlFactory(ServerFactory):
    """Connections of the control socket. ``group``: the id of the operators' group, None for none;
    root and chatd's own user may always."""

    noisy = False

    def __init__(
        self,
        reactor: Reactor,
        house: House,
        journal: Log,
        group: int | None,
        asking: Callable[[socket.socket], Peer] = peer_of,
    ) -> None:
        self.reactor, self.house, self.journal = reactor, house, journal
        self.group = group
        self.asking = asking
        self.lines: set[ControlLine] = set()

    def buildProtocol(self, addr: IAddress | None) -> ControlLine:
        """One connection."""
        del addr
        return ControlLine(self)

    def refusal(self, peer: Peer) -> str:
        """Why this peer may not; empty when they may."""
        if len(self.lines) >= MOST:
            return f"there are {MOST} connections to the control socket already; end some"
        if peer.uid in (0, os.geteuid()) or (self.group is not None and self.group in peer.groups):
            return ""
        return (
            f"{peer.name} is neither root nor in the operators' group (control.group in the "
            "configuration); after being added to it, log in anew"
        )

    def close(self) -> None:
        """The process stops: let go of all."""
        for line in tuple(self.lines):
            line.end()


@implementer(IPushProducer)
class ControlLine(Connection):
    """One connection, and its session's outbox: each frame is a line."""

    def __init__(self, factory: ControlFactory) -> None:
        self._factory = factory
        self._session: Session = Unopened()
        self._rest = b""
        self._waiting: list[bytes] = []
        self._size = 0
        self._full = False
        self._drained: list[Deferred[None]] = []
        self._clean = False
        self.closed = False

    # --- from Twisted ---
    def connectionMade(self) -> None:
        """Ask the kernel who it is."""
        transport: Any = self.transport
        transport.registerProducer(self, True)
        try:
            peer = self._factory.asking(transport.socket)
        except OSError as error:
            self._turn_away(f"the kernel does not say who you are: {error.strerror}")
            return
        refusal = self._factory.refusal(peer)
        if refusal:
            self._factory.journal.warning("control_refused", uid=peer.uid, reason=refusal)
            self._turn_away(refusal)
            return
        self._factory.lines.add(self)
        self._session = self._factory.house.open(self, peer.name, peer.uid)

    def _turn_away(self, why: str) -> None:
        self.put(Frame(msgspec.json.encode(Error(code="forbidden", message=why))))
        self.end()

    def dataReceived(self, data: bytes) -> None:
        """Line by line."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.strip() and not self.closed:
                self._hear(line)
        if len(self._rest) > LONGEST:
            self._turn_away(f"a line is longer than {LONGEST} bytes")

    def _hear(self, line: bytes) -> None:
        try:
            self._session.hear(line)
        except Exception as error:  # noqa: BLE001 - one session's trouble stays its own
            self._factory.journal.fault("control_failed", error)
            self.end()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Over, whoever ended it."""
        del reason
        self.closed = True
        self._waiting.clear()
        self._wake()
        self._factory.lines.discard(self)
        self._session.gone("client", clean=True)

    # --- ports.Outbox ---
    def put(self, frame: Frame, *, ephemeral: bool = False) -> None:
        """One frame, one line. What is only watched is dropped for a peer who does not read."""
        if self.closed or (ephemeral and self._full):
            return
        self._waiting.append(frame.payload + b"\n")
        self._size += len(frame.payload) + 1
        if self._size > WAITING:
            self.closed = True
            transport: Any = self.transport
            transport.abortConnection()
        elif not self._full:
            self._flush()

    async def drained(self) -> None:
        """When the peer has taken what waited."""
        if self._full and not self.closed:
            waiter: Deferred[None] = Deferred()
            self._drained.append(waiter)
            await waiter

    def close(self, code: CloseCode, reason: str) -> None:
        """Said in words, since a line has no close code; nothing after a goodbye."""
        if code is not BYE:
            self.put(Frame(msgspec.json.encode(Error(code="draining", message=reason))))
        self.end()

    def hold(self) -> None:
        """Read no more for now."""
        transport: Any = self.transport
        if not self.closed:
            transport.pauseProducing()

    def release(self) -> None:
        """Read on."""
        transport: Any = self.transport
        if not self.closed:
            transport.resumeProducing()

    def end(self) -> None:
        """Send what waits, then close."""
        if not self.closed:
            self._full = False
            self._flush()
            self.closed = True
            transport: Any = self.transport
            transport.unregisterProducer()
            transport.loseConnection()

    # --- towards the transport ---
    def _flush(self) -> None:
        transport: Any = self.transport
        waiting, self._waiting, self._size = self._waiting, [], 0
        if waiting:
            transport.write(b"".join(waiting))

    def pauseProducing(self) -> None:
        """The transport is full."""
        self._full = True

    def resumeProducing(self) -> None:
        """The transport has sent all it had."""
        self._full = False
        self._flush()
        self._wake()

    def stopProducing(self) -> None:
        """The transport is gone."""
        self.closed = True

    def _wake(self) -> None:
        waiters, self._drained = self._drained, []
        for waiter in waiters:
            if not waiter.called:
                waiter.callback(None)
