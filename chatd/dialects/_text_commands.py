"""What a person can type: the table of slash commands, which is parser and help in one.
What the answers look like is in _text_answers; what the commands do is in chatd/commands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from chatd.core import commands as c
from chatd.core.errors import Refused
from chatd.core.events import Error
from chatd.core.ports import Frame
from chatd.core.text import for_terminal
from chatd.dialects import _text_control, _text_moderation
from chatd.dialects._text_memory import Aim, Memory
from chatd.dialects._words import checked, cited, meant, reason

Given = dict[str, str]
"""The words that were typed, by their names in the usage."""
Meaning = list[c.Command | Error | Frame]

FOLLOW = "follow"
"""The id of the join that is given in a person's name behind their log-in."""

TOPIC = "topic"
"""The id of a join that only asks what the topic is."""

_SLASH = re.compile(r"/(\S*)\s*(.*)", re.DOTALL)
_WHOLE = {"TEXT", "WORDS", "PASSWORD"}
"""Takes all that is left, spaces and line breaks too."""


class Row(NamedTuple):
    """One slash command: how it is typed ([...] may be left out), what it does, what it means."""

    usage: str
    does: str
    means: Callable[[Memory, Given], Meaning]


def said(text: str) -> Frame:
    """Something for the person to read: the one door to their terminal."""
    return Frame(for_terminal(text).encode())


def meaning(memory: Memory, text: str) -> Meaning:
    """What a typed text asks for. Raises Refused."""
    typed = text.lstrip()
    if not typed:
        return []
    if typed.startswith("//"):
        return _say(memory, text.replace("//", "/", 1))
    slash = _SLASH.fullmatch(typed)
    if slash is None:
        return _say(memory, text)
    word, rest = slash[1].lower(), slash[2]
    row = _row(word)
    given = arguments(row.usage, rest)
    if given is None:
        raise Refused("bad_field", f"this is how it is typed: {row.usage}")
    try:
        return row.means(memory, given)
    except msgspec.ValidationError as error:
        field, what = reason(error)
        raise Refused("bad_field", f"/{word}: the {field}: {what}") from None


def arguments(usage: str, rest: str) -> Given | None:
    """The words of ``rest`` by their names in ``usage``; None when they do not fit."""
    given: Given = {}
    for place in usage.split()[1:]:
        name = place.strip("[]")
        word, left = (rest, "") if name in _WHOLE else _first(rest)
        if word and _fits(name, word):
            given[name], rest = word, left
        elif name == place:
            return None
    return None if rest else given


def _first(text: str) -> tuple[str, str]:
    word, *left = text.split(maxsplit=1) or [""]
    return word, "".join(left)


def _fits(name: str, word: str) -> bool:
    if name == "N":
        return word.isascii() and word.isdecimal()
    if name == "TIME":
        return _text_moderation.TIME.fullmatch(word) is not None
    return name.isupper() or name == word.lower()


def _row(word: str) -> Row:
    if word not in TABLE:
        typed = f"/{word}"
        close = meant(typed, (f"/{known}" for known in TABLE)) or " Type /help to see all."
        say = "To say a line that begins with '/', begin it with two."
        raise Refused("unknown_command", f"there is no command {cited(typed)}.{close} {say}")
    return TABLE[word]


def _say(memory: Memory, text: str) -> Meaning:
    if memory.aim == Aim():
        memory.room(None)
    room, to = memory.aim
    command = c.Send(text=text, room=room, to=to)
    memory.sending(command)
    return [command]


def _nick(_: Memory, given: Given) -> Meaning:
    return [checked(c.Nick, nick=given["NAME"])]


def _join(memory: Memory, given: Given) -> Meaning:
    typed = given["ROOM"]
    name = memory.room(typed)
    command: c.Command
    if name == typed and typed.startswith("@"):
        command = checked(c.Direct, user=typed[1:])
        memory.aim = Aim(to=typed[1:])
    else:
        command = checked(c.Join, room=name)
        memory.aim = Aim(room=name)
    return [command]


def _room(memory: Memory, given: Given) -> Meaning:
    typed = given.get("ROOM")
    if typed is None:
        return [said(_bearings(memory))]
    name = memory.room(typed)
    if name not in memory.rooms:
        return _join(memory, given)
    memory.aim = memory.here = Aim(room=name)
    return [said(f"what you type now goes to {memory.shown(name)}")]


def _bearings(memory: Memory) -> str:
    room = memory.room(None)
    others = [shown for name, shown in memory.rooms.items() if name != room]
    also = f"; you are also in {', '.join(others)}" if others else ""
    return f"what you type goes to {memory.shown(room)}{also}"


def _leave(memory: Memory, given: Given) -> Meaning:
    return [checked(c.Leave, room=memory.room(given.get("ROOM")))]


def _rooms(_: Memory, __: Given) -> Meaning:
    return [c.Rooms()]


