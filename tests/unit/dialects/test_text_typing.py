"""What a typed line means in the text dialect."""

from __future__ import annotations

import pytest

from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.settings import Settings
from chatd.dialects._text_commands import FOLLOW
from tests.unit.dialects.person import Person, attending, refused

NOT_PLACED = "your last message is in no room: it was refused, or is still on its way"


def test_one_comes_in_as_a_guest_and_goes_to_the_lobby() -> None:
    person = Person(Settings(lobby="hall"))
    assert person.waiting == [c.Login(id="opening"), c.Join(room="hall", id=FOLLOW)]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("hello", "hello"),
        ("hello\r\n", "hello"),
        ("  indented", "  indented"),
        ("two\nlines\n", "two\nlines"),
        ("one\n/quit", "one\n/quit"),
        ("//usr/bin", "/usr/bin"),
        ("  //usr", "  /usr"),
        ("///", "//"),
    ],
)
def test_a_line_is_said_to_the_room(typed: str, said: str) -> None:
    assert Person.guest().types(typed) == [c.Send(room="lobby", text=said)]


@pytest.mark.parametrize("typed", ["", "\n", "  ", "\r\n\r\n"])
def test_an_empty_line_is_nothing(typed: str) -> None:
    assert Person.guest().types(typed) == []


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("/nick Ann", c.Nick(nick="Ann")),
        ("/join dev", c.Join(room="dev")),
        ("/JOIN #dev", c.Join(room="dev")),
        (" /join dev ", c.Join(room="dev")),
        ("/join @bob", c.Direct(user="bob")),
        ("/leave", c.Leave(room="lobby")),
        ("/leave #dev", c.Leave(room="dev")),
        ("/rooms", c.Rooms()),
        ("/who", c.Who(room="lobby")),
        ("/who dev", c.Who(room="dev")),
        ("/msg bob hi  there", c.Send(to="bob", text="hi  there")),
        ("/msg @bob hi\n  there", c.Send(to="bob", text="hi\n  there")),
        ("/msg\tbob /quit", c.Send(to="bob", text="/quit")),
        ("/history", c.History(room="lobby", limit=20)),
        ("/history 5", c.History(room="lobby", limit=5)),
        ("/history dev", c.History(room="dev", limit=20)),
        ("/history 5 dev", c.History(room="dev", limit=5)),
        ("/history #5", c.History(room="5", limit=20)),
        ("/search two words", c.Search(query="two words")),
        ("/topic", c.Join(room="lobby", id="topic")),
        ("/topic all about  this", c.Topic(room="lobby", topic="all about  this")),
        ("/topic -", c.Topic(room="lobby", topic="")),
        ("/create #den", c.Create(room="den")),
        ("/create den private", c.Create(room="den", private=True)),
        ("/invite @bob", c.Invite(room="lobby", user="bob")),
        ("/invite bob dev", c.Invite(room="dev", user="bob")),
        ("/role bob Owner", c.Role(room="lobby", user="bob", role="owner")),
        ("/role bob member dev", c.Role(room="dev", user="bob", role="member")),
        ("/quit", c.Quit()),
    ],
)
def test_a_slash_begins_a_command(typed: str, command: c.Command) -> None:
    assert Person.guest().types(typed) == [command]


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        ("/login ann pass phrase ", c.Login(user="ann", password="pass phrase ")),
        ("/token chatd-1-abc", c.Login(token="chatd-1-abc")),
    ],
)
def test_a_log_in_is_followed_by_the_room_one_is_in(typed: str, login: c.Login) -> None:
    person = Person.guest()
    person.types("/join dev")
    person.told(attending("dev"))
    assert person.types(typed) == [login, c.Join(room="dev", id=FOLLOW)]


def test_a_log_in_from_a_direct_room_leads_to_the_lobby() -> None:
    person = Person.guest()
    person.types("/join @bob")
    person.told(attending("@x1", kind="direct", title="bob,guest-1"))
    assert person.types("/token t")[1] == c.Join(room="lobby", id=FOLLOW)
    person.told(e.LoggedIn(user="ann"))
    person.told(attending("lobby"))
    assert person.types("hello") == [c.Send(room="lobby", text="hello")]


