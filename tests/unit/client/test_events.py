"""Events and positions: each entry once and in order, whatever a server says; never too many."""

from __future__ import annotations

import msgspec
import pytest

import chatd.client
from chatd.client import CaughtUp, Left, Message, Online, Other
from chatd.client.inbox import SPARE
from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.commands import Position
from chatd.core.control import Happened
from tests.unit.client.desk import Desk, back, online


def seqs(desk: Desk) -> list[int]:
    """Of the messages told since the last call."""
    return [told.seq for told in desk.told() if isinstance(told, Message)]


def position(desk: Desk, room: str = "lobby") -> tuple[str, int] | None:
    found = desk.conversation.positions.of(room)
    return (found.epoch, found.seq) if found else None


def test_every_kind_of_entry_moves_the_position() -> None:
    desk = online("lobby")
    entry = {"room": "lobby", "ts": 1, "user": "bob"}
    desk.says("message", **entry, seq=1, text="x")
    desk.says("edited", **entry, seq=2, target=1, text="y")
    desk.says("deleted", **entry, seq=3, target=1)
    desk.says("reaction", **entry, seq=4, target=1, emoji="+", on=True)
    desk.says("topic", **entry, seq=5, topic="z")
    assert position(desk) == ("e1", 5)
    assert len(desk.told()) == 5


def test_every_event_can_be_had_from_the_library() -> None:
    mine = {name for name, value in vars(chatd.client).items() if value in e.Event.__subclasses__()}
    assert mine == {each.__name__ for each in e.Event.__subclasses__()} - {"Welcome", "Happened"}


def test_every_event_that_says_an_epoch_is_understood() -> None:
    known = {e.Welcome, e.CaughtUp, e.Invited, e.Entered}
    assert {each for each in e.Event.__subclasses__() if "epoch" in each.__struct_fields__} == known


def test_every_event_that_has_a_time_is_an_entry() -> None:
    from chatd.client.codec import DURABLE  # noqa: PLC0415  # only where it is needed

    timed = {each for each in e.Event.__subclasses__() if "ts" in each.__struct_fields__}
    assert set(DURABLE) == timed - {Happened}  # it is told to those who watch, and not kept


def test_what_is_newer_than_this_client_is_passed_on_and_moves_the_position() -> None:
    desk = online("lobby")
    desk.says("pinned", room="lobby", seq=1, ts=1, target=3)
    desk.says("weather", fine=True)
    assert desk.told() == [
        Other(
            "pinned",
            {"type": "pinned", "room": "lobby", "seq": 1, "ts": 1, "target": 3},
            "lobby",
            1,
        ),
        Other("weather", {"type": "weather", "fine": True}),
    ]
    assert position(desk) == ("e1", 1)


def test_a_known_event_with_a_field_of_another_type_is_passed_on_too() -> None:
    desk = online("lobby")
    desk.says("message", room="lobby", seq=1, ts="noon", user="bob", text="x")
    [told] = desk.told()
    assert isinstance(told, Other)
    assert position(desk) == ("e1", 1)


def test_other_events_move_nothing() -> None:
    desk = online("lobby")
    desk.says("typing", room="lobby", user="bob", on=True)
    desk.says("read", room="lobby", seq=7)
    desk.says("presence", room="lobby", present=2, online=["bob"], offline=[])
    assert position(desk) == ("e1", 0)
    assert len(desk.told()) == 3


def test_an_acknowledgement_moves_nothing() -> None:
    desk = online("lobby")
    request = desk.send()
    desk.says("ok", id=request.number, room="lobby", seq=1, ts=1)
    assert position(desk) == ("e1", 0)
    desk.message(1)
    assert seqs(desk) == [1]


def test_what_comes_twice_is_told_once() -> None:
    desk = online("lobby")
    for seq in (1, 2, 2, 1, 3):
        desk.message(seq)
    assert seqs(desk) == [1, 2, 3]
    assert desk.conversation.positions.again == 2


