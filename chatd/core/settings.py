"""What the node must know of the configuration, as one frozen value that a reload swaps.
The configuration file, its keys and their documentation are chatd/ops/config."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Sizes in bytes, times in seconds, rates a second."""

    server: str = "chatd"
    version: str = "0"
    motd: str = ""
    lobby: str = "lobby"
    may_create: Literal["anyone", "members", "operators"] = "anyone"
    announce_limit: int = 200
    rooms_per_user: int = 200
    guests: bool = True
    linger: float = 30.0
    message_bytes: int = 16 * 1024
    frame_bytes: int = 64 * 1024
    outbox_bytes: int = 1024 * 1024
    login_timeout: float = 10.0
    rate: float = 20.0
    burst: int = 100
    inbox: int = 64
    zone: tzinfo = UTC
    drain_rate: float = 200.0