@pytest.mark.parametrize(
    ("typed", "code", "message"),
    [
        ("/hlep", "unknown_command", "there is no command '/hlep'. Did you mean '/help'? To say"),
        (
            "/usr/bin/env x",
            "unknown_command",
            "'/usr/bin/env'. Type /help to see all. To say",
        ),
        ("/", "unknown_command", "there is no command '/'"),
        ("/ join dev", "unknown_command", "there is no command '/'"),
        ("/help nicks", "unknown_command", "Did you mean '/nick'?"),
        ("/nick", "bad_field", "this is how it is typed: /nick NAME"),
        ("/nick ann lee", "bad_field", "this is how it is typed: /nick NAME"),
        ("/quit now", "bad_field", "this is how it is typed: /quit"),
        ("/create den secret", "bad_field", "this is how it is typed: /create ROOM [private]"),
        ("/msg bob", "bad_field", "this is how it is typed: /msg PERSON TEXT"),
        ("/login ann", "bad_field", "this is how it is typed: /login USER PASSWORD"),
        ("/nick " + "n" * 129, "bad_field", "/nick: the nick: at most 128 characters are allowed"),
        ("/join #", "bad_field", "/join: the room: it must not be empty"),
        ("/join @", "bad_field", "/join: the user: it must not be empty"),
        ("/history 201", "bad_field", "/history: the limit: at most 200 is allowed"),
        ("/history " + "9" * 9999, "bad_field", "/history: the limit: at most 200 is allowed"),
        ("/history 0", "bad_field", "/history: the limit: at least 1 is needed"),
        ("/search " + "w" * 257, "bad_field", "/search: the query: at most 256 characters"),
        ("/edit oops", "no_such_message", "there is no last message of yours to change"),
        ("/delete", "no_such_message", "there is no last message of yours to change"),
    ],
)
def test_what_cannot_be_meant_is_told_and_not_said(typed: str, code: str, message: str) -> None:
    found = refused(Person.guest(), typed)
    assert found[0] == code
    assert message in found[1]


def test_a_refused_join_leaves_the_aim_where_it_was() -> None:
    person = Person.guest()
    refused(person, "/join #")
    assert person.types("hello") == [c.Send(room="lobby", text="hello")]


@pytest.mark.parametrize("typed", ["/join dev", "/room dev", "/create dev"])
def test_what_is_typed_behind_a_join_is_not_said_in_the_room_before(typed: str) -> None:
    person = Person.guest()
    person.types(typed)
    assert person.types("hello") == [c.Send(room="dev", text="hello")]


def test_what_is_typed_behind_a_direct_join_goes_to_that_person() -> None:
    person = Person.guest()
    person.types("/join @bob")
    assert person.types("psst") == [c.Send(to="bob", text="psst")]
    person.told(attending("@x1", kind="direct", title="bob,guest-1"))
    assert person.types("psst") == [c.Send(room="@x1", text="psst")]


def test_while_a_direct_room_is_opened_there_is_no_room_to_list() -> None:
    person = Person.guest()
    person.types("/join @bob")
    assert refused(person, "/who") == ("not_in_room", "you are in no room: type /join ROOM first")


@pytest.mark.parametrize("typed", ["/join dev", "/join @dev", "/create dev"])
def test_one_stays_where_one_was_when_a_join_is_refused(typed: str) -> None:
    person = Person.guest()
    person.types(typed)
    person.told(e.Error(code="forbidden", message="no"))
    assert person.types("hello") == [c.Send(room="lobby", text="hello")]


def test_of_two_joins_in_a_row_the_last_one_counts() -> None:
    person = Person.guest()
    person.types("/join one")
    person.types("/join two")
    person.told(attending("one"))
    assert person.types("hello") == [c.Send(room="two", text="hello")]
    person.told(e.Error(code="forbidden", message="no"))
    assert person.types("hello") == [c.Send(room="one", text="hello")]


def test_the_rooms_own_form_of_its_name_is_used_once_it_is_known() -> None:
    person = Person.guest()
    person.types("/join DEV")
    person.told(attending("dev"))
    assert person.types("hello") == [c.Send(room="dev", text="hello")]
    assert person.types("/leave Dev") == [c.Leave(room="dev")]


def test_a_direct_room_is_also_called_as_it_is_shown() -> None:
    person = Person.guest()
    person.types("/join @bob")
    person.told(attending("@x1", kind="direct", title="Bob,guest-1"))
    assert person.types("/history @bob,guest-1") == [c.History(room="@x1", limit=20)]


