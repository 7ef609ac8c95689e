"""Hooks at a whole node: they pass the gate as everybody does."""

from __future__ import annotations

from typing import Any

from chatd.core.events import Error, Ok, Stored
from chatd.core.hooks import Hook
from chatd.core.ports import StoreFailed
from chatd.core.sanctions import Emergency, RoomRules, Subject
from tests.house.house import House


def hook_in(house: House, room: str = "lobby") -> Hook:
    stored = house.do(house.store.room(room))
    return Hook(hook_id="h1", room_id=stored.room_id, room=room, name="alerts", created_ts=1)


def post(house: House, hook: Hook, text: str = "hello", key: str | None = None) -> Ok | Error:
    answer: Ok | Error = house.do(house.node.hooks.post(hook, text, key, "192.0.2.9"))
    house.settle()
    return answer


def code(answer: Ok | Error) -> str:
    return answer.code if isinstance(answer, Error) else "ok"


def test_a_hook_speaks_under_its_name_and_is_not_seen_in_the_room() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    answer = post(house, hook_in(house), "backup done")
    assert isinstance(answer, Stored)
    [message] = ann.events("message")
    assert (message["user"], message["text"]) == ("alerts", "backup done")
    assert "guest" not in message
    assert [each["user"] for each in ann.asks(type="who", room="lobby")["people"]] == ["ann"]


def test_a_room_in_which_nobody_is_keeps_what_is_said() -> None:
    house = House()
    assert code(post(house, hook_in(house), "hello")) == "ok"
    ann = house.guest("ann", "lobby")
    [message] = ann.asks(type="history", room="lobby")["messages"]
    assert message["text"] == "hello"


def test_the_same_key_says_it_once() -> None:
    house = House()
    hook = hook_in(house)
    first, again = post(house, hook, key="k1"), post(house, hook, key="k1")
    assert isinstance(first, Stored)
    assert isinstance(again, Stored)
    assert (first.seq, first.again, again.seq, again.again) == (1, False, 1, True)


def test_a_hook_is_slowed_like_a_session() -> None:
    house = House(rate=1, burst=2)
    hook = hook_in(house)
    assert [code(post(house, hook)) for _ in range(3)] == ["ok", "ok", "rate_limited"]
    house.pass_(1.1)
    assert code(post(house, hook)) == "ok"


def test_what_operators_lay_down_holds_for_hooks() -> None:
    house = House()
    hook = hook_in(house)

    def after(call: Any) -> str:
        house.do(call)
        house.pass_(1.5)
        return code(post(house, hook))

    store = house.store
    rules = store.set_room_rules
    assert after(rules(hook.room_id, RoomRules(read_only=True))) == "read_only"
    assert after(rules(hook.room_id, RoomRules())) == "ok"
    assert after(store.set_emergency(Emergency.OPERATORS)) == "emergency"
    assert after(store.set_emergency(Emergency.OFF)) == "ok"
    host = Subject("address", "192.0.2.9", "192.0.2.9")
    ban = store.sanction("ban", host, None, reason="spam", by="olga", ts=0, until=None)
    assert after(ban) == "banned"


def test_a_text_that_cannot_be_said_is_refused() -> None:
    house = House(message_bytes=100)
    hook = hook_in(house)
    assert code(post(house, hook, " ")) == "empty"
    assert code(post(house, hook, "x" * 101)) == "too_long"


def test_a_store_in_trouble_and_a_drain_are_told() -> None:
    house = House()
    hook = hook_in(house)
    house.store.trouble = StoreFailed("the disk is gone")
    assert code(post(house, hook)) == "storage_failed"
    found = house.do(house.node.hooks.find("chatd_x"))
    assert found is None  # of what is no token the store is not asked
    house.store.trouble = None
    house.node.hush()
    assert code(post(house, hook)) == "draining"
