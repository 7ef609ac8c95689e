"""Accounts that are barred and tokens that are revoked, by whatever process: their sessions end,
also those that are only beginning, and no others."""

from __future__ import annotations

import pytest

from chatd.auth import tokens
from chatd.auth.tokens import Minted
from chatd.core.log import Token, UserId
from chatd.core.ports import StoreFailed, StoreFull
from tests.house.house import Client, House

OLD, NEW = "correct horse battery", "staple of the nation"
CARL = UserId("u-carl")


def house_of_carl() -> tuple[House, Minted]:
    """A house with an account that has a token."""
    house, minted = House(), tokens.mint()
    house.account("carl", OLD)
    house.account("dora", OLD)
    token = Token(token_id=minted.token_id, user_id=CARL, label="bot", created_ts=0)
    house.do(house.store.add_token(token, minted.digest))
    return house, minted


def changes_password(house: House) -> None:
    encoded = house.do(house.passwords.encode(NEW))
    house.do(house.store.set_password(CARL, encoded, house.clock.now()))


def logs_in(house: House, **how: str) -> Client:
    client = house.connects()
    client.begins(type="login", id="asked", **how)
    return client


def outcome(client: Client) -> str:
    """How the log-in was answered, and how the session was closed since."""
    answers = [f.get("code", "ok") for f in client.heard() if f.get("id") == "asked"]
    closed = [client.outbox.closed.word] if client.outbox.closed else []
    return " ".join([*answers, *closed])


def test_a_barred_account_loses_all_its_sessions_within_a_second_and_nobody_else_any() -> None:
    house, minted = house_of_carl()
    lines = [logs_in(house, user="carl", password=OLD) for _ in range(2)]
    lines.append(logs_in(house, token=minted.text))
    others = [logs_in(house, user="dora", password=OLD), house.guest("ann")]
    house.do(house.store.set_disabled(CARL, True, house.clock.now()))
    house.pass_(1.0)
    assert [outcome(line) for line in lines] == ["ok revoked"] * 3
    assert [other.outbox.closed for other in others] == [None, None]
    assert outcome(logs_in(house, user="carl", password=OLD)) == "login_failed"
    house.ends()


def test_a_revoked_token_ends_its_own_sessions_only() -> None:
    house, minted = house_of_carl()
    by_token, by_password = (
        logs_in(house, token=minted.text),
        logs_in(house, user="carl", password=OLD),
    )
    house.do(house.store.revoke_token(minted.token_id, house.clock.now()))
    house.pass_(1.0)
    assert (outcome(by_token), outcome(by_password)) == ("ok revoked", "ok")


def test_who_logs_in_with_the_new_password_is_not_hit_by_the_change() -> None:
    house, _ = house_of_carl()
    before = logs_in(house, user="carl", password=OLD)
    changes_password(house)
    after = logs_in(house, user="carl", password=NEW)
    house.pass_(3.0)
    assert (outcome(before), outcome(after)) == ("ok revoked", "ok")


def test_who_is_barred_while_the_log_in_is_checked_is_not_let_in() -> None:
    house, minted = house_of_carl()
    for how, call in (
        ({"user": "carl", "password": OLD}, "account"),
        ({"token": minted.text}, "account_by_id"),
    ):
        house.weather.hold(call)
        client = logs_in(house, **how)
        house.do(house.store.set_disabled(CARL, True, house.clock.now()))
        house.pass_(1.0)
        house.weather.release()
        assert outcome(client) == "login_failed"
        house.do(house.store.set_disabled(CARL, False, house.clock.now()))
    house.ends()


def test_a_token_that_is_revoked_while_it_is_checked_does_not_let_in() -> None:
    house, minted = house_of_carl()
    house.weather.hold("account_by_id")
    client = logs_in(house, token=minted.text)
    house.do(house.store.revoke_token(minted.token_id, house.clock.now()))
    house.pass_(1.0)
    house.weather.release()
    assert outcome(client) == "login_failed"


