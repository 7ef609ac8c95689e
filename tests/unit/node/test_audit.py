"""What a node puts into the audit log: every administrative command, and log-ins that failed."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.commands import COMMANDS, Row, control, moderation, operator
from chatd.core import commands as c
from chatd.core.audit import Deed, Record
from chatd.core.audit_walk import Walk
from chatd.core.events import Ok
from chatd.core.ports import StoreFailed, StoreFull
from chatd.node.audit import MOST_OWED
from chatd.node.failures import LATEST, PLACES, RECORDS
from tests.house.house import Client, House

SECRET = "correct horse battery"
LOOKS = {
    *(c.Bans, c.Reports, c.Report, c.Audit, c.AuditVerify),
    *(c.Status, c.Everybody, c.Watch, c.Explain, c.Support),
}
"""What moderators and operators do that changes nothing for others."""
DONE: dict[type[c.Command], tuple[dict[str, Any], dict[str, str]]] = {
    c.Role: (
        {"room": "lobby", "user": "bob", "role": "moderator"},
        {"user": "bob", "room": "lobby", "role": "moderator"},
    ),
    c.Delete: ({"room": "lobby", "seq": 1}, {"user": "bob", "room": "lobby", "seq": "1"}),
    c.Kick: (
        {"room": "lobby", "user": "bob", "reason": "spam"},
        {"user": "bob", "room": "lobby", "reason": "spam"},
    ),
    c.Ban: ({"who": "bob", "seconds": 60}, {"user": "bob", "seconds": "60"}),
    c.Unban: ({"who": "192.0.2.9"}, {"address": "192.0.2.9"}),
    c.Mute: ({"user": "bob", "room": "lobby"}, {"user": "bob", "room": "lobby"}),
    c.Unmute: ({"user": "eve"}, {"user": "eve"}),
    c.Slow: ({"room": "lobby", "seconds": 5}, {"room": "lobby", "seconds": "5"}),
    c.ReadOnly: ({"room": "lobby"}, {"room": "lobby", "on": "yes"}),
    c.Settle: ({"number": 1, "outcome": "fine"}, {"report": "1", "outcome": "fine"}),
    c.Emergency: ({"step": "no_new"}, {"step": "no_new", "before": "off"}),
    c.Announce: ({"text": "the kettle is on"}, {"characters": "16"}),
    c.Drain: ({}, {"sessions": "2"}),
    c.Undrain: ({}, {}),
    c.Reload: ({}, {}),
    c.Loglevel: ({"level": "debug"}, {"level": "debug", "before": "info"}),
}
AUDITED = [kind for kind, row in COMMANDS.items() if row.audited]


def records(house: House) -> list[Record]:
    found: list[Record] = house.do(house.store.audit(0, 10_000))
    return found


@pytest.fixture
def house() -> House:
    house = House()
    for name in ("olga", "bob", "eve"):
        house.account(name, SECRET, operator=name == "olga")
    return house


@pytest.fixture
def olga(house: House) -> Client:
    """An operator, with something to do."""
    olga = house.user("olga", SECRET, "lobby")
    bob = house.user("bob", SECRET, "lobby")
    bob.asks(type="send", room="lobby", text="hello")
    bob.asks(type="report", room="lobby", seq=1)
    olga.asks(type="mute", user="eve")
    olga.asks(type="ban", who="192.0.2.9")
    return olga


def test_every_administrative_command_is_audited() -> None:
    modules = {module.__name__ for module in (moderation, operator, control)}
    there = {kind for kind, row in COMMANDS.items() if row.handler.__module__ in modules}
    there |= {kind for kind, row in COMMANDS.items() if row.operators}
    assert there - LOOKS == set(AUDITED) - {c.Role, c.Delete}
    assert set(DONE) == set(AUDITED), "say here what the new one records"


@pytest.mark.parametrize("kind", AUDITED, ids=lambda kind: kind.__name__)
def test_what_is_done_is_recorded_once_with_who_and_whom(
    house: House, olga: Client, kind: type[c.Command]
) -> None:
    asked, facts = DONE[kind]
    before = len(records(house))
    assert olga.asks(type=kind.__name__.lower(), **asked)["type"] == "ok"
    (record,) = records(house)[before:]
    assert (record.verb, record.told_who.name) == (kind.__name__.lower(), "olga")
    assert (record.actor_id, record.told_who.address) == ("u-olga", "192.0.2.1")
    assert record.told_what == facts
    assert record.target_id == (f"u-{facts['user']}" if "user" in facts else "")
    assert record.ts == house.clock.now()
    assert house.meter.counts["audit"] == record.number
    assert house.meter.counts["audit_head"] == int(record.hash[:12], 16)
    assert any(record.hash in line for line in house.log.lines)


@pytest.mark.parametrize("kind", AUDITED, ids=lambda kind: kind.__name__)
def test_what_is_refused_is_not_recorded(house: House, olga: Client, kind: type[c.Command]) -> None:
    asked, _ = DONE[kind]
    eve = house.guest("ann", "lobby")
    before = len(records(house))
    assert eve.asks(type=kind.__name__.lower(), **asked)["type"] == "error"
    assert len(records(house)) == before


OWED = {c.Drain, c.Undrain, c.Reload, c.Loglevel}
"""What gets a server out of trouble does not wait for its store."""


@pytest.mark.parametrize(
    "kind", [k for k in AUDITED if k not in OWED], ids=lambda kind: kind.__name__
)
def test_what_cannot_be_recorded_is_not_done(
    house: House, olga: Client, kind: type[c.Command]
) -> None:
    asked, _ = DONE[kind]
    before = len(records(house))
    house.store.trouble = StoreFull("full")
    assert olga.asks(type=kind.__name__.lower(), **asked)["code"] == "storage_full"
    house.store.trouble = None
    assert len(records(house)) == before
    assert "kettle" not in str(olga.lines())


@pytest.mark.parametrize("kind", [k for k in AUDITED if k in OWED], ids=lambda kind: kind.__name__)
def test_what_gets_out_of_trouble_is_done_and_recorded_later(
    house: House, olga: Client, kind: type[c.Command]
) -> None:
    asked, facts = DONE[kind]
    before = len(records(house))
    house.store.trouble = StoreFull("full")
    assert olga.asks(type=kind.__name__.lower(), **asked)["type"] == "ok"
    assert house.meter.counts["audit_owed"] == 1
    told = f"'newest': '{kind.__name__.lower()}'"
    assert any(told in line for line in house.log.lines)
    house.store.trouble = None
    house.pass_(1.0)
    (record,) = records(house)[before:]
    assert (record.verb, record.told_what) == (kind.__name__.lower(), facts)


def test_what_is_ones_own_or_only_looked_at_is_not_recorded(house: House, olga: Client) -> None:
    seq = olga.asks(type="send", room="lobby", text="hello")["seq"]
    before = len(records(house))
    assert olga.asks(type="delete", room="lobby", seq=seq)["type"] == "ok"
    assert olga.asks(type="emergency")["type"] == "ok"
    assert len(records(house)) == before


def test_a_verb_that_forgets_is_recorded_by_the_gate(
    house: House, olga: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forgets(*_: object) -> Ok:
        return Ok()

    table: Any = COMMANDS
    monkeypatch.setitem(table, c.Announce, Row(forgets, audited=True, word="announce"))
    assert olga.asks(type="announce", text="hello")["type"] == "ok"
    record = records(house)[-1]
    assert (record.verb, record.told_who.name, record.told_what) == ("announce", "olga", {})


def test_no_text_and_no_password_is_ever_in_it(house: House, olga: Client) -> None:
    olga.asks(type="announce", text="the secret kettle")
    olga.asks(type="delete", room="lobby", seq=1)
    stranger = house.connects()
    stranger.asks(type="login", user="my secret pass", password="secret")
    stranger.asks(type="login", user="bob", password="secret again")
    house.pass_(2.0)
    told = str(records(house))
    assert "login_failed" in told
    for word in ("secret", "kettle", "hello"):
        assert word not in told


def test_another_process_s_records_are_told_within_a_second(house: House) -> None:
    house.do(house.store.record(Deed(ts=1, verb="user_add", actor="root")))
    house.pass_(1.0)
    assert house.meter.counts["audit"] == 1
    assert any("user_add" in line for line in house.log.lines)


def test_where_the_log_stands_is_said_at_the_start(house: House) -> None:
    house.do(house.store.record(Deed(ts=1, verb="user_add", actor="root")))
    (record,) = records(house)
    later = House(store=house.store)
    assert later.meter.counts["audit"] == 1
    assert any("audit_head" in line and record.hash in line for line in later.log.lines)


# --- log-ins that failed ---


def fails(house: House, user: str = "bob", address: str = "192.0.2.7", times: int = 1) -> None:
    for _ in range(times):
        client = house.connects(address=address)
        answer = client.asks(type="login", user=user, password="wrong")
        assert answer["code"] in {"login_failed", "rate_limited"}
        client.drops()


def failures(house: House) -> list[tuple[str, dict[str, str]]]:
    found = [each for each in records(house) if each.verb == "login_failed"]
    return [(each.told_who.address, each.told_what) for each in found]


def test_a_failed_log_in_is_recorded_within_a_second(house: House) -> None:
    fails(house)
    house.pass_(1.0)
    expected = {"user": "bob", "failures": "1", "kind": "password"}
    assert failures(house) == [("192.0.2.7", expected)]
    assert records(house)[-1].target_id == "u-bob"


def test_a_name_that_is_nobodys_is_not_recorded(house: House) -> None:
    fails(house, "hunter2")
    house.pass_(1.0)
    assert failures(house) == [("192.0.2.7", {"failures": "1", "kind": "password"})]


def test_those_from_one_address_about_one_account_are_one_record(house: House) -> None:
    fails(house, times=3)
    fails(house, "eve")
    fails(house, address="192.0.2.8")
    house.pass_(1.0)
    counts = sorted((a, f["user"], f["failures"]) for a, f in failures(house))
    assert counts == [
        ("192.0.2.7", "bob", "3"),
        ("192.0.2.7", "eve", "1"),
        ("192.0.2.8", "bob", "1"),
    ]


def test_a_guesser_does_not_fill_the_disk(house: House) -> None:
    """However many, from however many addresses, for however long: a few records a minute."""
    count = house.node.audit.failures.count
    minutes = 30
    for second in range(minutes * 60):
        for n in range(100):
            address = f"2001:db8::{second:x}:{n:x}"
            count(address, c.Login(user=f"user{n}", password="x"), "login_failed")
        house.pass_(1.0)
    assert len(failures(house)) <= (minutes + 10) * (RECORDS + 1)
    counted = sum(int(facts["failures"]) for _, facts in failures(house))
    assert minutes * 6000 - counted <= LATEST * 100
    assert len(house.node.audit.failures._counts) <= PLACES + 1


def test_after_quiet_the_next_one_is_recorded_soon_again(house: House) -> None:
    for _ in range(5):
        fails(house)
        house.pass_(LATEST)
    house.pass_(2 * LATEST)
    before = len(failures(house))
    fails(house)
    house.pass_(1.0)
    assert len(failures(house)) == before + 1


@pytest.mark.parametrize("trouble", [StoreFull("full"), StoreFailed("failed")])
def test_what_nobody_waits_for_is_recorded_when_the_store_can_again(
    house: House, trouble: StoreFull | StoreFailed
) -> None:
    fails(house)
    house.store.trouble = trouble
    house.pass_(1.0)
    assert house.meter.counts["audit_owed"] == 1
    house.store.trouble = None
    house.pass_(1.0)
    assert house.meter.counts["audit_owed"] == 0
    assert len(failures(house)) == 1


def test_what_is_still_owed_at_the_end_is_told_whole_as_lost(house: House, olga: Client) -> None:
    house.store.trouble = StoreFull("full")
    olga.asks(type="loglevel", level="debug")
    house.do(house.node.audit.stop())
    assert "audit_lost" not in str(house.log.lines)
    house.do(house.node.audit.give_up())
    (told,) = [line for line in house.log.lines if line.startswith("audit_lost")]
    for fact in ("loglevel", f"'ts': {house.clock.now()}", "olga", "192.0.2.1", "before=info"):
        assert fact in told
    house.do(house.node.audit.give_up())
    assert str(house.log.lines).count("audit_lost") == 1


def test_of_more_than_is_kept_the_oldest_is_told_as_lost(house: House) -> None:
    house.store.trouble = StoreFull("full")
    deeds = [Deed(ts=n, verb="reload") for n in range(MOST_OWED + 1)]
    house.do(house.node.audit.note(*deeds))
    (told,) = [line for line in house.log.lines if line.startswith("audit_lost")]
    assert "'ts': 0" in told


def test_what_was_counted_is_recorded_when_the_node_stops(house: House) -> None:
    fails(house)
    house.do(house.node.audit.stop())
    assert len(failures(house)) == 1


def test_the_chain_is_whole_after_all_that(house: House, olga: Client) -> None:
    fails(house, times=2)
    house.pass_(1.0)
    olga.asks(type="announce", text="hello")
    walk = Walk()
    walk.take(records(house))
    verdict = walk.end(house.do(house.store.audit_head()))
    assert (verdict.flaws, verdict.records) == ((), len(records(house)))
