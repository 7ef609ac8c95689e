"""Incoming webhooks in the embedded store: the calls of the port, and what each does.
The other calls are in store.py."""

from __future__ import annotations

import sqlite3

from chatd.core.audit import NO_DEED, Deed
from chatd.core.hooks import Hook
from chatd.core.log import RoomId
from chatd.core.ports import StoreFailed
from chatd.store.sqlite import audit
from chatd.store.sqlite.accounts import must_be_free
from chatd.store.sqlite.threads import Threads
from chatd.store.sqlite.transaction import Transaction

_ADD = """INSERT INTO hooks (hook_id, room_id, name, skeleton, digest, created_ts)
VALUES (?, ?, ?, ?, ?, ?)"""
_HOOK = """SELECT hook_id, hooks.room_id, rooms.name, hooks.name, hooks.created_ts
FROM hooks JOIN rooms ON rooms.room_id = hooks.room_id"""
_BY_DIGEST = f"{_HOOK} WHERE digest = ?"
_ALL = f"{_HOOK} ORDER BY rooms.name, hooks.name, hook_id"
_REVOKE = "DELETE FROM hooks WHERE hook_id = ?"


class HookCalls:
    """ports.Hooks, for a store that has its threads."""

    _threads: Threads

    async def add_hook(
        self, hook: Hook, skeleton: str, digest: bytes, *, deed: Deed = NO_DEED
    ) -> None:
        """See the port."""
        await self._threads.write("add_hook", add_hook, hook, skeleton, digest, deed)

    async def hook(self, digest: bytes) -> Hook | None:
        """See the port."""
        return await self._threads.read("hook", by_digest, digest)

    async def hooks(self) -> list[Hook]:
        """See the port."""
        return await self._threads.read("hooks", all_hooks)

    async def revoke_hook(self, hook_id: str, *, deed: Deed = NO_DEED) -> bool:
        """See the port."""
        return await self._threads.write("revoke_hook", revoke, hook_id, deed)


def add_hook(
    transaction: Transaction, hook: Hook, skeleton: str, digest: bytes, deed: Deed
) -> None:
    """See the port."""
    if transaction.last_seq(hook.room_id) is None:
        raise StoreFailed(f"there is no room {hook.room_id}")
    must_be_free(transaction, skeleton)
    row = (hook.hook_id, hook.room_id, hook.name, skeleton, digest, hook.created_ts)
    transaction.execute(_ADD, row)
    audit.record(transaction, deed)


def by_digest(connection: sqlite3.Connection, digest: bytes) -> Hook | None:
    """See the port."""
    row = connection.execute(_BY_DIGEST, (digest,)).fetchone()
    return None if row is None else _hook(*row)


def all_hooks(connection: sqlite3.Connection) -> list[Hook]:
    """See the port."""
    return [_hook(*row) for row in connection.execute(_ALL)]


def revoke(transaction: Transaction, hook_id: str, deed: Deed) -> bool:
    """See the port."""
    if not transaction.execute(_REVOKE, (hook_id,)).rowcount:
        return False
    audit.record(transaction, deed)
    return True


def _hook(hook_id: str, room_id: int, room: str, name: str, created_ts: int) -> Hook:
    return Hook(
        hook_id=hook_id, room_id=RoomId(room_id), room=room, name=name, created_ts=created_ts
    )