def _who(memory: Memory, given: Given) -> Meaning:
    return [checked(c.Who, room=memory.room(given.get("ROOM")))]


def _msg(memory: Memory, given: Given) -> Meaning:
    command = checked(c.Send, to=_person(given), text=given["TEXT"])
    memory.sending(command)
    return [command]


def _person(given: Given) -> str:
    return given["PERSON"].removeprefix("@")


def _edit(memory: Memory, given: Given) -> Meaning:
    room, seq = memory.last_said()
    return [c.Edit(room=room, seq=seq, text=given["TEXT"])]


def _delete(memory: Memory, _: Given) -> Meaning:
    room, seq = memory.last_said()
    return [c.Delete(room=room, seq=seq)]


def _history(memory: Memory, given: Given) -> Meaning:
    room, most = memory.room(given.get("ROOM")), given.get("N", "20")
    # Cut first: a number of thousands of digits is refused as one of nine is, but at no cost.
    return [checked(c.History, room=room, limit=int(most[:9]))]


def _search(_: Memory, given: Given) -> Meaning:
    return [checked(c.Search, query=given["WORDS"])]


def _more(memory: Memory, _: Given) -> Meaning:
    page, memory.more = memory.more, None
    return [page or said("there is no more to show: type /history or /search first")]


def _topic(memory: Memory, given: Given) -> Meaning:
    room = memory.room(None)
    if "TEXT" not in given:
        return [c.Join(room=room, id=TOPIC)]  # joining twice is harmless: its answer tells it
    topic = given["TEXT"]
    return [c.Topic(room=room, topic="" if topic == "-" else topic)]


def _create(memory: Memory, given: Given) -> Meaning:
    name = memory.room(given["ROOM"])
    command = checked(
        c.Create,
        room=name,
        private="private" in given,
        history=False if "nohistory" in given else None,
    )
    memory.aim = Aim(room=name)
    return [command]


def _invite(memory: Memory, given: Given) -> Meaning:
    return [checked(c.Invite, user=_person(given), room=memory.room(given.get("ROOM")))]


def _role(memory: Memory, given: Given) -> Meaning:
    room, role = memory.room(given.get("ROOM")), given["ROLE"].lower()
    return [checked(c.Role, user=_person(given), role=role, room=room)]


def _login(memory: Memory, given: Given) -> Meaning:
    login = checked(c.Login, user=given["USER"], password=given["PASSWORD"])
    return [login, c.Join(room=memory.home(), id=FOLLOW)]


def _token(memory: Memory, given: Given) -> Meaning:
    login = checked(c.Login, token=given["TOKEN"])
    return [login, c.Join(room=memory.home(), id=FOLLOW)]


def _quit(_: Memory, __: Given) -> Meaning:
    return [c.Quit()]


def _help(_: Memory, given: Given) -> Meaning:
    if "COMMAND" in given:
        row = _row(given["COMMAND"].lower().removeprefix("/"))
        return [said(f"{row.usage}: {row.does}")]
    width = max(len(row.usage) for row in TABLE.values())
    lines = [f"  {row.usage:{width}}  {row.does}" for row in TABLE.values()]
    return [said("\n".join([_HELP, *lines]))]


_HELP = (
    "What you type is said to the room you are in; to begin a line with '/', type it twice.\n"
    "The commands (what stands in [] may be left out):"
)

TABLE = {
    row.usage.split()[0].removeprefix("/"): row
    for row in (
        Row("/msg PERSON TEXT", "say something to one person alone", _msg),
        Row("/join ROOM", "enter a room and talk there; @PERSON for the room of you two", _join),
        Row("/leave [ROOM]", "leave a room", _leave),
        Row("/room [ROOM]", "talk in another room you are in, or see where you talk", _room),
        Row("/rooms", "list the rooms", _rooms),
        Row("/who [ROOM]", "list who is in a room", _who),
        Row("/history [N] [ROOM]", "read the last N messages of a room", _history),
        Row("/search WORDS", "find messages that hold all these words", _search),
        Row("/more", "read on in what /history, /search or /rooms began", _more),
        Row("/edit TEXT", "give your last message another text", _edit),
        Row("/delete", "take your last message back", _delete),
        Row("/nick NAME", "take another name, as a guest", _nick),
        Row("/login USER PASSWORD", "log in with your account", _login),
        Row("/token TOKEN", "log in with a token", _token),
        Row(
            "/create ROOM [private] [nohistory]",
            "make a room; by invitation, or where nothing is kept",
            _create,
        ),
        Row("/topic [TEXT]", "see the room's topic, or set it; - clears it", _topic),
        Row("/invite PERSON [ROOM]", "make somebody a member of a room", _invite),
        Row("/role PERSON ROLE [ROOM]", "make a member owner, moderator or member", _role),
        *(Row(*row) for row in (*_text_moderation.ROWS, *_text_control.ROWS)),
        Row("/help [COMMAND]", "see this", _help),
        Row("/quit", "say goodbye", _quit),
    )
}
