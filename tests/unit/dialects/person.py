"""A person at a text session: what they type becomes commands, what they are told becomes lines."""

from __future__ import annotations

from typing import Any

from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.ports import Frame
from chatd.core.settings import Settings
from chatd.dialects.text import TextSpeaker, dialect

EPOCH = "e1"


def attending(room: str, **more: Any) -> e.Attending:
    """One is in the room, in which nothing was said yet unless told otherwise."""
    return e.Attending(room=room, epoch=EPOCH, **{"seq": 0, **more})


class Person:
    """Somebody who typed nothing yet; ``guest`` and ``user`` are through the door."""

    def __init__(self, settings: Settings | None = None) -> None:
        speaker = dialect(settings or Settings()).speaker()
        if not isinstance(speaker, TextSpeaker):
            raise TypeError(f"{speaker!r} is no text speaker")
        self.speaker = speaker
        self.waiting: list[c.Command] = speaker.opening()

    @classmethod
    def guest(cls) -> Person:
        """A guest who is in the lobby."""
        person = cls()
        person.told(e.LoggedIn(user="guest-1", guest=True))
        person.told(attending("lobby"))
        return person

    def types(self, text: str) -> list[c.Command | e.Error]:
        """What that asks for; the commands wait for their answers."""
        meant = [one for one in self._heard(text) if not isinstance(one, Frame)]
        self.waiting += [one for one in meant if isinstance(one, c.Command)]
        return meant

    def reads(self, text: str) -> str:
        """What is told at once when that is typed."""
        (one,) = self._heard(text)
        if isinstance(one, e.Error):
            return self._line(None, one)
        if not isinstance(one, Frame):
            raise TypeError(f"{one!r} is asked for, and nothing told")
        return one.payload.decode()

    def told(self, answer: e.Ok | e.Error) -> str:
        """What is read when the command that waits longest is answered so."""
        return self._line(self.waiting.pop(0), answer)

    def _heard(self, text: str) -> list[c.Command | e.Error | Frame]:
        return self.speaker.heard(text.encode())

    def _line(self, command: c.Command | None, answer: e.Ok | e.Error) -> str:
        frame = self.speaker.answer(command, answer)
        return "" if frame is None else frame.payload.decode()


def refused(person: Person, text: str) -> tuple[str, str]:
    """Code and message of the one error that typing this is."""
    (error,) = person.types(text)
    if not isinstance(error, e.Error):
        raise TypeError(f"{text!r} is a command: {error!r}")
    return error.code, error.message