def test_when_something_is_missing_it_is_asked_for() -> None:
    desk = online("lobby")
    desk.message(1)
    desk.message(3)
    assert desk.hung_up() == [4000]
    assert seqs(desk) == [1]
    login = back(desk, "lobby")
    assert login["resume"]["lobby"]["seq"] == 1
    assert desk.conversation.positions.gaps == 1
    for seq in (2, 3):
        desk.message(seq)
    assert seqs(desk) == [2, 3]


def test_a_replay_that_stops_early_is_asked_for_again() -> None:
    desk = online("lobby")
    desk.loses()
    back(desk, "lobby")
    desk.message(1)
    desk.says("caught_up", room="lobby", recovered=True, epoch="e1", seq=3, replayed=3)
    assert desk.hung_up() == [4000]


def test_rooms_are_counted_each_by_itself() -> None:
    desk = online("lobby", "other")
    desk.message(1)
    desk.message(1, room="other")
    desk.message(2)
    assert [position(desk), position(desk, "other")] == [("e1", 2), ("e1", 1)]


@pytest.mark.parametrize("command", [c.Join(room="new"), c.Create(room="new")])
def test_a_room_is_heard_from_where_its_answer_says(command: c.Command) -> None:
    desk = online()
    request = desk.ask(command, e.Attending)
    desk.says("ok", id=request.number, room="new", epoch="e1", seq=41)
    desk.message(42, room="new")
    assert seqs(desk) == [42]


def test_joining_again_does_not_skip_what_is_still_to_come() -> None:
    desk = online("lobby")
    desk.loses()
    back(desk, "lobby")
    request = desk.ask(c.Join(room="lobby"), e.Attending)
    desk.says("ok", id=request.number, room="lobby", epoch="e1", seq=5)
    assert position(desk) == ("e1", 0)
    desk.message(1)
    assert seqs(desk) == [1]


@pytest.mark.parametrize("event", [{"type": "invited", "by": "bob"}, {"type": "entered"}])
def test_who_is_brought_into_a_room_is_told_from_where_one_hears(event: dict[str, str]) -> None:
    desk = online()
    desk.says(**event, room="secret", epoch="e1", seq=10)
    desk.message(11, room="secret")
    assert seqs(desk) == [11]
    desk.loses()
    assert back(desk, "secret")["resume"]["secret"] == {"epoch": "e1", "seq": 11}


def test_an_entry_may_come_before_the_answer_that_says_from_where_one_hears() -> None:
    desk = online()
    request = desk.ask(c.Join(room="new"), e.Attending)
    desk.message(42, room="new")
    desk.says("ok", id=request.number, room="new", epoch="e1", seq=42)
    desk.message(43, room="new")
    assert seqs(desk) == [42, 43]
    assert desk.conversation.positions.gaps == 0


def test_a_room_entered_by_another_session_is_heard_from_there_on() -> None:
    desk = online()
    desk.says("entered", room="den", epoch="e1", seq=10)
    desk.loses()
    assert (
        desk.conversation.positions.all()["den"].seq == 10
    )  # what was missed meanwhile is asked for
    back(desk, "den")
    desk.message(11, room="den")
    assert seqs(desk) == [11]


def test_a_position_that_could_not_be_honoured_begins_anew() -> None:
    desk = online("lobby")
    desk.message(1)
    desk.told()
    desk.loses()
    back(desk, "lobby")
    desk.says("caught_up", room="lobby", recovered=False, epoch="e2", seq=90, replayed=0)
    assert position(desk) == ("e2", 90)
    assert desk.told()[-1] == CaughtUp(
        room="lobby", recovered=False, epoch="e2", seq=90, replayed=0
    )
    desk.message(91)
    assert seqs(desk) == [91]


def test_a_room_that_one_is_not_in_any_more_is_left() -> None:
    desk = online("lobby")
    desk.loses()
    back(desk)
    desk.told()
    desk.says("caught_up", room="lobby", recovered=False, epoch="e1", seq=0, replayed=0)
    assert desk.told()[-1] == Left(room="lobby", user="ann", reason="gone")
    desk.loses()
    assert "resume" not in back(desk)


