"""How many connections there are, how many sessions of whom, how fast more are asked for; and
whether there is room. What a full house answers is admission.py."""

from __future__ import annotations

from collections import Counter

from chatd.core.buckets import Bucket, Buckets
from chatd.core.limits import HANDSHAKES_AT_ONCE, network_of
from chatd.edge.forwarded import UNIX
from chatd.edge.ports import EdgeMeter, EdgeSettings, LimitGuard, Reactor

SPARE = 2
"""For each session that may be, one connection that is none (yet): a page, a slow handshake."""


def client_of(address: str, settings: EdgeSettings) -> str:
    """What an address is counted as: "" for one that no limit for addresses concerns, because it
    is exempt, or nobody's own: a proxy that does not say for whom it asks."""
    if address == UNIX or settings.proxies.believes(address) or settings.exempt.believes(address):
        return ""
    return network_of(address, settings.ipv4_prefix, settings.ipv6_prefix)


class Census:
    """Counts. One for all public listeners of a host. ``client``: see client_of."""

    def __init__(self, reactor: Reactor, limits: LimitGuard, meter: EdgeMeter) -> None:
        self._reactor, self._limits, self._meter = reactor, limits, meter
        self._seated: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._pace: Bucket | None = None
        self._paces = Buckets()
        self._refusals = Buckets()
        self.connections = 0
        self.sessions = 0

    # --- connections ---
    def turns_away(self, client: str, settings: EdgeSettings) -> str:
        """Why one more connection is not accepted at all, of HANDSHAKE_RESULTS; "" if it is."""
        if self.connections >= settings.sessions * SPARE and not self._limits.off("sessions"):
            return "full" if self._limits.stops("sessions", connections=self.connections) else ""
        return self.turns_away_client(client, settings)

    def turns_away_client(self, client: str, settings: EdgeSettings) -> str:
        """The same, as far as it is for this client."""
        if self.crowded(client, settings):
            return "address_full"
        return "too_fast" if self.tiresome(client, settings) else ""

    def tiresome(self, client: str, settings: EdgeSettings) -> bool:
        """Whether this client goes on asking though it was refused as often as it may ask."""
        now, rate = self._reactor.seconds(), settings.handshakes_per_address
        return bool(
            client
            and self._refusals.wait(client, 1.0, now, rate, _at_once(rate))
            and self._limits.stops("handshakes_per_address", address=client, rate=rate)
        )

    def refused(self, client: str, settings: EdgeSettings) -> None:
        """What this client asked for was refused, and it is to blame."""
        if client:
            now, rate = self._reactor.seconds(), settings.handshakes_per_address
            self._refusals.take(client, 1.0, now, rate, _at_once(rate))

    def crowded(self, client: str, settings: EdgeSettings) -> bool:
        """Whether this client has all the connections that one may have without a session."""
        waiting = self._waiting[client] if client else 0
        return waiting >= settings.connections_per_address and self._limits.stops(
            "connections_per_address", address=client, connections=waiting
        )

    def connected(self) -> None:
        """One connection more."""
        self.connections += 1
        self._meter.connections(self.connections)

    def disconnected(self) -> None:
        """One connection less."""
        self.connections -= 1
        self._meter.connections(self.connections)

    def waits(self, client: str) -> None:
        """One connection more of this client that is no session yet."""
        self._waiting[client] += 1

    def waits_no_more(self, client: str) -> None:
        """It has become one, or is over."""
        _less(self._waiting, client)

    # --- sessions ---
    def too_fast(self, client: str, settings: EdgeSettings) -> bool:
        """Whether sessions are asked for faster than they may be; counts one."""
        now = self._reactor.seconds()
        rate, burst = settings.handshakes, _at_once(settings.handshakes)
        if self._pace is None:
            self._pace = Bucket(now, burst)
        if self._pace.take(1.0, now, rate, burst) and self._limits.stops("handshakes", rate=rate):
            return True
        rate, burst = settings.handshakes_per_address, _at_once(settings.handshakes_per_address)
        if not client or not self._paces.take(client, 1.0, now, rate, burst):
            return False
        self.refused(client, settings)
        return self._limits.stops("handshakes_per_address", address=client, rate=rate)

    def full(self, settings: EdgeSettings) -> bool:
        """Whether there is no place for one more session."""
        return self.sessions >= settings.sessions and self._limits.stops(
            "sessions", sessions=self.sessions
        )

    def full_for(self, client: str, settings: EdgeSettings) -> bool:
        """Whether this client has all the sessions that one address may have."""
        seated = self._seated[client] if client else 0
        return seated >= settings.sessions_per_address and self._limits.stops(
            "sessions_per_address", address=client, sessions=seated
        )

    def seat(self, client: str) -> None:
        """One session more."""
        self.sessions += 1
        self._seated[client] += 1

    def leave(self, client: str) -> None:
        """One session less."""
        self.sessions -= 1
        _less(self._seated, client)


def _at_once(rate: float) -> int:
    return max(1, round(rate * HANDSHAKES_AT_ONCE))


def _less(counts: Counter[str], client: str) -> None:
    """Nothing is kept of whom there is none."""
    counts[client] -= 1
    if not counts[client]:
        del counts[client]
