"""ports.Authenticator over a Store: accounts by password or token, guests by a signed token.
How hashes and tokens look is passwords and tokens; making accounts is chatd/ops/users."""

from __future__ import annotations

from chatd.auth import tokens
from chatd.auth.passwords import Passwords
from chatd.core.errors import Refused
from chatd.core.hooks import Hook
from chatd.core.log import Account, Revocation, UserId
from chatd.core.ports import Identity, Revoked, Store, StoreFailed, StoreFull

RETURN_MS = 30 * 86_400_000
"""Milliseconds for which a return token is good; every log-in with it gives a new one."""


class Accounts:
    """Says who somebody is. ``secret`` is the store's own.

    Every call that asks the store may raise what the store raises; ``password`` also
    core.errors.Refused, when more log in than can be answered.
    """

    def __init__(self, store: Store, passwords: Passwords, secret: bytes) -> None:
        self._store = store
        self._passwords = passwords
        self._secret = secret

    async def password(self, user: str, password: str) -> Identity | None:
        """By account name, already prepared, and password."""
        account = await self._store.account(user)
        encoded = account.password if account is not None else ""
        same = await self._passwords.matches(encoded, password)
        # Not earlier: a no must take its time also where there is no such user, or a barred one.
        # Who is barred while we hash is the node's to see, by the store's revocations.
        if account is None or account.disabled or not same:
            return None
        await self._rehash_if_due(account, password)
        return _identity(account)

    async def _rehash_if_due(self, account: Account, password: str) -> None:
        if not self._passwords.needs_rehash(account.password):
            return
        try:
            new = await self._passwords.encode(password)
            await self._store.rehash(account.user_id, account.password, new)
        except (Refused, StoreFull, StoreFailed):
            return  # the old hash is still good: the next log-in will try again

    async def token(self, token: str) -> Identity | None:
        """By a bot's token."""
        digest = tokens.digest(token)
        if digest is None:
            return None
        found = await self._store.token(digest)
        if found is None:
            return None
        account = await self._store.account_by_id(found.user_id)
        if account is None or account.disabled:
            return None
        return _identity(account, found.token_id)

    async def hook(self, token: str) -> Hook | None:
        """The hook of this token. Of what is no token the store is not asked; one that was
        guessed is found, or not, by its digest: how long that takes says nothing of others."""
        digest = tokens.digest(token)
        return None if digest is None else await self._store.hook(digest)

    async def returning(self, return_token: str, now: int, revoked: Revoked) -> Identity | None:
        """By a return token of ours that is good ``now`` (milliseconds since 1970 UTC)."""
        given = tokens.read_return(return_token)
        if given is None or given.until <= now:
            return None
        account = await self._store.account_by_id(given.user_id)
        if account is None or account.disabled:
            return None
        last = revoked(given.user_id)
        right = tokens.seal_return(self._secret, given.user_id, given.until, last)
        return _identity(account) if tokens.same(right, return_token) else None

    def return_token(self, user_id: UserId, now: int, revoked: Revocation | None) -> str:
        """Good for RETURN_MS from ``now``, and no longer than until the next revocation."""
        return tokens.seal_return(self._secret, user_id, now + RETURN_MS, revoked)

    def guest_token(self, user_id: UserId, name: str) -> str:
        """What lets a guest come back as the same one; the name may change."""
        return tokens.seal_guest(self._secret, user_id)

    def guest(self, guest_token: str) -> UserId | None:
        """The id in a guest token of ours; None for anything else."""
        return tokens.open_guest(self._secret, guest_token)


def _identity(account: Account, token_id: str = "") -> Identity:
    return Identity(
        user_id=account.user_id, name=account.name, operator=account.operator, token_id=token_id
    )
