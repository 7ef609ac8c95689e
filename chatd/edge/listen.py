"""Listening sockets: TCP, unix, and those that systemd hands over; opened, named, and stopped.
What is spoken on their connections is front.py's and http.py's."""

from __future__ import annotations

import errno
import os
import socket
import stat
from typing import Any

from twisted.internet.defer import gatherResults
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory

from chatd.core.ports import Log
from chatd.edge.acceptor import Acceptor

# {key} is where the configuration names the listener.
HINTS = {
    errno.EADDRINUSE: (
        "another process has it (`ss -lptn` says which); stop that, or name another in {key}"
    ),
    errno.EADDRNOTAVAIL: "no interface of this machine has this address; `ip address` lists them",
    errno.EACCES: "this user may not; ports below 1024 and foreign folders are for systemd to open",
    errno.ENOENT: "the folder does not exist; make it, or let tmpfiles.d(5) do so at each boot",
}


class CannotListen(Exception):
    """A listener could not be opened: which, why, and what to do."""


class Listeners:
    """The listening sockets of one kind of service, all with the same factory. ``key``: where the
    configuration names them."""

    def __init__(self, reactor: Any, factory: ServerFactory, journal: Log, key: str) -> None:
        self._reactor = reactor
        self._factory = factory
        self._journal = journal
        self._key = key
        self._own: list[Any] = []
        self._inherited: list[Acceptor] = []
        self.addresses: list[str] = []
        """Where it listens, as in the configuration; port 0 has become a real one."""

    def tcp(self, host: str, port: int, backlog: int) -> str:
        """Listen on an IP address; gives the bound one. Raises CannotListen."""
        named = _tcp_name(host, port)
        try:
            opened = self._reactor.listenTCP(port, self._factory, backlog, host)
        except CannotListenError as error:
            raise CannotListen(f"{named}: {self._why(error.socketError)}") from error
        self._own.append(opened)
        return self._named(_tcp_name(host, opened.getHost().port))

    def unix(self, path: str, mode: int, backlog: int) -> str:
        """Listen on a unix socket. One that a dead process left there is removed before; ours is
        removed at the end. Raises CannotListen."""
        try:
            _remove_stale(path)
            opened = self._reactor.listenUNIX(path, self._factory, backlog, mode)
        except CannotListenError as error:
            raise CannotListen(f"unix:{path}: {self._why(error.socketError)}") from error
        except OSError as error:
            raise CannotListen(f"unix:{path}: {self._why(error)}") from error
        self._own.append(opened)
        return self._named(f"unix:{path}")

    def inherited(self, fd: int) -> str:
        """Accept from a listening stream socket that somebody else opened, and owns.
        Raises CannotListen."""
        try:
            sock = socket.socket(fileno=fd)
        except OSError as error:
            raise CannotListen(f"file descriptor {fd}: {self._why(error)}") from error
        acceptor = Acceptor(self._reactor, sock, self._factory, self._journal)
        acceptor.start()
        self._inherited.append(acceptor)
        return self._named(_socket_name(sock))

    async def stop(self) -> None:
        """Accept no more. Own sockets are closed; for inherited ones connections wait in the
        kernel until the next process accepts them."""
        own, self._own = self._own, []
        for acceptor in self._inherited:
            acceptor.stop()
        await gatherResults([port.stopListening() for port in own], consumeErrors=True)

    def close(self) -> None:
        """At the end of the process, after ``stop``: let go of the inherited sockets as well."""
        for acceptor in self._inherited:
            acceptor.close()

    def _why(self, error: object) -> str:
        number = error.errno if isinstance(error, OSError) else None
        said = os.strerror(number) if number else str(error)
        return f"{said}; {HINTS[number].format(key=self._key)}" if number in HINTS else said

    def _named(self, address: str) -> str:
        self.addresses.append(address)
        return address


def _tcp_name(host: str, port: int) -> str:
    return f"tcp:[{host}]:{port}" if ":" in host else f"tcp:{host}:{port}"


def _socket_name(sock: socket.socket) -> str:
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return f"unix:{os.fsdecode(name)}"
    return _tcp_name(name[0], name[1])


def _remove_stale(path: str) -> None:
    """Remove a socket behind which nobody listens. Raises OSError when somebody does, or when it
    is no socket."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise OSError(f"there is a file that is no socket; move {path} away")
    except FileNotFoundError:
        os.stat(os.path.dirname(path))  # that it is missing, too, is better known now
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except BlockingIOError:
            pass  # its queue is full: somebody is there
    raise OSError(errno.EADDRINUSE, "in use")
