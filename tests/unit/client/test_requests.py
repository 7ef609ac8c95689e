"""Commands under way: what is said again after a refusal or a lost line, and what must not be."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pytest

from chatd.client import Interrupted, Refused, TimedOut
from chatd.client.chat import Chat
from chatd.client.codec import frame
from chatd.client.requests import REPEATABLE, WINDOW
from chatd.commands import COMMANDS
from chatd.core import commands as c
from chatd.core import events as e
from tests.unit.client.desk import Desk, back, online


def keys(desk: Desk) -> list[str]:
    """Of the sends written since the last call."""
    return [each["key"] for each in desk.written() if each["type"] == "send"]


def stored(desk: Desk, number: int, seq: int = 1) -> None:
    desk.says("ok", id=number, room="lobby", seq=seq, ts=1)


def test_a_command_says_only_what_differs_from_its_defaults() -> None:
    assert frame(c.Join(room="lobby"), 1) == b'{"type":"join","id":1,"room":"lobby"}'
    assert frame(c.Typing(room="lobby", on=False), 2) == (
        b'{"type":"typing","id":2,"room":"lobby","on":false}'
    )


def test_an_answer_comes_as_what_was_asked_for() -> None:
    desk = online("lobby")
    request = desk.send()
    stored(desk, request.number, seq=7)
    assert request.answer == e.Stored(id=request.number, room="lobby", seq=7, ts=1)
    assert list(desk.conversation.requests.settled) == [request]


def test_a_refusal_has_its_code_its_message_and_its_time() -> None:
    desk = online("lobby")
    request = desk.send()
    desk.says("error", id=request.number, code="forbidden", message="ask an owner")
    assert isinstance(request.error, Refused)
    refused = request.error
    assert (refused.code, refused.message, refused.retry_after_ms, refused.retry) == (
        "forbidden", "ask an owner", None, False,
    )  # fmt: skip


def test_commands_wait_for_a_line_and_go_out_in_order() -> None:
    desk = Desk()
    desk.conversation.start(desk.now)
    for number in range(5):
        desk.send(f"k{number}")
    desk.logs_in("lobby")
    assert keys(desk) == ["k0", "k1", "k2", "k3", "k4"]


def test_a_send_is_said_again_until_it_is_acknowledged() -> None:
    desk = online("lobby")
    request = desk.send("k1")
    for _ in range(3):
        assert keys(desk) == ["k1"]
        desk.loses()
        back(desk, "lobby")
    stored(desk, request.number)
    desk.effects()
    desk.loses()
    back(desk, "lobby")
    assert keys(desk) == []
    assert request.answer is not None


def test_what_waits_and_what_is_said_again_keep_their_order() -> None:
    desk = online("lobby")
    for number in range(3):
        desk.send(f"k{number}")
    stored(desk, 2)
    desk.loses()
    desk.send("k3")
    desk.effects()
    back(desk, "lobby")
    assert keys(desk) == ["k0", "k2", "k3"]


def test_only_so_many_are_on_the_line_at_once() -> None:
    desk = online("lobby")
    for number in range(WINDOW + 3):
        desk.send(f"k{number}")
    assert len(keys(desk)) == WINDOW
    stored(desk, 1)
    stored(desk, 2)
    assert keys(desk) == [f"k{WINDOW}", f"k{WINDOW + 1}"]


NOT_REPEATABLE: list[c.Command] = [
    c.Edit(room="lobby", seq=1, text="x"),
    c.Topic(room="lobby", topic="x"),
    c.Create(room="new"),
    c.Leave(room="lobby"),
    c.Send(room="lobby", text="without a key"),
]


@pytest.mark.parametrize("command", NOT_REPEATABLE, ids=lambda each: type(each).__name__)
def test_what_would_be_done_twice_is_interrupted(command: c.Command) -> None:
    desk = online("lobby")
    request = desk.ask(command)
    desk.loses()
    assert isinstance(request.error, Interrupted)


@pytest.mark.parametrize("command", NOT_REPEATABLE, ids=lambda each: type(each).__name__)
def test_it_is_not_when_the_server_answered_all_that_it_did(command: c.Command) -> None:
    desk = online("lobby")
    request = desk.ask(command)
    desk.loses(3000, "draining")
    assert not request.done
    desk.effects()
    back(desk, "lobby")
    assert len(desk.written()) == 1


@pytest.mark.parametrize("command", NOT_REPEATABLE, ids=lambda each: type(each).__name__)
def test_it_is_not_when_it_was_never_said(command: c.Command) -> None:
    desk = online("lobby")
    desk.loses()
    request = desk.ask(command)
    desk.conversation.unreachable("refused", desk.now, final=False)
    back(desk, "lobby")
    assert not request.done
    assert len(desk.written()) == 1


def test_what_may_be_repeated_changes_nothing_the_second_time() -> None:
    reads = {c.History, c.Search, c.Who, c.Rooms, c.Unread, c.Bans, c.Reports, c.Ping}
    harmless_twice = {c.Join, c.Direct, c.Read, c.Delete, c.React, c.Unreact}
    assert set(REPEATABLE) == reads | harmless_twice


def test_a_stranger_does_not_say_again_what_only_its_old_name_could() -> None:
    desk = online("lobby")
    tried = desk.send("tried")
    history = desk.ask(c.History(room="lobby"), e.HistoryPage)
    desk.loses()
    fresh = desk.send("fresh")
    desk.pass_(1)
    desk.effects()
    desk.greets()
    desk.says("error", id="login", code="login_failed", message="not of this server")
    desk.written()
    assert isinstance(tried.error, Interrupted)
    desk.says("ok", id="login", user="ann", guest=True, guest_token="other", rooms=[])
    assert [each["type"] for each in desk.written()] == ["history", "send"]
    assert [history.done, fresh.done] == [False, False]


def test_what_is_refused_for_now_is_said_again_after_that_time() -> None:
    desk = online("lobby")
    request = desk.send("k1")
    desk.effects()
    desk.says("error", id=request.number, code="rate_limited", message="", retry_after_ms=500)
    assert desk.conversation.wake == desk.now + 0.5
    desk.pass_(0.49)
    assert keys(desk) == []
    desk.pass_(0.02)
    assert keys(desk) == ["k1"]
    stored(desk, request.number)
    assert request.answer is not None


@pytest.mark.parametrize("command", NOT_REPEATABLE, ids=lambda each: type(each).__name__)
def test_what_a_fault_may_have_done_is_not_done_again(command: c.Command) -> None:
    desk = online("lobby")
    request = desk.ask(command)
    desk.says("error", id=request.number, code="internal", message="fault 1", retry_after_ms=100)
    assert isinstance(request.error, Refused)


def test_what_a_fault_may_have_done_is_not_said_by_a_stranger() -> None:
    desk = online("lobby")
    request = desk.send("k1")
    desk.says("error", id=request.number, code="internal", message="fault 1", retry_after_ms=100)
    assert not request.done
    desk.loses()
    desk.pass_(1)
    desk.effects()
    desk.greets()
    desk.says("error", id="login", code="login_failed", message="not of this server")
    assert isinstance(request.error, Interrupted)


def test_nothing_overtakes_what_was_refused_for_now() -> None:
    desk = online("lobby")
    for number in range(3):
        desk.send(f"k{number}")
    desk.effects()
    for number in (1, 2, 3):
        desk.says("error", id=number, code="rate_limited", message="", retry_after_ms=100 * number)
    desk.send("k3")
    desk.pass_(0.2)
    assert keys(desk) == []
    desk.pass_(0.11)
    assert keys(desk) == ["k0", "k1", "k2", "k3"]


def test_a_room_s_slow_mode_holds_up_nothing_else() -> None:
    desk = online("lobby", "other")
    slow = desk.send("k1")
    desk.says("error", id=slow.number, code="slow_mode", message="", retry_after_ms=30_000)
    desk.effects()
    desk.ask(c.Send(room="other", text="word", key="k2"), e.Stored)
    assert keys(desk) == ["k2"]
    assert desk.conversation.wake == desk.now + 30
    desk.pass_(29.9)
    assert keys(desk) == []
    desk.pass_(0.1)
    assert keys(desk) == ["k1"]


def test_what_rests_outlives_its_line_and_ends_with_its_conversation() -> None:
    desk = online("lobby")
    slow, slower = desk.send("k1"), desk.send("k2")
    desk.says("error", id=slow.number, code="slow_mode", message="", retry_after_ms=5000)
    desk.says("error", id=slower.number, code="slow_mode", message="", retry_after_ms=50_000)
    desk.loses()
    desk.effects()
    back(desk, "lobby")
    assert keys(desk) == []
    desk.pass_(5)
    assert keys(desk) == ["k1"]
    desk.loses(3501)
    assert slow.error is slower.error is desk.conversation.error


def test_a_slow_mode_that_outlasts_patience_is_told_at_once() -> None:
    desk = online("lobby")
    request = desk.send(patience=10)
    desk.says("error", id=request.number, code="slow_mode", message="", retry_after_ms=30_000)
    assert isinstance(request.error, Refused)
    assert request.error.retry_after_ms == 30_000


def test_a_newer_code_may_be_tried_again_when_it_says_when() -> None:
    desk = online("lobby")
    first, second = desk.send("k1"), desk.send("k2")
    desk.says("error", id=first.number, code="eclipse", message="not now", retry_after_ms=100)
    desk.says("error", id=second.number, code="eclipse", message="never")
    assert not first.done
    assert isinstance(second.error, Refused)


def test_patience_ends_with_the_last_refusal() -> None:
    desk = online("lobby")
    request = desk.send(patience=5)
    for _ in range(10):
        if request.done:
            break
        desk.says(
            "error", id=request.number, code="storage_full", message="full", retry_after_ms=2000
        )
        desk.pass_(2)
    assert isinstance(request.error, Refused)
    assert request.error.code == "storage_full"
    assert desk.now == 1006  # it is told when the next try would come too late


def test_patience_ends_without_an_answer() -> None:
    desk = online("lobby")
    request = desk.send(patience=5)
    desk.pass_(4.9)
    assert not request.done
    desk.pass_(0.1)
    assert isinstance(request.error, TimedOut)
    stored(desk, request.number)  # too late
    assert request.answer is None


def test_patience_ends_off_the_line_too() -> None:
    desk = online("lobby")
    desk.loses()
    request = desk.send(patience=5)
    desk.pass_(5)
    assert isinstance(request.error, TimedOut)
    assert desk.connects()
    desk.logs_in("lobby")
    assert keys(desk) == []


def test_what_no_server_would_take_is_refused_here() -> None:
    desk = online("lobby")
    request = desk.send(text="x" * 3000)
    assert isinstance(request.error, Refused)
    assert request.error.code == "too_long"
    assert "over the server's 2000" in str(request.error)
    assert desk.effects() == []


def test_a_command_that_nobody_waits_for_is_not_said() -> None:
    desk = online("lobby")
    desk.loses()
    request = desk.send("k1")
    desk.send("k2")
    desk.conversation.requests.withdraw(request)
    desk.effects()
    back(desk, "lobby")
    assert keys(desk) == ["k2"]


def test_one_that_was_said_is_not_said_again() -> None:
    desk = online("lobby")
    request = desk.send("k1")
    desk.conversation.requests.withdraw(request)
    desk.loses()
    desk.effects()
    back(desk, "lobby")
    assert keys(desk) == []


def test_answers_to_nothing_are_passed_over() -> None:
    desk = online("lobby")
    stored(desk, 99)
    desk.says("ok", id="a word")
    desk.says("ok")
    desk.says("error", code="bad_frame", message="")
    assert desk.conversation.error is None
    assert desk.told() == []


def test_an_answer_of_another_shape_is_an_error_of_that_command_alone() -> None:
    desk = online("lobby")
    request = desk.send()
    desk.says("ok", id=request.number, nothing="of it")
    assert "not as documented" in str(request.error)
    assert desk.hung_up() == []


def asked_by(chat_method: Any) -> tuple[type[c.Command], type[e.Ok]] | None:
    """Which command a method of Chat gives, and what answer it expects: read from its code."""
    names = chat_method.__code__.co_names
    commands = [word for word in names if isinstance(getattr(c, word, None), type)]
    answers = [word for word in names if isinstance(getattr(e, word, None), type)]
    command = next((getattr(c, w) for w in commands if issubclass(getattr(c, w), c.Command)), None)
    answer = next((getattr(e, w) for w in answers if w not in commands or w == "Ok"), None)
    return (command, answer) if command and answer else None


def answer_of(handler: Callable[..., Any]) -> Any:
    """At once, or in time."""
    told = get_type_hints(handler)["return"]
    return next(iter(get_args(told)), told)


def test_every_method_expects_the_answer_that_the_handler_gives() -> None:
    found = {}
    for _, method in inspect.getmembers(Chat, inspect.isfunction):
        asks = asked_by(method)
        if asks is not None:
            command, answer = asks
            found[command] = answer
    handlers = {command: row.handler for command, row in COMMANDS.items() if command in found}
    assert found == {command: answer_of(handler) for command, handler in handlers.items()}
    assert len(found) >= 20
