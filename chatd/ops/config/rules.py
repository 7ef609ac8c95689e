"""What several keys of the configuration must hold together.
What one key may be is said where the key is: table.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chatd.ops.config.table import Config
from chatd.ops.config.values import Tcp


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that several keys must hold together. An error stands at the first of them."""

    keys: tuple[str, ...]
    holds: Callable[[Config], bool]
    says: str


def _apart(config: Config) -> bool:
    shared = set(config.listen.public) & set(config.listen.operations)
    return all(isinstance(listener, Tcp) and listener.port == 0 for listener in shared)


RULES = (
    Rule(
        ("limits.message_bytes", "limits.frame_bytes"),
        lambda c: c.limits.frame_bytes >= 4 * c.limits.message_bytes,
        "limits.frame_bytes must be at least 4 times limits.message_bytes, for the longest message "
        "to fit however JSON spells it",
    ),
    Rule(
        ("limits.frame_bytes", "limits.outbox_bytes"),
        lambda c: c.limits.outbox_bytes >= 2 * c.limits.frame_bytes,
        "limits.outbox_bytes must be at least twice limits.frame_bytes, for the largest frame to "
        "fit in half of it",
    ),
    Rule(
        ("limits.inbox_bytes", "limits.frame_bytes"),
        lambda c: c.limits.inbox_bytes >= c.limits.frame_bytes,
        "limits.inbox_bytes must be at least limits.frame_bytes, for the largest frame to fit",
    ),
    Rule(
        ("limits.handshakes", "drain.rate"),
        lambda c: c.limits.handshakes >= c.drain.rate,
        "limits.handshakes must be at least drain.rate, for those who are asked to come back after "
        "a restart not to be refused",
    ),
    Rule(
        ("limits.ping_timeout", "limits.ping_interval"),
        lambda c: c.limits.ping_timeout < c.limits.ping_interval,
        "limits.ping_timeout must be shorter than limits.ping_interval",
    ),
    Rule(
        ("listen.operations", "listen.public"),
        _apart,
        "listen.operations and listen.public must not share a listener",
    ),
)
