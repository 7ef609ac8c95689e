"""Coming, going and coming back: which log-in is said when, and what ends a conversation."""

from __future__ import annotations

import math

import pytest

from chatd.client import Offline, Online, Refused, Stopped, Unreachable
from chatd.client.errors import may_return
from chatd.client.stages import GOODBYE, OPENING, STEADY, Stage
from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.commands import Position
from chatd.core.errors import CLOSES, CloseCode
from tests.unit.client.desk import Desk, back, online


def test_the_first_frame_logs_in_and_says_no_more_than_it_must() -> None:
    desk = Desk()
    desk.conversation.start(desk.now)
    assert desk.connects()
    assert desk.greets() == {"type": "login", "id": "login", "guest": "ann"}


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ({"guest": "ann"}, {"guest": "ann"}),
        ({"user": "ann", "password": "pw"}, {"user": "ann", "password": "pw"}),
        ({"token": "t"}, {"token": "t"}),
    ],
)
def test_one_logs_in_as_whoever_one_is(who: dict[str, str], said: dict[str, str]) -> None:
    desk = Desk(who=who)
    desk.conversation.start(desk.now)
    assert desk.greets() == {"type": "login", "id": "login", **said}


def test_who_is_both_guest_and_account_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="guest=, or with user="):
        Desk(who={"guest": "ann", "token": "t"})
    with pytest.raises(ValueError, match="both user= and password="):
        Desk(who={"user": "ann"})


def test_secrets_are_in_no_representation() -> None:
    desk = Desk(who={"user": "ann", "password": "tell nobody"})
    assert "tell nobody" not in repr(desk.conversation._identity)


def test_one_is_told_of_being_online_and_offline() -> None:
    desk = Desk()
    desk.conversation.start(desk.now)
    desk.logs_in("lobby")
    assert desk.told() == [Online("ann", again=False)]
    desk.loses(3001, "too slow")
    back(desk, "lobby")
    assert desk.told() == [Offline(3001, "too slow", 0.25), Online("ann", again=True)]


def test_one_comes_back_with_token_and_positions() -> None:
    desk = online("lobby", "other")
    desk.message(1)
    desk.message(2)
    desk.loses()
    assert back(desk) == {
        "type": "login",
        "id": "login",
        "guest": "ann",
        "guest_token": "token",
        "resume": {"lobby": {"epoch": "e1", "seq": 2}, "other": {"epoch": "e1", "seq": 0}},
    }


def test_an_account_sends_no_guest_token() -> None:
    desk = online("lobby", who={"token": "t"})
    desk.loses()
    assert "guest_token" not in back(desk)


def test_one_comes_back_at_the_time_that_the_server_gave() -> None:
    desk = online("lobby")
    desk.says("draining", reconnect_after_ms=1234)
    desk.loses(3000, "the server is stopping")
    assert desk.conversation.wake == desk.now + 1.234
    assert desk.told()[-1] == Offline(3000, "the server is stopping", 1.234)
    desk.pass_(1.2)
    assert not desk.connects()
    desk.pass_(0.1)
    assert desk.connects()


def test_the_time_that_the_server_gave_holds_once() -> None:
    desk = online("lobby")
    desk.says("draining", reconnect_after_ms=1234)
    desk.loses(3000)
    back(desk, "lobby")
    desk.loses(3000)
    assert desk.conversation.wake == desk.now + 0.25


def test_without_such_a_time_the_bound_of_the_wait_doubles_up_to_a_limit() -> None:
    desk = online("lobby", chance=1.0)
    desk.loses()
    waits = []
    for _ in range(9):
        waits.append(desk.conversation.wake - desk.now)
        desk.pass_(waits[-1])
        desk.conversation.unreachable("refused", desk.now, final=False)
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30, 30])


def test_the_wait_is_any_part_of_its_bound() -> None:
    desk = online("lobby", chance=0.0)
    desk.loses()
    assert desk.conversation.wake == desk.now


def test_a_line_that_held_makes_the_next_wait_short_again() -> None:
    desk = online("lobby", chance=1.0)
    for held, wait in ((1.0, 0.5), (1.0, 1.0), (STEADY, 0.5)):
        desk.pass_(held)
        desk.loses()
        assert desk.conversation.wake - desk.now == pytest.approx(wait)
        back(desk, "lobby")


