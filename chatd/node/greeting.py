"""The first thing that every session hears: what this server is, and what it allows.
When it is said is node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.core.events import LimitsTold, Welcome
from chatd.core.sanctions import Emergency

if TYPE_CHECKING:
    from chatd.node.node import Node


def welcome(node: Node) -> Welcome:
    """The greeting, as of now."""
    s = node.settings
    return Welcome(
        server=s.server,
        version=s.version,
        protocol="chatd.v1",
        epoch=node.store.epoch,
        motd=s.motd,
        guests=s.guests and node.laid.emergency < Emergency.NO_GUESTS,
        lobby=s.lobby,
        login_timeout_ms=int(s.login_timeout * 1000),
        limits=LimitsTold(
            message_bytes=s.message_bytes, frame_bytes=s.frame_bytes, rate=s.rate, burst=s.burst
        ),
    )
