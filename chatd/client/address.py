"""The address of a chatd: from a URL to a host, a port, a path, and whether the line is TLS.
Opening a connection to it is on_asyncio.py and on_twisted.py."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"ws": 80, "wss": 443}
SAME = {"http": "ws", "https": "wss"}
"""What people copy from a browser's address bar."""


@dataclass(frozen=True, slots=True)
class Address:
    """``target`` is path and query, as the request line has them."""

    host: str
    port: int
    tls: bool
    target: str

    @property
    def authority(self) -> str:
        """For the Host header: without the port where that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS["wss" if self.tls else "ws"] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{'wss' if self.tls else 'ws'}://{self.authority}{self.target.partition('?')[0]}"


def address(url: str) -> Address:
    """Read a URL, such as ws://127.0.0.1:8765/ or wss://chat.example. Raises ValueError."""
    parts = urlsplit(url)
    scheme = SAME.get(parts.scheme, parts.scheme)
    if scheme not in PORTS:
        raise ValueError(f"{url!r}: the address of a chatd begins with ws:// or wss://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no user in the address: log in with user= and password=, or token=")
    if not parts.hostname or parts.fragment:
        what = "a fragment (#) is for browsers" if parts.hostname else "the host is missing"
        raise ValueError(f"{url!r}: {what}; an address looks like wss://chat.example/")
    try:
        port, host = parts.port, _ascii(parts.hostname)
    except ValueError as error:
        raise ValueError(f"{url!r}: {error}") from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (target.isascii() and target.isprintable()) or " " in target:
        raise ValueError(f"{url!r}: write what is not ASCII in the path with %")
    return Address(host, PORTS[scheme] if port is None else port, scheme == "wss", target)


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")
