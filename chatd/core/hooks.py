"""Incoming webhooks, as values: a token that lets a program say something in one room.
What it posts is read in chatd/dialects/webhook; who may say it is core/policy."""

from __future__ import annotations

from msgspec import Struct

from chatd.core.log import RoomId, UserId


class Hook(Struct, frozen=True, kw_only=True):
    """One hook: its id, the room that it speaks in, and the name under which; the secret is not
    kept."""

    hook_id: str
    room_id: RoomId
    room: str
    name: str
    created_ts: int

    @property
    def user_id(self) -> UserId:
        """As the author of what it says."""
        return UserId(f"h{self.hook_id}")
