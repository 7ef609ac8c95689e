"""The director must be able to fail: whatever goes wrong in a play is noticed and shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conversations.director import Failed, give
from tests.conversations.memory import MemoryStage
from tests.conversations.script import BadPlay, plays_in, read

HELLO = """
ann arrives in lobby
bob arrives in lobby
ann< joined lobby bob
ann> send lobby hello
ann< ok seq=1
ann< message lobby ann hello
bob< message lobby ann hello
"""

SEQ_TRUE = """bob< {"type": "message", "room": "lobby", "seq": true, "ts": "...", "user": "ann",
| "text": "hello", "guest": true}"""

# What is changed in HELLO, into what, and what the failure must say.
SPOILED = [
    ("bob< message lobby ann hello\n", "", "at the end, bob<"),
    ("bob< message lobby ann hello", "bob< nothing", "expected: nothing"),
    ("bob< message lobby ann hello", "bob< message lobby ann hullo", "'text' is 'hello'"),
    ("bob< message lobby ann hello", "bob< message lobby bob hello", "'user' is 'ann'"),
    ("bob< message lobby ann hello", "bob< message lobby ann hello seq=2", "'seq' is 1"),
    ("bob< message lobby ann hello", "bob< message lobby ann hello key=x", "there is no 'key'"),
    ("bob< message lobby ann hello", "bob< message lobby ann hello seq=-", "there is a 'seq'"),
    ("bob< message lobby ann hello", "bob< edited lobby ann 1 hello", "type is 'message'"),
    (
        "bob< message lobby ann hello",
        "bob< message lobby $x hello user=$y\nbob<",
        "came:     nothing",
    ),
    ("ann< ok seq=1\n", "", "came:     {"),
    ("ann< ok seq=1", "ann< ok seq=2", "'seq' is 1"),
    ("ann< ok seq=1", "ann< error empty", "type is 'ok'"),
    ("ann< joined lobby bob\n", "", "ann< ok seq=1"),
    ("ann> send lobby hello\n", "", "came:     nothing"),
    ("ann> send lobby hello", "bob> send lobby hello", "ann< ok seq=1"),
    ("ann< ok seq=1", "ann> ping\nann< ok seq=1\nann< ok seq=1", "type is 'message'"),
    ("ann> send", "ann is closed 3000 draining\nann> send", "expected: the end of the connection"),
    ("ann> send", "ann> quit\nann< ok\nann is closed 3000 draining\nbob> send", "1000 bye"),
    ("ann> send", "ann> quit\nann< ok\nann> send", "the connection was closed"),
    ("ann> send", 'eve arrives with "no password of hers"\nann> send', "login_failed"),
    ("ann< joined lobby bob", "ann drops", '"joined"'),
    ("bob< message lobby ann hello", 'bob< {"type": "message"}', "a 'guest'"),
    (
        "bob< message lobby ann hello",
        SEQ_TRUE,
        "'seq' is 1",
    ),
]

# What no director can play, and what must be said of it.
UNPLAYABLE = [
    ("ann> send lobby hello", "eve> send lobby hello", "eve has not connected"),
    ("ann> send lobby hello", "ann> sing lobby hello", "'sing' is none of"),
    ("ann> send lobby hello", "ann> {send", "no JSON"),
    ("ann> send lobby hello", "ann> ping pong", "write field=value"),
    ("ann> send lobby hello", "all the world is a stage", "no direction"),
    ("ann> send lobby hello", "ann connects", "connected already"),
    ("ann> send lobby hello", "ann is closed 3000 bye", "no close code is 3000 bye"),
    ("ann> send lobby hello", "time passes 1\n| more", "'|' goes on"),
    ("< ", "> ", "it cannot fail"),
]


@pytest.mark.parametrize(("old", "new", "shown"), SPOILED)
def test_a_play_that_goes_wrong_fails_and_shows_it(old: str, new: str, shown: str) -> None:
    with pytest.raises(Failed) as failed:
        give(read("spoiled", spoil(old, new)), MemoryStage())
    assert shown in str(failed.value)
    assert "spoiled:" in str(failed.value)


@pytest.mark.parametrize(("old", "new", "shown"), UNPLAYABLE)
def test_a_play_that_cannot_be_played_is_refused(old: str, new: str, shown: str) -> None:
    with pytest.raises(BadPlay, match=shown.replace("|", r"\|")):
        give(read("bad", spoil(old, new)), MemoryStage())


def test_the_play_that_is_spoiled_here_is_a_good_one() -> None:
    give(read("hello", HELLO), MemoryStage())


def test_a_capture_must_be_the_same_when_it_comes_again() -> None:
    again = HELLO.replace("bob< message", "ann> ping\nann< ok id=$number\nbob< message")
    give(read("same", again), MemoryStage())
    other = again.replace("ann< ok seq=1", "ann< ok id=$number")
    with pytest.raises(Failed, match="'id' is 4, and \\$number was 3"):
        give(read("other", other), MemoryStage())


def test_an_answer_out_of_turn_is_noticed() -> None:
    early = HELLO.replace("ann> send", 'ann>> {"type": "ping", "id": "7"}\nann> send')
    with pytest.raises(Failed, match="'id' is '7'"):
        give(read("early", early.replace("ann< ok seq=1", "ann< ok id=3")), MemoryStage())


def test_text_is_compared_with_times_and_gaps() -> None:
    good = (
        "tom connects text\ntom< Welcome to ...\ntom< you are $tom; ...\ntom< you are in #lobby\n"
    )
    said = (
        f"ann arrives in lobby\n{good}ann< joined lobby $tom\ntom> hi\nann< message lobby $tom hi\n"
    )
    give(read("good", said), MemoryStage())
    for wrong in (said.replace("#lobby", "#garden"), said.replace("ann< joined", "tom< joined")):
        with pytest.raises(Failed):
            give(read("wrong", wrong), MemoryStage())


def test_news_of_presence_need_not_be_told_but_may_be() -> None:
    lost = HELLO + "bob drops\ntime passes 1\n"
    give(read("untold", lost), MemoryStage())
    give(read("told", lost + "ann< presence lobby 1 offline=bob"), MemoryStage())
    with pytest.raises(Failed, match="'present' is 1"):
        give(read("wrong", lost + "ann< presence lobby 2"), MemoryStage())


def test_a_failure_in_a_document_shows_the_line_of_the_document(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("# Title\n\n```chat\nann connects\nann< ok\n```\n\n```text\nann< ok\n```\n")
    [play] = plays_in(document)
    with pytest.raises(Failed, match=r"page\.md:5: ann< ok"):
        give(play, MemoryStage())


def spoil(old: str, new: str) -> str:
    assert old in HELLO
    return HELLO.replace(old, new)
