"""Who is let in, and what it costs to find out: Accounts over the reference store."""

import hashlib
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from chatd.auth import tokens
from chatd.auth.accounts import RETURN_MS, Accounts
from chatd.auth.passwords import Passwords, encode, parse
from chatd.core.errors import Refused
from chatd.core.log import Account, Revocation, Token, UserId
from chatd.core.ports import Authenticator, Identity, StoreFailed, StoreFull
from chatd.store.memory import MemoryStore
from tests.unit.auth.hops import Here, T, finish, here

COST = 50
HORSE = "correct horse"
ANN = Account(user_id=UserId("uann"), name="ann", password=str(encode(HORSE.encode(), COST)))
SHE = Identity(user_id=UserId("uann"), name="ann", operator=False)


class Counting:
    """A Hop that counts, and can be made to refuse."""

    def __init__(self) -> None:
        self.hops = 0
        self.most = 100

    def __call__(self, work: Callable[[], T], /) -> Here[T]:
        self.hops += 1
        if self.hops > self.most:
            raise Refused("rate_limited", "too many", 100)
        return here(work)


class World:
    """A store with Ann, and who asks it."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.hop = Counting()
        self.passwords = Passwords(self.hop, COST)
        self.auth = Accounts(self.store, self.passwords, bytes(range(32)))
        finish(self.store.add_account(ANN, "ann", 1))

    def password(self, user: str, password: str) -> Identity | None:
        return finish(self.auth.password(user, password))

    def stored(self) -> Account:
        account = finish(self.store.account("ann"))
        assert account is not None
        return account

    def new_token(self) -> tokens.Minted:
        minted = tokens.mint()
        token = Token(token_id=minted.token_id, user_id=ANN.user_id, label="bot", created_ts=1)
        finish(self.store.add_token(token, minted.digest))
        return minted


@pytest.fixture
def world() -> World:
    return World()


def test_it_is_the_port(world: World) -> None:
    port: Authenticator = world.auth
    assert port is world.auth


def test_the_right_password_says_who_it_is(world: World) -> None:
    assert world.password("ann", HORSE) == SHE


def test_an_operator_is_known_as_one(world: World) -> None:
    root = replace(ANN, user_id=UserId("uroot"), name="root", operator=True)
    finish(world.store.add_account(root, "root", 1))
    assert world.password("root", HORSE) == replace(
        SHE, user_id=UserId("uroot"), name="root", operator=True
    )


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("ann", "wrong horse"),
        ("ann", ""),
        ("ann", "\x00"),
        ("bob", HORSE),
        ("", ""),
        ("uann", HORSE),
    ],
)
def test_everything_else_is_a_plain_no(world: World, user: str, password: str) -> None:
    assert world.password(user, password) is None


def test_a_disabled_account_is_a_no_with_the_right_password(world: World) -> None:
    finish(world.store.set_disabled(ANN.user_id, True, 2))
    assert world.password("ann", HORSE) is None
    finish(world.store.set_disabled(ANN.user_id, False, 3))
    assert world.password("ann", HORSE) == SHE


@pytest.mark.parametrize("case", ["wrong", "unknown", "disabled", "disabled and wrong"])
def test_every_no_costs_the_same(world: World, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    derive, spent = hashlib.pbkdf2_hmac, list[int]()

    def counted(name: str, text: bytes, salt: bytes, rounds: int, length: int) -> bytes:
        spent.append(rounds)
        return derive(name, text, salt, rounds, length)

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", counted)
    if "disabled" in case:
        finish(world.store.set_disabled(ANN.user_id, True, 2))
    password = "wrong horse" if "wrong" in case else HORSE
    assert world.password("bob" if case == "unknown" else "ann", password) is None
    assert spent == [COST]
    assert world.hop.hops == 1


def test_a_login_brings_a_hash_of_another_cost_up_to_date(world: World) -> None:
    world.passwords.iterations = 60
    assert world.password("ann", HORSE) == SHE
    renewed = parse(world.stored().password)
    assert renewed is not None
    assert renewed.iterations == 60
    assert world.password("ann", HORSE) == SHE
    assert finish(world.store.revocations(0)) == []


def test_a_wrong_password_renews_nothing(world: World) -> None:
    world.passwords.iterations = 60
    assert world.password("ann", "wrong horse") is None
    assert world.stored() == ANN


def test_a_hash_that_cannot_be_renewed_just_now_does_not_keep_anybody_out(world: World) -> None:
    world.passwords.iterations = 60
    world.hop.most = 1
    assert world.password("ann", HORSE) == SHE
    assert world.stored() == ANN


@pytest.mark.parametrize("trouble", [StoreFull("no room"), StoreFailed("broken")])
def test_a_store_that_cannot_write_does_not_keep_anybody_out(
    world: World, trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(user_id: UserId, old: str, new: str) -> None:
        raise trouble

    monkeypatch.setattr(world.store, "rehash", fails)
    world.passwords.iterations = 60
    assert world.password("ann", HORSE) == SHE


def test_a_crowd_is_told_to_wait_and_not_that_it_is_wrong(world: World) -> None:
    world.hop.most = 0
    with pytest.raises(Refused) as no:
        world.password("ann", HORSE)
    assert no.value.code.word == "rate_limited"


def test_a_token_logs_in_its_account_and_is_named(world: World) -> None:
    minted = world.new_token()
    found = finish(world.auth.token(minted.text))
    assert found == replace(SHE, token_id=minted.token_id)
    assert world.hop.hops == 0


def test_the_store_knows_a_token_by_its_digest_only(world: World) -> None:
    minted = world.new_token()
    kept = finish(world.store.token(hashlib.sha256(minted.text.encode()).digest()))
    assert kept is not None
    assert minted.text not in repr(kept)


@pytest.mark.parametrize(
    "text", ["", "chatd_", "\ud800", pytest.param(tokens.mint().text, id="minted"), HORSE]
)
def test_another_text_is_no_token(world: World, text: str) -> None:
    world.new_token()
    assert finish(world.auth.token(text)) is None


def test_a_revoked_token_is_dead(world: World) -> None:
    minted = world.new_token()
    finish(world.store.revoke_token(minted.token_id, 2))
    assert finish(world.auth.token(minted.text)) is None


def test_the_token_of_a_disabled_account_is_dead(world: World) -> None:
    minted = world.new_token()
    finish(world.store.set_disabled(ANN.user_id, True, 2))
    assert finish(world.auth.token(minted.text)) is None


def test_a_guest_comes_back_as_the_same_one_under_any_name(world: World) -> None:
    guest = UserId("gXyz")
    token = world.auth.guest_token(guest, "visitor")
    assert token == world.auth.guest_token(guest, "other")
    assert world.auth.guest(token) == guest


def test_a_guest_of_another_server_is_unknown(world: World) -> None:
    elsewhere = Accounts(world.store, world.passwords, bytes(32))
    assert world.auth.guest(elsewhere.guest_token(UserId("gXyz"), "visitor")) is None


def last(world: World, user_id: UserId = ANN.user_id) -> Revocation | None:
    """As the node knows it."""
    told = finish(world.store.revocations(0))
    return next((r for r in reversed(told) if r.user_id == user_id and not r.token_id), None)


def given(world: World) -> str:
    return world.auth.return_token(ANN.user_id, 1, last(world))


def returning(world: World, token: str, now: int = 1) -> Identity | None:
    return finish(world.auth.returning(token, now, lambda user_id: last(world, user_id)))


def test_whoever_was_let_in_may_come_back_for_a_while(world: World) -> None:
    token = given(world)
    assert returning(world, token) == SHE
    assert returning(world, token, RETURN_MS) == SHE
    assert returning(world, token, RETURN_MS + 1) is None
    assert world.hop.hops == 0


def test_a_new_password_ends_all_return_tokens(world: World) -> None:
    token = given(world)
    finish(world.store.set_password(ANN.user_id, str(encode(b"another horse", COST)), 2))
    assert returning(world, token) is None
    assert returning(world, given(world)) == SHE


def test_a_bar_ends_all_return_tokens_also_when_it_is_lifted(world: World) -> None:
    token = given(world)
    finish(world.store.set_disabled(ANN.user_id, True, 2))
    assert returning(world, token) is None
    assert returning(world, given(world)) is None
    finish(world.store.set_disabled(ANN.user_id, False, 3))
    assert returning(world, token) is None
    assert returning(world, given(world)) == SHE


def test_the_same_password_encoded_anew_ends_no_return_token(world: World) -> None:
    token = given(world)
    world.passwords.iterations = 60
    assert world.password("ann", HORSE) == SHE
    assert world.stored() != ANN
    assert returning(world, token) == SHE


def test_what_happens_to_bots_tokens_and_to_others_ends_no_return_token(world: World) -> None:
    minted, token = world.new_token(), given(world)
    finish(world.store.revoke_token(minted.token_id, 2))
    bob = replace(ANN, user_id=UserId("ubob"), name="bob")
    finish(world.store.add_account(bob, "bob", 2))
    finish(world.store.set_disabled(bob.user_id, True, 3))
    assert returning(world, token) == SHE


def test_after_a_restore_no_token_of_what_it_took_back_is_good(world: World) -> None:
    before = given(world)
    lost = Revocation(number=1, user_id=ANN.user_id, ts=2)
    later = world.auth.return_token(ANN.user_id, 1, lost)
    assert returning(world, before) == SHE
    assert returning(world, later) is None
    finish(world.store.set_disabled(ANN.user_id, True, 5))
    finish(world.store.set_disabled(ANN.user_id, False, 6))
    anew = last(world)
    assert anew is not None
    assert anew.number == lost.number
    assert returning(world, before) is None
    assert returning(world, later) is None


def test_nobody_writes_a_return_token_but_the_server(world: World) -> None:
    token = given(world)
    later = token.replace(f".{1 + RETURN_MS}.", f".{2 + RETURN_MS}.")
    assert later != token
    for text in (later, token[:-1], token + "\n", token.replace("uann", "ubob"), "", "\ud800"):
        assert returning(world, text) is None


def test_of_whom_there_is_no_account_any_more_nobody_comes_back(world: World) -> None:
    assert returning(world, world.auth.return_token(UserId("unobody"), 1, None)) is None
