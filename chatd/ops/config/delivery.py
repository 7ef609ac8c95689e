"""The table [delivery] of the configuration file: how messages leave.
What becomes of it is chatd/edge/outboxes, shortcuts and packing."""

from __future__ import annotations

from dataclasses import dataclass

from chatd.ops.config.keys import key
from chatd.ops.config.kinds import flag
from chatd.ops.config.measures import duration


@dataclass(frozen=True, slots=True)
class Delivery:
    """How messages leave."""

    flush_delay: float = key(
        duration(0, 0.05),
        0.002,
        "While chatd is busy and many are to be told, what is for them may wait so long, so that "
        'more goes with it: a write costs as much as thirty messages in it. "0s": never.',
        reload=True,
    )
    shortcuts: bool = key(
        flag(),
        True,
        "Whether the short ways past the libraries are taken where they fit; the metric "
        "chatd_shortcut_active says which are. Off, chatd does the same with more work.",
        reload=False,
    )
    compression: bool = key(
        flag(),
        False,
        "Whether clients that offer permessage-deflate (RFC 7692), as browsers do, get it. What is "
        "told to many is compressed once. It spares bytes and costs time; connections that are "
        "open keep what they have.",
        reload=True,
    )
