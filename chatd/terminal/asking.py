"""What one types at the screen, as commands: those of the text dialect, and a few of the screen's.
Who gives them to the server is talk.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chatd.core import commands as c
from chatd.core import control
from chatd.core import events as e
from chatd.core import moderation as m
from chatd.core.errors import Refused
from chatd.dialects.typed import TABLE, Aim, Memory, meaning
from chatd.terminal.view import View

ANSWERS: Mapping[type[c.Command], type[e.Ok]] = {
    c.Send: e.Stored,
    c.Nick: e.Renewed,
    c.Join: e.Attending,
    c.Create: e.Attending,
    c.Direct: e.Attending,
    c.Edit: e.Stored,
    c.Delete: e.Stored,
    c.React: e.Stored,
    c.Topic: e.Stored,
    c.History: e.HistoryPage,
    c.Search: e.Found,
    c.Who: e.Roster,
    c.Rooms: e.RoomList,
    c.Ban: m.Sanctioned,
    c.Mute: m.Sanctioned,
    c.Bans: m.SanctionList,
    c.Report: m.Reported,
    c.Reports: m.ReportList,
    c.Emergency: m.EmergencyStep,
    c.Audit: m.AuditList,
    c.AuditVerify: m.AuditVerdict,
    control.Status: control.State,
    control.Everybody: control.Gathering,
    control.Drain: control.Leaving,
    control.Undrain: control.Leaving,
    control.Reload: control.Reloaded,
    control.Loglevel: control.LogLevel,
    control.Explain: control.Explained,
}
LOG_IN = "log in when you start: chatd connect --user NAME"
ELSEWHERE = ("login", "token", "room", "more", "history")
"""Slash commands of the text dialect that a screen has other ways for."""

EVERYDAY = ("msg", "join", "leave", "rooms", "who", "search", "edit", "delete", "topic", "create")
"""Those of the text dialect that everybody needs; the others are told of in a line."""

OWN = {
    "react": ("/react EMOJI [PERSON]", "put an emoji on the last message, or a person's last"),
    "reply": ("/reply TEXT", "answer the last message of somebody else"),
    "retry": ("/retry", "send again what was not sent"),
    "help": ("/help [COMMAND]", "see this, or how a command is typed"),
    "quit": ("/quit", "say goodbye"),
}
COLUMN = len("Page Up, Page Down, End")
"""Cells for what is typed; what is longer has a line to itself."""
KEYS = (
    ("Ctrl-N, Ctrl-P", "the next room, the one before"),
    ("Alt-1 … Alt-9", "the room of this number"),
    ("Alt-A", "the next room with something new"),
    ("Page Up, Page Down, End", "read what was said before"),
    ("Tab", "complete a name, a #room, a /command"),
    ("Alt-Enter", "a further line of the same message"),
    ("Up, Down", "what you typed before"),
    ("Ctrl-C, Ctrl-D", "clear the line; leave when it is empty"),
)


@dataclass(frozen=True, slots=True)
class Say:
    """A text for a room, or for one person."""

    text: str
    room: str | None = None
    to: str | None = None
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """A text for who typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Do:
    """A command for the server; ``memory`` is what its answer's words come from."""

    command: c.Command
    memory: Memory


@dataclass(frozen=True, slots=True)
class Retry:
    """What failed in this room is to be sent again."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Goodbye."""


Wish = Say | Show | Do | Retry | Quit


def wishes(view: View, typed: str) -> list[Wish]:
    """What a typed text asks for. Raises Refused."""
    word, _, rest = typed.strip().partition(" ")
    rest = rest.strip()
    match word.lower():
        case "/react":
            return [_react(view, rest)]
        case "/reply":
            return [_reply(view, rest)]
        case "/retry":
            return [Retry()]
        case "/quit" | "/exit" | "/q":
            return [Quit()]
        case "/help" if not rest:
            return [Show(_help())]
        case "/login" | "/token":
            raise Refused("bad_field", LOG_IN)
        case "/room" if rest:
            typed = f"/join {rest}"
    return [_wish(item, memory) for memory in [memory_of(view)] for item in meaning(memory, typed)]


def _wish(item: object, memory: Memory) -> Wish:
    match item:
        case c.Send(text=text, room=room, to=to):
            return Say(text, room, to)
        case c.Quit():
            return Quit()
        case c.Command():
            return Do(item, memory)
        case e.Error(message=message):
            return Show(f"! {message}")
    return Show(getattr(item, "payload", b"").decode())


def memory_of(view: View) -> Memory:
    """What the text dialect would know if it had been here."""
    memory = Memory(view.current)
    memory.rooms = {room.name: room.label for room in view.listed()}
    memory.aim = memory.here = Aim(room=view.current or None)
    last = _last(view, mine=True)
    memory.said = (view.current, last) if last else None
    return memory


def _last(view: View, *, mine: bool | None = None, user: str = "") -> int:
    """The seq of the last message on the screen that is one's own, is not, or is somebody's."""
    for entry in reversed(view.room.entries if view.room is not None else []):
        wanted = entry.user.casefold() == user.casefold() if user else mine in (None, entry.mine)
        if entry.seq and not entry.deleted and wanted:
            return entry.seq
    return 0


def _react(view: View, rest: str) -> Wish:
    emoji, _, user = rest.partition(" ")
    seq = _last(view, user=user.strip().removeprefix("@"))
    if not emoji or not seq or not view.current:
        what = "there is no message to put it on" if emoji else f"like this: {OWN['react'][0]}"
        raise Refused("no_such_message", what)
    return Do(c.React(room=view.current, seq=seq, emoji=emoji), memory_of(view))


def _reply(view: View, text: str) -> Wish:
    seq = _last(view, mine=False)
    if not text or not seq:
        what = "there is no message to answer" if text else f"like this: {OWN['reply'][0]}"
        raise Refused("no_such_message", what)
    return Say(text, view.current, reply_to=seq)


def commands() -> dict[str, tuple[str, str]]:
    """Usage and meaning of all that can be typed at the screen, by the word behind the slash."""
    table = {word: (row.usage, row.does) for word, row in TABLE.items() if word not in ELSEWHERE}
    return {**table, **OWN}


def _explained(usage: str, does: str) -> str:
    """In two columns, of which the first is narrow enough for a screen of 80."""
    first = f"{usage:{COLUMN}}" if len(usage) <= COLUMN else f"{usage}\n{'':{COLUMN}}"
    return f"{first}  {does}".rstrip()


def _help() -> str:
    table = commands()
    everyday = [table.pop(word) for word in (*EVERYDAY, *OWN)]
    rows = [*everyday, ("", ""), *KEYS]
    lines = [_explained(usage, does) for usage, does in rows]
    others = f"and {', '.join(f'/{word}' for word in table)}: /help COMMAND says what each does"
    return "\n".join(
        ["what stands in [] may be left out; // begins a line with one /", *lines, "", others]
    )
