"""The tables of docs/protocol.md, made of the code; a test keeps the page equal to what is made.
Write them anew with `python -m chatd.ops.protocol_reference docs/protocol.md`, which prints it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import NODEFAULT, Struct

from chatd.core import control, events, moderation, unread
from chatd.core.commands import EVERY
from chatd.core.errors import CLOSES, ERRORS
from chatd.core.events import Event, Ok

_MADE = re.compile(r"(<!-- made of the code: (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)

_DONE = (
    "leave, invite, role, typing, kick, unban, unmute, slow, readonly, settle, announce, watch, "
    "ping, quit"
)
ANSWERS: tuple[tuple[str, type[Ok]], ...] = (
    ("login", events.LoggedIn),
    ("nick", events.Renewed),
    ("join, create, direct", events.Attending),
    ("send, edit, delete, react, unreact, topic", events.Stored),
    ("history", events.HistoryPage),
    ("search", events.Found),
    ("read", events.Marked),
    ("unread", unread.UnreadCounts),
    ("who", events.Roster),
    ("rooms", events.RoomList),
    ("ban, mute", moderation.Sanctioned),
    ("bans", moderation.SanctionList),
    ("report", moderation.Reported),
    ("reports", moderation.ReportList),
    ("emergency", moderation.EmergencyStep),
    ("audit", moderation.AuditList),
    ("auditverify", moderation.AuditVerdict),
    ("status", control.State),
    ("everybody", control.Gathering),
    ("drain, undrain", control.Leaving),
    ("reload", control.Reloaded),
    ("loglevel", control.LogLevel),
    ("explain", control.Explained),
    ("support", control.SupportFiles),
    (_DONE, Ok),
)
"""What each command is answered. The handlers say so, too; a test compares, since to ask them from
here would be against the arrows."""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), ["---"] * len(list(head)), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _fields(struct: type[Any], besides: Iterable[str] = ()) -> str:
    """The fields by name; those that may be left out in brackets."""
    words = []
    for field in msgspec.structs.fields(struct):
        if field.encode_name not in besides:
            needed = field.default is NODEFAULT and field.default_factory is NODEFAULT
            words.append(f"`{field.encode_name}`" if needed else f"[`{field.encode_name}`]")
    return ", ".join(words) or "-"


def _says(struct: type[Any]) -> str:
    return " ".join((struct.__doc__ or "").split("\n\n")[0].split())


def _tag(struct: type[Any]) -> str:
    return str(struct.__struct_config__.tag)


def commands() -> str:
    """Every command: its fields and what it is for."""
    rows = ((f"`{_tag(each)}`", _fields(each, ["id"]), _says(each)) for each in EVERY)
    return _table(("type", "fields ([may be left out])", "what it is for"), rows)


def answers() -> str:
    """Every sort of `ok`, by what asks for it; what there are lists of in them; the refusal."""
    rows = [(f"`{asked}`", _fields(each, ["id"]), _says(each)) for asked, each in ANSWERS]
    parts = [row for asked, each in ANSWERS for row in _parts(asked, each)]
    refusal = ("any, refused: `error`", _fields(events.Error), _says(events.Error))
    head = ("answer to", "fields ([left out when empty])", "what it says")
    return _table(head, [*rows, *parts, refusal])


def _parts(where: str, struct: type[Any]) -> Iterator[tuple[str, str, str]]:
    """The values within its fields, but for events: those have a table of their own."""
    for field in msgspec.structs.fields(struct):
        several = get_args(field.type)
        for each in several or (field.type,):
            if isinstance(each, type) and issubclass(each, Struct) and not issubclass(each, Event):
                each_of = "each of " if several else ""
                yield f"{each_of}`{field.name} in {where}`", _fields(each), _says(each)


def told() -> str:
    """Every event."""
    every = Event.__subclasses__()
    rows = [(f"`{_tag(each)}`", _fields(each), _says(each)) for each in every]
    parts = [row for each in every for row in _parts(_tag(each), each)]
    head = ("type", "fields ([left out when empty])", "what it says")
    return _table(head, [*rows, *parts])


def errors() -> str:
    """Every error code."""
    rows = ((f"`{e.word}`", "yes" if e.retry else "no", e.meaning) for e in ERRORS.values())
    return _table(("code", "same again?", "meaning"), rows)


def closes() -> str:
    """Every close code of ours."""
    by_code = sorted(CLOSES.values(), key=lambda close: close.code)
    rows = ((str(c.code), c.word, "yes" if c.reconnect else "no", c.meaning) for c in by_code)
    return _table(("code", "name", "reconnect?", "meaning"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "answers": answers,
    "events": told,
    "errors": errors,
    "closes": closes,
}


def renewed(page: str) -> str:
    """The page with every table as the code has it now."""
    return _MADE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", page)


if __name__ == "__main__":
    sys.stdout.write(renewed(Path(sys.argv[1]).read_text(encoding="utf-8")))
