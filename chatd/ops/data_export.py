"""The verb `chatd export ROOM`: a room's log in its order, to standard output, while it goes on.
What an entry is, chatd/core/log says."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec

from chatd.core.log import Entry, StoredRoom
from chatd.core.names import BadName, room_name
from chatd.core.ports import StoreFailed, StoreFull
from chatd.ops import audit
from chatd.ops.users import Denied, Desk

PAGE = 500
"""Entries that are held in memory at a time."""


def export(args: Namespace, desk: Desk) -> int:
    """``args.room``, ``args.format``: all that is kept of a room. Gives 0 when it was complete."""
    try:
        room = _room(args.room, desk)
        desk.run(desk.store.record(audit.deed("export", desk.by, desk.now(), room=room.name)))
        written = FORMATS[args.format]
        for entry in _entries(room, desk):
            desk.out.write(written(room, entry))
        if room.last < room.first:
            desk.err.write(f"there is nothing in {room.name}\n")
    except (Denied, BadName, StoreFull, StoreFailed) as no:
        desk.err.write(f"chatd: {no}\n")
        return 1
    return 0


def _room(name: str, desk: Desk) -> StoredRoom:
    key = name if name.startswith("@") else room_name(name)
    room = desk.run(desk.store.room(key))
    if room is None:
        raise Denied(f"there is no room {name}")
    return room


def _entries(room: StoredRoom, desk: Desk) -> Iterator[Entry]:
    """What there was when it began. Raises Denied when some of it went meanwhile."""
    after = room.first - 1
    while after < room.last:
        page = desk.run(desk.store.read(room.room_id, after, PAGE))
        if not page or page[0].seq != after + 1:
            raise Denied(
                f"retention removed what follows {after} while it was read, so this is not "
                "complete: export again"
            )
        for entry in page:
            if entry.seq <= room.last:
                yield entry
            after = entry.seq


class _Line(msgspec.Struct, omit_defaults=True):
    """An entry for programs; what it does not have is left out."""

    room: str
    seq: int
    time: str
    kind: str
    user: str
    text: str
    guest: bool = False
    key: str | None = None
    reply_to: int | None = None
    target: int | None = None


def _as_json(room: StoredRoom, entry: Entry) -> str:
    line = _Line(
        room=room.name,
        seq=entry.seq,
        time=_time(entry, "milliseconds"),
        kind=entry.kind,
        user=entry.author.name,
        text=entry.text,
        guest=entry.author.guest,
        key=entry.key,
        reply_to=entry.reply_to,
        target=entry.target,
    )
    return msgspec.json.encode(line).decode() + "\n"


def _as_text(room: StoredRoom, entry: Entry) -> str:
    guest = " (guest)" if entry.author.guest else ""
    said = _SAYS[entry.kind].format(entry=entry).rstrip().replace("\n", "\n    ")
    return f"{_time(entry, 'seconds')} #{entry.seq} {entry.author.name}{guest}{said}\n"


_SAYS = {
    "message": ": {entry.text}",
    "edited": " edits #{entry.target}: {entry.text}",
    "deleted": " deletes #{entry.target}",
    "reacted": " reacts to #{entry.target}: {entry.text}",
    "unreacted": " takes back from #{entry.target}: {entry.text}",
    "topic": " sets the topic: {entry.text}",
}


def _time(entry: Entry, exact: str) -> str:
    when = datetime.fromtimestamp(entry.ts / 1000, UTC)
    return when.replace(tzinfo=None).isoformat(timespec=exact) + "Z"


FORMATS: dict[str, Callable[[StoredRoom, Entry], str]] = {"jsonl": _as_json, "text": _as_text}
