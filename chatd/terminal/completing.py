"""What the Tab key offers: names, rooms and commands, best first.
How the choices are shown is screen.py's."""

from __future__ import annotations

from typing import NamedTuple

from chatd.terminal.asking import commands
from chatd.terminal.view import View

ROOMS_FOR = ("/join", "/room", "/leave", "/who")


class Choice(NamedTuple):
    """``text`` takes the place of the last ``length`` characters; ``says`` explains it."""

    text: str
    length: int
    says: str = ""


def choices(view: View, before: str) -> list[Choice]:
    """For the text ``before`` the cursor."""
    begin = _begin(before)
    word, first = before[begin:], begin == 0
    if first and word.startswith("/"):
        return [
            Choice(f"/{name} ", len(word), does)
            for name, (_, does) in sorted(commands().items())
            if name.startswith(word[1:].lower())
        ]
    if names_room(before):
        found = _rooms(view, word)
        if found or not word.startswith("@"):
            return found
    return _people(view, word, first=first) if word else []


def names_room(before: str) -> bool:
    """Whether the word before the cursor is a room, as far as it goes."""
    return before.startswith("#", _begin(before)) or before.split(" ", 1)[0] in ROOMS_FOR


def _begin(before: str) -> int:
    """Where the word before the cursor begins."""
    return max(before.rfind(" "), before.rfind("\n")) + 1


def _rooms(view: View, word: str) -> list[Choice]:
    labels = [room.label for room in view.listed()]
    labels += [f"#{name}" for name in view.known if f"#{name}" not in labels]
    wanted = word.casefold().lstrip("#")
    return [
        Choice(f"{label} ", len(word))
        for label in labels
        if label.lstrip("#").casefold().startswith(wanted)
    ]


def _people(view: View, word: str, *, first: bool) -> list[Choice]:
    """Who spoke last comes first, then who spoke and went. A line begins with whom it is for."""
    sign = "@" if word.startswith("@") else ""
    wanted = word.removeprefix("@").casefold()
    room = view.room
    here = list(reversed(room.people)) if room is not None else []
    gone = [x.user for x in reversed(room.entries) if x.seq] if room is not None else []
    elsewhere = [name for other in view.listed() for name in other.people]
    people = dict.fromkeys([*here, *gone, *elsewhere])
    end = ": " if first and not sign else " "
    return [
        Choice(f"{sign}{name}{end}", len(word))
        for name in people
        if name != view.me and name.casefold().startswith(wanted)
    ]
