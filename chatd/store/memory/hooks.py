"""Incoming webhooks of the reference store."""

from __future__ import annotations

from msgspec.structs import replace

from chatd.core.audit import NO_DEED, Deed
from chatd.core.hooks import Hook
from chatd.core.ports import NameTaken, StoreFailed
from chatd.store.memory.audit import record
from chatd.store.memory.kept import Keeper


class Hooks(Keeper):
    """The port's calls about hooks."""

    async def add_hook(
        self, hook: Hook, skeleton: str, digest: bytes, *, deed: Deed = NO_DEED
    ) -> None:
        """See the port."""
        kept = self.writing()
        if hook.room_id not in kept.rooms:
            raise StoreFailed(f"there is no room {hook.room_id}")
        if skeleton in kept.skeletons and kept.skeletons[skeleton] in kept.accounts:
            raise NameTaken(kept.accounts[kept.skeletons[skeleton]].name)
        kept.hooks[digest] = replace(hook, room=kept.rooms[hook.room_id].stored.name)
        kept.hook_skeletons[hook.hook_id] = skeleton
        record(kept, deed)

    async def hook(self, digest: bytes) -> Hook | None:
        """See the port."""
        return self.reading().hooks.get(digest)

    async def hooks(self) -> list[Hook]:
        """See the port."""
        hooks = self.reading().hooks.values()
        return sorted(hooks, key=lambda hook: (hook.room, hook.name, hook.hook_id))

    async def revoke_hook(self, hook_id: str, *, deed: Deed = NO_DEED) -> bool:
        """See the port."""
        hooks = self.writing().hooks
        for digest, hook in hooks.items():
            if hook.hook_id == hook_id:
                del hooks[digest], self.writing().hook_skeletons[hook_id]
                record(self.writing(), deed)
                return True
        return False
