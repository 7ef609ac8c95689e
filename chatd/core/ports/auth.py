"""The authenticator's port: who somebody is.
Its implementations are in chatd/auth; what they may then do is core/policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from msgspec import Struct

from chatd.core.hooks import Hook
from chatd.core.log import Revocation, UserId


class Identity(Struct, frozen=True, kw_only=True):
    """Who an authenticator says it is. ``token_id`` is empty when a password was used."""

    user_id: UserId
    name: str
    operator: bool
    token_id: str = ""


Revoked: TypeAlias = Callable[[UserId], Revocation | None]
"""The last revocation that ended all sessions of an account, by a new password or a bar."""


class Authenticator(Protocol):
    """Says who somebody is. None means no, without saying why, in the same time."""

    async def password(self, user: str, password: str) -> Identity | None:
        """By account name, already prepared, and password."""
        ...

    async def token(self, token: str) -> Identity | None:
        """By a bot's token."""
        ...

    async def hook(self, token: str) -> Hook | None:
        """The hook of this token."""
        ...

    async def returning(self, return_token: str, now: int, revoked: Revoked) -> Identity | None:
        """By a return token. ``now``: milliseconds since 1970 UTC; ``revoked`` is asked when it is
        known whose token it would be."""
        ...

    def return_token(self, user_id: UserId, now: int, revoked: Revocation | None) -> str:
        """What lets an account come back without its password, until another revocation than this
        is its last one, or it was away for too long."""
        ...

    def guest_token(self, user_id: UserId, name: str) -> str:
        """What lets a guest come back as the same one; the name may change."""
        ...

    def guest(self, guest_token: str) -> UserId | None:
        """The id in a guest token of ours; None for anything else."""
        ...
