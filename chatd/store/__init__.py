"""Keeping the truth: implementations of ports.Store, one folder or file each.
What a store must do is in core/ports and tests/unit/store; here is what they have in common."""

from __future__ import annotations

from typing import Protocol

OPERATIONS = (
    "secret", "probe", "append", "read", "last_seq", "message", "said", "history", "search", "room",
    "create_room", "direct_room", "shared_room", "set_topic", "member_count", "public_rooms",
    "set_member", "drop_member", "last_owner", "members", "member_named",
    "memberships", "membership", "mark", "add_account", "account", "account_by_id", "accounts",
    "look_alike", "set_password", "rehash", "set_disabled", "add_token", "token", "tokens",
    "revoke_token", "revocations", "sanctions_version", "sanctions", "sanction", "lift",
    "room_rules", "set_room_rules", "emergency", "set_emergency", "report", "reports",
    "reports_open", "settle", "record", "audit_head", "audit", "audit_found", "tidy", "index",
)  # fmt: skip
"""Every name that StoreMeter.operation can hear: the calls of the port, `tidy`, and
`index` for a search."""

KEEPING = ("overdue", "trim", "give_back", "messages_kept")
"""Further names that it can hear: what retention asks of a store, in chatd/ops/data_retention."""

FAILURES = ("full", "failed")
"""Every kind that StoreMeter.failure can hear: StoreFull and StoreFailed."""


class CannotOpen(Exception):
    """The store cannot be opened; the text says why, which file, and what to do."""


class StoreMeter(Protocol):
    """What a store reports of itself. Always called where results are delivered, by one thread."""

    def operation(self, name: str, seconds: float) -> None:
        """One call of the port, from asking to its result."""
        ...

    def group(self, size: int, seconds: float) -> None:
        """One durable commit: how many calls it held, and how long they took the disk."""
        ...

    def failure(self, kind: str) -> None:
        """One call ended in StoreFull (`full`) or StoreFailed (`failed`)."""
        ...

    def waiting(self, calls: int) -> None:
        """How many calls wait for the writer, now that a group is done."""
        ...


class SilentMeter:
    """For those who do not measure."""

    def operation(self, name: str, seconds: float) -> None:
        """Hear nothing."""

    def group(self, size: int, seconds: float) -> None:
        """Hear nothing."""

    def failure(self, kind: str) -> None:
        """Hear nothing."""

    def waiting(self, calls: int) -> None:
        """Hear nothing."""
