"""The keys about what is kept, and for how long, a part of table.py. What goes when is
chatd/ops/data_retention."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from chatd.ops.config.keys import key
from chatd.ops.config.kinds import TABLE, Kind, Part, Unfit, whole
from chatd.ops.config.literal import bare, called
from chatd.ops.config.measures import duration
from chatd.ops.config.places import room
from chatd.ops.config.values import Keeping

AGE = duration(0, 100 * 365 * 86_400)
MESSAGES = whole(0, 1_000_000_000)
EACH = '{ age = "30d", messages = 10000 }, or one of these'


def keeping() -> Kind[tuple[Keeping, ...]]:
    """Rooms, and what is kept of each."""

    def read(raw: object) -> tuple[Keeping, ...]:
        if not isinstance(raw, dict):
            raise Unfit(f"this is {called(raw)}")
        good: dict[str, Keeping] = {}
        bad: list[Part] = []
        for given, each in raw.items():
            try:
                kept = _keeping(given, each, good)
                good[kept.room] = kept
            except Unfit as unfit:
                bad.append(Part(given, unfit.why, EACH))
        if bad:
            raise Unfit("some of it is not allowed", tuple(bad))
        return tuple(good[name] for name in sorted(good))

    allowed = f"a table, each name a room without #, each value {EACH}; 0 keeps all"
    return Kind(TABLE, allowed, read, _written)


def _keeping(given: str, raw: object, known: Container[str]) -> Keeping:
    if not isinstance(raw, dict):
        raise Unfit(f"this is {called(raw)}")
    if not raw or not set(raw) <= {"age", "messages"}:
        raise Unfit("it has the keys age and messages, or one of them")
    name = room().read(given)
    if name in known:
        raise Unfit("this room stands here already")
    age, messages = raw.get("age", "0s"), raw.get("messages", 0)
    return Keeping(name, AGE.read(age), MESSAGES.read(messages))


def _written(value: tuple[Keeping, ...]) -> str:
    pairs = ", ".join(
        f"{bare(each.room)} = {{ age = {AGE.write(each.age)}, messages = {each.messages} }}"
        for each in value
    )
    return f"{{ {pairs} }}" if pairs else "{}"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long messages are kept. What is too old is removed for good, some of it at a time, the
    oldest first; the disk gets its room back. Backups keep what they have."""

    age: float = key(
        AGE,
        0.0,
        'Entries of rooms\' logs older than this are removed; "0s" keeps them for ever.',
        reload=True,
    )
    messages: int = key(
        MESSAGES,
        0,
        "So many messages are kept for each room, the newest; 0 keeps all.",
        reload=True,
    )
    rooms: tuple[Keeping, ...] = key(
        keeping(),
        (),
        'Rooms for which something else holds, such as `noise = { age = "7d", messages = 1000 }`; '
        '`minutes = { age = "0s" }` keeps everything. For these rooms neither of the keys above '
        "counts. A room that is not there yet may stand here.",
        reload=True,
    )