def test_a_server_that_said_when_to_come_back_makes_it_short_too() -> None:
    desk = online("lobby", chance=1.0)
    for _ in range(5):
        desk.loses()
        back(desk, "lobby")
    desk.says("draining", reconnect_after_ms=300)
    desk.loses(3000)
    desk.pass_(0.3)
    desk.conversation.unreachable("connection refused", desk.now, final=False)
    assert desk.conversation.wake == desk.now + 0.5


def test_the_limit_of_the_wait_can_be_chosen() -> None:
    desk = online("lobby", chance=1.0, returns_within=2.0)
    desk.loses()
    waits = []
    for _ in range(5):
        waits.append(desk.conversation.wake - desk.now)
        desk.pass_(waits[-1])
        desk.conversation.unreachable("refused", desk.now, final=False)
    assert waits == pytest.approx([0.5, 1, 2, 2, 2])


def test_a_busy_server_says_when_to_come_back() -> None:
    desk = Desk()
    desk.conversation.start(desk.now)
    desk.conversation.unreachable("HTTP 503: full", desk.now, final=False, after=5.0)
    assert desk.conversation.wake == desk.now + 5.0


@pytest.mark.parametrize("close", CLOSES.values(), ids=lambda close: close.word)
def test_the_close_codes_of_chatd_mean_here_what_they_mean_there(close: CloseCode) -> None:
    code, reconnect = close.code, close.reconnect
    assert may_return(code) is (reconnect or code == 1000)


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011, 1012, 1013, 3499, 4000, 4499])
def test_after_these_codes_one_comes_back(code: int) -> None:
    desk = online("lobby")
    desk.loses(code)
    back(desk, "lobby")
    assert desk.conversation.stage is Stage.ONLINE


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009, 1010, 3500, 3999, 4500, 4999])
def test_after_these_codes_one_does_not(code: int) -> None:
    desk = online("lobby")
    request = desk.send()
    desk.loses(code, "go away")
    assert desk.conversation.wake == math.inf
    assert isinstance(desk.conversation.error, Stopped)
    assert desk.conversation.error.code == code
    assert "go away" in str(desk.conversation.error)
    assert request.error is desk.conversation.error
    assert desk.send().error is desk.conversation.error


def test_a_refused_log_in_ends_it() -> None:
    desk = Desk()
    desk.conversation.start(desk.now)
    desk.greets()
    desk.says("error", id="login", code="name_taken", message="choose another")
    assert desk.hung_up() == [1000]
    assert isinstance(desk.conversation.error, Refused)
    assert str(desk.conversation.error) == "name_taken: choose another"


def test_a_log_in_that_may_succeed_later_is_tried_again() -> None:
    desk = Desk()
    desk.conversation.start(desk.now)
    desk.greets()
    desk.says("error", id="login", code="storage_failed", message="no", retry_after_ms=2000)
    assert desk.hung_up() == [4000]
    assert desk.conversation.wake == desk.now + 2.0
    assert back(desk) == {"type": "login", "id": "login", "guest": "ann"}


def test_a_guest_whose_token_is_of_no_use_comes_as_a_stranger() -> None:
    desk = online("lobby")
    desk.loses()
    desk.pass_(1)
    desk.effects()
    assert "guest_token" in desk.greets()
    desk.says("error", id="login", code="login_failed", message="not of this server")
    [login] = desk.written()
    assert "guest_token" not in login
    desk.says("error", id="login", code="login_failed", message="not even so")
    assert isinstance(desk.conversation.error, Refused)


def test_what_cannot_be_reached_ever_ends_it_at_once() -> None:
    desk = Desk()
    desk.conversation.start(desk.now)
    desk.conversation.unreachable("HTTP 404: nothing here", desk.now, final=True)
    assert isinstance(desk.conversation.error, Unreachable)
    assert "HTTP 404" in str(desk.conversation.error)


def test_what_was_reached_once_may_be_reached_again() -> None:
    desk = online("lobby")
    desk.loses()
    desk.pass_(1)
    desk.conversation.unreachable("HTTP 404: a proxy restarts", desk.now, final=True)
    back(desk, "lobby")
    assert desk.conversation.stage is Stage.ONLINE


def test_the_first_log_in_has_so_much_time_and_the_error_says_why_it_took_more() -> None:
    desk = Desk(patience=10.0)
    desk.conversation.start(desk.now)
    for _ in range(100):
        desk.conversation.unreachable("connection refused", desk.now, final=False)
        desk.pass_(min(desk.conversation.wake - desk.now, 1.0))
        if desk.conversation.error is not None:
            break
    assert desk.now == pytest.approx(1010)
    assert str(desk.conversation.error) == "no log-in within 10 s: connection refused"


