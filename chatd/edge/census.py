"""How many connections there are, and how many sessions of whom; and whether there is room.
The limits are the configuration's; what a full house answers is admission.py."""

from __future__ import annotations

from chatd.edge.forwarded import UNIX, same_client
from chatd.edge.ports import EdgeMeter, EdgeSettings, Trust

SPARE = 2
"""For each session that may be, one connection that is none (yet): a page, a slow handshake."""


class Census:
    """Counts. One for all public listeners of a host."""

    def __init__(self, meter: EdgeMeter) -> None:
        self._meter = meter
        self._of_client: dict[str, int] = {}
        self.connections = 0
        self.sessions = 0

    def may_connect(self, settings: EdgeSettings) -> bool:
        """Whether one more connection may be accepted at all."""
        return self.connections < settings.sessions * SPARE

    def connected(self) -> None:
        """One connection more."""
        self.connections += 1
        self._meter.connections(self.connections)

    def disconnected(self) -> None:
        """One connection less."""
        self.connections -= 1
        self._meter.connections(self.connections)

    def full(self, settings: EdgeSettings) -> bool:
        """Whether there is no place for one more session."""
        return self.sessions >= settings.sessions

    def full_for(self, address: str, settings: EdgeSettings) -> bool:
        """Whether this client has all the sessions that one address may have."""
        if _many_behind(address, settings.proxies):
            return False
        return self._of_client.get(same_client(address), 0) >= settings.sessions_per_address

    def seat(self, address: str) -> None:
        """One session more."""
        client = same_client(address)
        self.sessions += 1
        self._of_client[client] = self._of_client.get(client, 0) + 1

    def leave(self, address: str) -> None:
        """One session less."""
        client = same_client(address)
        self.sessions -= 1
        left = self._of_client[client] - 1
        if left:
            self._of_client[client] = left
        else:
            del self._of_client[client]


def _many_behind(address: str, proxies: Trust) -> bool:
    """Whether this is nobody's own address: a proxy that does not say for whom it asks."""
    return address == UNIX or proxies.believes(address)
