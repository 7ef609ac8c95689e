"""What is typed at the screen: commands, completion; and who one is when one comes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import get_type_hints

import pytest

from chatd.client import Interrupted, Left, Refused, Stopped, TimedOut, Unreachable
from chatd.commands import COMMANDS
from chatd.core import commands as c
from chatd.core import errors
from chatd.core.control import Support
from chatd.core.events import Ok
from chatd.terminal.arguments import arguments
from chatd.terminal.asking import ANSWERS, Do, Quit, Retry, Say, Show, commands, wishes
from chatd.terminal.completing import choices
from chatd.terminal.exits import Unusable, exit_code
from chatd.terminal.who import Prompts, Who, who
from tests.unit.terminal.scene import NOON, message, view


def command(typed: str) -> c.Command:
    """What it asks of the server, in a room where bob and ann have spoken."""
    v = view("lobby", "@bob")
    v.heard(message(1, "one"), NOON)
    v.heard(message(2, "two", user="ann"), NOON)
    [wish] = wishes(v, typed)
    assert isinstance(wish, Do)
    return wish.command


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("/join ops", c.Join(room="ops")),
        ("/join @eve", c.Direct(user="eve")),
        ("/join @bob", c.Direct(user="bob")),
        ("/leave", c.Leave(room="lobby")),
        ("/room ops", c.Join(room="ops")),
        ("/edit better", c.Edit(room="lobby", seq=2, text="better")),
        ("/delete", c.Delete(room="lobby", seq=2)),
        ("/react 👍", c.React(room="lobby", seq=2, emoji="👍")),
        ("/react 👍 bob", c.React(room="lobby", seq=1, emoji="👍")),
        ("/kick bob too loud", c.Kick(user="bob", room="lobby", reason="too loud")),
    ],
)
def test_a_command_is_for_the_room_on_the_screen(typed: str, asked: c.Command) -> None:
    assert command(typed) == asked


def test_what_is_no_command_is_said() -> None:
    v = view()
    v.heard(message(1, "one"), NOON)
    assert wishes(v, "hello\nyou") == [Say("hello\nyou", "lobby")]
    assert wishes(v, "//me too") == [Say("/me too", "lobby")]
    assert wishes(v, "/msg bob psst") == [Say("psst", to="bob")]
    assert wishes(v, "/reply yes") == [Say("yes", "lobby", reply_to=1)]
    assert wishes(v, "/retry") == [Retry()]
    assert wishes(v, "/quit") == [Quit()]


def test_help_tells_every_command_and_key() -> None:
    [told] = wishes(view(), "/help")
    assert isinstance(told, Show)
    assert all(f"/{word}" in told.text for word in commands())
    assert "/msg PERSON TEXT " in told.text
    assert "Ctrl-N" in told.text
    [told] = wishes(view(), "/help kick")
    assert isinstance(told, Show)
    assert told.text == "/kick PERSON [server] [TEXT]: put somebody out, saying why"


def test_every_command_that_can_be_typed_has_an_answer_that_can_be_read() -> None:
    for kind, row in COMMANDS.items():
        answer = get_type_hints(row.handler)["return"]
        told_in_its_own_way = (c.Login, c.Send, c.Unreact, c.Read, c.Unread, Support)
        if not issubclass(kind, told_in_its_own_way):
            assert ANSWERS.get(kind, Ok) is answer, kind


@pytest.mark.parametrize("typed", ["/nonsense", "/edit", "/edit x", "/login a b", "/react 👍"])
def test_what_cannot_be_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(errors.Refused) as refused:
        wishes(view(), typed)
    assert refused.value.message


def test_tab_completes_people_rooms_and_commands() -> None:
    v = view("lobby", "ops")
    v.heard(message(1, "one", user="Alice"), NOON)
    v.heard(message(2, "two", user="albert"), NOON)
    v.known["offices"] = None
    v.heard(message(3, "three", user="gone"), NOON)
    v.heard(Left(room="lobby", user="gone", reason="quit"), NOON)
    texts = {typed: [x.text for x in choices(v, typed)] for typed in TYPED}
    assert texts == TYPED


TYPED: Mapping[str, list[str]] = {
    "al": ["albert: ", "Alice: "],
    "hi al": ["albert ", "Alice "],
    "hi @ALI": ["@Alice "],
    "hi go": ["gone "],
    "an": [],  # that is oneself
    "see #o": ["#ops ", "#offices "],
    "/join of": ["#offices "],
    "/join al": [],  # a room has that name, or none
    "/join @al": ["@albert ", "@Alice "],
    "/who #o": ["#ops ", "#offices "],
    "/joi": ["/join "],
    "": [],
}


# --- who one is ---


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    arguments(parser)
    return parser.parse_args(words)


def asked(name: str, password: str) -> Prompts:
    return Prompts(lambda _: name, lambda _: password)


def test_the_server_comes_from_the_argument_then_from_the_environment() -> None:
    environ = {"CHATD_URL": "wss://env.example/"}
    assert who(parsed("wss://arg.example/"), environ, None).url == "wss://arg.example/"
    assert who(parsed(), environ, None).url == "wss://env.example/"
    assert who(parsed(), {}, None).url == "ws://127.0.0.1:8765/"


def test_who_one_is_is_said_by_arguments_environment_or_prompt(tmp_path: Path) -> None:
    url, file = "ws://127.0.0.1:8765/", tmp_path / "token"
    file.write_text("t1\n")
    token = {"CHATD_TOKEN": "t2"}
    assert who(parsed("--guest", "bob"), token, None) == Who(url, guest="bob")
    assert who(parsed("--token-file", str(file)), token, None) == Who(url, token="t1")
    assert who(parsed(), token, None) == Who(url, token="t2")
    assert who(parsed(), {}, None) == Who(url)
    alice = Who(url, user="alice", password="pw", asked=True)
    assert who(parsed("--user", "alice"), token, asked("", "pw")) == alice
    assert who(parsed(), {}, asked("alice", "pw")) == alice
    assert who(parsed(), {}, asked("alice", "")) == Who(url, guest="alice")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("http:/x",), os.EX_USAGE),
        (("--user", "alice"), os.EX_USAGE),
        (("--ca", "x.pem"), os.EX_USAGE),
        (("wss://x.example/", "--ca", "/nowhere.pem"), os.EX_NOINPUT),
        (("--token-file", "/nowhere"), os.EX_NOINPUT),
    ],
)
def test_what_cannot_be_used_has_an_exit_code(words: tuple[str, ...], code: int) -> None:
    with pytest.raises(Unusable) as error:
        who(parsed(*words), {}, None)
    assert error.value.code == code


@pytest.mark.parametrize("option", ["--token-file", "--ca"])
def test_a_named_pipe_is_not_waited_for(option: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(Unusable, match="this is a named pipe; name a file") as error:
        who(parsed("wss://x.example/", option, str(pipe)), {}, None)
    assert error.value.code == os.EX_NOINPUT


def test_no_secret_is_in_what_is_printed_of_somebody() -> None:
    assert "s3cret" not in repr(Who("ws://x/", user="a", password="s3cret", token="s3cret"))


def test_every_end_has_its_exit_code() -> None:
    assert [exit_code(error) for error in ENDS] == list(ENDS.values())


ENDS = {
    Unreachable("nobody"): os.EX_UNAVAILABLE,
    Refused("login_failed", "no"): os.EX_NOPERM,
    Refused("muted", "no"): os.EX_NOPERM,
    Refused("no_such_room", "no"): os.EX_NOPERM,
    Refused("too_long", "no"): os.EX_DATAERR,
    Refused("bad_name", "no"): os.EX_USAGE,
    Refused("rate_limited", "later", 100): os.EX_TEMPFAIL,
    Stopped(3501, "revoked"): os.EX_NOPERM,
    TimedOut("late"): os.EX_TEMPFAIL,
    Interrupted("lost"): os.EX_TEMPFAIL,
}
