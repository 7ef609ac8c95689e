"""How a view looks: rows of styled text for each part of the screen, sans I/O.
What the styles are is screen.py's; a style is a name such as class:time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from zlib import crc32

from chatd.terminal.entries import Entry, Place
from chatd.terminal.rooms import RoomView
from chatd.terminal.view import View
from chatd.terminal.wrapping import Bit, Row, cut, marked, pad, steady, width_of, wrapped

COLOURS = 8
WIDE = 64
"""Columns from which names have a column of their own."""
NAMES = 14
_COLUMN = re.compile(r"(?:\S.*?)?  +(?=\S)")
"""What stands before a line's second column, or before all of it."""
SAME = 5 * 60_000
"""Milliseconds within which somebody's next message needs no name."""


class Painter:
    """Paints one room's history, and remembers what it painted: an entry changes rarely."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._kept: dict[tuple[Place, int, bool], tuple[Entry, list[Row]]] = {}
        self._room = ""

    def history(self, room: RoomView, width: int, height: int) -> list[Row]:
        """Exactly ``height`` rows, and ``room.top`` put right where it pointed beyond an end."""
        if room.name != self._room:
            self._room, self._kept = room.name, {}
        if room.top is None:
            return self._newest(room, width, height)
        rows: list[Row] = []
        for place, painted in self._from(room, width, room.top[0]):
            rows += painted[room.top[1] :] if place == room.top[0] else painted
            if len(rows) >= height:
                return rows[:height]
        room.top = None
        return self._newest(room, width, height)

    def _newest(self, room: RoomView, width: int, height: int) -> list[Row]:
        rows: list[Row] = []
        for at in range(len(room.entries) - 1, -1, -1):
            rows = self._rows(room, at, width) + rows
            if len(rows) >= height:
                return rows[-height:]
        if not room.more or not room.entries:
            beginning = f"this is the beginning of {steady(room.label)}"
            rows = [[("class:dim", pad(beginning, width))], *rows]
        return ([[]] * (height - len(rows)) + rows)[-height:]

    def _from(self, room: RoomView, width: int, place: Place) -> Iterator[tuple[Place, list[Row]]]:
        for at, entry in enumerate(room.entries):
            if entry.place >= place:
                yield entry.place, self._rows(room, at, width)

    def scroll(self, room: RoomView, by: int, width: int, height: int) -> bool:
        """Up (negative) or down by so many rows; whether the oldest row here was reached."""
        flat = [
            (entry.place, row)
            for at, entry in enumerate(room.entries)
            for row in range(len(self._rows(room, at, width)))
        ]
        last = max(0, len(flat) - height)
        at = flat.index(room.top) if room.top in flat else last
        to = min(last, max(0, at + by))
        room.top = None if to >= last else flat[to]
        return to == 0

    # --- entries ---
    def _rows(self, room: RoomView, at: int, width: int) -> list[Row]:
        entry = room.entries[at]
        before = room.entries[at - 1] if at else None
        above = list(self._above(room, entry, before, width))
        follows = not above and _follows(entry, before)
        known = self._kept.get((entry.place, width, follows))
        if known is None or known[0] is not entry:
            known = entry, self._entry(room, entry, width, follows=follows)
            self._kept[entry.place, width, follows] = known
        return above + known[1]

    def _above(
        self, room: RoomView, entry: Entry, before: Entry | None, width: int
    ) -> Iterator[Row]:
        if before is None or self._day(before) != self._day(entry):
            yield rule(self._when(entry).strftime("%A, %-d %B %Y"), width, "class:dim")
        if room.new_from and entry.seq >= room.new_from > (before.seq if before else 0):
            newer = before is None or before.seq or before.place[0] < room.new_from
            if newer:
                yield rule("new", width, "class:new")

    def _entry(self, room: RoomView, entry: Entry, width: int, *, follows: bool) -> list[Row]:
        time = ("class:time", f"{self._when(entry):%H:%M} ")
        if entry.kind in ("note", "error"):
            style = "class:error" if entry.kind == "error" else "class:dim"
            return list(_note([time, *_margin("·", style, width)], entry, style, width))
        head: Row = [time, *_head(entry, width, follows=follows)]
        rows: list[Row] = []
        for body in _bodies(room, entry):
            rows += _beside(head if not rows else _blank(head), body, width)
        return rows

    def _when(self, entry: Entry) -> datetime:
        return datetime.fromtimestamp(entry.ts / 1000, self._zone)

    def _day(self, entry: Entry) -> object:
        return self._when(entry).date()


def _follows(entry: Entry, before: Entry | None) -> bool:
    said = ("message", "pending", "failed")
    return (
        before is not None
        and before.kind in said
        and entry.kind in said
        and before.user == entry.user
        and 0 <= entry.ts - before.ts < SAME
    )


def _head(entry: Entry, width: int, *, follows: bool) -> Row:
    if width >= WIDE:
        name = "" if follows else pad(entry.user, NAMES, right=True)
        return [(colour(entry.user), name.rjust(NAMES)), ("class:bar", " │ ")]
    return (
        [("", "  ")]
        if follows
        else [(colour(entry.user), f"{cut(entry.user, min(NAMES, max(4, width // 4)))} ")]
    )


def _margin(sign: str, style: str, width: int) -> Row:
    return [(style, sign.rjust(NAMES)), ("class:bar", " │ ")] if width >= WIDE else [(style, "· ")]


def _bodies(room: RoomView, entry: Entry) -> Iterator[Row]:
    """What stands below each other in one message."""
    if entry.reply_to is not None and not entry.deleted:
        yield [("class:dim", f"↪ {_cited(room, entry.reply_to)}")]
    if entry.deleted:
        yield [("class:dim", "(deleted)")]
        return
    style = {"pending": "class:pending", "failed": "class:error"}.get(entry.kind, "")
    style = "class:calls" if entry.calls else style
    body = marked(steady(entry.text), style)
    yield [*body, ("class:dim", " (edited)")] if entry.edited else body
    if entry.why:
        yield [("class:error", f"✗ not sent: {steady(entry.why)}; /retry sends it again")]
    if entry.reactions:
        each = (f"{emoji} {_people(who, entry, emoji)}" for emoji, who in entry.reactions.items())
        yield [("class:dim", "   ".join(map(steady, each)))]


def _people(named: list[str], entry: Entry, emoji: str) -> str:
    more = entry.more.get(emoji)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _cited(room: RoomView, seq: int) -> str:
    found = room.at(seq)
    if found is None:
        return "an earlier message"
    return cut(f"{found.user}: {'(deleted)' if found.deleted else found.text}", 60)


def _note(head: Row, entry: Entry, style: str, width: int) -> Iterator[Row]:
    """A line goes on below where its second column begins, or behind the spaces before it, as long
    as that leaves half of the width."""
    for number, line in enumerate(steady(entry.text).split("\n")):
        before = head if number == 0 else _blank(head)
        column = _COLUMN.match(line)
        begins = column.end() if column is not None else 0
        if width_of(line[:begins]) * 2 > width - _width(head):
            begins = 0
        yield from _beside([*before, (style, line[:begins])], [(style, line[begins:])], width)


def _beside(head: Row, body: Row, width: int) -> list[Row]:
    lines = wrapped(body, max(8, width - _width(head)))
    blank = _blank(head)
    return [[*(head if number == 0 else blank), *line] for number, line in enumerate(lines)]


def _blank(head: Row) -> Row:
    return [(style, text if style == "class:bar" else " " * width_of(text)) for style, text in head]


def colour(name: str) -> str:
    """A person's, the same every day."""
    return f"class:nick{crc32(name.casefold().encode()) % COLOURS}"


