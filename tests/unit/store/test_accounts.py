"""What every store does with accounts, tokens and revocations."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chatd.core.log import Alike, Revocation, Token, UserId
from chatd.core.ports import NameTaken, Store, StoreFailed
from tests.unit.store.examples import account

ANN = account()
TOKEN = Token(token_id="t1", user_id=ANN.user_id, label="build bot", created_ts=7)
DIGEST = bytes(range(32))


async def test_an_account_is_found_by_name_and_by_id(store: Store) -> None:
    operator = replace(ANN, operator=True)
    await store.add_account(operator, "ann", 5)
    assert await store.account("ann") == operator
    assert await store.account_by_id(ANN.user_id) == operator
    assert await store.account("Ann") is None
    assert await store.account_by_id(UserId("u9")) is None


async def test_look_alikes_are_refused_with_the_others_name(store: Store) -> None:
    await store.add_account(ANN, "ann", 5)
    with pytest.raises(NameTaken) as refused:
        await store.add_account(account("Ann", "u2"), "ann", 6)
    assert refused.value.args == ("ann",)
    assert await store.look_alike(["bob", "ann"]) == Alike("ann")
    assert await store.look_alike(["bob"]) == Alike()
    assert await store.accounts() == [ANN]


async def test_an_id_is_never_given_twice(store: Store) -> None:
    await store.add_account(ANN, "ann", 5)
    with pytest.raises(StoreFailed):
        await store.add_account(account("bob", "u1"), "bob", 6)
    assert await store.accounts() == [ANN]


async def test_accounts_are_listed_by_name(store: Store) -> None:
    for name, user_id in (("cid", "u1"), ("ann", "u2"), ("bob", "u3")):
        await store.add_account(account(name, user_id), name, 5)
    assert [each.name for each in await store.accounts()] == ["ann", "bob", "cid"]


async def test_a_new_password_revokes_the_accounts_sessions(store: Store) -> None:
    await store.add_account(ANN, "ann", 5)
    await store.set_password(ANN.user_id, "new hash", 6)
    changed = await store.account("ann")
    assert changed == replace(ANN, password="new hash")
    assert await store.revocations(0) == [Revocation(number=1, user_id=ANN.user_id, ts=6)]


async def test_the_same_password_encoded_anew_revokes_nothing(store: Store) -> None:
    await store.add_account(ANN, "ann", 5)
    await store.rehash(ANN.user_id, ANN.password, "stronger")
    assert await store.account("ann") == replace(ANN, password="stronger")
    assert await store.revocations(0) == []


async def test_a_password_that_was_changed_meanwhile_is_not_encoded_anew(store: Store) -> None:
    await store.add_account(ANN, "ann", 5)
    await store.rehash(ANN.user_id, "an older hash", "stronger")
    assert await store.account("ann") == ANN


async def test_barring_revokes_and_letting_in_does_not(store: Store) -> None:
    await store.add_account(ANN, "ann", 5)
    await store.set_disabled(ANN.user_id, True, 6)
    assert await store.account("ann") == replace(ANN, disabled=True)
    await store.set_disabled(ANN.user_id, False, 7)
    assert await store.account("ann") == ANN
    assert await store.revocations(0) == [Revocation(number=1, user_id=ANN.user_id, ts=6)]


async def test_nobodys_account_is_left_alone(store: Store) -> None:
    nobody = UserId("u9")
    await store.set_password(nobody, "hash", 5)
    await store.set_disabled(nobody, True, 5)
    await store.rehash(nobody, "a", "b")
    assert await store.accounts() == []
    assert await store.revocations(0) == []


async def test_a_token_is_found_by_its_digest(store: Store) -> None:
    await store.add_account(ANN, "ann", 5)
    await store.add_token(TOKEN, DIGEST)
    assert await store.token(DIGEST) == TOKEN
    assert await store.token(bytes(32)) is None


async def test_tokens_are_listed_for_their_account_oldest_first(store: Store) -> None:
    await store.add_account(ANN, "ann", 5)
    newer = replace(TOKEN, token_id="t0", created_ts=8)
    await store.add_token(newer, bytes(32))
    await store.add_token(TOKEN, DIGEST)
    assert await store.tokens(ANN.user_id) == [TOKEN, newer]
    assert await store.tokens(UserId("u9")) == []


async def test_a_token_needs_an_account(store: Store) -> None:
    with pytest.raises(StoreFailed, match="no account u1"):
        await store.add_token(TOKEN, DIGEST)


async def test_a_revoked_token_is_gone_at_once(store: Store) -> None:
    await store.add_account(ANN, "ann", 5)
    await store.add_token(TOKEN, DIGEST)
    assert await store.revoke_token("t1", 9)
    assert not await store.revoke_token("t1", 9)
    assert await store.token(DIGEST) is None
    assert await store.tokens(ANN.user_id) == []
    revoked = Revocation(number=1, user_id=ANN.user_id, ts=9, token_id="t1")
    assert await store.revocations(0) == [revoked]


async def test_revocations_can_be_followed_from_the_newest(store: Store) -> None:
    assert await store.revocations(-1) == []
    await store.add_account(ANN, "ann", 5)
    for ts in (6, 7, 8):
        await store.set_password(ANN.user_id, f"hash {ts}", ts)
    assert [each.number for each in await store.revocations(-1)] == [3]
    assert [each.number for each in await store.revocations(1)] == [2, 3]
    assert await store.revocations(3) == []
