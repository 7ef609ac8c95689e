"""Opening the listeners that the configuration names: for people, for monitoring, for control.
What is spoken behind each is chatd/edge; when they open and close is daemon.py's."""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.protocol import ServerFactory

from chatd.edge.control import ControlFactory
from chatd.edge.listen import CannotListen, Listeners
from chatd.node import Node
from chatd.ops.config import Config, Inherited, Listener, Unix
from chatd.ops.logs import Log
from chatd.wiring import group_of


class Doors:
    """All of one process. ``handed``: sockets from the service manager, by name."""

    def __init__(self, reactor: Any, log: Log, handed: dict[str, list[int]]) -> None:
        self._reactor, self._log, self._handed = reactor, log, handed
        self.addresses: list[str] = []
        """Where anything listens."""

    def none(self, factory: ServerFactory, key: str) -> Listeners:
        """No listener yet: what is opened later can be closed from now on. ``key``: what names
        them in the configuration."""
        return Listeners(self._reactor, factory, self._log, key)

    def open(
        self, kind: str, listeners: Listeners, wanted: tuple[Listener, ...], config: Config
    ) -> None:
        """Listen at all of these. Raises CannotListen."""
        backlog = config.listen.backlog
        for each in wanted:
            if isinstance(each, Inherited):
                for fd in self._inherited(each.name):
                    listeners.inherited(fd)
            elif isinstance(each, Unix):
                listeners.unix(each.path, config.listen.unix_mode, backlog)
            else:
                listeners.tcp(each.host, each.port, backlog)
        self._told(kind, listeners)

    def _inherited(self, name: str) -> list[int]:
        if not self._handed.get(name):
            names = ", ".join(sorted(self._handed)) or "none"
            raise CannotListen(
                f"systemd:{name}: systemd handed over no socket of this name (it named: {names}); "
                f"set FileDescriptorName={name} in the socket unit, and start that"
            )
        return self._handed[name]

    def _told(self, kind: str, listeners: Listeners) -> None:
        self.addresses += listeners.addresses
        for address in listeners.addresses:
            self._log.info("listening", service=kind, address=address)

    def control(self, node: Node, config: Config) -> tuple[Listeners, ControlFactory]:
        """The control socket. If it cannot be opened the chat goes on, and the journal says why."""
        control, group = config.control, None
        try:
            group = group_of(config)
        except KeyError:
            why = f"there is no group {control.group!r} on this host; root may connect only"
            self._log.warning("control_limited", reason=why)
        factory = ControlFactory(self._reactor, node.control, self._log, group)
        listeners = self.none(factory, "control.socket")
        try:
            listeners.unix(str(control.socket), control.mode, config.listen.backlog)
        except CannotListen as error:
            self._log.warning("control_missing", reason=f"chatctl cannot be used: {error}")
        else:
            self._give(config, group)
        self._told("control", listeners)
        return listeners, factory

    def _give(self, config: Config, group: int | None) -> None:
        if group is None:
            return
        try:
            os.chown(config.control.socket, -1, group)
        except OSError as error:
            why = (
                f"the socket cannot be given to group {config.control.group}: {error.strerror}; "
                "make the user that chatd runs as a member of it"
            )
            self._log.warning("control_limited", reason=why)
