"""What a person reads after their own commands in the text dialect."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core import commands as c
from chatd.core import control as k
from chatd.core import events as e
from chatd.core.settings import Settings
from chatd.core.text import clean
from chatd.dialects.text import dialect
from tests.unit.dialects.person import Person, attending
from tests.unit.dialects.values import answers, commands

AT_NOON = 1_767_355_380_000  # 2026-01-02 12:03 UTC
HOUR = 3_600_000
LOGIN_FAILED = e.Error(code="login_failed", message="the password is wrong")
NOT_LOGGED_IN = e.Error(code="not_logged_in", message="log in first")


def said(seq: int, text: str, *, hours: int = 0, **more: Any) -> e.Message:
    ts = AT_NOON + hours * HOUR
    return e.Message(**{"room": "lobby", "seq": seq, "ts": ts, "user": "ann", "text": text, **more})


def page(*messages: e.Message, more: bool = False) -> e.HistoryPage:
    return e.HistoryPage(room="lobby", messages=list(messages), more=more)


def after(typed: str, answer: e.Ok | e.Error) -> str:
    """What a guest in the lobby reads when that is answered so."""
    person = Person.guest()
    person.types(typed)
    return person.told(answer)


def test_one_is_told_who_and_where_one_is() -> None:
    person = Person()
    assert person.told(e.LoggedIn(user="guest-1", guest=True)) == (
        "you are guest-1; /nick NAME gives you another name"
    )
    assert person.told(attending("lobby", seq=5, topic="all things")) == (
        "you are in #lobby: all things; /history shows what was said"
    )


def test_a_member_is_told_what_they_hear() -> None:
    person = Person.guest()
    person.types("/login ann secret")
    rooms = [
        e.RoomState(room="dev", epoch="e", seq=0),
        e.RoomState(room="@x1", epoch="e", seq=0, kind="direct", title="ann,bob"),
    ]
    assert (
        person.told(e.LoggedIn(user="ann", rooms=rooms)) == "you are ann; you hear #dev, @ann,bob"
    )
    assert person.told(attending("lobby")) == "you are in #lobby"
    assert person.reads("/room @ann,bob") == "what you type now goes to @ann,bob"


def test_a_failed_log_in_says_so_and_keeps_silent_about_the_room() -> None:
    person = Person.guest()
    person.types("/login ann wrong")
    assert person.told(LOGIN_FAILED) == (
        "! the password is wrong (try again: /login USER PASSWORD)"
    )
    assert person.told(attending("lobby")) == ""
    assert person.types("hello") == [c.Send(room="lobby", text="hello")]


def test_where_guests_are_off_one_is_told_to_log_in_and_comes_to_the_lobby() -> None:
    person = Person()
    assert person.told(e.Error(code="guests_off", message="no guests")) == (
        "This server lets no guests in: type /login USER PASSWORD to come in."
    )
    assert person.told(NOT_LOGGED_IN) == ""
    person.types("hello")
    assert person.told(NOT_LOGGED_IN) == "! log in first (type /login USER PASSWORD)"
    person.types("/login ann wrong")
    assert person.told(LOGIN_FAILED).startswith("! the password is wrong")
    assert person.told(NOT_LOGGED_IN) == ""
    assert person.types("/login ann right")[1] == c.Join(room="lobby", id="follow")
    assert person.told(e.LoggedIn(user="ann")) == "you are ann"
    assert person.told(attending("lobby")) == "you are in #lobby"
    assert person.types("hello") == [c.Send(room="lobby", text="hello")]


def test_when_the_log_in_succeeds_a_failed_join_is_told() -> None:
    person = Person()
    person.told(e.LoggedIn(user="guest-1", guest=True))
    assert person.told(e.Error(code="forbidden", message="lobby is private")) == (
        "! lobby is private"
    )


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (attending("dev", kind="private", role="owner"), "you are in #dev (private, owner)"),
        (attending("@x", kind="direct", title="ann,bob"), "you are in @ann,bob"),
        (attending("dev", role="moderator", topic="a"), "you are in #dev (moderator): a"),
    ],
)
def test_a_room_is_told_with_what_is_special_about_it(answer: e.Ok, shown: str) -> None:
    assert after("/join dev", answer) == shown


@pytest.mark.parametrize(
    ("typed", "answer", "shown"),
    [
        ("/nick Ann", e.Renewed(user="Ann", guest_token="t"), "you are now Ann"),
        ("/invite bob", e.Ok(), "bob is invited to #lobby"),
        ("/role bob owner", e.Ok(), "bob is now owner in #lobby"),
        ("/quit", e.Ok(), "bye"),
        ("/leave dev", e.Ok(), "you left #dev"),
        ("/leave", e.Ok(), "you left #lobby and are in no room; /join ROOM enters one"),
        ("hello", e.Stored(room="lobby", seq=1, ts=1), ""),
        ("/topic cheese", e.Stored(room="lobby", seq=1, ts=1), ""),
        ("/topic", attending("lobby", seq=7), "#lobby has no topic; /topic TEXT sets one"),
        ("/topic", attending("lobby", topic="cheese"), "the topic of #lobby: cheese"),
        ("/history", page(), "nothing has been said in #lobby"),
        ("/search cheese", e.Found(messages=[], cursor=None), "nothing was found"),
        ("/rooms", e.RoomList(rooms=[], after=None), "there are no rooms"),
        (
            "/drain",
            k.Leaving(draining=True, sessions=1),
            "1 session is sent home; nobody is let in",
        ),
        (
            "/drain",
            k.Leaving(draining=True, sessions=2),
            "2 sessions are sent home; nobody is let in",
        ),
        ("/who", e.Roster(room="lobby", people=[], present=0, more=False), "0 here in #lobby"),
    ],
)
def test_a_command_is_answered_with_a_short_line_where_one_is_needed(
    typed: str, answer: e.Ok, shown: str
) -> None:
    assert after(typed, answer) == shown


def test_who_leaves_the_room_they_talk_in_is_told_where_they_talk_now() -> None:
    person = Person.guest()
    person.types("/join dev")
    person.told(attending("dev"))
    person.types("/leave")
    assert person.told(e.Ok()) == "you left #dev; what you type now goes to #lobby"
    assert person.types("hello") == [c.Send(room="lobby", text="hello")]


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (e.Error(code="forbidden", message="no\nway"), "! no way"),
        (e.Error(code="not_in_room", message="not there"), "! not there (type /join ROOM)"),
        (
            e.Error(code="rate_limited", message="too fast", retry_after_ms=1_001),
            "! too fast (wait 2 s, then type it again)",
        ),
        (
            e.Error(code="storage_full", message="the disk is full"),
            "! the disk is full (wait, then type it again)",
        ),
    ],
)
def test_an_error_says_what_to_do(error: e.Error, shown: str) -> None:
    assert after("hello", error) == shown


def test_an_unknown_command_is_told_as_an_error() -> None:
    assert Person.guest().reads("/hlep").startswith("! there is no command '/hlep'. Did you mean")


def test_an_answer_without_a_command_is_nothing_to_read() -> None:
    assert Person().speaker.answer(None, e.Ok()) is None


def test_history_is_told_with_its_days() -> None:
    messages = [
        said(1, "hello"),
        said(
            2,
            "two\nlines",
            edited_ts=AT_NOON,
            reactions={"👍": ["bob", "cat"], "🎉": ["bob"]},
            reaction_counts={"👍": 30},
        ),
        said(3, "", deleted=True, hours=12),
    ]
    assert after("/history", page(*messages)).split("\n") == [
        "-- 2026-01-02 --",
        "12:03 #lobby <ann> hello",
        "12:03 #lobby <ann> two",
        "    lines (edited)",
        "12:03 #lobby * 👍 bob, cat and 28 more; 🎉 bob",
        "-- 2026-01-03 --",
        "00:03 #lobby * a message of ann was deleted",
    ]


def test_the_days_of_history_are_those_of_the_servers_zone() -> None:
    person = Person(Settings(zone=timezone(timedelta(hours=12))))
    person.waiting = []
    person.types("/history")
    assert person.told(page(said(1, "hello"))) == "-- 2026-01-03 --\n00:03 #lobby <ann> hello"


def test_more_reads_on_backwards_in_history() -> None:
    person = Person.guest()
    person.types("/history 2")
    shown = person.told(page(said(8, "a"), said(9, "b"), more=True))
    assert shown.endswith("\n-- /more shows older ones --")
    assert person.types("/more") == [c.History(room="lobby", before=8, limit=2)]
    assert not person.told(page(said(7, "z"))).endswith("--")
    assert person.reads("/more").startswith("there is no more to show")


def test_more_is_asked_for_once() -> None:
    person = Person.guest()
    person.types("/history 1")
    person.told(page(said(8, "a"), more=True))
    person.types("/more")
    assert person.reads("/more").startswith("there is no more to show")


def test_what_was_found_is_told_oldest_first_with_dates() -> None:
    person = Person.guest()
    person.types("/search cheese")
    hits = [said(9, "cheese!", hours=12, room="dev"), said(1, "cheese?", reactions={"👍": ["bob"]})]
    assert person.told(e.Found(messages=hits, cursor=1)).split("\n") == [
        "2026-01-02 12:03 #lobby <ann> cheese?",
        "2026-01-02 12:03 #lobby * 👍 bob",
        "2026-01-03 00:03 #dev <ann> cheese!",
        "-- /more shows older ones --",
    ]
    assert person.types("/more") == [c.Search(query="cheese", cursor=1)]
    person.told(e.Found(messages=hits, cursor=None))
    assert person.reads("/more").startswith("there is no more to show")


def test_who_tells_those_here_and_those_away() -> None:
    people = [
        e.Person(user="ann", role="owner", online=True),
        e.Person(user="bob", online=True),
        e.Person(user="guest-1", online=True, guest=True),
        e.Person(user="cat", role="moderator"),
    ]
    roster = e.Roster(room="lobby", people=people, present=3, more=False)
    assert after("/who", roster) == (
        "3 here in #lobby: ann (owner), bob, guest-1 (guest); away: cat (moderator)"
    )


def test_a_roster_that_was_cut_says_so() -> None:
    people = [e.Person(user="ann", online=True)]
    roster = e.Roster(room="lobby", people=people, present=900, more=True)
    assert after("/who", roster) == "900 here in #lobby: ann; and more"


def test_a_room_that_somebody_else_opened_is_known_from_the_list() -> None:
    person = Person.guest()
    person.types("/rooms")
    opened = e.RoomLine(room="@x1", kind="direct", joined=True, title="guest-1, bob")
    person.told(e.RoomList(rooms=[opened, e.RoomLine(room="zoo")], after=None))
    assert person.types("/history @guest-1,bob") == [c.History(room="@x1", limit=20)]
    assert person.reads("/room") == "what you type goes to #lobby; you are also in @guest-1,bob"


def test_rooms_are_told_one_a_line_and_go_on() -> None:
    person = Person.guest()
    person.types("/rooms")
    rooms = [
        e.RoomLine(room="lobby", present=3, joined=True, topic="all things"),
        e.RoomLine(room="den", kind="private", present=1, joined=True),
        e.RoomLine(room="@x1", kind="direct", present=2, joined=True, title="ann, bob"),
        e.RoomLine(room="zoo"),
    ]
    assert person.told(e.RoomList(rooms=rooms, after=rooms[-1].room)).split("\n") == [
        "#lobby (3 here, you too): all things",
        "#den (private, 1 here, you too)",
        "@ann,bob (2 here, you too)",
        "#zoo (0 here)",
        "-- /more shows further ones --",
    ]
    assert person.types("/more") == [c.Rooms(after="zoo")]
    assert person.told(e.RoomList(rooms=rooms[:1], after=None)) == (
        "#lobby (3 here, you too): all things"
    )


@given(st.lists(st.tuples(commands | st.none(), answers), max_size=6))
def test_whatever_is_answered_to_whatever_does_no_harm_to_a_terminal(
    exchanges: list[tuple[c.Command | None, e.Ok | e.Error]],
) -> None:
    speaker = dialect(Settings()).speaker()
    for command, answer in exchanges:
        frame = speaker.answer(command, answer)
        shown = "" if frame is None else frame.payload.decode()
        assert shown.replace("\t", "") == clean(shown).replace("\t", "")


def test_a_hint_that_is_in_the_message_is_not_said_again() -> None:
    person = Person.guest()
    person.types("/leave")
    person.told(e.Ok())
    assert person.reads("hello").endswith("! you are in no room: type /join ROOM first")
