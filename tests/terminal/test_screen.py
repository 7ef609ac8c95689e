"""The terminal client in a terminal, at a real daemon."""

from __future__ import annotations

import os
import re
import signal

import pytest

from tests.process.client import Client, Frame
from tests.process.conftest import MakeClient, MakeDaemon
from tests.process.harness import Daemon, eventually
from tests.terminal.conftest import MakeTerminal


def from_ann(client: Client) -> Frame:
    """What ann says next."""
    while (message := client.event("message"))["user"] != "ann":
        pass
    return message


def test_two_people_talk_in_rooms_and_alone(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal
) -> None:
    bob = guest(daemon, "bob")
    screen = terminal(daemon.url(), "--guest", "ann")
    screen.until("#lobby", "2 here", "1 #lobby")
    bob.must("send", room="lobby", text="hello ann")
    screen.until("bob │ hello ann")
    screen.type("hello bob")
    assert from_ann(bob)["text"] == "hello bob"
    screen.type("/create ops")
    screen.until("#ops (owner)", "2 #ops")
    bob.must("join", room="ops")
    bob.must("send", room="lobby", text="ann: over here")
    screen.until("1 #lobby 1!")
    screen.keys("M-a")
    screen.until("── new", "over here")
    bob.must("send", to="ann", text="psst")
    screen.until("3 @bob 1!")
    screen.keys("M-3")
    screen.until(" @bob", "bob │ psst")
    screen.type("/msg bob yes?")
    assert from_ann(bob)["text"] == "yes?"
    screen.keys("C-d")
    assert screen.code() == 0


def test_sigterm_leaves_the_screen_in_order_and_the_name_free(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal
) -> None:
    bob = guest(daemon, "bob")
    screen = terminal(daemon.url(), "--guest", "ann")
    screen.until("#lobby", "2 here")
    os.kill(screen.pid(), signal.SIGTERM)
    assert bob.event("left")["reason"] == "quit"
    assert screen.code() == 143
    assert "#lobby" not in screen.text()
    guest(daemon, "ann")


def test_nothing_is_lost_or_doubled_when_the_server_is_killed(
    make_daemon: MakeDaemon, guest: MakeClient, terminal: MakeTerminal
) -> None:
    daemon = make_daemon(guests={"linger": "1m"}).start()
    screen = terminal(daemon.url(), "--guest", "ann")
    screen.until("1 #lobby", "1 here")
    screen.type("before")
    screen.until("ann │ before")
    daemon.kill()
    screen.until("off the line")
    screen.type("meanwhile one")
    screen.type("meanwhile two")
    daemon.start()
    screen.until_gone("off the line")
    bob = guest(daemon, "bob")
    bob.must("send", room="lobby", text="after")
    text = screen.until("bob │ after")
    assert [text.count(each) for each in ("before", "meanwhile one", "meanwhile two")] == [1] * 3
    page = bob.must("history", room="lobby")["messages"]
    said = [each["text"] for each in page if each["user"] == "ann"]
    assert said == ["before", "meanwhile one", "meanwhile two"]


def test_what_is_pasted_is_one_message_and_what_is_long_is_wrapped(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal
) -> None:
    bob = guest(daemon, "bob")
    screen = terminal(daemon.url(), "--guest", "ann", size=(60, 20))
    screen.until("2 here")
    screen.paste("one\ntwo\nthree")
    screen.until("> one", "three")
    screen.keys("Enter")
    assert from_ann(bob)["text"] == "one\ntwo\nthree"
    screen.paste("four\n\nfive\n\n")
    screen.until("> four", "five")
    screen.keys("Enter")
    assert from_ann(bob)["text"] == "four\n\nfive"
    bob.must("send", room="lobby", text="日本語 " * 20 + "👩‍👩‍👧 \u202eend\x1b[2J")
    text = screen.until("end")
    assert all(len(line) <= 60 for line in text.splitlines())
    screen.resize(120, 30)
    screen.until("1 #lobby             │ #lobby", "end")
    screen.resize(40, 12)
    screen.until("\n>", "1 #lobby")


def test_one_reads_what_was_said_before(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal
) -> None:
    bob = guest(daemon, "bob")
    for number in range(250):
        bob.must("send", room="lobby", text=f"word {number}.")
    screen = terminal(daemon.url(), "--guest", "ann")
    screen.until("word 249.")

    def up() -> str | None:
        screen.keys("PageUp")
        return text if "word 0." in (text := screen.text()) else None

    assert "this is the beginning" not in eventually(up)
    screen.until("End goes to the newest")
    screen.keys("End")
    screen.until("word 249.")


def test_tab_completes_and_help_explains(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal
) -> None:
    bob = guest(daemon, "robert")
    for room in ("offices", "timber"):
        bob.must("create", room=room)
    screen = terminal(daemon.url(), "--guest", "ann", size=(110, 60))
    screen.until("2 here")
    screen.keys("r", "o", "Tab")
    screen.until("> robert:")
    screen.keys("h", "i", "Enter")
    assert from_ann(bob)["text"] == "robert: hi"
    screen.keys("/", "j", "o", "i", "Tab", "#", "l", "o", "Tab", "Enter")  # faster than a person
    screen.until("1 #lobby")
    screen.keys("r", "o", "Tab", "y", "o", "Enter")
    assert from_ann(bob)["text"] == "robert: yo"
    screen.keys("s", "e", "e", "Space", "#", "o", "f", "Tab")
    screen.until("> see #offices")
    screen.keys("C-c")
    screen.until_gone("> see")
    screen.keys(*"/join", "Space", *"ti", "Tab")
    screen.until("> /join #timber")
    screen.keys("Enter")
    screen.until("2 #timber")
    screen.type("/topic")
    screen.until("#timber has no topic; /topic TEXT sets one")
    screen.type("/help")
    screen.until("/search WORDS", "Ctrl-N, Ctrl-P")


