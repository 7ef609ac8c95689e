"""What a program sees of it: calls that return when they are answered, and what becomes of them
when the line is lost, the program gives up, or nobody is there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatd.client import Ended, Message, Online, Refused, Stopped, Unreachable
from chatd.client.chat import Chat
from chatd.client.stages import OPENING
from chatd.core import events as e
from tests.unit.client.desk import WELCOME
from tests.unit.client.memory import Peer, Running, World


class Program:
    """A chat in a world in memory."""

    def __init__(self, url: str = "ws://chat.example:8765/", **options: Any) -> None:
        self.world = World()
        self.chat = Chat(self.world, url, guest="ann", **options)
        self.connecting = Running(self.chat.connect())

    def served(self) -> Peer:
        """The newest connection is made, greeted and logged in."""
        peer = self.world.attempts[-1].succeeds()
        peer.opens()
        peer.says(json.dumps(WELCOME))
        assert frames(peer)[0]["type"] == "login"
        rooms = [{"room": "lobby", "epoch": "e1", "seq": 0}]
        answers(peer, "login", user="ann", guest=True, guest_token="t", rooms=rooms)
        return peer

    def run(self, coroutine: Any) -> Running:
        return Running(coroutine)

    def pass_(self, seconds: float) -> None:
        self.world.clock.pass_(seconds)


def frames(peer: Peer) -> list[dict[str, Any]]:
    """The commands since the last call."""
    return [json.loads(bytes(frame.data)) for frame in peer.heard() if frame.opcode == 1]


def answers(peer: Peer, number: int | str, **fields: Any) -> None:
    peer.says(json.dumps({"type": "ok", "id": number, **fields}))


def message(peer: Peer, seq: int) -> None:
    said = {"type": "message", "room": "lobby", "seq": seq, "ts": 1, "user": "bob", "text": "x"}
    peer.says(json.dumps(said))


def event(program: Program) -> Running:
    return Running(anext(program.chat.events()))


def test_connecting_returns_when_one_is_logged_in() -> None:
    program = Program()
    assert program.world.wanted == [("chat.example", 8765)]
    before = program.connecting.done
    program.served()
    assert (before, program.connecting.done, program.connecting.error) == (False, True, None)
    assert (program.chat.user, program.chat.online, program.chat.guest_token) == ("ann", True, "t")


def test_a_call_returns_its_answer() -> None:
    program = Program()
    peer = program.served()
    call = program.run(program.chat.send("lobby", "hi", key="k"))
    assert not call.done
    assert frames(peer) == [{"type": "send", "id": 1, "room": "lobby", "text": "hi", "key": "k"}]
    answers(peer, 1, room="lobby", seq=1, ts=5)
    assert call.value == e.Stored(id=1, room="lobby", seq=1, ts=5)


def test_every_message_has_a_key_of_its_own() -> None:
    program = Program()
    peer = program.served()
    for _ in range(3):
        program.run(program.chat.send("lobby", "hi"))
    assert len({frame["key"] for frame in frames(peer)}) == 3


def test_a_call_raises_its_refusal() -> None:
    program = Program()
    peer = program.served()
    call = program.run(program.chat.join("nowhere"))
    refusal = {"type": "error", "id": 1, "code": "no_such_room", "message": "there is none"}
    peer.says(json.dumps(refusal))
    assert isinstance(call.error, Refused)
    assert call.error.code == "no_such_room"


def test_a_call_outlives_its_line() -> None:
    program = Program()
    peer = program.served()
    call = program.run(program.chat.send("lobby", "hi", key="k"))
    peer.ends()
    assert not program.chat.online
    program.pass_(1)
    assert len(program.world.attempts) == 2
    program.world.attempts[-1].fails("connection refused")
    program.pass_(2)
    peer = program.served()
    assert frames(peer)[0]["key"] == "k"
    answers(peer, 1, room="lobby", seq=1, ts=5, again=True)
    assert call.value.again


def test_a_call_that_is_cancelled_is_not_made_later() -> None:
    program = Program()
    peer = program.served()
    peer.ends()
    call = program.run(program.chat.send("lobby", "hi"))
    call.cancel()
    program.pass_(1)
    assert frames(program.served()) == []


def test_events_come_one_by_one() -> None:
    program = Program()
    peer = program.served()
    assert event(program).value == Online("ann", again=False)
    waiting = event(program)
    assert not waiting.done
    message(peer, 1)
    message(peer, 2)
    assert [waiting.value.seq, event(program).value.seq] == [1, 2]


def test_two_readers_would_take_each_other_s_events() -> None:
    program = Program()
    program.served()
    event(program)
    event(program)
    second = event(program)
    assert isinstance(second.error, RuntimeError)
    assert "one reader" in str(second.error)


def test_a_reader_that_is_cancelled_misses_nothing() -> None:
    program = Program()
    peer = program.served()
    event(program)
    event(program).cancel()
    message(peer, 1)
    assert isinstance(event(program).value, Message)


def test_a_program_that_does_not_take_makes_the_server_wait() -> None:
    program = Program(room_for=2)
    peer = program.served()
    assert event(program).value == Online("ann", again=False)
    for seq in (1, 2):
        message(peer, seq)
    before = peer.transport.paused
    event(program)
    assert (before, peer.transport.paused) == (True, False)


def test_a_program_that_never_listens_does_not() -> None:
    program = Program(room_for=2)
    peer = program.served()
    for seq in range(1, 100):
        message(peer, seq)
    assert not peer.transport.paused


def test_positions_are_what_was_taken() -> None:
    program = Program()
    peer = program.served()
    for seq in (1, 2):
        message(peer, seq)
    event(program)
    event(program)
    assert program.chat.positions["lobby"].seq == 1


def test_what_ends_it_is_raised_everywhere() -> None:
    program = Program()
    peer = program.served()
    call = program.run(program.chat.ping())
    event(program)
    reading = event(program)
    peer.closes(3501, "the token was revoked")
    assert isinstance(call.error, Stopped)
    assert isinstance(reading.error, Stopped)
    assert isinstance(event(program).error, Stopped)
    assert isinstance(program.run(program.chat.ping()).error, Stopped)


def test_what_was_told_before_the_end_is_taken_first() -> None:
    program = Program()
    peer = program.served()
    message(peer, 1)
    peer.closes(3501, "revoked")
    assert isinstance(event(program).value, Online)
    assert isinstance(event(program).value, Message)
    assert isinstance(event(program).error, Stopped)


def test_closing_says_goodbye_and_waits_for_the_end() -> None:
    program = Program()
    peer = program.served()
    event(program)
    reading, call = event(program), program.run(program.chat.ping())
    closing = program.run(program.chat.close())
    assert [frame["type"] for frame in frames(peer)] == ["ping", "quit"]
    assert isinstance(call.error, Ended)
    answers(peer, "quit")
    peer.closes(1000, "bye")
    before = closing.done
    peer.ends()
    assert (before, closing.done) == (False, True)
    assert isinstance(reading.error, StopAsyncIteration)
    assert program.run(program.chat.close()).done


def test_closing_a_dead_line_takes_some_seconds_at_most() -> None:
    program = Program()
    program.served()
    closing = program.run(program.chat.close())
    done = []
    for _ in range(2):
        program.pass_(2.1)
        done.append(closing.done)
    assert done == [False, True]


def test_after_closing_no_timer_is_left() -> None:
    program = Program()
    peer = program.served()
    program.run(program.chat.ping())
    program.run(program.chat.close())
    peer.closes(1000, "bye")
    peer.ends()
    assert [timer for _, _, timer in program.world.clock._timers if not timer.cancelled] == []


def test_who_cannot_log_in_leaves_nothing_open() -> None:
    program = Program()
    peer = program.world.attempts[-1].succeeds()
    peer.opens()
    peer.says(json.dumps(WELCOME))
    refusal = {"type": "error", "id": "login", "code": "name_taken", "message": "choose another"}
    peer.says(json.dumps(refusal))
    assert peer.transport.closed
    assert program.connecting.error is None
    peer.ends()
    assert isinstance(program.connecting.error, Refused)


def test_who_is_not_there_is_tried_within_patience() -> None:
    program = Program(patience=10.0)
    while not program.connecting.done:
        program.world.attempts[-1].fails("connection refused")
        program.pass_(1)
        assert program.world.now() < 20
    assert isinstance(program.connecting.error, Unreachable)
    assert len(program.world.attempts) > 3


def test_who_does_not_answer_is_left_and_tried_again() -> None:
    program = Program(patience=100.0)
    silent = program.world.attempts[-1].succeeds()
    program.pass_(OPENING + 1)
    assert silent.transport.closed or silent.transport.aborted
    program.served()
    assert program.connecting.error is None


def test_giving_up_the_first_log_in_closes_what_was_opened() -> None:
    program = Program()
    program.connecting.cancel()
    assert program.world.attempts[0].cancelled


@pytest.mark.parametrize("seconds", [25.0])
def test_a_line_that_pings_is_kept(seconds: float) -> None:
    program = Program()
    peer = program.served()
    for _ in range(10):
        program.pass_(seconds)
        peer.server.send_ping(b"")
        peer._push()
    assert program.chat.online
    assert len(program.world.attempts) == 1
