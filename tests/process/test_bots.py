"""docs/bots.md: its examples are programs, and do what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.process.client import Client
from tests.process.conftest import MakeClient
from tests.process.harness import PROJECT, Daemon, clean_environ, eventually

PAGE = (PROJECT / "docs" / "bots.md").read_text()
BOTS: list[str] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
DICE, NOTES, PARROT = BOTS

RunBot = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def run_bot(tmp_path: Path) -> Iterator[RunBot]:
    """Runs a bot in a folder of its own, and waits until it is in the lobby."""
    running: list[subprocess.Popen[str]] = []

    def run(text: str, daemon: Daemon, people: Client, **environ: str) -> subprocess.Popen[str]:
        program = tmp_path / "bot.py"
        program.write_text(text)
        bot = subprocess.Popen(
            [sys.executable, "-W", "error", str(program)],
            cwd=tmp_path,
            env=clean_environ() | {"CHATD_URL": daemon.url(), "PYTHONPATH": str(PROJECT)} | environ,
            text=True,
        )
        running.append(bot)
        eventually(lambda: people.must("who", room="lobby")["present"] == 2)
        return bot

    yield run
    for bot in running:
        bot.kill()
        bot.wait()


def answer_to(people: Client, text: str) -> str:
    """Say this in the lobby; gives what somebody else replies."""
    people.must("send", room="lobby", text=text)
    while True:
        message = people.event("message")
        if message["user"] != "ann":
            return str(message["text"])


def test_the_first_bot_has_fifteen_lines() -> None:
    assert len(DICE.splitlines()) <= 15


def test_it_rolls_dice_also_after_a_restart(
    daemon: Daemon, guest: MakeClient, run_bot: RunBot
) -> None:
    ann = guest(daemon, "ann")
    bot = run_bot(DICE, daemon, ann)
    assert re.fullmatch("ann: [1-6]", answer_to(ann, "!roll"))
    daemon.kill()
    daemon.start()
    again = guest(daemon, "ann")  # the first to come back, so that the bot hears of it later
    assert re.fullmatch("ann: [1-6]", answer_to(again, "!roll"))
    assert bot.poll() is None


def test_the_notary_goes_on_where_it_was_killed(
    daemon: Daemon, guest: MakeClient, run_bot: RunBot, tmp_path: Path
) -> None:
    config = ("--config", str(daemon.config))
    daemon.verb("user", "add", "notary", *config, stdin="a long password\n")
    token = daemon.verb("token", "add", "notary", *config).stdout.strip()
    ann = guest(daemon, "ann")
    bot = run_bot(NOTES, daemon, ann, CHATD_TOKEN=token)
    assert answer_to(ann, "one") == "noted"
    bot.kill()
    bot.wait()
    for text in ("two", "three"):
        ann.must("send", room="lobby", text=text)
    eventually(lambda: ann.must("who", room="lobby")["present"] == 1)
    run_bot(NOTES, daemon, ann, CHATD_TOKEN=token)
    assert answer_to(ann, "four") == "noted"
    log = tmp_path / "lobby.log"
    eventually(lambda: len(log.read_text().splitlines()) >= 4)
    noted = [line.split(" ", 1)[1] for line in log.read_text().splitlines()]
    assert noted[-3:] == ["ann two", "ann three", "ann four"]
    eventually(lambda: len(replies(ann)) >= 4)
    assert sorted(set(replies(ann))) == sorted(replies(ann))  # one each


def replies(people: Client) -> list[int]:
    """The messages that were replied to, as often as they were."""
    page = people.must("history", room="lobby", limit=200)
    return [each["reply_to"] for each in page["messages"] if "reply_to" in each]


def test_the_parrot_speaks_on_twisted(daemon: Daemon, guest: MakeClient, run_bot: RunBot) -> None:
    ann = guest(daemon, "ann")
    run_bot(PARROT, daemon, ann)
    assert answer_to(ann, "!say hello") == "hello"
