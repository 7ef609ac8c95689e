"""A screen in memory: a view with one room or more, and what is painted of it as plain text."""

from __future__ import annotations

from datetime import UTC

from chatd.client import Message, Online
from chatd.core import events as e
from chatd.terminal.paint import Painter
from chatd.terminal.rooms import RoomView
from chatd.terminal.view import View
from chatd.terminal.wrapping import Row

NOON = 1_800_000_000_000
EPOCH = "e1"


def view(*rooms: str, me: str = "ann") -> View:
    """Somebody who is in these rooms; `@bob` is the room shared with bob."""
    made = View()
    made.heard(Online(me, again=False), NOON)
    for name in rooms or ("lobby",):
        title = f"{me}, {name[1:]}" if name.startswith("@") else None
        kind = "direct" if title else "public"
        made.enter(e.RoomState(room=name, epoch=EPOCH, seq=0, kind=kind, title=title))
    return made


def message(seq: int, text: str, user: str = "bob", room: str = "lobby", **more: object) -> Message:
    """Somebody says something."""
    return Message(room=room, seq=seq, ts=NOON + seq * 1000, user=user, text=text, **more)  # type: ignore[arg-type]  # whatever fields a scene gives


def plain(rows: list[Row]) -> list[str]:
    """Without styles, and without the empty ones."""
    lines = ["".join(text for _, text in row).rstrip() for row in rows]
    return [line for line in lines if line]


def shown(room: RoomView, width: int = 80, height: int = 40) -> list[str]:
    """A room's history, without the lines for the day and the beginning."""
    rows = plain(Painter(UTC).history(room, width, height))
    return [row for row in rows if not row.startswith(("this is", "── Friday"))]
