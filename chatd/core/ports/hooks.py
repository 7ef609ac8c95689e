"""The part of the store's port that keeps incoming webhooks.
What they are is core/hooks."""

from __future__ import annotations

from typing import Protocol

from chatd.core.audit import NO_DEED, Deed
from chatd.core.hooks import Hook


class Hooks(Protocol):
    """Durable when a call returns; may raise StoreFull or StoreFailed like all of the store."""

    async def add_hook(
        self, hook: Hook, skeleton: str, digest: bytes, *, deed: Deed = NO_DEED
    ) -> None:
        """Keep the SHA-256 digest (32 bytes) of its token. Raises StoreFailed where there is no
        such room, and NameTaken where the skeleton is an account's, but several hooks may have it;
        ``hook.room`` is not kept."""
        ...

    async def hook(self, digest: bytes) -> Hook | None:
        """The hook whose token has this digest, unless it was revoked."""
        ...

    async def hooks(self) -> list[Hook]:
        """All of them, by room, name and id."""
        ...

    async def revoke_hook(self, hook_id: str, *, deed: Deed = NO_DEED) -> bool:
        """End one at once; false when there was none."""
        ...
