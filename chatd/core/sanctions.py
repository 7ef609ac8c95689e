"""What operators lay on people, rooms and the whole server, as values: bans, mutes, room rules,
reports, the emergency. What follows from them is policy's; where they are kept, a store's."""

from __future__ import annotations

from enum import IntEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Literal

from msgspec import Struct

from chatd.core.log import RoomId, UserId

SanctionKind = Literal["ban", "mute"]
SubjectKind = Literal["user", "address", "network"]


class Emergency(IntEnum):
    """How far the server is closed; each step includes those before it."""

    OFF = 0
    NO_GUESTS = 1
    NO_NEW = 2
    MEMBERS = 3
    OPERATORS = 4

    @property
    def word(self) -> str:
        """As operators type it."""
        return self.name.lower()


EMERGENCY_STEPS = {step.word: step for step in Emergency}


class Subject(Struct, frozen=True):
    """Whom a sanction is about. ``value``: a user id, an address, or a network as CIDR; ``shown``:
    how an operator knows it (a user's name at that time)."""

    kind: SubjectKind
    value: str
    shown: str

    def is_about(self, user_id: UserId | None, address: str) -> bool:
        """Whether this is the user, or holds the address as text ("unix" is none)."""
        match self.kind:
            case "user":
                return user_id == self.value
            case "address":
                return same_address(address) == self.value
            case "network":
                return _inside(address, self.value)


class Sanction(Struct, frozen=True, kw_only=True):
    """A ban or a mute. ``room_id`` None: the whole server, else ``room`` is the room's name. Times:
    milliseconds since 1970 UTC; ``until`` None: until it is lifted."""

    number: int
    kind: SanctionKind
    subject: Subject
    room_id: RoomId | None
    reason: str
    by: str
    ts: int
    until: int | None = None
    room: str | None = None

    def holds(self, now: int) -> bool:
        """Whether it is in force at ``now``."""
        return self.until is None or now < self.until

    def left(self, now: int) -> int | None:
        """Milliseconds until it ends, at ``now``; None: it does not end by itself."""
        return None if self.until is None else max(0, self.until - now)

    def concerns(self, user_id: UserId | None, address: str) -> bool:
        """Whether it is about this user, or this address as text ("unix" is none)."""
        return self.subject.is_about(user_id, address)


class RoomRules(Struct, frozen=True, kw_only=True):
    """A room's own rules: who may speak, and how often. ``slow``: seconds between two messages of
    one member, 0: any time."""

    read_only: bool = False
    slow: int = 0


class Report(Struct, frozen=True, kw_only=True):
    """A message that somebody wants looked at. ``author`` and ``text`` are the message's at that
    time, so that taking it back afterwards hides nothing; the text goes when the report is settled.
    ``outcome`` is empty until then. Times: milliseconds since 1970 UTC."""

    number: int
    room_id: RoomId
    room: str
    seq: int
    author: str
    text: str
    by: str
    reason: str
    ts: int
    outcome: str = ""
    settled_by: str = ""
    settled_ts: int | None = None


def subject_of(text: str) -> Subject | None:
    """An address or network as typed; None for anything else, which is then a user's name.

    Raises ValueError for what is meant as a network and is none.
    """
    if "/" in text:
        network = str(_plain_network(text))
        return Subject("network", network, network)
    address = same_address(text)
    return Subject("address", address, address) if address else None


def same_address(text: str) -> str:
    """One spelling for each address, IPv4 in IPv6 as IPv4; empty for what is no address."""
    try:
        return str(_plain(ip_address(text)))
    except ValueError:
        return ""


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _plain_network(text: str) -> IPv4Network | IPv6Network:
    """As addresses are compared: a network of IPv4 in IPv6 is one of IPv4."""
    network = ip_network(text, strict=False)
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - 96))
    return network


def _inside(text: str, network: str) -> bool:
    try:
        return _plain(ip_address(text)) in ip_network(network)
    except ValueError:
        return False
