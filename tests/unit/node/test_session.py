"""One session: what it reads, in which order it serves, when it stops reading, how it ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatd.core.ports import Frame
from chatd.node.session import STRIKES, TOKEN_BYTES
from tests.house.house import Client, House


def frames(client: Client) -> list[Any]:
    """What came: answers by their id, events by their type."""
    return [frame.get("id", frame["type"]) for frame in client.heard()]


def closed(client: Client) -> str:
    """The word of the close code; empty while the session is open."""
    return client.outbox.closed.word if client.outbox.closed else ""


def held(client: Client) -> bool:
    """Whether its frames are not read."""
    return client.outbox.held


def fast_house(**settings: Any) -> House:
    return House(rate=1e6, burst=10**6, **settings)


# --- order ------------------------------------------------------------------------------------


def test_sends_to_rooms_go_side_by_side_and_keep_their_order() -> None:
    house = fast_house()
    ann = house.guest("ann", "lobby")
    house.weather.hold("append")
    for number in range(5):
        ann.begins(type="send", room="lobby", text=f"text {number}", id=number)
    assert len(house.weather.late) == 5
    house.weather.release()
    house.settle()
    answers = [f for f in ann.heard() if f["type"] == "ok"]
    assert [(answer["id"], answer["seq"]) for answer in answers] == [(n, n + 1) for n in range(5)]


def test_what_need_not_wait_is_answered_beside_what_must() -> None:
    house = fast_house()
    ann = house.guest("ann", "lobby")
    ann.asks(type="create", room="passing", history=False)
    house.weather.hold("append")
    ann.begins(type="send", room="lobby", text="kept", id=1)
    ann.begins(type="send", room="passing", text="not kept", id=2)
    ann.begins(type="send", room="lobby", text="kept, too", id=3)
    ann.begins(type="ping", id=4)
    ann.begins(type="send", room="passing", text="in its turn", id=5)
    assert [each for each in frames(ann) if isinstance(each, int)] == [2]
    house.weather.release()
    house.settle()
    assert [each for each in frames(ann) if isinstance(each, int)] == [1, 3, 4, 5]


def test_every_other_command_waits_for_those_before_it() -> None:
    house = fast_house()
    ann = house.guest("ann", "lobby")
    house.weather.hold("append", "message")
    ann.begins(type="send", room="lobby", text="one", id=1)
    ann.begins(type="edit", room="lobby", seq=1, text="two", id=2)
    ann.begins(type="send", room="lobby", text="three", id=3)
    ann.begins(type="ping", id=4)
    waiting = []
    while house.weather.late:
        waiting.append([name for name, _ in house.weather.late])
        house.weather.release(1)
    assert waiting == [["append"], ["message"], ["append"], ["append"]]
    house.settle()
    assert [f for f in frames(ann) if isinstance(f, int)] == [1, 2, 3, 4]


def test_sends_to_people_keep_their_order_though_their_room_must_be_found() -> None:
    house = fast_house()
    house.account("carl", "correct horse battery")
    ann = house.guest("ann", "lobby")
    house.weather.hold("account", "direct_room")
    ann.begins(type="send", to="carl", text="one", id=1)
    ann.begins(type="send", to="carl", text="two", id=2)
    while house.weather.late:
        house.weather.arrive(len(house.weather.late) - 1)
    house.settle()
    assert [(f["id"], f["seq"]) for f in ann.heard() if f["type"] == "ok"] == [(1, 1), (2, 2)]


def test_a_malformed_frame_is_answered_in_its_turn() -> None:
    house = fast_house()
    ann = house.guest("ann", "lobby")
    house.weather.hold("append")
    ann.begins(type="send", room="lobby", text="one", id=1)
    ann.session.hear(b'{"type": "sing", "id": 2}')
    ann.begins(type="ping", id=3)
    assert frames(ann) == []
    house.weather.release()
    assert frames(ann) == [1, 2, 3]


# --- pushing back -----------------------------------------------------------------------------


def test_a_full_inbox_is_read_on_when_half_of_it_is_done() -> None:
    house = fast_house(inbox=4)
    ann = house.guest("ann", "lobby")
    house.weather.hold()
    held = []
    for number in range(7):
        ann.begins(type="history", room="lobby", id=number)
        held.append(ann.outbox.held)
    assert held == [False, False, False, False, False, True, True]  # one is served, four wait
    released = []
    while house.weather.late:
        house.weather.release(1)
        released.append(ann.outbox.held)
    assert released == [True, True, True, True, False, False, False]
    assert frames(ann) == list(range(7))


def test_it_is_read_on_when_all_that_may_be_answered_at_once_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = fast_house(inbox=4)
    ann = house.guest("ann", "lobby")
    house.weather.hold("message")
    ann.begins(type="edit", room="lobby", seq=1, text="slow", id=0)
    for number in range(1, 7):
        ann.begins(type="join", room="lobby", id=number)  # nothing to wait for: ann is there
    assert held(ann)
    answered: list[Any] = []
    monkeypatch.setattr(ann.outbox, "release", lambda: answered.extend(frames(ann)))
    house.weather.release()
    assert answered == list(range(7))


def test_over_the_rate_a_command_is_refused_and_reading_waits() -> None:
    house = House(rate=2.0, burst=7)
    ann = house.guest("ann", "lobby")
    assert ann.asks(type="rooms")["type"] == "ok"
    refused = ann.asks(type="rooms")
    assert (refused["code"], refused["retry_after_ms"]) == ("rate_limited", 501)
    assert held(ann)
    house.pass_(0.49)
    assert held(ann)
    house.pass_(0.01)
    assert not held(ann)
    assert ann.asks(type="rooms")["type"] == "ok"
    assert house.meter.counts["refused rate_limited"] == 1


def test_what_is_no_command_is_read_no_faster_than_commands() -> None:
    house = House(rate=1.0, burst=10)
    tom, ann = house.connects("text"), house.connects()
    for _ in range(10):
        tom.says("/help")
    assert not held(tom)
    tom.says("/help")
    assert held(tom)
    for _ in range(11):
        ann.says("nonsense")
    assert held(ann)
    assert len(ann.events("error")) == 11
    house.pass_(1.0)
    assert not held(tom)
    assert not held(ann)


LONG = {"type": "send", "room": "lobby", "text": "x" * 16 * TOKEN_BYTES}


def test_a_long_frame_costs_more_than_a_short_one() -> None:
    house = House(rate=1.0, burst=20, message_bytes=100_000)
    ann = house.guest("ann", "lobby")
    house.pass_(100.0)
    assert ann.asks(**LONG)["type"] == "ok"  # 17 of 20
    assert [ann.asks(type="rooms").get("code") for _ in range(4)] == [*[None] * 3, "rate_limited"]


@pytest.mark.parametrize("tokens", [0, 1])
def test_a_long_frame_was_read_whether_it_is_taken_or_refused(tokens: int) -> None:
    house = House(rate=1.0, burst=20, message_bytes=100_000)
    ann = house.guest("ann", "lobby")
    house.pass_(100.0)
    for _ in range(20 - tokens):
        ann.asks(type="rooms")
    assert ann.asks(**LONG)["type"] == ("ok" if tokens else "error")
    if tokens:
        refused = ann.asks(type="rooms")
    else:
        house.pass_(0.0)
        refused = ann.asks(type="rooms")
    assert refused["code"] == "rate_limited"
    assert refused["retry_after_ms"] == 17_001
    house.pass_(17.0)
    assert ann.asks(**LONG)["type"] == "ok"  # who waits as told gets in


def test_lines_that_say_nothing_are_read_no_faster_than_pings() -> None:
    house = House(rate=1.0, burst=10)
    tom = house.connects("text")
    house.pass_(10.0)
    for _ in range(48):  # a fifth is no binary fraction: the fiftieth may be one too many
        tom.says(" ")
    assert not held(tom)
    for _ in range(3):
        tom.says(" ")
    assert held(tom)
    house.pass_(1.0)
    tom.says(" " * 10 * TOKEN_BYTES)
    assert not held(tom)
    tom.says(" ")
    assert held(tom)
    house.pass_(5.0)
    assert held(tom)


def test_a_line_that_was_refused_for_its_rate_is_no_open_question_of_the_dialect() -> None:
    house = House(rate=1.0, burst=2)
    tom = house.connects("text")
    tom.says("one")
    tom.says("two")
    tom.lines()
    tom.says("three")
    assert "wait" in tom.lines()[0]
    house.pass_(2.0)
    tom.says("four")
    tom.says("/edit five")
    assert ["changed a message" in line for line in tom.lines()] == [True]


def test_who_is_gone_is_neither_held_nor_released() -> None:
    house = House(rate=1.0, burst=6)
    ann = house.guest("ann", "lobby")
    ann.asks(type="rooms")
    assert held(ann)
    ann.drops()
    house.pass_(5.0)
    assert held(ann)  # as it was left


def test_a_burst_smaller_than_a_log_in_lets_one_log_in() -> None:
    house = House(rate=1.0, burst=1)
    ann = house.connects()
    assert ann.asks(type="login", guest="ann")["type"] == "ok"


# --- abuse ------------------------------------------------------------------------------------


def test_refused_frames_in_a_row_end_a_session_and_one_good_one_forgives_all() -> None:
    house = fast_house()
    ann = house.connects()
    for _ in range(STRIKES):
        ann.says("nonsense")
    ann.says('{"type": "ping"}')
    for _ in range(STRIKES):
        ann.says("nonsense")
    assert closed(ann) == ""
    ann.says("nonsense")
    assert closed(ann) == "abuse"
    house.ends()


# --- the log-in's deadline ----------------------------------------------------------------------


def test_the_deadline_is_for_those_who_have_not_logged_in() -> None:
    house = House(login_timeout=3.0, patient=True)
    ann, bob = house.guest("ann"), house.connects()
    gone = house.connects()
    gone.drops()
    house.pass_(2.9)
    assert closed(bob) == ""
    house.pass_(0.1)
    assert (closed(bob), bob.outbox.reason) == ("login_timeout", "no log-in within 3 s")
    assert (closed(ann), closed(gone)) == ("", "")


def test_a_log_in_that_is_being_checked_is_not_late_but_a_refused_one_is() -> None:
    house = House(login_timeout=3.0)
    house.account("carl", "correct horse battery")
    good, bad = house.connects(), house.connects()
    house.weather.hold("account")
    good.begins(type="login", user="carl", password="correct horse battery")
    bad.begins(type="login", user="carl", password="wrong")
    house.pass_(5.0)
    assert (closed(good), closed(bad)) == ("", "")
    house.weather.release()
    assert closed(good) == ""
    assert bad.events("error")[0]["code"] == "login_failed"
    assert closed(bad) == "login_timeout"


# --- the end ----------------------------------------------------------------------------------


def test_goodbye_is_said_after_all_answers_and_nothing_is_taken_any_more() -> None:
    house = fast_house(patient=True)
    ann = house.guest("ann", "lobby")
    house.weather.hold("append")
    for number in range(3):
        ann.begins(type="send", room="lobby", text="hi", id=number)
    ann.begins(type="rooms", id=3)
    house.node.hush()
    house.node.dismiss_all()
    ann.begins(type="ping", id=4)
    house.weather.release(2)
    assert closed(ann) == ""
    house.weather.release()
    assert closed(ann)
    assert frames(ann) == ["draining", 0, 1, 2]
    house.settle()
    assert frames(ann) == []


def test_quit_is_answered_and_what_came_after_it_is_not_carried_out() -> None:
    house = fast_house()
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")
    bob.session.hear(b'{"type": "quit", "id": 1}')
    bob.session.hear(b'{"type": "send", "room": "lobby", "text": "hi"}')
    house.settle()
    assert frames(bob) == [1]
    assert [f["type"] for f in ann.heard()] == ["joined", "left"]


def test_the_first_reason_to_go_is_the_one_that_is_told() -> None:
    house = fast_house(patient=True)
    ann = house.guest("ann")
    ann.asks(type="quit")
    house.node.dismiss_all()
    assert closed(ann) == "bye"


def test_a_connection_ends_once() -> None:
    house = House()
    ann = house.guest("ann")
    ann.session.gone("lost", clean=False)
    ann.session.gone("lost", clean=False)
    assert house.meter.counts["closed lost json"] == 1


@pytest.mark.parametrize("when", ["at once", "now", "later"])
def test_a_dialect_that_cannot_say_an_answer_ends_that_session(when: str) -> None:
    house = fast_house(history=when != "at once")
    ann, bob = house.guest("ann", "lobby"), house.guest("bob", "lobby")

    class Mute:
        def answer(self, *_: object) -> Frame:
            raise ZeroDivisionError

        def heard(self, payload: bytes) -> Any:
            return house.node.dialects["json"].speaker().heard(payload)

    bob.session.speaker = Mute()  # type: ignore[assignment]  # this test's own in its place
    if when == "later":
        house.weather.hold("append")
    bob.says({"type": "send", "room": "lobby", "text": "hi"})
    house.weather.release()
    house.settle()
    assert closed(bob) == "internal"
    assert [type(fault) for fault in house.log.faults] == [ZeroDivisionError]
    assert ann.asks(type="ping")["type"] == "ok"
    house.ends()


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


async def _interrupted_later(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("carry_out", [_interrupted, _interrupted_later])
def test_what_breaks_all_leaves_nothing_in_hand(
    carry_out: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = fast_house()
    ann = house.guest("ann", "lobby")
    with monkeypatch.context() as patched:
        patched.setattr(house.node.gate, "carry_out", carry_out)
        with pytest.raises(KeyboardInterrupt):
            ann.begins(type="ping")
    assert not ann.session.busy
    assert ann.asks(type="ping")["type"] == "ok"
    house.ends()


def test_a_text_session_is_served_from_its_beginning() -> None:
    house = House()
    house.weather.hold()
    tom = house.connects("text")
    tom.session.hear(b"hello")
    assert [line.split("\n")[0] for line in tom.lines()] == ["Welcome to test."]
    house.weather.release()
    house.settle()
    assert len(tom.lines()) == 2
    ann = house.guest("ann")
    page = ann.asks(type="history", room="lobby")
    assert [message["text"] for message in page["messages"]] == ["hello"]


def test_the_meter_hears_of_commands_answers_and_ends() -> None:
    house = fast_house()
    ann = house.guest("ann", "lobby")
    ann.asks(type="send", room="lobby", text="hi")
    ann.asks(type="send", room="lobby", text="")
    ann.says("nonsense")
    ann.closes()
    counts = house.meter.counts
    assert (counts["heard send"], counts["acked"]) == (2, 1)
    assert (counts["refused empty"], counts["refused bad_frame"]) == (1, 1)
    assert (counts["opened json"], counts["closed client json"]) == (1, 1)
    assert counts["login guest ok"] == 1


def test_frames_are_heard_as_bytes_of_utf_8() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    command = {"type": "send", "room": "lobby", "text": "grüß dich 👋"}
    ann.session.hear(json.dumps(command, ensure_ascii=False).encode())
    house.settle()
    assert ann.events("message")[0]["text"] == "grüß dich 👋"