@pytest.mark.parametrize("typed", ["Lobby", "#lobby", " lobby "])
def test_who_leaves_does_not_come_back_there(typed: str) -> None:
    desk = online("lobby", "other")
    request = desk.ask(c.Leave(room=typed))
    desk.says("ok", id=request.number)
    desk.loses()
    assert list(back(desk)["resume"]) == ["other"]


def test_who_leaves_by_another_session_does_not_come_back_here() -> None:
    desk = online("lobby", "other")
    desk.says("left", room="lobby", user="bob", reason="left")
    desk.says("left", room="other", user="ann", reason="left")
    desk.loses()
    assert list(back(desk)["resume"]) == ["lobby"]


# --- bounds ---


def full(**more: int) -> Desk:
    """One whose inbox of four is full."""
    desk = online("lobby", room_for=4, **more)
    for seq in range(1, 5):
        desk.message(seq)
    return desk


def test_a_full_inbox_is_not_read_into() -> None:
    desk = online("lobby", room_for=4)
    for seq in range(1, 5):
        assert desk.conversation.reading
        desk.message(seq)
    assert not desk.conversation.reading
    desk.conversation.take(desk.now)
    assert desk.conversation.reading


def test_answers_are_read_even_then() -> None:
    desk = full()
    request = desk.send()
    assert desk.conversation.reading
    desk.says("ok", id=request.number, room="lobby", seq=5, ts=1)
    assert not desk.conversation.reading


def test_what_comes_with_them_is_left_with_the_server_until_there_is_room() -> None:
    desk = full()
    desk.send()
    desk.message(5)
    desk.says("presence", room="lobby", present=1, online=[], offline=[])
    assert len(desk.conversation.inbox) == 5  # presence, which nobody tells again
    for _ in range(2):
        desk.conversation.take(desk.now)
    desk.message(6)  # there would be room, but something before it is missing
    assert desk.hung_up() == []
    desk.conversation.take(desk.now)
    assert desk.hung_up() == [4000]
    assert desk.conversation.wake == desk.now
    assert back(desk, "lobby")["resume"]["lobby"] == {"epoch": "e1", "seq": 4}
    assert seqs(desk) == [4]
    for seq in (5, 6):
        desk.message(seq)
    assert seqs(desk) == [5, 6]


def test_what_nobody_would_tell_again_is_bounded_too() -> None:
    desk = full()
    for _ in range(SPARE + 50):
        desk.says("typing", room="lobby", user="bob", on=True)
    assert len(desk.conversation.inbox) == 4 + SPARE


def test_while_nobody_listens_the_newest_are_kept() -> None:
    desk = online("lobby", room_for=4)
    desk.conversation.inbox.listened = False
    for seq in range(1, 11):
        desk.message(seq)
    assert desk.conversation.reading
    assert desk.conversation.inbox.taken["lobby"] == Position(epoch="e1", seq=6)
    assert seqs(desk) == [7, 8, 9, 10]


def test_the_place_to_go_on_from_is_what_was_taken() -> None:
    desk = online("lobby")
    taken = desk.conversation.inbox.taken
    assert taken["lobby"] == Position(epoch="e1", seq=0)
    for seq in (1, 2):
        desk.message(seq)
    assert taken["lobby"] == Position(epoch="e1", seq=0)
    desk.conversation.take(desk.now)
    assert taken["lobby"] == Position(epoch="e1", seq=1)
    assert position(desk) == ("e1", 2)


def test_an_event_is_what_the_protocol_says() -> None:
    desk = online("lobby")
    desk.message(1, guest=True, key="k", reply_to=None)
    [told] = desk.told()
    assert told == Message(
        room="lobby", seq=1, ts=1, user="bob", text="word 1", guest=True, key="k"
    )
    assert isinstance(told, e.Event)
    assert msgspec.json.decode(msgspec.json.encode(told))["type"] == "message"


def test_online_is_told_before_all_that_happens_then() -> None:
    desk = Desk()
    desk.conversation.start(desk.now)
    desk.logs_in("lobby")
    desk.message(1)
    first, second = desk.told()
    assert isinstance(first, Online)
    assert isinstance(second, Message)
