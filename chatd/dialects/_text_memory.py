"""What a text session remembers between two lines: its rooms, and where a line goes.
How anything is typed or shown is told in the modules beside this one."""

from __future__ import annotations

from typing import NamedTuple

from chatd.core.commands import Command, Create, Direct, Join
from chatd.core.errors import Refused
from chatd.core.events import Attending, LoggedIn, RoomState
from chatd.core.text import one_line


class Aim(NamedTuple):
    """Where a typed line goes: to a room, to a person whose room is not known yet, or nowhere."""

    room: str | None = None
    to: str | None = None


def called(label: str) -> str:
    """A room as people write it; a direct room's label begins with its sign already."""
    shown = one_line(label)
    return shown if shown.startswith("@") else f"#{shown}"


def _label(state: RoomState | Attending) -> str:
    return called(state.room if state.title is None else f"@{state.title}")


class Memory:
    """One session's.

    ``aim`` moves as soon as a join is typed, so that the lines typed behind it are never said in
    the room before; ``here`` is where the last join was answered, and ``aim`` falls back to it.
    ``rooms`` are those one is in, each with the way it is shown. ``said`` is the room and seq of
    one's last message, ``unanswered`` how many have none yet. ``more`` asks for the next page of
    the last list. ``followed``: whether the last log-in succeeded, and the join behind it matters.
    """

    __slots__ = (
        "aim", "followed", "here", "lobby", "more", "rooms", "said", "unanswered",
    )  # fmt: skip

    def __init__(self, lobby: str) -> None:
        self.lobby = lobby
        self.aim = self.here = Aim(room=lobby)
        self.rooms: dict[str, str] = {}
        self.said: tuple[str, int] | None = None
        self.unanswered = 0
        self.more: Command | None = None
        self.followed = False

    def shown(self, room: str) -> str:
        """A room by name, as people write it."""
        return self.rooms.get(room) or called(room)

    def room(self, typed: str | None) -> str:
        """The name of a room as typed, or of the one a line goes to. Raises Refused."""
        if typed is None:
            if self.aim.room is None:
                raise Refused("not_in_room", "you are in no room: type /join ROOM first")
            return self.aim.room
        for name, label in self.rooms.items():
            if label.lower() == typed.lower():
                return name
        plain = typed.removeprefix("#")
        return plain.casefold() if plain.casefold() in self.rooms else plain

    def home(self) -> str:
        """The room to be in after another log-in: this one, but guests have no direct rooms."""
        room = self.aim.room or self.lobby
        return self.lobby if room.startswith("@") else room

    def logged_in(self, answer: LoggedIn) -> None:
        """Another log-in is another person: what the one before was in is left."""
        self.rooms = {state.room: _label(state) for state in answer.rooms}
        self.said = None
        self.followed = True
        self.aim = self.here = Aim(room=self.home())

    def arrived(self, command: Command, answer: Attending) -> None:
        """One is in a room; lines go there, unless they were aimed elsewhere in the meantime."""
        self.rooms[answer.room] = _label(answer)
        self.here = Aim(room=answer.room)
        if self.aim == wanted(command):
            self.aim = self.here

    def failed(self, command: Command) -> None:
        """It did not come to that."""
        if self.aim == wanted(command):
            self.aim = self.here

    def left(self, room: str) -> None:
        """One is out of a room; lines go to the one joined last of those that remain."""
        self.rooms.pop(room, None)
        last = Aim(room=next(reversed(self.rooms), None))
        self.here = last if self.here.room == room else self.here
        self.aim = last if self.aim.room == room else self.aim

    def sending(self) -> None:
        """A message is on its way."""
        self.unanswered += 1

    def sent(self, place: tuple[str, int] | None) -> None:
        """It has its place, or (None) was refused."""
        self.unanswered -= 1
        self.said = place

    def last_said(self) -> tuple[str, int]:
        """Room and seq of one's last message. Raises Refused while that is not certain."""
        if self.said is None or self.unanswered:
            raise Refused("no_such_message", "there is no last message of yours to change")
        return self.said


def wanted(command: Command) -> Aim | None:
    """Where a command leads to when it succeeds."""
    match command:
        case Join(room=room) | Create(room=room):
            return Aim(room=room)
        case Direct(user=user):
            return Aim(to=user)
        case _:
            return None
