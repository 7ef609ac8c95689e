"""What a text session remembers between two lines: its rooms, and where a line goes.
How anything is typed or shown is told in the modules beside this one."""

from __future__ import annotations

from typing import NamedTuple

from chatd.core.commands import Command, Create, Direct, Join, Send
from chatd.core.errors import Refused
from chatd.core.events import Attending, LoggedIn, RoomLine, RoomState
from chatd.core.text import one_line


class Aim(NamedTuple):
    """Where a typed line goes: to a room, to a person whose room is not known yet, or nowhere."""

    room: str | None = None
    to: str | None = None


def called(label: str) -> str:
    """A room as people write it, in one word; a direct room's label begins with its sign."""
    shown = one_line(label)
    return shown.replace(", ", ",") if shown.startswith("@") else f"#{shown}"


def called_as(state: RoomState | Attending | RoomLine) -> str:
    """A room of which the client was told, as people write it."""
    return called(state.room if state.title is None else f"@{state.title}")


class Memory:
    """One session's.

    ``aim`` moves as soon as a join is typed, so that the lines typed behind it are never said in
    the room before; ``here`` is where the last join was answered, and ``aim`` falls back to it.
    ``rooms`` are those one is in, each with the way it is shown. ``latest`` is the last message
    that was typed, ``said`` its room and seq once it has them. ``more`` asks for the next page of
    the last list. ``followed``: whether the last log-in succeeded, and the join behind it matters.
    """

    __slots__ = ("aim", "followed", "here", "latest", "lobby", "more", "rooms", "said")

    def __init__(self, lobby: str) -> None:
        self.lobby = lobby
        self.aim = self.here = Aim(room=lobby)
        self.rooms: dict[str, str] = {}
        self.latest: Send | None = None
        self.said: tuple[str, int] | None = None
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
        self.rooms = {state.room: called_as(state) for state in answer.rooms}
        self.said = None
        self.followed = True
        self.aim = self.here = Aim(room=self.home())

    def arrived(self, command: Command, answer: Attending) -> None:
        """One is in a room; lines go there, unless they were aimed elsewhere in the meantime."""
        self.rooms[answer.room] = called_as(answer)
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

    def sending(self, command: Send) -> None:
        """A message is on its way: from now on it is the last one, placed or not."""
        self.latest, self.said = command, None

    def sent(self, command: Send, room: str, seq: int) -> None:
        """A message has its place."""
        if command is self.latest:
            self.said = (room, seq)

    def deleted(self, room: str, seq: int) -> None:
        """A message is no more. If it was the last one there is none; but another may have been
        typed behind the command."""
        if self.said == (room, seq):
            self.latest = self.said = None

    def last_said(self) -> tuple[str, int]:
        """Room and seq of one's last message. Raises Refused while it has no place: the one before
        it is not what somebody means who has just typed another."""
        if self.said is not None:
            return self.said
        if self.latest is not None:
            why = "your last message is in no room: it was refused, or is still on its way"
            raise Refused("no_such_message", why)
        raise Refused("no_such_message", "there is no last message of yours to change")


def wanted(command: Command) -> Aim | None:
    """Where a command leads to when it succeeds."""
    match command:
        case Join(room=room) | Create(room=room):
            return Aim(room=room)
        case Direct(user=user):
            return Aim(to=user)
        case _:
            return None
