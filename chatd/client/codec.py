"""Between frames and values, from the client's side: commands out, events and answers in.
What is newer than this client is passed on as it came; the values themselves are chatd/core."""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from typing import Any, TypeVar

import msgspec
from msgspec import NODEFAULT, Struct

from chatd.core import events
from chatd.core.commands import Command, RequestId
from chatd.core.events import Error, Event, Ok

Answer = TypeVar("Answer", bound=Ok)

UNREADABLE = (ValueError, RecursionError)


class BadFrame(Exception):
    """A frame of the server is no JSON object with a type: this is no chatd."""


class Other(Struct, frozen=True):
    """An event that this client does not know, from a newer server: its word and all its fields.
    ``room`` and ``seq`` are set when it has a place in a room's log."""

    type: str
    fields: dict[str, Any]
    room: str = ""
    seq: int = 0


class Reply(Struct, frozen=True):
    """An answer still to be read, once it is known what it answers."""

    id: RequestId | None
    payload: bytes
    error: Error | None = None


class _Ok(Struct, frozen=True, tag_field="type", tag="ok"):
    id: RequestId | None = None


_KNOWN: Any = reduce(or_, [*Event.__subclasses__(), _Ok, Error])
_DECODER: msgspec.json.Decoder[Event | _Ok | Error] = msgspec.json.Decoder(_KNOWN)
_ENCODER = msgspec.json.Encoder()

Heard = Event | Other | Reply


def heard(payload: bytes) -> Heard:
    """What one frame of the server says. Raises BadFrame."""
    try:
        found = _DECODER.decode(payload)
    except UNREADABLE:
        return _other(payload)
    if isinstance(found, Event):
        return found
    if isinstance(found, Error):
        return Reply(found.id, payload, found)
    return Reply(found.id, payload)


def _other(payload: bytes) -> Other:
    try:
        fields = msgspec.json.decode(payload)
    except UNREADABLE as error:
        raise BadFrame(f"the server sent no JSON: {error}") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise BadFrame("the server sent something that is no object with a type")
    room, seq = fields.get("room"), fields.get("seq")
    if isinstance(room, str) and isinstance(seq, int):
        return Other(fields["type"], fields, room, seq)
    return Other(fields["type"], fields)


def answer(reply: Reply, kind: type[Answer]) -> Answer:
    """The answer, as what was asked for. Raises BadFrame."""
    try:
        return msgspec.json.decode(reply.payload, type=kind)
    except UNREADABLE as error:
        raise BadFrame(f"the server's answer is not as documented: {error}") from None


def frame(command: Command, number: RequestId) -> bytes:
    """A command with its id. What is as it is without being said is left out: a server that is
    older than this client knows no newer field."""
    said = {"type": command.__struct_config__.tag, "id": number}
    for name, default in _fields(type(command)):
        value = getattr(command, name)
        if default is NODEFAULT or value != default:
            said[name] = value
    return _ENCODER.encode(said)


@cache
def _fields(kind: type[Command]) -> tuple[tuple[str, object], ...]:
    found = []
    for field in msgspec.structs.fields(kind):
        default = field.default
        if default is NODEFAULT and field.default_factory is not NODEFAULT:
            default = field.default_factory()
        if field.name != "id":
            found.append((field.name, default))
    return tuple(found)


DURABLE = (events.Message, events.Edited, events.Deleted, events.Reaction, events.Topic)


def place(event: Event | Other) -> tuple[str, int] | None:
    """Room and seq of an event that is an entry of a room's log, else None."""
    if isinstance(event, Other):
        return (event.room, event.seq) if event.seq else None
    return (event.room, event.seq) if isinstance(event, DURABLE) else None
