"""What was revoked: the accounts and tokens of which the store says that their sessions must end.
Whether somebody is who they say is chatd/auth; bans are sanctions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.core.errors import REVOKED
from chatd.core.log import Revocation, UserId

if TYPE_CHECKING:
    from chatd.node.node import Node


class Revocations:
    """The last revocation of each account, and of each token that was revoked since the start.
    All of an account's are known from the start on: its return tokens are sealed with the last."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._last: dict[tuple[UserId, str], Revocation] = {}
        self._number = 0

    async def start(self) -> None:
        """Learn what was revoked until now. Nobody is here yet whom it could concern; a token that
        was revoked is in the store no more."""
        for revocation in await self._node.store.revocations(0):
            self._number = revocation.number
            if not revocation.token_id:
                self._last[revocation.user_id, ""] = revocation

    async def mark(self) -> int:
        """See commands.host."""
        for revocation in await self._node.store.revocations(self._number):
            if revocation.number > self._number:  # two may read at the same time
                self._apply(revocation)
        return self._number

    def _apply(self, revocation: Revocation) -> None:
        node, user_id, token_id = self._node, revocation.user_id, revocation.token_id
        self._number = revocation.number
        self._last[user_id, token_id] = revocation
        if not token_id:
            node.spawn(node.fanout.forget(user_id))
        person = node.people.by_id(user_id)
        for session in tuple(node.sessions) if person else ():
            if session.person is person and token_id in ("", session.token_id):
                session.dismiss(REVOKED, "the account or token was revoked")

    def last(self, user_id: UserId) -> Revocation | None:
        """See commands.host."""
        return self._last.get((user_id, ""))

    def newest(self, user_id: UserId, token_id: str) -> int:
        """The number of the last one that ends a session of this account by this token, if any;
        0: none."""
        found = self._last.get((user_id, "")), self._last.get((user_id, token_id))
        return max((each.number for each in found if each is not None), default=0)
