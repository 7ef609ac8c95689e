"""The JSON dialect, `chatd.v1`: one JSON object per frame, as docs/protocol.md describes it.
What a frame asks for is carried out elsewhere; here it is only read and written."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_
from typing import Any

import msgspec
from msgspec import Raw, Struct

from chatd.core.commands import EVERY, Command, RequestId
from chatd.core.events import Error, Event, Ok
from chatd.core.ports import Dialect, Frame, Speaker
from chatd.core.settings import Settings
from chatd.dialects._words import Reason, cited, meant, reason

COMMANDS: dict[str, type[Command]] = {str(c.__struct_config__.tag): c for c in EVERY}
"""Every command by the word in its field `type`."""


class Loose(Struct):
    """What can be had of a frame that is wrong: its id and type, still undecoded."""

    id: Raw = Raw(b"null")
    type: Raw = Raw(b"null")


_every: Any = reduce(or_, EVERY)
_DECODER: msgspec.json.Decoder[Command] = msgspec.json.Decoder(_every)
_LOOSE = msgspec.json.Decoder(Loose)
_ID: msgspec.json.Decoder[RequestId | None] = msgspec.json.Decoder(RequestId | None)
_WORD = msgspec.json.Decoder(str)
_ENCODER = msgspec.json.Encoder()

# What msgspec raises for bytes from the wire: its own errors and those of UTF-8 are ValueErrors,
# and for nesting deeper than the interpreter's stack it raises RecursionError.
UNREADABLE = (ValueError, RecursionError)

_FIELD = re.compile(r"^object (missing required|contains unknown) field `(.*)`$", re.DOTALL)
_BOM = b"\xef\xbb\xbf"


def dialect(_settings: Settings) -> Dialect:
    """The dialect for programs, and for the browser client."""
    return JsonDialect()


class JsonDialect:
    """Every event, encoded once; nothing is left out."""

    name = "json"
    subprotocol = "chatd.v1"
    echo = True
    resumes = True

    def speaker(self) -> Speaker:
        """It remembers nothing between frames."""
        return JsonSpeaker()

    def event(self, event: Event, *, label: str, now: int) -> Frame | None:
        """The event itself: it names its room, and carries its time where it has one."""
        return Frame(_ENCODER.encode(event))


class JsonSpeaker:
    """A frame is a command, or an error that says why not."""

    def opening(self) -> list[Command]:
        """A program speaks for itself."""
        return []

    def heard(self, payload: bytes) -> list[Command | Error | Frame]:
        """One command, or one error with the frame's id wherever that can be read."""
        try:
            return [_DECODER.decode(payload)]
        except UNREADABLE as error:
            return [wrong(payload, error)]

    def answer(self, command: Command | None, answer: Ok | Error) -> Frame | None:
        """Every command is answered."""
        return Frame(_ENCODER.encode(answer))


def wrong(payload: bytes, error: Exception) -> Error:
    """What to tell the sender of a frame that is no command."""
    request, word = _loosely(payload)
    if isinstance(error, msgspec.ValidationError):
        code, message = _misfit(word, reason(error))
    else:
        code, message = "bad_frame", _unreadable(payload, error)
    return Error(id=request, code=code, message=message)


def _loosely(payload: bytes) -> tuple[RequestId | None, str | None]:
    """The id and the type, each if it can be had. Other fields are skipped, not decoded."""
    try:
        loose = _LOOSE.decode(payload)
    except UNREADABLE:
        return None, None
    return _or_none(_ID, loose.id), _or_none(_WORD, loose.type)


def _or_none(decoder: msgspec.json.Decoder[Any], raw: Raw) -> Any:
    try:
        return decoder.decode(raw)
    except UNREADABLE:
        return None


def _unreadable(payload: bytes, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the frame is nested too deeply; commands are flat objects"
    if isinstance(error, UnicodeDecodeError):
        return "the frame is not valid UTF-8"
    if payload.startswith(_BOM):
        return "the frame begins with a byte order mark; send the JSON object without it"
    cause = str(error)
    cause = cause[:1].lower() + cause[1:]
    if rb"\ud" in payload.lower():
        cause += "; mind that a surrogate such as \\ud83d is only half a character"
    return f"the frame is not valid JSON: {cause.removeprefix('jSON is malformed: ')}"


def _misfit(word: str | None, why: Reason) -> tuple[str, str]:
    """Valid JSON, but no command: the code and the message."""
    if why.field == "type" and word is not None:
        return _unknown(word)
    if why.field == "type":
        return "bad_field", f"field 'type': {why.what}; it is one of: {_list(COMMANDS)}"
    if word is None and not why.field and not _FIELD.match(why.what):
        return "bad_frame", f"the frame is no JSON object: {why.what}"
    if word not in COMMANDS:
        return "bad_field", f"field 'type' is missing; it is one of: {_list(COMMANDS)}"
    return "bad_field", f"{word}: {_field(COMMANDS[word], why)}"


def _unknown(word: str) -> tuple[str, str]:
    if word in COMMANDS:
        return "bad_frame", "field 'type' is there more than once"
    close = meant(word, COMMANDS)
    what = f"no command is called {cited(word)}.{close} There are: {_list(COMMANDS)}"
    return "unknown_command", what


def _field(command: type[Command], why: Reason) -> str:
    inside = f" in '{why.field}'" if why.field else ""
    known = _FIELD.match(why.what)
    if known is None:
        return f"field '{why.field}': {why.what}"
    if known[1] == "missing required":
        return f"field '{known[2]}'{inside} is missing"
    if inside:
        return f"there is no field {cited(known[2])}{inside}"
    fields = command.__struct_fields__
    close = meant(known[2], fields)
    return f"there is no field {cited(known[2])}.{close} There are: {_list(fields)}"


def _list(words: Any) -> str:
    return ", ".join(sorted(words))