@pytest.mark.parametrize("colours", [True, False])
def test_colours_are_there_unless_one_wants_none(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal, colours: bool
) -> None:
    bob = guest(daemon, "bob")
    bob.must("send", room="lobby", text="hello")
    screen = terminal(daemon.url(), "--guest", "ann", **({} if colours else {"NO_COLOR": "1"}))
    screen.until("bob │ hello")
    coloured = re.search(r"\x1b\[(3[1-7]|38;5;\d+)m", screen.text(styled=True))
    assert bool(coloured) is colours


def test_an_account_logs_in_by_prompt(daemon: Daemon, terminal: MakeTerminal) -> None:
    config = ("--config", str(daemon.config))
    daemon.verb("user", "add", "alice", *config, stdin="correct horse battery\n")
    screen = terminal(daemon.url())
    screen.until("Your name:")
    screen.type("alice")
    screen.until("Password")
    screen.type("a wrong one")
    screen.until("wrong", "Your name:")
    screen.type("alice")
    eventually(lambda: screen.text().count("Password") == 2)
    screen.type("correct horse battery")
    text = screen.until("1 #lobby")
    assert "correct" not in text
    screen.type("/who")
    screen.until("1 here in #lobby: alice")


def test_an_account_comes_to_the_lobby_and_not_to_a_room_of_two(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal
) -> None:
    config = ("--config", str(daemon.config))
    daemon.verb("user", "add", "alice", *config, stdin="correct horse battery\n")
    token = daemon.verb("token", "add", "alice", *config).stdout.strip()
    bob, alice = guest(daemon, "bob"), Client(daemon.url())
    alice.login("lobby", token=token)
    alice.must("direct", user="bob")
    alice.close()
    screen = terminal(daemon.url(), CHATD_TOKEN=token)
    screen.until("1 #lobby", "2 @bob")
    screen.type("hello all")
    assert bob.event("message")["room"] == "lobby"


def test_who_is_put_off_the_server_learns_why(daemon: Daemon, terminal: MakeTerminal) -> None:
    config = ("--config", str(daemon.config))
    daemon.verb("user", "add", "alice", *config, stdin="correct horse battery\n")
    token = daemon.verb("token", "add", "alice", *config).stdout.strip()
    screen = terminal(daemon.url(), CHATD_TOKEN=token)
    screen.until("1 #lobby")
    daemon.verb("token", "revoke", token, *config)
    assert screen.code() == 77
    screen.until("revoked")


def test_a_dumb_terminal_gets_lines(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal
) -> None:
    bob = guest(daemon, "bob")
    screen = terminal(daemon.url(), "--guest", "ann", TERM="dumb")
    eventually(lambda: bob.must("who", room="lobby")["present"] == 2)
    bob.must("send", room="lobby", text="hello")
    screen.until("#lobby <bob> hello")
    screen.type("hello bob")
    assert from_ann(bob)["text"] == "hello bob"


def test_what_is_typed_at_a_dumb_terminal_may_be_a_command_and_is_not_said_then(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal
) -> None:
    bob = guest(daemon, "bob")
    screen = terminal(daemon.url(), "--guest", "ann", TERM="dumb")
    screen.until("you are ann in #lobby; /help lists what can be typed")
    screen.type("/who")
    screen.until("2 here in #lobby: ")
    screen.type("/msg bob psst")
    screen.until("said to bob")
    screen.type("/mgs bob psst")
    screen.until("! there is no command '/mgs'. Did you mean '/msg'?")
    screen.type("/login ann secret")
    screen.until("! log in when you start")
    screen.type("/join nowhere")
    screen.until("! there is no room 'nowhere'")
    screen.type("/create ops")
    screen.until("you are in #ops (owner)")
    screen.type("/leave")
    screen.until("you left #ops; what you type now goes to #lobby")
    screen.type("//me")
    assert [from_ann(bob)["text"] for _ in range(2)] == ["psst", "/me"]
    screen.keys("C-d")
    assert screen.code() == 0


@pytest.mark.parametrize("kind", ["dumb", "screen"])
def test_what_is_typed_for_one_message_is_said_when_it_ends(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal, kind: str
) -> None:
    bob = guest(daemon, "bob")
    screen = terminal(daemon.url(), "--guest", "ann", "--one", TERM=kind)
    eventually(lambda: bob.must("who", room="lobby")["present"] == 2)
    screen.type("/one")
    screen.type("two")
    screen.keys("C-d")
    assert screen.code() == 0
    assert from_ann(bob)["text"] == "/one\ntwo"


def test_at_a_dumb_terminal_one_is_put_out_of_a_room_but_not_out_of_the_program(
    daemon: Daemon, guest: MakeClient, terminal: MakeTerminal
) -> None:
    bob = guest(daemon, "bob")
    bob.must("create", room="ops")
    screen = terminal(daemon.url(), "--guest", "ann", "--room", "ops", TERM="dumb")
    screen.until("you are ann in #ops")
    bob.must("kick", room="ops", user="ann")
    screen.until("#ops * ann left (put out)")
    screen.type("hello")
    screen.until("(type /join ROOM)")
    screen.type("/quit")
    assert screen.code() == 0
