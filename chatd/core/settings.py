"""What the node must know of the configuration, as one frozen value that a reload swaps.
The configuration file, its keys and their documentation are chatd/ops/config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Literal

from chatd.core.limits import LimitName, Mode, Networks, Nowhere, Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Sizes in bytes, times in seconds, rates a second. ``paces`` by command; ``modes``: of limits
    that are not simply on; ``exempt``: whom limits for addresses do not concern."""

    server: str = "chatd"
    version: str = "0"
    motd: str = ""
    lobby: str = "lobby"
    may_create: Literal["anyone", "members", "operators"] = "anyone"
    history: bool = True
    announce_limit: int = 200
    rooms_per_user: int = 200
    direct_rooms_per_user: int = 500
    members_per_room: int = 10_000
    sessions_per_user: int = 50
    guests: bool = True
    linger: float = 30.0
    message_bytes: int = 16 * 1024
    frame_bytes: int = 64 * 1024
    frame_parts: int = 256
    outbox_bytes: int = 1024 * 1024
    login_timeout: float = 10.0
    rate: float = 20.0
    burst: int = 100
    paces: Mapping[str, Pace] = field(default_factory=lambda: MappingProxyType({}))
    inbox: int = 64
    inbox_bytes: int = 1024 * 1024
    failed_logins_per_address: int = 50
    failed_logins_per_account: int = 10
    failed_logins_window: float = 900.0
    modes: Mapping[LimitName, Mode] = field(default_factory=lambda: MappingProxyType({}))
    exempt: Networks = Nowhere()
    ipv4_prefix: int = 32
    ipv6_prefix: int = 64
    zone: tzinfo = UTC
    drain_rate: float = 200.0
