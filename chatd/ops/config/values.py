"""The values that configuration keys hold beyond numbers and words: listeners and proxies.
How they are written in the file is places.py."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address


@dataclass(frozen=True, slots=True)
class Tcp:
    """Listen on one IP address. ``port`` 0 takes any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp:{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Unix:
    """Listen on a unix socket at an absolute path."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


@dataclass(frozen=True, slots=True)
class Inherited:
    """Take the listening sockets that systemd hands over under this name (FileDescriptorName=)."""

    name: str

    def __str__(self) -> str:
        return f"systemd:{self.name}"


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long one room's messages are kept. ``age`` in seconds, ``messages`` the newest; 0: all of
    them."""

    room: str
    age: float = 0.0
    messages: int = 0


Listener = Tcp | Unix | Inherited


@dataclass(frozen=True, slots=True)
class Proxies:
    """The peers whose X-Forwarded-For is believed. ``unix``: whoever comes by the unix socket."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix: bool = False

    def believes(self, peer: str) -> bool:
        """Whether to believe ``peer``: an IP address as text, or "unix". Never raises."""
        if peer == "unix":
            return self.unix
        address = _address(peer) if self.networks else None
        return address is not None and any(address in network for network in self.networks)


@lru_cache(maxsize=4096)  # asked several times for each connection, and costly
def _address(peer: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(peer)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped  # how an IPv4 peer looks to a socket on [::]
    return address
