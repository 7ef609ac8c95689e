"""What hooks say: a caller without a connection, that passes the gate as everybody does.
What they post is made a text before (chatd/dialects/webhook); how it travels is the edge's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.core.buckets import Buckets
from chatd.core.commands import Send
from chatd.core.errors import ERRORS, CloseCode, Refused
from chatd.core.events import Error, Ok
from chatd.core.hooks import Hook
from chatd.core.log import Rank, RoomId
from chatd.core.names import BadName
from chatd.core.ports import Frame, Outbox, StoreFailed, StoreFull
from chatd.core.rooms import Attendance, Person
from chatd.node.sanctions import close_reason

if TYPE_CHECKING:
    from chatd.node.node import Node

RETRY_MS = 2000


class Nowhere:
    """ports.Outbox of who hears nothing."""

    def put(self, frame: Frame, *, ephemeral: bool = False) -> None: ...
    async def drained(self) -> None: ...
    def close(self, code: CloseCode, reason: str) -> None: ...
    def hold(self) -> None: ...
    def release(self) -> None: ...


class HookCaller:
    """commands.host.Caller for one post. It is in its hook's room as a plain member is, though
    nobody sees it there."""

    number = 0
    resumes = False
    control = False

    def __init__(self, node: Node, hook: Hook, address: str) -> None:
        self.outbox: Outbox = Nowhere()
        self.dialect = node.dialects["json"]
        self.catching: set[RoomId] = set()
        self.own: set[tuple[RoomId, int]] = set()
        self.address = address
        self.person: Person = Person(hook.user_id, hook.name, guest=False)

    @property
    def me(self) -> Person:
        """The hook."""
        return self.person

    def dismiss(self, code: CloseCode, reason: str) -> None:
        """There is nothing to close."""


class Hooks:
    """``busy`` counts posts in hand: a drain waits for them."""

    def __init__(self, node: Node) -> None:
        self.busy = 0
        self._node = node
        self._paces = Buckets()

    async def find(self, token: str) -> Hook | Error | None:
        """The hook of this token; an error where the store cannot say. Raises nothing else."""
        try:
            return await self._node.auth.hook(token)
        except (StoreFull, StoreFailed):
            return _failed()

    async def post(self, hook: Hook, text: str, key: str | None, address: str) -> Ok | Error:
        """Say it; the answer is as for `send`. Raises nothing."""
        refusal = self._refused(hook, address)
        if refusal is not None:
            self._node.meter.refused(refusal.code)
            return refusal
        self.busy += 1
        try:
            return await self._post(hook, text, key, address)
        finally:
            self.busy -= 1

    def _refused(self, hook: Hook, address: str) -> Error | None:
        """Why it is not even tried."""
        node = self._node
        if node.draining:
            return Error(
                code="draining", message="this server is stopping", retry_after_ms=RETRY_MS
            )
        banned = node.admits(address)
        if banned is not None:
            return Error(code="banned", message=f"{address} is {close_reason(banned)}")
        settings, now = node.settings, node.clock.monotonic()
        wait = self._paces.take(hook.hook_id, 1.0, now, settings.rate, settings.burst)
        if not wait or not node.limits.stops("rate", hook=hook.hook_id, address=address):
            return None
        message = f"over {settings.rate:g} messages a second from this hook"
        return Error(code="rate_limited", message=message, retry_after_ms=int(wait * 1000) + 1)

    async def _post(self, hook: Hook, text: str, key: str | None, address: str) -> Ok | Error:
        node, caller = self._node, HookCaller(self._node, hook, address)
        try:
            room = await node.find_room(hook.room)
        except (Refused, BadName):
            return Error(code="no_such_room", message=f"the room {hook.room} is not there any more")
        except (StoreFull, StoreFailed):
            return _failed()
        caller.person.rooms[room.room_id] = Attendance(room, Rank.MEMBER, lasting=True)
        node.people.make_way(hook.name)
        answer = node.gate.carry_out(caller, Send(room=hook.room, text=text, key=key))
        return answer if isinstance(answer, Ok | Error) else await answer


def _failed() -> Error:
    meaning = ERRORS["storage_failed"].meaning
    return Error(code="storage_failed", message=meaning, retry_after_ms=RETRY_MS)
