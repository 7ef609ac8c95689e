"""Reading without a detour: connections that a poll found readable are read at once, and Twisted's
reactor has the rest. It would ask the same of each, within a logging context that chatd does not
use. The one file that knows under which names the reactor keeps its connections."""

from __future__ import annotations

import select
from collections.abc import Iterable
from typing import Any

from twisted.internet import tcp, unix
from twisted.python import log

Event = tuple[int, int]
NAMES = ("_selectables", "_disconnectSelectable")
PLAIN: frozenset[type] = frozenset({tcp.Server, unix.Server})
"""Connections that somebody opened to us. Whatever else is readable is the reactor's."""


class Reads:
    """``take`` is given what a poll found."""

    def __init__(self, reactor: Any, kinds: frozenset[type] = PLAIN) -> None:
        self._connections: dict[int, Any] = reactor._selectables  # noqa: SLF001  # see above
        self._disconnect: Any = reactor._disconnectSelectable  # noqa: SLF001  # as above
        self._kinds = kinds

    def take(self, events: Iterable[Event]) -> list[Event]:
        """Read those that are plain connections with something to read and nothing else; gives the
        others, in their order. As the reactor does, it ends one that fails, and goes on."""
        left: list[Event] = []
        for each in events:
            connection: Any = self._connections.get(each[0])
            if each[1] != select.EPOLLIN or type(connection) not in self._kinds or connection.TLS:
                left.append(each)
                continue
            try:
                why = connection.doRead()
            except Exception as error:  # noqa: BLE001 - one connection's trouble stays its own
                log.err()  # type: ignore[no-untyped-call]  # half typed library
                why = error
            if why:
                self._disconnect(connection, why, True)
        return left