def test_room_turns_to_another_room_at_once() -> None:
    person = Person.guest()
    person.types("/join dev")
    person.told(attending("dev"))
    assert person.reads("/room #lobby") == "what you type now goes to #lobby"
    assert person.types("hello") == [c.Send(room="lobby", text="hello")]


def test_room_alone_says_where_one_talks() -> None:
    person = Person.guest()
    assert person.reads("/room") == "what you type goes to #lobby"
    person.types("/join dev")
    person.told(attending("dev"))
    assert person.reads("/room") == "what you type goes to #dev; you are also in #lobby"


def test_a_refused_join_does_not_lead_back_to_a_room_that_was_left() -> None:
    person = Person.guest()
    person.types("/join dev")
    person.told(attending("dev"))
    person.types("/leave")
    person.told(e.Ok())
    person.types("/join den")
    person.told(e.Error(code="forbidden", message="no"))
    assert person.types("hello") == [c.Send(room="lobby", text="hello")]


def test_who_has_left_the_last_room_talks_to_nobody() -> None:
    person = Person.guest()
    person.types("/leave")
    person.told(e.Ok())
    assert refused(person, "hello") == ("not_in_room", "you are in no room: type /join ROOM first")


def test_edit_and_delete_are_for_ones_last_message() -> None:
    person = Person.guest()
    person.types("helo")
    person.told(e.Stored(room="lobby", seq=17, ts=0))
    assert person.types("/edit hello") == [c.Edit(room="lobby", seq=17, text="hello")]
    person.told(e.Stored(room="lobby", seq=18, ts=0))
    assert person.types("/delete") == [c.Delete(room="lobby", seq=17)]
    person.told(e.Stored(room="lobby", seq=19, ts=0))
    nothing = "there is no last message of yours to change"
    assert refused(person, "/delete") == ("no_such_message", nothing)


def test_a_private_message_is_a_last_message_too_and_it_is_told_whom_it_went_to() -> None:
    person = Person.guest()
    person.types("/msg bob helo")
    assert person.told(e.Stored(room="@x1", seq=1, ts=0)) == "said to bob"
    assert person.types("/edit hello") == [c.Edit(room="@x1", seq=1, text="hello")]


def test_what_was_typed_behind_a_deletion_is_the_last_message() -> None:
    person = Person.guest()
    person.types("one")
    person.told(e.Stored(room="lobby", seq=1, ts=0))
    person.types("/delete")
    person.types("two")
    person.told(e.Stored(room="lobby", seq=2, ts=0))
    person.told(e.Stored(room="lobby", seq=3, ts=0))
    assert person.types("/edit deux") == [c.Edit(room="lobby", seq=3, text="deux")]


def test_what_was_typed_behind_a_login_is_the_last_message() -> None:
    person = Person()
    person.types("hello")
    person.told(e.LoggedIn(user="guest-1", guest=True))
    person.told(attending("lobby"))
    person.told(e.Stored(room="lobby", seq=1, ts=0))
    assert person.types("/edit hallo") == [c.Edit(room="lobby", seq=1, text="hallo")]


def test_of_two_with_the_same_words_the_second_is_the_last() -> None:
    person = Person.guest()
    person.types("hi")
    person.types("hi")
    person.told(e.Stored(room="lobby", seq=1, ts=0))
    person.told(e.Error(code="rate_limited", message="too fast", retry_after_ms=5))
    assert refused(person, "/delete") == ("no_such_message", NOT_PLACED)


def test_nothing_is_edited_while_the_last_message_is_on_its_way() -> None:
    person = Person.guest()
    person.types("one")
    person.types("two")
    person.told(e.Stored(room="lobby", seq=1, ts=0))
    assert refused(person, "/edit three") == ("no_such_message", NOT_PLACED)


def test_the_message_before_is_not_edited_when_the_last_one_was_refused() -> None:
    person = Person.guest()
    person.types("one")
    person.told(e.Stored(room="lobby", seq=1, ts=0))
    person.types("two")
    person.told(e.Error(code="rate_limited", message="too fast", retry_after_ms=5))
    assert refused(person, "/edit three") == ("no_such_message", NOT_PLACED)
