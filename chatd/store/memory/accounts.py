"""Accounts, tokens and revocations of the reference store."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from chatd.core.audit import NO_DEED, Deed
from chatd.core.log import Account, Alike, Revocation, Token, UserId
from chatd.core.ports import NameTaken, StoreFailed
from chatd.store.memory.audit import record
from chatd.store.memory.kept import Keeper


class Accounts(Keeper):
    """The port's calls about accounts."""

    async def add_account(
        self, account: Account, skeleton: str, ts: int, *, deed: Deed = NO_DEED
    ) -> None:
        """See the port."""
        kept = self.writing()
        if skeleton in kept.skeletons:
            raise NameTaken(kept.accounts[kept.skeletons[skeleton]].name)
        hooks = [h.name for h in kept.hooks.values() if kept.hook_skeletons[h.hook_id] == skeleton]
        if hooks:
            raise NameTaken(min(hooks))
        if account.user_id in kept.accounts:
            raise StoreFailed(f"there is an account {account.user_id} already")
        kept.accounts[account.user_id] = account
        kept.skeletons[skeleton] = account.user_id
        record(kept, deed)

    async def account(self, name: str) -> Account | None:
        """See the port."""
        return next((a for a in self.reading().accounts.values() if a.name == name), None)

    async def account_by_id(self, user_id: UserId) -> Account | None:
        """See the port."""
        return self.reading().accounts.get(user_id)

    async def accounts(self) -> list[Account]:
        """See the port."""
        return sorted(self.reading().accounts.values(), key=lambda account: account.name)

    async def look_alike(self, looks: Collection[str]) -> Alike:
        """See the port."""
        kept = self.reading()
        accounts = [kept.accounts[kept.skeletons[x]].name for x in looks if x in kept.skeletons]
        alike = [hook_id for hook_id, x in kept.hook_skeletons.items() if x in looks]
        hooks = [hook.name for hook in kept.hooks.values() if hook.hook_id in alike]
        return Alike(min(accounts, default=None), min(hooks, default=None))

    async def set_password(
        self, user_id: UserId, password: str, ts: int, *, deed: Deed = NO_DEED
    ) -> None:
        """See the port."""
        accounts = self.writing().accounts
        if user_id in accounts:
            accounts[user_id] = replace(accounts[user_id], password=password)
            self._revoke(user_id, ts)
            record(self.writing(), deed)

    async def rehash(self, user_id: UserId, old: str, new: str) -> None:
        """See the port."""
        accounts = self.writing().accounts
        if user_id in accounts and accounts[user_id].password == old:
            accounts[user_id] = replace(accounts[user_id], password=new)

    async def set_disabled(
        self, user_id: UserId, disabled: bool, ts: int, *, deed: Deed = NO_DEED
    ) -> None:
        """See the port."""
        accounts = self.writing().accounts
        if user_id in accounts:
            accounts[user_id] = replace(accounts[user_id], disabled=disabled)
            if disabled:
                self._revoke(user_id, ts)
            record(self.writing(), deed)

    async def add_token(self, token: Token, digest: bytes, *, deed: Deed = NO_DEED) -> None:
        """See the port."""
        kept = self.writing()
        if token.user_id not in kept.accounts:
            raise StoreFailed(f"there is no account {token.user_id}")
        kept.tokens[digest] = token
        record(kept, deed)

    async def token(self, digest: bytes) -> Token | None:
        """See the port."""
        return self.reading().tokens.get(digest)

    async def tokens(self, user_id: UserId) -> list[Token]:
        """See the port."""
        tokens = [token for token in self.reading().tokens.values() if token.user_id == user_id]
        return sorted(tokens, key=lambda token: (token.created_ts, token.token_id))

    async def revoke_token(self, token_id: str, ts: int, *, deed: Deed = NO_DEED) -> bool:
        """See the port."""
        tokens = self.writing().tokens
        for digest, token in tokens.items():
            if token.token_id == token_id:
                del tokens[digest]
                self._revoke(token.user_id, ts, token_id)
                record(self.writing(), deed)
                return True
        return False

    async def revocations(self, after: int) -> list[Revocation]:
        """See the port."""
        told = self.reading().revocations
        return told[-1:] if after < 0 else told[after:]

    def _revoke(self, user_id: UserId, ts: int, token_id: str = "") -> None:
        told, number = self.writing().revocations, len(self.writing().revocations) + 1
        told.append(Revocation(number=number, user_id=user_id, ts=ts, token_id=token_id))