def rule(text: str, width: int, style: str) -> Row:
    """A line across, with a word in it."""
    text = cut(text, width - 8)
    return [(style, f"── {text} " + "─" * max(0, width - 4 - width_of(text)))]


# --- around the history ---


def title(view: View, width: int) -> Row:
    """The first line: where one is, what it is about, how many are there."""
    room = view.room
    if room is None:
        return [("class:title", pad(f" {view.server}", width))]
    right = f" {room.present} here " if room.present else ""
    marks = [mark for mark in (room.kind, room.role) if mark in {"private", "moderator", "owner"}]
    left = f" {steady(room.label)}" + (f" ({', '.join(marks)})" if marks else "")
    space = width - width_of(right)
    name = cut(left, space - 1)
    gap = space - 1 - width_of(name)
    return [
        ("class:title", f" {name}"),
        ("class:topic", f"  {pad(room.topic, gap - 2)}" if gap > 2 else " " * gap),
        ("class:dim", right),
    ]


def status(view: View, now: int, width: int) -> Row:
    """The line above the input: the line's state, who types, what is below."""
    room = view.room
    if view.back_at is not None:
        seconds = max(0, -(-(view.back_at - now) // 1000))
        when = f"trying again in {seconds} s" if seconds else "trying again"
        waits = "; what you write is sent then"
        return rule(f"off the line, {when}{waits}", width, "class:offline")
    if room is None:
        return rule("", width, "class:bar")[:0] or [("class:bar", "─" * width)]
    if room.top is not None:
        below = f"{room.unread} new below" if room.unread else "earlier messages"
        return rule(f"{below}; End goes to the newest", width, "class:new")
    if typing := room.typing(now):
        verb = "is" if len(typing) == 1 else "are"
        return rule(f"{', '.join(typing[:3])} {verb} typing", width, "class:dim")
    return [("class:bar", "─" * width)]


def tabs(view: View, width: int) -> Row:
    """The rooms in one line, the one on the screen and its neighbours surely among them."""
    each = [_tab(view, number, room) for number, room in enumerate(view.listed(), 1)]
    order = [room.name for room in view.listed()]
    at = order.index(view.current) if view.current in order else 0
    first = at
    used = _width(each[at]) if each else 0
    while first > 0 and used + _width(each[first - 1]) <= width // 2:
        first -= 1
        used += _width(each[first])
    row: Row = [("class:dim", "< ")] if first else []
    for tab in each[first:]:
        row += tab
    return _clipped(row, width)


def _tab(view: View, number: int, room: RoomView) -> Row:
    return [*_label(view, number, room, 20), ("", "  ")]


def _label(view: View, number: int, room: RoomView, width: int) -> Row:
    style = "class:here" if room.name == view.current else ""
    count = ""
    if room.unread and room.name != view.current:
        style = "class:called" if room.called else "class:unread"
        count = f" {room.unread if room.unread < 100 else '99+'}{'!' if room.called else ''}"
    sign = f"{number} " if number < 10 else "  "
    return [("class:dim", sign), (style, cut(room.label, width - len(sign) - len(count)) + count)]


def sidebar(view: View, width: int, height: int) -> list[Row]:
    """The rooms below each other, for screens that are wide."""
    each = [_label(view, number, room, width) for number, room in enumerate(view.listed(), 1)]
    rows = [[("", " "), *label] for label in each]
    order = [room.name for room in view.listed()]
    at = order.index(view.current) if view.current in order else 0
    first = max(0, min(at - height // 2, len(rows) - height))
    return rows[first : first + height]


def _width(row: Row) -> int:
    return sum(width_of(text) for _, text in row)


def _clipped(row: Row, width: int) -> Row:
    kept: list[Bit] = []
    for style, text in row:
        room = width - _width(kept)
        if width_of(text) > room:
            return [*kept, (style, pad(text, room))] if room > 1 else kept
        kept.append((style, text))
    return kept