def test_later_there_is_no_such_limit() -> None:
    desk = online("lobby", patience=10.0)
    desk.loses()
    for _ in range(100):
        desk.pass_(desk.conversation.wake - desk.now)
        desk.conversation.unreachable("connection refused", desk.now, final=False)
    assert desk.conversation.error is None


@pytest.mark.parametrize("greeted", [False, True])
def test_a_server_that_says_nothing_is_left(greeted: bool) -> None:
    desk = Desk()
    desk.conversation.start(desk.now)
    if greeted:
        desk.greets()
    desk.pass_(OPENING - 1)
    assert desk.hung_up() == []
    desk.pass_(1)
    assert desk.hung_up() == [4000]
    assert desk.conversation.stage is Stage.AWAY


@pytest.mark.parametrize("frame", [b"\xff", b"[]", b"{}", b'{"type": 3}', b"hello", b""])
def test_what_no_chatd_says_loses_the_line(frame: bytes) -> None:
    desk = online("lobby")
    desk.conversation.heard(frame, desk.now)
    assert desk.hung_up() == [1002]
    assert desk.conversation.stage is Stage.AWAY


def test_goodbye_is_said_and_waited_for() -> None:
    desk = online("lobby")
    request = desk.send()
    desk.effects()
    desk.conversation.finish(desk.now)
    assert desk.written() == [{"type": "quit", "id": "quit"}]
    assert request.done
    desk.message(1)
    desk.says("ok", id="quit")
    assert desk.conversation.stage is Stage.LEAVING
    desk.loses(1000, "bye")
    assert (desk.conversation.stage, desk.conversation.error) == (Stage.OVER, None)
    assert desk.told() == []


def test_goodbye_is_not_waited_for_for_ever() -> None:
    desk = online("lobby")
    desk.conversation.finish(desk.now)
    desk.effects()
    desk.pass_(GOODBYE)
    assert desk.hung_up() == [1000]
    assert desk.conversation.stage is Stage.OVER


@pytest.mark.parametrize("again", [False, True])
def test_goodbye_off_the_line_is_over_at_once(again: bool) -> None:
    desk = online("lobby")
    desk.loses()
    if again:
        desk.pass_(1)
    desk.effects()
    desk.conversation.finish(desk.now)
    assert desk.hung_up() == [1000]
    assert (desk.conversation.stage, desk.conversation.wake) == (Stage.OVER, math.inf)
    assert str(desk.send().error) == "this client was closed"


def test_another_program_may_go_on_where_this_one_stopped() -> None:
    position = Position(epoch="e1", seq=7)
    desk = Desk(resume={"lobby": position}, guest_token="from before")
    desk.conversation.start(desk.now)
    login = desk.logs_in("lobby")
    assert login["resume"] == {"lobby": {"epoch": "e1", "seq": 7}}
    assert login["guest_token"] == "from before"
    assert desk.conversation.positions.of("lobby") == position


def test_a_new_name_is_kept_and_its_token_too() -> None:
    desk = online("lobby")
    request = desk.ask(c.Nick(nick="anna"), e.Renewed)
    desk.says("ok", id=request.number, user="anna", guest_token="newer")
    assert (desk.conversation.user, desk.conversation.guest_token) == ("anna", "newer")
    desk.says("renamed", room="lobby", user="anna", nick="guest-1")
    assert desk.conversation.user == "guest-1"


def test_one_knows_in_which_rooms_one_is() -> None:
    desk = online("lobby")
    attending = desk.conversation.attending
    join = desk.ask(c.Join(room="Ops"), e.Attending)
    desk.says("ok", id=join.number, room="ops", epoch="e1", seq=3, topic="alerts", role="owner")
    desk.says("invited", room="@1", by="bob", epoch="e1", seq=0, direct=True)
    assert list(attending) == ["lobby", "ops", "@1"]
    assert (attending["ops"].topic, attending["ops"].role) == ("alerts", "owner")
    assert (attending["@1"].kind, attending["@1"].title) == ("direct", "bob")
    leave = desk.ask(c.Leave(room="#OPS"))
    desk.says("ok", id=leave.number)
    desk.says("left", room="lobby", user="ann", reason="kicked")
    assert list(attending) == ["@1"]
    desk.loses()
    back(desk, "lobby")
    assert list(desk.conversation.attending) == ["lobby"]
