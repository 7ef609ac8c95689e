"""Kinds of value that name a place: listeners, networks, origins, files, time zones.
What the daemon does with them is the edge's and the store's."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from datetime import UTC, tzinfo
from difflib import get_close_matches
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_interface, ip_network
from pathlib import Path

from chatd.core.names import BadName, room_name
from chatd.ops.config.kinds import Kind, Unfit, list_of
from chatd.ops.config.literal import called, literal
from chatd.ops.config.values import Inherited, Listener, Proxies, Tcp, Unix

SOCKET_PATH = 107  # bytes: sun_path of unix(7) holds 108 with the closing zero
PORTS = 65536
DEFAULT_PORTS = {"http": 80, "https": 443}
ORIGIN = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII
)
HOST = re.compile(r"[a-z0-9._-]{1,253}", re.ASCII)
Network = IPv4Network | IPv6Network | str


def text(raw: object) -> str:
    """``raw`` if it is text that can be part of a name or a path, else Unfit."""
    if not isinstance(raw, str):
        raise Unfit(f"this is {called(raw)}")
    if not raw.isprintable():
        raise Unfit("this holds a control character")
    return raw


def listener() -> Kind[Listener]:
    """Where to listen."""

    def read(raw: object) -> Listener:
        form, _, rest = text(raw).partition(":")
        if form not in LISTENERS:
            raise Unfit("this begins with none of tcp:, unix:, systemd:")
        return LISTENERS[form](rest)

    allowed = '"tcp:ADDRESS:PORT" (an IPv6 address in brackets), "unix:/PATH" or "systemd:NAME"'
    return Kind("listener", allowed, read, lambda value: literal(str(value)))


def _tcp(rest: str) -> Tcp:
    host, _, port = rest.rpartition(":")
    if not re.fullmatch("[0-9]{1,5}", port, re.ASCII) or int(port) >= PORTS:
        raise Unfit("the port is not a number from 0 to 65535")
    bracketed = host.startswith("[") and host.endswith("]")
    if ":" in host and not bracketed:
        raise Unfit('an IPv6 address stands in brackets, as in "tcp:[::1]:8765"')
    try:
        address = IPv6Address(host[1:-1]) if bracketed else IPv4Address(host)
    except ValueError:
        raise Unfit(
            "the host is not an IP address; 127.0.0.1 is for this machine only, 0.0.0.0 for all"
        ) from None
    return Tcp(str(address), int(port))


def _unix(path: str) -> Unix:
    if not path.startswith("/"):
        raise Unfit("the path is not absolute")
    if len(path.encode()) > SOCKET_PATH:
        raise Unfit(f"a socket's path has at most {SOCKET_PATH} bytes")
    return Unix(path)


def _inherited(name: str) -> Inherited:
    if not re.fullmatch("[!-9;-~]{1,255}", name, re.ASCII):
        raise Unfit("the name is not that of a file descriptor: visible ASCII without a colon")
    return Inherited(name)


LISTENERS: dict[str, Callable[[str], Listener]] = {
    "tcp": _tcp,
    "unix": _unix,
    "systemd": _inherited,
}


def origin() -> Kind[str]:
    """An entry of an Origin allow-list (RFC 6454 section 6.2), in the form that browsers send."""

    def read(raw: object) -> str:
        written = text(raw)
        if written in {"same-host", "*"}:
            return written
        match = ORIGIN.fullmatch(written)
        if match is None:
            raise Unfit(_not_an_origin(written))
        scheme, host, port = match[1].lower(), match[2].lower(), int(match[3] or 0)
        keep = port and port != DEFAULT_PORTS.get(scheme)
        return f"{scheme}://{host}:{port}" if keep else f"{scheme}://{host}"

    allowed = '"same-host", "*", or an exact origin such as "https://chat.example.org"'
    return Kind("origin", allowed, read, literal)


def _not_an_origin(written: str) -> str:
    if "://" not in written:
        return f'the scheme is missing, as in "https://{written}"'
    if not written.isascii():
        return 'a browser sends such a host in its ASCII form, "xn--..."'
    if "/" in written.partition("://")[2]:
        return "an origin ends after the host and port, without a slash or path"
    return "this is not an origin"


def network() -> Kind[Network]:
    """A network, a single address, or "unix"."""

    def read(raw: object) -> Network:
        written = text(raw)
        if written == "unix":
            return written
        try:
            found = ip_network(written)
        except ValueError:
            raise Unfit(_not_a_network(written)) from None
        if isinstance(found, IPv6Network) and found.prefixlen >= 96:
            mapped = found.network_address.ipv4_mapped
            if mapped is not None:  # peers of it are compared as IPv4: this would hold for nobody
                plain = IPv4Network((mapped, found.prefixlen - 96))
                raise Unfit(f'this is IPv4 in IPv6; write "{plain}"')
        return found

    allowed = 'a network such as "10.0.0.0/8", an address, or "unix" for peers on a unix socket'
    return Kind("network", allowed, read, lambda value: literal(str(value)))


def _not_a_network(written: str) -> str:
    try:
        whole = ip_interface(written).network
    except ValueError:
        return "this is neither an address nor a network"
    return f'there are bits set behind the prefix; the network is "{whole}"'


def proxies() -> Kind[Proxies]:
    """Networks whose peers are believed."""
    entries = list_of(network())

    def read(raw: object) -> Proxies:
        given = entries.read(raw)
        return Proxies(tuple(e for e in given if not isinstance(e, str)), "unix" in given)

    def write(value: Proxies) -> str:
        return entries.write((*(["unix"] if value.unix else []), *value.networks))

    return Kind(entries.word, entries.allowed, read, write)


def host() -> Kind[str]:
    """A host's name as browsers send it, or "*"."""

    def read(raw: object) -> str:
        written = text(raw).lower()
        if written != "*" and not HOST.fullmatch(written):
            raise Unfit("this is not a host's name; it has neither scheme, port nor path")
        return written

    return Kind("host", 'a name such as "chat.example.org", or "*"', read, literal)


def room() -> Kind[str]:
    """A room's name, in the form in which it is stored."""

    def read(raw: object) -> str:
        try:
            return room_name(text(raw))
        except BadName as bad:
            raise Unfit(bad.reason) from None

    return Kind("room", "a room's name, without #", read, literal)


def file() -> Kind[Path]:
    """A file's path, as it is written: what it is relative to is for load.py to know."""

    def read(raw: object) -> Path:
        path = text(raw)
        if path.startswith("~"):
            raise Unfit("~ is the shell's, and is not expanded here")
        if not path or path.endswith(("/", "/.", "/..")) or path in {".", ".."}:
            raise Unfit("this names no file")
        return Path(path)

    allowed = "a path, absolute or from the folder of this file"
    return Kind("path", allowed, read, lambda value: literal(str(value)))


def zone() -> Kind[tzinfo]:
    """A time zone of the IANA database. UTC works on a machine without one."""

    def read(raw: object) -> tzinfo:
        name = text(raw)
        if name == "UTC":
            return UTC
        try:
            return zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise Unfit(_no_zone(name)) from None

    allowed = 'a name of the IANA time zone database, such as "UTC" or "Europe/Berlin"'
    return Kind("time zone", allowed, read, lambda value: literal(str(value)))


def _no_zone(name: str) -> str:
    known = sorted(zoneinfo.available_timezones())
    if not known:
        return "this machine has no time zone database; install tzdata, or use UTC"
    near = get_close_matches(name, known, 1)
    return "there is no such time zone" + (f', perhaps "{near[0]}"' if near else "")
