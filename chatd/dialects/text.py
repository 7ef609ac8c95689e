"""The text dialect: what a person types into any WebSocket client, and the lines they read.
Its commands are in _text_commands, the looks of things in _text_lines and _text_answers."""

from __future__ import annotations

from datetime import tzinfo

from chatd.core.commands import Command, Join, Login
from chatd.core.errors import Refused
from chatd.core.events import Error, Event, Ok, Welcome
from chatd.core.ports import Dialect, Frame, Speaker
from chatd.core.settings import Settings
from chatd.dialects._text_answers import OPENING, answered, refusal
from chatd.dialects._text_commands import FOLLOW, Meaning, meaning, said
from chatd.dialects._text_lines import welcome
from chatd.dialects._text_memory import Memory
from chatd.dialects.typed import line


def dialect(settings: Settings) -> Dialect:
    """The dialect for people, spoken where no other was asked for."""
    return TextDialect(settings.lobby, settings.zone)


class TextDialect:
    """Lines, without a line break at the end: a frame is a line, or several.

    What one says oneself is on one's screen already, so it is not echoed.
    """

    name = "text"
    subprotocol = "chatd.text"
    echo = False
    resumes = False

    def __init__(self, lobby: str, zone: tzinfo) -> None:
        self._lobby = lobby
        self._zone = zone

    def speaker(self) -> Speaker:
        """It begins as nobody, on the way to the lobby."""
        return TextSpeaker(self._lobby, self._zone)

    def event(self, event: Event, *, label: str, now: int) -> Frame | None:
        """`HH:MM #room ...`, the time being the event's own where it has one."""
        if isinstance(event, Welcome):
            return said(welcome(event))
        told = line(event, label, now, self._zone)
        return said(told) if told else None


class TextSpeaker:
    """One person at one keyboard."""

    def __init__(self, lobby: str, zone: tzinfo) -> None:
        self._memory = Memory(lobby)
        self._zone = zone

    def opening(self) -> list[Command]:
        """One comes in as a guest and finds oneself in the lobby."""
        return [Login(id=OPENING), Join(room=self._memory.lobby, id=FOLLOW)]

    def heard(self, payload: bytes) -> Meaning:
        """What was typed: a command behind a slash, else something to say to the room."""
        text = payload.decode(errors="replace").rstrip("\r\n")
        try:
            return meaning(self._memory, text)
        except Refused as no:
            return [Error(code=no.code.word, message=no.message)]

    def answer(self, command: Command | None, answer: Ok | Error) -> Frame | None:
        """A line or several, where a person needs them."""
        if isinstance(answer, Error):
            told = refusal(self._memory, command, answer)
        elif command is None:
            told = ""
        else:
            told = answered(self._memory, command, answer, self._zone)
        return said(told) if told else None
