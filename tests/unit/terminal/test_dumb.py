"""What is typed at a terminal without a screen: said or done, and nothing of it ends the chat."""

from __future__ import annotations

import asyncio
from datetime import UTC
from typing import cast

from chatd.client import Client, Interrupted, Refused, TimedOut
from chatd.core import commands as c
from chatd.core import events as e
from chatd.terminal.dumb import Person


class Chat:
    """A Client in a room that answers as it was told to, one command after the other."""

    user = "ann"

    def __init__(self, *answers: e.Ok | Exception) -> None:
        self.attending = {"lobby": e.RoomState(room="lobby", epoch="e1", seq=0)}
        self.asked: list[c.Command] = []
        self._answers = iter(answers)

    async def ask(self, command: c.Command, kind: type[e.Ok]) -> e.Ok:
        self.asked.append(command)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        assert type(answer) is kind
        return answer


def typed(chat: Chat, *texts: str) -> tuple[list[str], list[bool]]:
    """What is read behind the greeting, and after which texts they stay."""
    read: list[str] = []

    async def types() -> list[bool]:
        person = Person(cast("Client", chat), "lobby", read.append, UTC)
        return [await person.typed(text) for text in texts]

    stays = asyncio.run(types())
    return read[1:], stays


def test_a_line_is_said_once_under_a_key_and_can_be_edited() -> None:
    chat = Chat(e.Stored(room="lobby", seq=7, ts=0), e.Stored(room="lobby", seq=8, ts=0))
    assert typed(chat, "", "hullo", "/edit hello", "/quit")[1] == [True, True, True, False]
    said, edited = chat.asked
    assert isinstance(said, c.Send)
    assert said.key
    assert edited == c.Edit(room="lobby", seq=7, text="hello")


def test_what_goes_wrong_is_read_and_another_line_may_be_typed() -> None:
    chat = Chat(Refused("muted", "you are muted"), TimedOut("late"), Interrupted("lost"))
    read, stays = typed(chat, "one", "two", "/join ops", "/nonsense", "/login a b", "/room")
    assert all(stays)
    assert read[:3] == ["! you are muted", "! late", "! lost"]
    assert read[3].startswith("! there is no command '/nonsense'")
    assert read[4:] == [
        "! log in when you start: chatd connect --user NAME",
        "what you type goes to #lobby",
    ]
