"""Who has just spoken need not be asked about again, until something changes: then at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatd.core.log import UserId
from chatd.core.policy import Case, Verdict, decide
from chatd.core.sanctions import Emergency, RoomRules, Subject
from tests.house.house import Client, House

SECRET = "a long password"
NAMES = ("olga", "mona", "bob")


@pytest.fixture(params=[True, False], ids=["history", "passing"])
def house(request: pytest.FixtureRequest) -> House:
    """Where olga is an operator, mona moderates the room, and bob is in it."""
    house = House(history=request.param)
    for name in NAMES:
        house.account(name, SECRET, operator=name == "olga")
    return house


def company(house: House) -> dict[str, Client]:
    """All of them in one room, in which each has spoken."""
    here = {name: house.user(name, SECRET) for name in NAMES}
    assert here["olga"].asks(type="create", room="tea")["type"] == "ok"
    for name in ("mona", "bob"):
        here[name].asks(type="join", room="tea")
    assert here["olga"].asks(type="role", room="tea", user="mona", role="moderator")["type"] == "ok"
    for client in here.values():
        assert said(client) == "ok"
    return here


def said(client: Client) -> str:
    answer = client.asks(type="send", room="tea", text="hello")
    return str(answer.get("code", answer["type"]))


Change = tuple[str, dict[str, Any], dict[str, Any], str]

CHANGES: list[Change] = [
    ("mona", {"type": "mute", "user": "bob", "room": "tea"}, {"type": "unmute"}, "muted"),
    ("olga", {"type": "mute", "user": "bob"}, {"type": "unmute"}, "muted"),
    ("mona", {"type": "readonly", "room": "tea", "on": True}, {"on": False}, "read_only"),
    ("mona", {"type": "slow", "room": "tea", "seconds": 60}, {"seconds": 0}, "slow_mode"),
    ("olga", {"type": "emergency", "step": "operators"}, {"step": "off"}, "emergency"),
]


@pytest.mark.parametrize(("who", "command", "back", "code"), CHANGES, ids=[c[3] for c in CHANGES])
def test_what_changes_by_a_command_holds_at_once_and_no_longer(
    house: House, who: str, command: dict[str, Any], back: dict[str, Any], code: str
) -> None:
    here = company(house)
    assert here[who].asks(**command)["type"] == "ok"
    if code == "slow_mode":
        assert said(here["bob"]) == "ok"
    assert said(here["bob"]) == code
    assert said(here["olga"]) == "ok"
    assert here[who].asks(**(command | back))["type"] == "ok"
    assert [said(here["bob"]) for _ in range(2)] == ["ok", "ok"]
    house.ends()


def test_who_loses_a_rank_is_under_the_rooms_rules_at_once(house: House) -> None:
    here = company(house)
    assert here["mona"].asks(type="readonly", room="tea", on=True)["type"] == "ok"
    assert said(here["mona"]) == "ok"
    assert here["olga"].asks(type="role", room="tea", user="mona", role="member")["type"] == "ok"
    assert said(here["mona"]) == "read_only"


def test_who_is_an_operator_no_more_is_under_the_rules_at_once(house: House) -> None:
    here = company(house)
    assert here["olga"].asks(type="role", room="tea", user="olga", role="member")["type"] == "ok"
    assert here["mona"].asks(type="readonly", room="tea", on=True)["type"] == "ok"
    assert said(here["olga"]) == "ok"
    olga = house.node.named("olga")
    assert olga is not None
    olga.operator = False
    assert said(here["olga"]) == "read_only"


def mutes(house: House) -> None:
    bob = Subject("user", "u-bob", "bob")
    now = house.clock.now()
    house.do(
        house.store.sanction("mute", bob, None, reason="", by="olga", ts=now, until=now + 5000)
    )


def shuts(house: House) -> None:
    house.do(house.store.set_emergency(Emergency.OPERATORS))


def hushes(house: House) -> None:
    room = house.do(house.store.room("tea"))
    house.do(house.store.set_room_rules(room.room_id, RoomRules(read_only=True)))


@pytest.mark.parametrize(
    ("change", "code"), [(mutes, "muted"), (shuts, "emergency"), (hushes, "read_only")]
)
def test_what_another_process_changes_holds_within_a_second(
    house: House, change: Callable[[House], None], code: str
) -> None:
    here = company(house)
    change(house)
    house.pass_(1.0)
    assert said(here["bob"]) == code


def test_a_mute_that_ends_by_itself_is_over_when_its_time_is(house: House) -> None:
    here = company(house)
    mutes(house)
    house.pass_(1.0)
    assert said(here["bob"]) == "muted"
    house.pass_(5.0)
    assert [said(here["bob"]) for _ in range(2)] == ["ok", "ok"]


def test_who_comes_back_into_the_room_is_asked_about_anew(house: House) -> None:
    here = company(house)
    assert here["mona"].asks(type="kick", room="tea", user="bob")["type"] == "ok"
    assert said(here["bob"]) == "not_in_room"
    assert here["mona"].asks(type="readonly", room="tea", on=True)["type"] == "ok"
    here["bob"].asks(type="join", room="tea")
    assert said(here["bob"]) == "read_only"


def test_nothing_is_asked_of_the_policy_while_nothing_changes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = company(house)
    cases: list[str] = []

    def asked(case: Case) -> Verdict:
        cases.append(case.verb)
        return decide(case)

    monkeypatch.setattr("chatd.commands.messages.decide", asked)
    assert [said(here["bob"]) for _ in range(3)] == ["ok"] * 3
    assert cases == []
    person = house.node.by_id(UserId("u-bob"))
    assert person is not None
    for place in person.rooms.values():
        place.cleared = None
    assert said(here["bob"]) == "ok"
    assert cases == ["send"]


@pytest.mark.parametrize(
    ("change", "code"), [(mutes, "muted"), (shuts, "emergency"), (hushes, "read_only")]
)
def test_who_may_speak_no_more_gets_the_answer_that_was_lost(
    house: House, change: Callable[[House], None], code: str
) -> None:
    bob = company(house)["bob"]
    first = bob.asks(type="send", room="tea", text="hello", key="k")
    change(house)
    house.pass_(1.0)
    bob.heard()
    again = bob.asks(type="send", room="tea", text="hello", key="k")
    assert again == first | {"again": True}
    assert bob.asks(type="send", room="tea", text="hello", key="another")["code"] == code
    assert bob.events("message") == []
