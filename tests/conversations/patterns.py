"""What somebody says or hears, written short: to a command's JSON, and against a frame that came.
Where frames come from is stage.py."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from chatd.core.commands import EVERY

ANYTHING = "..."

_WORD = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*")+')
_OPTION = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)
_NAME = re.compile(r"\$([a-z_]+)")
_COMMANDS = {str(command.__struct_config__.tag): command for command in EVERY}

# The fields that a short line gives by their place; the last takes all that is left.
SAID = {
    "login": ("guest",),
    "nick": ("nick",),
    "join": ("room",),
    "leave": ("room",),
    "send": ("room", "text"),
    "edit": ("room", "seq", "text"),
    "delete": ("room", "seq"),
    "react": ("room", "seq", "emoji"),
    "unreact": ("room", "seq", "emoji"),
    "history": ("room",),
    "search": ("query",),
    "read": ("room", "seq"),
    "unread": (),
    "typing": ("room", "on"),
    "who": ("room",),
    "rooms": (),
    "create": ("room",),
    "topic": ("room", "topic"),
    "invite": ("room", "user"),
    "role": ("room", "user", "role"),
    "direct": ("user",),
    "ping": (),
    "quit": (),
    "kick": ("user",),
    "ban": ("who",),
    "unban": ("who",),
    "bans": (),
    "mute": ("user",),
    "unmute": ("user",),
    "slow": ("room", "seconds"),
    "readonly": ("room", "on"),
    "report": ("room", "seq"),
    "reports": (),
    "settle": ("number", "outcome"),
    "emergency": ("step",),
    "announce": ("text",),
    "audit": (),
    "auditverify": (),
    "status": (),
    "everybody": (),
    "drain": (),
    "undrain": (),
    "reload": (),
    "loglevel": ("level",),
    "watch": ("on",),
    "explain": ("user", "verb", "room"),
    "support": (),
}
HEARD = {
    "ok": (),
    "error": ("code",),
    "welcome": (),
    "message": ("room", "user", "text"),
    "edited": ("room", "user", "target", "text"),
    "deleted": ("room", "user", "target"),
    "reaction": ("room", "user", "target", "emoji", "on"),
    "topic": ("room", "user", "topic"),
    "joined": ("room", "user"),
    "left": ("room", "user", "reason"),
    "renamed": ("room", "user", "nick"),
    "presence": ("room", "present"),
    "typing": ("room", "user", "on"),
    "read": ("room", "seq"),
    "invited": ("room", "by"),
    "entered": ("room", "seq"),
    "draining": ("reconnect_after_ms",),
    "notice": ("user", "text"),
    "caught_up": ("room", "recovered", "seq"),
    "happened": ("kind", "user"),
}

Names = dict[str, Any]
"""What ``$name`` stands for."""


class Mismatch(Exception):
    """Something else came; the message says in which way."""


class Unreadable(Exception):
    """The line is none of the language."""


# --- saying ---------------------------------------------------------------------------------


def command(text: str, names: Names) -> dict[str, Any]:
    """The command of a line, short or as JSON. Raises Unreadable."""
    if text.startswith("{"):
        return dict(_filled(_json(text), names))
    verb, fields = _fields(text, SAID)
    known = {f.name: f.type for f in msgspec.structs.fields(_COMMANDS[verb])}
    given = {name: _filled(word, names) for name, word in fields.items()}
    return {"type": verb, **{n: _typed(v, known.get(n, str)) for n, v in given.items()}}


def _typed(value: Any, kind: Any) -> Any:
    """A word as the field has it; as it stands where it does not fit, for chatd to refuse."""
    try:
        plain: Any = msgspec.convert(value, kind, strict=False) if isinstance(value, str) else value
    except msgspec.ValidationError:
        return value
    return plain


def filled(text: str, names: Names) -> str:
    """A text with what its ``$names`` stand for; those that stand for nothing stay."""
    return _NAME.sub(lambda found: str(names.get(found[1], found[0])), text)


def _filled(value: Any, names: Names) -> Any:
    match value:
        case dict():
            return {key: _filled(each, names) for key, each in value.items()}
        case list():
            return [_filled(each, names) for each in value]
        case str() if value.startswith("$") and value[1:] in names:
            return names[value[1:]]
        case str():
            return filled(value, names)
        case _:
            return value


# --- hearing --------------------------------------------------------------------------------


def compare(text: str, came: dict[str, Any], names: Names) -> None:
    """Whether the JSON frame that came is the one of this line. Raises Mismatch, Unreadable."""
    if text.startswith("{"):
        _same("", _json(text), came, names)
        return
    kind, fields = _fields(text, HEARD)
    if came.get("type") != kind:
        raise Mismatch(f"its type is {came.get('type')!r}")
    for field, word in fields.items():
        if word == "-":
            if field in came:
                raise Mismatch(f"there is a {field!r}")
        elif field not in came:
            raise Mismatch(f"there is no {field!r}")
        else:
            _same_word(field, word, came[field], names)


def compare_lines(text: str, came: str, names: Names) -> None:
    """The same for a frame of text, in which HH:MM is any time. Raises Mismatch."""
    parts = re.split(r"(\.\.\.|HH:MM|\$[a-z_]+)", text)
    pattern, captured = "", []
    for part in parts:
        if part == ANYTHING:
            pattern += ".*"
        elif part == "HH:MM":
            pattern += r"\d\d:\d\d"
        elif part.startswith("$") and part[1:] not in names and len(part) > 1:
            captured.append(part[1:])
            pattern += r"(\S+?)"
        else:
            pattern += re.escape(filled(part, names))
    found = re.fullmatch(pattern, came, re.DOTALL)
    if found is None:
        raise Mismatch("the text is another")
    names.update(zip(captured, found.groups(), strict=True))


def _same_word(where: str, word: str, came: Any, names: Names) -> None:
    if word == ANYTHING or word.startswith("$"):
        _same(where, word, came, names)
        return
    shown = ",".join(came) if _is_words(came) else came
    if shown != word and (isinstance(shown, str) or _plain(word) != came):
        raise Mismatch(f"{where!r} is {came!r}")


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _plain(word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError:
        return word


def _same(where: str, expected: Any, came: Any, names: Names) -> None:
    match expected:
        case "...":
            return
        case str() if expected.startswith("$") and len(expected) > 1:
            known = names.setdefault(expected[1:], came)
            if known != came:
                raise Mismatch(f"{where!r} is {came!r}, and {expected} was {known!r}")
        case dict() if isinstance(came, dict):
            _same_keys(where, expected, came)
            for key, value in expected.items():
                _same(f"{where}.{key}" if where else key, value, came[key], names)
        case list() if isinstance(came, list):
            if len(expected) != len(came):
                raise Mismatch(f"{where!r} has {len(came)} elements")
            for place, value in enumerate(expected):
                _same(f"{where}[{place}]", value, came[place], names)
        case _ if type(expected) is not type(came) or expected != came:
            raise Mismatch(f"{where!r} is {came!r}")


def _same_keys(where: str, expected: dict[str, Any], came: dict[str, Any]) -> None:
    odd = [f"no {key!r}" for key in expected if key not in came]
    odd += [f"a {key!r}" for key in came if key not in expected]
    if odd:
        raise Mismatch(f"there is {', '.join(odd)}{f' in {where!r}' if where else ''}")


# --- words ----------------------------------------------------------------------------------


def words(text: str) -> Iterator[str]:
    """The words of a text; in double quotes one may have blanks."""
    for found in _WORD.finditer(text):
        yield re.sub(r'"(?:[^"\\]|\\.)*"', lambda quoted: str(json.loads(quoted[0])), found[0])


def _fields(text: str, table: dict[str, tuple[str, ...]]) -> tuple[str, dict[str, str]]:
    """``verb one two three field=value`` as the verb and its fields."""
    verb, *rest = list(words(text)) or [""]
    if verb not in table:
        raise Unreadable(f"{verb!r} is none of: {', '.join(table)}")
    options = {}
    while rest and (option := _OPTION.fullmatch(rest[-1])):
        options[option[1]] = option[2]
        rest.pop()
    places = table[verb]
    if len(rest) > len(places):
        if not places:
            raise Unreadable(f"{verb} has no {' '.join(rest)!r}; write field=value")
        rest[len(places) - 1 :] = [" ".join(rest[len(places) - 1 :])]
    return verb, dict(zip(places, rest, strict=False)) | options


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Unreadable(f"no JSON: {error}") from None
