"""Whether a page may open a session from a browser: the Origin header against the allow-list.
Without it every site could speak for whoever looks at it (RFC 6455 section 10.2)."""

from __future__ import annotations

import re
from collections.abc import Container
from ipaddress import ip_address

_ORIGIN = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*)://([A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?"
)
_HOST = re.compile(r"([^:\[\]]+|\[[^\]]+\])(?::([0-9]{1,5})?)?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def may_open(origin: str, host: str, allowed: tuple[str, ...], known: Container[str]) -> bool:
    """Whether a page from ``origin`` may open a session, having asked ``host`` (the Host header).

    ``allowed`` holds exact origins without default ports, "same-host", or "*". ``known``: the names
    of this server, or "*". A page whose name leads here is of the same host only if the name is one
    of them or an address: anybody can have a name of theirs lead here for a while (DNS rebinding).
    """
    if "*" in allowed:
        return True
    match = _ORIGIN.fullmatch(origin)
    if match is None:  # "null", and what is no origin at all
        return False
    scheme, name, port = match[1].lower(), match[2].lower(), match[3]
    default = _DEFAULT_PORTS.get(scheme)
    same = bool(default) and (name, port or default) == _split(host, default or "")
    if "same-host" in allowed and same and _is_ours(name, known):
        return True
    shown = f"{scheme}://{name}" if port in (None, default) else f"{scheme}://{name}:{port}"
    return shown in allowed


def _is_ours(name: str, known: Container[str]) -> bool:
    return "*" in known or name in known or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _split(host: str, default: str) -> tuple[str, str]:
    match = _HOST.fullmatch(host.lower())
    return (match[1], match[2] or default) if match else ("", "")
