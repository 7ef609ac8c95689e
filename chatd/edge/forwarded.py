"""Whose connection it is when proxies stand between: X-Forwarded-For and Forwarded (RFC 7239).
Only what a trusted peer says counts, and of that only what no untrusted one could have written."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from chatd.edge.head import BadHead, Head
from chatd.edge.ports import Trust

_PAIR = re.compile(r'\s*([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*')
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([0-9.]+):\d+")

UNIX = "unix"


def client_address(head: Head, peer: str, trust: Trust) -> str:
    """The rightmost address that is no proxy of ours; ``peer`` where nobody trusted says more.

    Raises BadHead when both headers are there and disagree: one of them was the client's.
    """
    if not trust.believes(peer):
        return peer
    by_custom = head.items("x-forwarded-for")
    by_standard = _for_values(head)
    if (
        by_custom
        and by_standard
        and _walk(by_custom, peer, trust) != _walk(by_standard, peer, trust)
    ):
        raise BadHead(
            400,
            "X-Forwarded-For and Forwarded name different clients; "
            "the proxy must set one of them and remove the other",
        )
    return _walk(by_custom or by_standard, peer, trust)


def _walk(chain: list[str], peer: str, trust: Trust) -> str:
    """From the nearest to the farthest, as long as each was named by one whom we trust."""
    for told in reversed(chain):
        named = plain_address(told)
        if named is None:  # "unknown", or hidden on purpose (RFC 7239 section 6.3)
            return peer
        peer = named
        if not trust.believes(peer):
            break
    return peer


@lru_cache(maxsize=4096)  # asked for each connection, and costly
def plain_address(told: str) -> str | None:
    """An address without port, brackets and IPv4-in-IPv6 disguise; None when it is none."""
    match = _WITH_PORT.fullmatch(told)
    if match:
        told = match[1] or match[2]
    try:
        address = ip_address(told)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def _for_values(head: Head) -> list[str]:
    """The `for` of each element of Forwarded, in order (RFC 7239 section 4)."""
    found: list[str] = []
    for value in head.all("forwarded"):
        found += _elements(value)
    return found


def _elements(value: str) -> list[str]:
    found: list[str] = []
    place, named = 0, ""
    while place <= len(value):
        pair = _PAIR.match(value, place)
        if pair and pair[1].lower() == "for":
            named = pair[3] if pair[2] is None else re.sub(r"\\(.)", r"\1", pair[2])
        place = pair.end() if pair else place
        if place == len(value) or value[place] == ",":
            found.append(named)  # an element without `for` hides its client
            named = ""
        elif value[place] != ";":
            raise BadHead(400, "the header Forwarded is not of the form of RFC 7239")
        place += 1
    return found
