"""Who may open a session, asked before the upgrade, so that a refusal is HTTP with a reason.
How a WebSocket is spoken once it is open is Autobahn's, in upgraded.py."""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from chatd.core.ports import Dialect
from chatd.edge.census import Census
from chatd.edge.deflate import Agreed
from chatd.edge.head import Head
from chatd.edge.origins import may_open
from chatd.edge.ports import EdgeSettings, House
from chatd.edge.request import Answer, sentence

RETRY_AFTER = ("Retry-After", "5")
GET_ONLY = ("Allow", "GET")
UPGRADE = ("Upgrade", "websocket")
KEY_BYTES = 16


class TurnedAway(Exception):
    """No session: which of HANDSHAKE_RESULTS, and what to tell."""

    def __init__(self, result: str, answer: Answer) -> None:
        super().__init__(result)
        self.result = result
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Admitted:
    """What was agreed: the client's address, key, subprotocol (None: none was offered) and
    compression (None: none)."""

    address: str
    key: str
    subprotocol: str | None = None
    agreed: Agreed | None = None


class Door(Protocol):
    """Who is asked."""

    house: House
    settings: EdgeSettings
    census: Census


def wants_websocket(head: Head) -> bool:
    """Whether the request asks for a WebSocket (RFC 6455 section 4.2.1)."""
    return head.has("upgrade", "websocket")


def lost_its_upgrade(head: Head) -> bool:
    """Whether a WebSocket request seems to have come through a proxy that dropped its upgrade."""
    return bool(head.all("sec-websocket-key"))


def check_upgrade(head: Head) -> str:
    """The client's key. Raises TurnedAway when this is no proper opening handshake."""
    if head.method != "GET":
        raise TurnedAway("bad_request", sentence(405, "a WebSocket is opened by GET", GET_ONLY))
    if head.minor == 0:
        raise _bad("a WebSocket needs HTTP/1.1; behind nginx, set `proxy_http_version 1.1`")
    if not head.has("connection", "upgrade"):
        raise _bad("the Connection header has no `Upgrade`; a proxy between must pass it on")
    version = head.one("sec-websocket-version")
    if version != "13":
        text = (
            f"this server speaks WebSocket version 13 (RFC 6455), not {version or 'an older one'}"
        )
        answer = sentence(426, text, ("Sec-WebSocket-Version", "13"), UPGRADE)
        raise TurnedAway("bad_version", answer)
    key = head.one("sec-websocket-key") or ""
    if not _is_key(key):
        raise _bad("Sec-WebSocket-Key is not 16 bytes in base64")
    return key


def _is_key(key: str) -> bool:
    try:
        return len(binascii.a2b_base64(key, strict_mode=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def check_client(address: str, client: str, door: Door) -> None:
    """Raises TurnedAway when this client may not open a session now. ``client``: what its address
    is counted as (client_of)."""
    house, settings, census = door.house, door.settings, door.census
    if house.draining:
        text = "this server is stopping; come back in a moment"
        raise TurnedAway("draining", sentence(503, text, RETRY_AFTER))
    banned = house.admits(address)
    if banned is not None:
        raise TurnedAway("banned", sentence(403, f"{address} is {banned}"))
    if census.too_fast(client, settings):
        text = f"sessions are asked for too fast, by {address} or by all; come back in a moment"
        raise TurnedAway("too_fast", sentence(429, text, RETRY_AFTER))
    if census.full(settings):
        text = f"all {settings.sessions} sessions of this server are taken; come back later"
        raise TurnedAway("full", sentence(503, text, RETRY_AFTER))
    if census.full_for(client, settings):
        text = (
            f"there are {settings.sessions_per_address} sessions from {address} already, "
            "and more are not allowed; close some"
        )
        raise TurnedAway("address_full", sentence(429, text, RETRY_AFTER))


def check_origin(head: Head, settings: EdgeSettings) -> None:
    """Raises TurnedAway for a page that may not open a session here."""
    origin = head.one("origin")
    if origin is None or may_open(origin, head.host, settings.origins, settings.hosts):
        return  # without Origin it is no browser, and has nobody's session to abuse
    text = (
        f"pages from {origin} may not open a session at {head.host or 'this host'}; the operator "
        "can allow them in http.origins, or name this host in http.hosts, and a proxy between must "
        "pass the Host header on"
    )
    raise TurnedAway("wrong_origin", sentence(403, text))


def choose_dialect(head: Head, house: House) -> tuple[Dialect, str | None]:
    """The dialect, and the subprotocol to confirm. Raises TurnedAway when there is none in common.

    The first of the client's subprotocols that we speak; else `?format=NAME`; else text.
    """
    offered = head.items("sec-websocket-protocol")
    if len(set(offered)) < len(offered):
        raise _bad("a subprotocol is offered twice; RFC 6455 section 4.1 wants each one once")
    if offered:
        known = {dialect.subprotocol: dialect for dialect in house.dialects.values()}
        for subprotocol in offered:
            if subprotocol in known:
                return known[subprotocol], subprotocol
        raise _no_dialect(f"no subprotocol offered is spoken here; these are: {_listed(known)}")
    name, *more = head.asked.get("format", ["text"])
    if more or name not in house.dialects:
        raise _no_dialect(f"?format= must be one of: {_listed(house.dialects)}")
    return house.dialects[name], None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _no_dialect(text: str) -> TurnedAway:
    return TurnedAway("bad_dialect", sentence(400, text))


def _bad(text: str) -> TurnedAway:
    return TurnedAway("bad_request", sentence(400, text))
