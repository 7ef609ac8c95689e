"""Accepts from a listening socket that belongs to somebody else: systemd's stays as it is.
Twisted's own port would change the mode of such a unix socket, and unlink it in the end."""

from __future__ import annotations

import errno
import socket
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.protocol import ServerFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.core.ports import Log

AT_ONCE = 100
"""Connections accepted before others get their turn."""
PAUSE = 1.0
"""Seconds until it is tried again when the process has no file descriptor left."""
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


@implementer(IReadDescriptor)
class Acceptor:
    """Hands each connection of ``sock`` to the factory, until stopped."""

    def __init__(
        self, reactor: Any, sock: socket.socket, factory: ServerFactory, journal: Log
    ) -> None:
        self._reactor = reactor
        self._sock = sock
        self._factory = factory
        self._journal = journal
        self._accepting = False

    def start(self) -> None:
        """Accept from now on."""
        self._sock.setblocking(False)
        self._sock.set_inheritable(False)
        self._factory.doStart()  # type: ignore[no-untyped-call]  # half typed library
        self._accepting = True
        self._reactor.addReader(self)

    def stop(self) -> None:
        """Accept no more; the socket stays open, and connections wait in the kernel."""
        if self._accepting:
            self._accepting = False
            self._reactor.removeReader(self)
            self._factory.doStop()  # type: ignore[no-untyped-call]  # half typed library

    def close(self) -> None:
        """Let go of the socket: its owner still has it."""
        self.stop()
        self._sock.close()

    def doRead(self) -> None:
        """There are connections."""
        for _ in range(AT_ONCE):
            try:
                connection, _address = self._sock.accept()
            except OSError as error:
                if error.errno in EXHAUSTED:
                    self._rest(error)
                elif error.errno == errno.ECONNABORTED:
                    continue  # it was gone before we came
                return
            with connection:
                self._adopt(connection)

    def _adopt(self, connection: socket.socket) -> None:
        try:
            connection.getpeername()  # fails when it was reset while it waited
            self._reactor.adoptStreamConnection(
                connection.fileno(), connection.family, self._factory
            )
        except OSError as error:
            if error.errno in EXHAUSTED:
                self._rest(error)

    def _rest(self, error: OSError) -> None:
        """Let them wait in the kernel: asking at once again would be a loop without end."""
        self._journal.warning("accept_paused", reason=str(error), seconds=PAUSE)
        self._reactor.removeReader(self)
        self._reactor.callLater(PAUSE, self._again)

    def _again(self) -> None:
        if self._accepting:
            self._reactor.addReader(self)

    # --- for the reactor ---
    def fileno(self) -> int:
        """The socket's number."""
        return self._sock.fileno()

    def logPrefix(self) -> str:
        """How Twisted calls this."""
        return "acceptor"

    def connectionLost(self, reason: Failure) -> None:
        """The reactor stops: the socket closes with the process."""
        del reason
        self._accepting = False
