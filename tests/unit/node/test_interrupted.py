"""Every command, cut short at every wait: the line is lost, the store fails, the house drains, the
user is barred. Nothing may be left of anybody, and what failed can be asked for again."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.auth.tokens import seal_guest
from chatd.commands import COMMANDS
from chatd.core import commands as c
from chatd.core.log import UserId
from chatd.core.ports import StoreFailed, StoreFull
from tests.house.house import Client, House

SECRET = "correct horse battery"

# A command of carl's that is allowed, for each command there is.
ASKED: dict[type[c.Command], dict[str, Any]] = {
    c.Login: {"user": "carl", "password": SECRET, "resume": {"lobby": {"epoch": "e", "seq": 0}}},
    c.Nick: {"nick": "charly"},
    c.Quit: {},
    c.Ping: {},
    c.Join: {"room": "attic"},
    c.Leave: {"room": "garden"},
    c.Create: {"room": "cellar", "private": True},
    c.Topic: {"room": "garden", "topic": "tea"},
    c.Invite: {"room": "garden", "user": "dora"},
    c.Role: {"room": "garden", "user": "ann", "role": "moderator"},
    c.Direct: {"user": "dora"},
    c.Send: {"to": "ann", "text": "hi", "key": "k1"},
    c.Edit: {"room": "garden", "seq": 1, "text": "ho"},
    c.Delete: {"room": "garden", "seq": 1},
    c.React: {"room": "garden", "seq": 1, "emoji": "+"},
    c.Unreact: {"room": "garden", "seq": 1, "emoji": "+"},
    c.History: {"room": "attic"},
    c.Search: {"query": "hi", "room": "garden"},
    c.Read: {"room": "garden", "seq": 1},
    c.Unread: {},
    c.Typing: {"room": "garden"},
    c.Who: {"room": "attic"},
    c.Rooms: {},
    c.Kick: {"user": "ann", "room": "garden"},
    c.Ban: {"who": "ann", "room": "garden", "seconds": 60},
    c.Unban: {"who": "dora", "room": "garden"},
    c.Bans: {"room": "garden"},
    c.Mute: {"user": "ann", "room": "garden", "seconds": 60},
    c.Unmute: {"user": "dora", "room": "garden"},
    c.Slow: {"room": "garden", "seconds": 5},
    c.ReadOnly: {"room": "garden"},
    c.Report: {"room": "garden", "user": "carl"},
    c.Reports: {},
    c.Settle: {"number": 1, "outcome": "fine"},
    c.Emergency: {"step": "off"},
    c.Announce: {"text": "tea"},
    c.Status: {},
    c.Everybody: {},
    c.Drain: {},
    c.Undrain: {},
    c.Reload: {},
    c.Loglevel: {"level": "debug"},
    c.Watch: {},
    c.Explain: {"user": "dora", "verb": "send", "room": "attic"},
    c.Support: {},
    c.Audit: {},
    c.AuditVerify: {},
}
OPERATORS = {command.__name__.lower() for command, row in COMMANDS.items() if row.operators}
# What must have been done before the command makes sense.
BEFORE: dict[str, dict[str, Any]] = {
    "unban": {"type": "ban", "who": "dora", "room": "garden"},
    "unmute": {"type": "mute", "user": "dora", "room": "garden"},
    "settle": {"type": "report", "room": "garden", "seq": 1},
}
GUEST = {
    "guest": "gus",
    "guest_token": seal_guest(b"s" * 32, UserId("g-gus")),
    "resume": {"lobby": {"epoch": "e", "seq": 0}},
}
EVERY: list[tuple[str, dict[str, Any]]] = [
    *((command.__name__.lower(), fields) for command, fields in ASKED.items()),
    ("send", {"room": "garden", "text": "hi", "key": "k1"}),
    ("login", GUEST),
]
NAMES = [f"{word} {' '.join(fields)}" for word, fields in EVERY]
MOST_WAITS = 11


class Scene:
    """Carl with rooms and friends, about to give a command."""

    def __init__(self, word: str, fields: dict[str, Any], **settings: Any) -> None:
        self.house = House(**settings)
        for name in ("carl", "dora"):
            self.house.account(name, SECRET, operator=name == "carl" and word in OPERATORS)
        self.ann = self.house.guest("ann", "lobby")
        self.ann.asks(type="create", room="attic")
        self.ann.asks(type="leave", room="attic")
        self.carl = self._carl(word)
        self.command = {"type": word, "id": "asked", **fields}
        self.ann.lines()
        self.carl.lines()

    def _carl(self, word: str) -> Client:
        if word == "login":
            return self.house.connects()
        if word == "nick":
            return self.house.guest("chuck", "lobby")
        carl = self.house.user("carl", SECRET, "lobby")
        carl.asks(type="create", room="garden")
        self.ann.asks(type="join", room="garden")
        carl.asks(type="send", room="garden", text="hi")
        if word in BEFORE:
            carl.asks(**BEFORE[word])
        return carl

    def asks(self) -> dict[str, Any]:
        """The whole command, with nothing in its way."""
        answer = self.carl.asks(**self.command)
        answer.pop("id")
        return answer

    def ends(self) -> None:
        """All go; nothing is left, and nothing was a fault."""
        self.house.ends()
        assert not self.house.log.faults


def waits(word: str, fields: dict[str, Any]) -> int:
    """How many calls of the store a command waits for."""
    scene = Scene(word, fields)
    before = len(scene.house.weather.asked)
    assert scene.asks().get("code") is None
    return len(scene.house.weather.asked) - before


def test_every_command_is_tried_here() -> None:
    assert ASKED.keys() == COMMANDS.keys()
    assert max(waits(word, fields) for word, fields in EVERY) <= MOST_WAITS


@pytest.mark.parametrize(("word", "fields"), EVERY, ids=NAMES)
def test_a_line_that_is_lost_in_the_middle_leaves_nothing(word: str, fields: Any) -> None:
    for place in range(waits(word, fields) + 1):
        scene = Scene(word, fields, rate=1e6, burst=10**6)
        scene.house.weather.hold()
        scene.carl.begins(**scene.command)
        scene.house.weather.release(place)
        scene.carl.drops()
        if word != "drain":  # which sends ann home
            scene.ann.asks(type="ping")
        scene.ends()


@pytest.mark.parametrize(("word", "fields"), EVERY, ids=NAMES)
def test_a_line_that_is_lost_when_the_answer_is_out_leaves_nothing(word: str, fields: Any) -> None:
    scene = Scene(word, fields)
    scene.carl.begins(**scene.command)
    scene.carl.drops()
    scene.ends()


@pytest.mark.parametrize("error", [StoreFull("full"), StoreFailed("failed")])
@pytest.mark.parametrize(("word", "fields"), EVERY, ids=NAMES)
def test_a_store_that_fails_once_is_asked_again(
    word: str, fields: Any, error: StoreFull | StoreFailed
) -> None:
    undisturbed = Scene(word, fields)
    answer = undisturbed.asks()
    for place in range(waits(word, fields)):
        scene = Scene(word, fields)
        scene.house.weather.fail_at(place, error)
        failed = scene.asks()
        if failed["type"] == "error":  # else the call was a rehash, or one that is tried later
            assert failed["code"] == (
                "storage_full" if isinstance(error, StoreFull) else "storage_failed"
            )
            assert failed["retry_after_ms"] == 2000
            assert alike(scene.asks(), answer), (place, word)
        scene.ends()
    undisturbed.ends()


def alike(again: dict[str, Any], answer: dict[str, Any]) -> bool:
    """The same but for what chance made."""
    chance = {"guest_token", "return_token"}
    chance |= {"room"} if answer.get("room", "").startswith("@") else set()
    return {k: v for k, v in again.items() if k not in chance} == {
        k: v for k, v in answer.items() if k not in chance
    }


@pytest.mark.parametrize(("word", "fields"), EVERY, ids=NAMES)
def test_a_fault_in_the_middle_is_one_command_s_trouble(word: str, fields: Any) -> None:
    for place in range(waits(word, fields)):
        scene = Scene(word, fields)
        scene.house.weather.fail_at(place, ZeroDivisionError("a fault"))
        scene.carl.begins(**scene.command)
        scene.house.tasks.faults.clear()  # of a room that just woke up: the log has it
        scene.house.settle()
        for error in scene.carl.events("error"):
            assert error["code"] == "internal"
            assert f"fault-{len(scene.house.log.faults)}" in error["message"]
        if not scene.carl.over:  # a replay that cannot go on ends the session
            assert scene.carl.asks(type="ping")["type"] == "ok"
        if not scene.house.node.draining:  # as the command said, before the fault
            assert scene.ann.asks(type="send", room="lobby", text="hi")["seq"] == 1
        scene.house.ends()


@pytest.mark.parametrize(("word", "fields"), EVERY, ids=NAMES)
def test_a_drain_in_the_middle_lets_it_be_finished(word: str, fields: Any) -> None:
    if word == "quit":
        return
    for place in range(waits(word, fields) + 1):
        scene = Scene(word, fields)
        scene.house.weather.hold()
        scene.carl.begins(**scene.command)
        scene.house.weather.release(place)
        scene.house.node.hush()
        scene.house.node.dismiss_all()
        scene.house.weather.release()
        scene.house.settle()
        answers = [f for f in scene.carl.heard() if f["type"] in {"ok", "error"}]
        assert len(answers) == 1
        assert answers[0]["type"] == "ok" or answers[0]["code"] == "draining"
        assert scene.carl.outbox.closed is not None
        assert scene.house.node.busy() == 0
        scene.ends()


@pytest.mark.parametrize(("word", "fields"), EVERY, ids=NAMES)
def test_who_is_barred_in_the_middle_is_out_and_nothing_is_left(word: str, fields: Any) -> None:
    for place in range(waits(word, fields) + 1):
        scene = Scene(word, fields)
        house, carl = scene.house, scene.house.do(scene.house.store.account("carl"))
        house.weather.hold(*set(house.weather.asked) - {"revocations"})
        scene.carl.begins(**scene.command)
        house.weather.release(place)
        house.do(house.store.set_disabled(carl.user_id, True, house.clock.now()))
        house.pass_(1.0)
        house.weather.release()
        house.pass_(1.0)
        if word not in {"login", "nick", "quit"}:
            assert scene.carl.outbox.closed is not None
            assert scene.carl.outbox.closed.word == "revoked"
        assert not [p for p in house.node.people._by_id.values() if p.user_id == carl.user_id]
        scene.ends()
