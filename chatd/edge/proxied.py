"""The header of the PROXY protocol, versions 1 and 2, from bytes to an address, sans I/O.
Who may and must send it is front.py's. Sections are of haproxy.org's doc/proxy-protocol.txt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from chatd.edge.forwarded import UNIX, plain_address

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V1 = b"PROXY "
V1_MOST = 107
"""Bytes, with the CR LF (section 2.1)."""
V2_HEAD = 16
V2_MOST = 4096
"""Bytes behind the head, addresses and TLVs: more is nothing that concerns us."""

_LINE = re.compile(
    rb"PROXY (?:UNKNOWN(?: [\x20-\x7e]*)?|(TCP[46]) (\S+) (\S+) (\d{1,5}) (\d{1,5}))"
)
_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED, _UNIX_STREAM = 0x00, 0x31
_TCP4, _TCP6 = 0x11, 0x21
_UNIX_BYTES = 216
_PORTS = 4


class BadPreface(Exception):
    """The connection does not begin with such a header; says why."""


@dataclass(frozen=True, slots=True)
class Preface:
    """What was said: the client's address, "unix", or None when the proxy speaks for itself; and
    what came behind it."""

    address: str | None
    rest: bytes


def announces(data: bytes) -> bool:
    """Whether a connection that begins like this brings such a header."""
    return data.startswith((V1, SIGNATURE))


class PrefaceBuffer:
    """Collects bytes until the header is complete. Never more than V1_MOST or V2_MOST of it."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> Preface | None:
        """The header, or None while it is not complete. Raises BadPreface."""
        self._data += data
        data = self._data
        if data[: len(V1)] == V1[: len(data)]:
            return _version_1(data)
        if data[: len(SIGNATURE)] == SIGNATURE[: len(data)]:
            return _version_2(data)
        raise BadPreface("the connection begins with no header of the PROXY protocol")


def _version_1(data: bytes) -> Preface | None:
    end = data.find(b"\r\n", 0, V1_MOST)
    if end < 0:
        if len(data) >= V1_MOST:
            raise BadPreface(f"a header of version 1 has no end within {V1_MOST} bytes")
        return None
    match = _LINE.fullmatch(data, 0, end)
    if match is None:
        raise BadPreface("the header of version 1 is not of its form")
    rest = data[end + 2 :]
    if match[1] is None:
        return Preface(None, rest)
    if max(int(match[4]), int(match[5])) > 65535:
        raise BadPreface("a port of the header is over 65535")
    kind = IPv4Address if match[1] == b"TCP4" else IPv6Address
    try:
        kind(match[3].decode("ascii"))
        return Preface(_plain(kind(match[2].decode("ascii"))), rest)
    except ValueError:
        raise BadPreface(f"an address of the header is none of {match[1].decode()}") from None


def _version_2(data: bytes) -> Preface | None:
    if len(data) < V2_HEAD:
        return None
    command, family = data[12], data[13]
    size = int.from_bytes(data[14:V2_HEAD], "big")
    if command not in {_LOCAL, _PROXY}:
        raise BadPreface(f"version and command {command:#04x} are none of version 2")
    if size > V2_MOST:
        raise BadPreface(f"the header has {size} bytes, and {V2_MOST} are the most")
    if len(data) < V2_HEAD + size:
        return None
    block, rest = data[V2_HEAD : V2_HEAD + size], data[V2_HEAD + size :]
    if command == _LOCAL:  # a health check of the proxy's own: whatever follows is ignored
        return Preface(None, rest)
    return Preface(_address(family, block), rest)


def _address(family: int, block: bytes) -> str | None:
    """The source in an address block; the TLVs behind it are skipped."""
    if family == _UNSPECIFIED:
        return None
    if family == _UNIX_STREAM:
        _long_enough(block, _UNIX_BYTES)
        return UNIX
    if family == _TCP4:
        _long_enough(block, 2 * 4 + _PORTS)
        return _plain(IPv4Address(block[:4]))
    if family == _TCP6:
        _long_enough(block, 2 * 16 + _PORTS)
        return _plain(IPv6Address(block[:16]))
    raise BadPreface(f"address family {family:#04x} is not for connections")


def _long_enough(block: bytes, size: int) -> None:
    if len(block) < size:
        raise BadPreface("the header is too short for its addresses")


def _plain(address: IPv4Address | IPv6Address) -> str:
    return plain_address(str(address)) or str(address)
