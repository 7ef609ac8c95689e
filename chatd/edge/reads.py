"""Reading without a detour: connections that a poll found readable are read at once, and Twisted's
reactor has the rest. It would ask the same of each, within a logging context that chatd does not
use. The one file that knows under which names connections and the reactor keep what is read."""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.python import log

Event = tuple[int, int]
NAMES = ("_selectables", "_disconnectSelectable")
PLAIN: frozenset[type] = frozenset({tcp.Server, unix.Server})
"""Connections that somebody opened to us. Whatever else is readable is the reactor's."""
TOGETHER = 32
"""Connections that are read before what they brought is worked on. Each may bring 64 KiB; and with
many more, the store's writer would have nothing to do meanwhile."""


class Reads:
    """``take`` is given what a poll found."""

    def __init__(self, reactor: Any, kinds: frozenset[type] = PLAIN) -> None:
        self._connections: dict[int, Any] = reactor._selectables  # noqa: SLF001  # see above
        self._disconnect: Any = reactor._disconnectSelectable  # noqa: SLF001  # as above
        self._kinds = kinds

    def take(self, events: Sequence[Event]) -> list[Event]:
        """Read those that are plain connections with something to read and nothing else; gives the
        others, in their order. As the reactor does, it ends one that fails, and goes on.

        Some are read, then all of what they brought is worked on: after each call of the kernel the
        interpreter is slow, and a thread of the store may take its lock."""
        left: list[Event] = []
        for begin in range(0, len(events), TOGETHER):
            for connection, data in self._read(events[begin : begin + TOGETHER], left):
                # what came from another may have ended it
                if not connection.connected or connection._aborting:  # noqa: SLF001  # see above
                    continue
                if not data:
                    self._end(connection, CONNECTION_DONE)
                    continue
                try:
                    connection.protocol.dataReceived(data)
                except Exception as error:  # noqa: BLE001 - one connection's trouble stays its own
                    log.err()  # type: ignore[no-untyped-call]  # half typed library
                    self._end(connection, error)
        return left

    def _read(self, events: Sequence[Event], left: list[Event]) -> list[tuple[Any, bytes]]:
        """What each brought, nothing at its end. Those that are not read come to ``left``."""
        read = []
        for each in events:
            connection: Any = self._connections.get(each[0])
            if each[1] != select.EPOLLIN or type(connection) not in self._kinds or connection.TLS:
                left.append(each)
                continue
            try:
                read.append((connection, connection.socket.recv(connection.bufferSize)))
            except BlockingIOError:
                continue
            except OSError:
                self._end(connection, CONNECTION_LOST)
        return read

    def _end(self, connection: Any, why: Exception) -> None:
        try:
            self._disconnect(connection, why, True)
        except Exception:  # noqa: BLE001 - as above: what others brought must reach them
            log.err()  # type: ignore[no-untyped-call]  # half typed library
