"""The limits: which there are, what each is compared with, and how one that is met is explained.
Counting by time is buckets; counting, logging and enforcing at the place itself is guard.

To ask without consuming anything what would stop somebody, as `explain` does:

    for standing in standings(settings, usage, "join"):   # Node.usage(user_id, "join", room)
        if standing.stops: print(standing.limit, standing.value, standing.hint)

The handlers decide with the same ``met``, over the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from chatd.core.settings import Settings

Mode = Literal["off", "dry-run", "on"]
"""``off``: not looked at. ``dry-run``: counted and logged, never enforced. ``on``: enforced."""

LimitName = Literal[
    "message_bytes", "frame_bytes", "frame_parts", "rate", "command", "inbox_bytes",
    "rooms_per_user", "direct_rooms_per_user", "members_per_room",
    "sessions", "sessions_per_user", "sessions_per_address", "connections_per_address",
    "handshakes", "handshakes_per_address",
    "failed_logins_per_address", "failed_logins_per_account",
]  # fmt: skip

LIMITS: dict[LimitName, str] = {
    "message_bytes": "a message's text is too long",
    "frame_bytes": "a WebSocket message is too large",
    "frame_parts": "a WebSocket message comes in too many frames",
    "rate": "a session gives commands too fast",
    "command": "one sort of command comes too often from one user",
    "inbox_bytes": "too much of a session waits to be done",
    "rooms_per_user": "a user is in as many rooms as one may be",
    "direct_rooms_per_user": "a user is in as many rooms of two as one may open",
    "members_per_room": "a room has as many members as one may have",
    "sessions": "the server has all the sessions that it may have",
    "sessions_per_user": "a user has all the sessions that one may have",
    "sessions_per_address": "an address or network has all the sessions that one may have",
    "connections_per_address": "an address has too many connections that are no session (yet)",
    "handshakes": "the server is asked for sessions too fast",
    "handshakes_per_address": "an address asks for sessions too fast",
    "failed_logins_per_address": "an address fails to log in too often",
    "failed_logins_per_account": "an account is tried too often with a wrong password",
}
"""Every limit that has a mode, by its key in [limits], and what it means that one is met."""


@dataclass(frozen=True, slots=True)
class Pace:
    """So many tokens a second in the long run, and so many at once after a rest."""

    rate: float
    burst: int

    def __str__(self) -> str:
        return f"{self.rate:g} a second, {self.burst} at once"


class Networks(Protocol):
    """A set of networks."""

    def believes(self, peer: str, /) -> bool:
        """Whether it holds this address: an IP address as text, or "unix"."""
        ...


class Nowhere:
    """No network."""

    def believes(self, peer: str, /) -> bool:
        """Never."""
        del peer
        return False


HANDSHAKES_AT_ONCE = 5
"""Seconds' worth of handshakes that may come at once, after a rest."""


@lru_cache(maxsize=4096)  # asked several times for each connection, and costly
def network_of(address: str, ipv4_prefix: int, ipv6_prefix: int) -> str:
    """What is counted as one client: the address, or the network around it; whatever is no IP
    address stands for itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    prefix = ipv6_prefix if isinstance(parsed, IPv6Address) else ipv4_prefix
    if prefix == parsed.max_prefixlen:
        return address
    return str(ip_network((int(parsed), prefix), strict=False))


def mode_of(modes: Mapping[LimitName, Mode], limit: LimitName) -> Mode:
    """How a limit is held; one that is not named is on."""
    return modes.get(limit, "on")


def met(used: float, most: float) -> bool:
    """Whether one more would be too many."""
    return used >= most


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What of one user is compared with limits, at one moment. Times in seconds: how long the next
    command would have to wait, 0.0 for not at all. None: there is no such thing to ask about."""

    rooms: int = 0
    direct_rooms: int = 0
    sessions: int = 0
    members: int | None = None
    rate_wait: float | None = None
    command_wait: float = 0.0
    account_wait: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands towards one limit. ``value``: what is set, ``used``: what is there now,
    ``hint``: how to change it. ``wait_ms``: after so long it lets one more through by itself."""

    limit: LimitName
    mode: Mode
    value: str
    used: str
    met: bool
    wait_ms: int | None = None

    @property
    def stops(self) -> bool:
        """Whether it is this that would refuse the command now."""
        return self.met and self.mode == "on"

    @property
    def hint(self) -> str:
        """What an operator changes for it to stop nobody."""
        keys = {"rate": "limits.rate and limits.burst"}
        if self.limit.startswith("failed_logins"):
            return f"change limits.{self.limit} or limits.failed_logins_window, then reload"
        raised = keys.get(self.limit, f"limits.{self.limit}")
        return f'raise {raised}, or set limits.mode.{self.limit} = "dry-run"; then reload'


ENTERING = frozenset({"join", "create", "create_private"})


def standings(settings: Settings, usage: Usage, verb: str) -> list[Standing]:
    """All limits that a command of this verb meets on its way, in the order in which they are
    asked; those that are off are left out. ``verb``: a verb of the policy or a command's name."""
    found = [*_timed(settings, usage, verb), *_counted(settings, usage, verb)]
    return [each for each in found if each.mode != "off"]


def _timed(settings: Settings, usage: Usage, verb: str) -> list[Standing]:
    found: list[Standing] = []
    if usage.rate_wait is not None:
        pace = Pace(settings.rate, settings.burst)
        found.append(_waiting(settings, "rate", str(pace), usage.rate_wait))
    own = settings.paces.get(word_of(verb))
    if own is not None:
        found.append(_waiting(settings, "command", f"{word_of(verb)}: {own}", usage.command_wait))
    if verb == "login" and usage.account_wait is not None:
        most, minutes = settings.failed_logins_per_account, settings.failed_logins_window / 60
        value = f"{most} failures in {minutes:g} min"
        found.append(_waiting(settings, "failed_logins_per_account", value, usage.account_wait))
    return found


def _counted(settings: Settings, usage: Usage, verb: str) -> list[Standing]:
    found: list[Standing] = []
    if verb == "login":
        most = settings.sessions_per_user
        found.append(_count(settings, "sessions_per_user", usage.sessions, most))
    if verb in ENTERING:
        found.append(_count(settings, "rooms_per_user", usage.rooms, settings.rooms_per_user))
    if verb == "direct":
        most = settings.direct_rooms_per_user
        found.append(_count(settings, "direct_rooms_per_user", usage.direct_rooms, most))
    if verb in {"join", "invite"} and usage.members is not None:
        found.append(_count(settings, "members_per_room", usage.members, settings.members_per_room))
    return found


def word_of(verb: str) -> str:
    """The command behind a verb of the policy."""
    return "create" if verb == "create_private" else verb


def _waiting(settings: Settings, limit: LimitName, value: str, wait: float) -> Standing:
    mode = mode_of(settings.modes, limit)
    used = f"free in {wait:.1f} s" if wait else "free"
    return Standing(limit, mode, value, used, wait > 0, int(wait * 1000) + 1 if wait else None)


def _count(settings: Settings, limit: LimitName, used: int, most: int) -> Standing:
    mode = mode_of(settings.modes, limit)
    return Standing(limit, mode, str(most), str(used), met(used, most))