def test_two_looks_at_the_same_time_carry_out_each_revocation_once() -> None:
    house, _ = house_of_carl()
    changes_password(house)
    house.weather.hold("revocations")
    first = logs_in(house, user="carl", password=NEW)
    second = logs_in(house, user="carl", password=NEW)
    house.weather.arrive(0)
    house.weather.release()
    house.pass_(2.0)
    assert (outcome(first), outcome(second)) == ("ok", "ok")


def test_what_was_revoked_before_the_house_stood_is_old_news() -> None:
    house, _ = house_of_carl()
    changes_password(house)
    again = House(store=house.store)
    client = logs_in(again, user="carl", password=NEW)
    again.pass_(2.0)
    assert outcome(client) == "ok"


def returns(house: House, token: str) -> str:
    return outcome(logs_in(house, return_token=token))


def test_a_bar_ends_return_tokens_for_good_and_a_restart_none() -> None:
    house, _ = house_of_carl()
    changes_password(house)
    first = house.connects().asks(type="login", user="carl", password=NEW)["return_token"]
    again = House(store=house.store)
    assert returns(again, first) == "ok"
    for barred in (True, False):
        again.do(again.store.set_disabled(CARL, barred, again.clock.now()))
    assert returns(again, first) == "login_failed"
    assert returns(House(store=house.store), first) == "login_failed"
    second = again.connects().asks(type="login", user="carl", password=NEW)["return_token"]
    assert returns(again, second) == "ok"


def test_to_encode_passwords_otherwise_ends_no_return_token() -> None:
    house, _ = house_of_carl()
    token = house.connects().asks(type="login", user="carl", password=OLD)["return_token"]
    before = house.do(house.store.account("carl"))
    house.passwords.iterations += 1
    assert outcome(logs_in(house, user="carl", password=OLD)) == "ok"
    assert house.do(house.store.account("carl")) != before
    assert returns(house, token) == "ok"


def test_a_return_token_of_a_log_in_that_a_revocation_passes_is_good_for_nothing() -> None:
    house, _ = house_of_carl()
    house.weather.hold("memberships")
    client = logs_in(house, user="carl", password=OLD)
    changes_password(house)
    house.weather.release()
    [answer] = [frame for frame in client.heard() if frame.get("id") == "asked"]
    assert returns(house, answer["return_token"]) == "login_failed"
    house.pass_(1.0)
    assert outcome(client) == "revoked"


def test_to_come_back_asks_the_store_for_little() -> None:
    house, _ = house_of_carl()
    token = house.connects().asks(type="login", user="carl", password=OLD)["return_token"]
    before = len(house.weather.asked)
    assert returns(house, token) == "ok"
    assert house.weather.asked[before:] == ["revocations", "account_by_id", "memberships"]


@pytest.mark.parametrize("error", [StoreFull("full"), StoreFailed("failed")])
def test_a_store_that_fails_is_looked_at_again(error: Exception) -> None:
    house, _ = house_of_carl()
    client = logs_in(house, user="carl", password=OLD)
    house.do(house.store.set_disabled(CARL, True, house.clock.now()))
    house.weather.fail("revocations", error, 2)
    house.pass_(2.0)
    assert outcome(client) == "ok"
    house.pass_(1.0)
    assert outcome(client) == "revoked"
    assert sum(line.startswith("revocations_unread") for line in house.log.lines) == 2


def test_a_fault_does_not_end_the_watch() -> None:
    house, _ = house_of_carl()
    client = logs_in(house, user="carl", password=OLD)
    house.do(house.store.set_disabled(CARL, True, house.clock.now()))
    house.weather.fail("revocations", ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        house.pass_(1.0)
    house.pass_(1.0)
    assert outcome(client) == "ok revoked"


def test_a_stopped_house_looks_no_more() -> None:
    house, _ = house_of_carl()
    house.tasks.spawn(house.node.stop())
    asked = len(house.weather.asked)
    house.pass_(10.0)
    assert len(house.weather.asked) == asked
