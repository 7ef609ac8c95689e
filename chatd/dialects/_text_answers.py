"""What a person reads after a command: a short line where one is needed, lists, errors.
Those that need none (what one says oneself is on the screen already) have an empty one here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.text import one_line
from chatd.dialects import _text_control
from chatd.dialects._text_commands import FOLLOW, TOPIC
from chatd.dialects._text_lines import clock, day, message, reactions
from chatd.dialects._text_memory import Memory, called_as
from chatd.dialects._text_moderation import ANSWERS, done

OPENING = "opening"
"""The id of the log-in that is given in a person's name right after the welcome."""

PASSING = "no history"
_LOG_IN = "type /login USER PASSWORD"
_HINTS = {
    "not_logged_in": _LOG_IN,
    "guests_off": _LOG_IN,
    "login_failed": "try again: /login USER PASSWORD",
    "not_in_room": "type /join ROOM",
    "no_such_room": "/rooms lists them, /create ROOM makes one",
    "no_such_user": "/who lists those in a room",
    "storage_full": "wait, then type it again",
    "storage_failed": "wait, then type it again",
}


def refusal(memory: Memory, command: c.Command | None, error: e.Error) -> str:
    """What went wrong and what to do; also settles what the command had left open."""
    if isinstance(command, c.Login):
        memory.followed = False
    if command is None:
        return _refused(error)
    memory.failed(command)
    if command.id == FOLLOW and not memory.followed:
        return ""  # the log-in before it has said why
    if command.id == OPENING and error.code == "guests_off":
        return f"This server lets no guests in: {_LOG_IN} to come in."
    return _refused(error)


def _refused(error: e.Error) -> str:
    hint = _HINTS.get(error.code, "")
    if error.retry_after_ms:
        hint = f"wait {max(1, -(-error.retry_after_ms // 1000))} s, then type it again"
    told = one_line(error.message)
    return f"! {told} ({hint})" if hint and hint not in told else f"! {told}"


def answered(memory: Memory, command: c.Command, answer: e.Ok, zone: tzinfo) -> str:
    """What the person reads, if anything; also remembers what later lines need."""
    tell = _ANSWERS.get(type(answer))
    return tell(memory, command, answer, zone) if tell else _done(memory, command)


def _done(memory: Memory, command: c.Command) -> str:
    match command:
        case c.Leave(room=room):
            return _left(memory, room)
        case c.Invite(user=user, room=room):
            return f"{one_line(user)} is invited to {memory.shown(room)}"
        case c.Role(user=user, role=role, room=room):
            return f"{one_line(user)} is now {one_line(role)} in {memory.shown(room)}"
        case c.Quit():
            return "bye"
        case c.Watch(on=on):
            return _text_control.WATCHING if on else "you watch no more"
        case _:
            return done(memory, command)


def _left(memory: Memory, room: str) -> str:
    shown, before = memory.shown(room), memory.aim
    memory.left(room)
    if memory.aim == before:
        return f"you left {shown}"
    if memory.aim.room is None:
        return f"you left {shown} and are in no room; /join ROOM enters one"
    return f"you left {shown}; what you type now goes to {memory.shown(memory.aim.room)}"


def _logged_in(memory: Memory, _: c.Command, answer: e.LoggedIn, __: tzinfo) -> str:
    memory.logged_in(answer)
    told = f"you are {one_line(answer.user)}"
    if answer.guest:
        told += "; /nick NAME gives you another name"
    if memory.rooms:
        told += f"; you hear {', '.join(memory.rooms.values())}"
    return told


def _renewed(_: Memory, __: c.Command, answer: e.Renewed, ___: tzinfo) -> str:
    return f"you are now {one_line(answer.user)}"


def _attending(memory: Memory, command: c.Command, answer: e.Attending, _: tzinfo) -> str:
    memory.arrived(command, answer)
    if command.id == FOLLOW and not memory.followed:
        return ""  # still where one was
    if command.id == TOPIC:
        return _topic(memory, answer)
    told = f"you are in {memory.shown(answer.room)}"
    marks = [m for m in (answer.kind, answer.role) if m not in ("public", "direct", "member")]
    marks += [] if answer.history else [PASSING]
    told += f" ({', '.join(marks)})" if marks else ""
    told += f": {one_line(answer.topic)}" if answer.topic else ""
    return told + ("; /history shows what was said" if answer.seq and answer.history else "")


def _topic(memory: Memory, answer: e.Attending) -> str:
    room, topic = memory.shown(answer.room), one_line(answer.topic)
    if not topic:
        return f"{room} has no topic; /topic TEXT sets one"
    return f"the topic of {room}: {topic}"


def _stored(memory: Memory, command: c.Command, answer: e.Stored, _: tzinfo) -> str:
    if isinstance(command, c.Send):
        memory.sent(command, answer.room, answer.seq)
        if command.to is not None:
            return f"said to {one_line(command.to)}"
    elif isinstance(command, c.Delete):
        memory.deleted(command.room, command.seq)
    return ""


def _history(memory: Memory, command: c.Command, page: e.HistoryPage, zone: tzinfo) -> str:
    room = memory.shown(page.room)
    if not page.messages:
        return f"nothing has been said in {room}"
    memory.more = None
    if page.more:
        limit = command.limit if isinstance(command, c.History) else 20
        memory.more = c.History(room=page.room, before=page.messages[0].seq, limit=limit)
    lines, today = [], ""
    for m in page.messages:
        if day(m.ts, zone) != today:
            today = day(m.ts, zone)
            lines.append(f"-- {today} --")
        lines += _spoken(f"{clock(m.ts, zone)} {room}", m)
    return "\n".join(lines + _more(memory))


def _found(memory: Memory, command: c.Command, found: e.Found, zone: tzinfo) -> str:
    if not found.messages:
        return "nothing was found"
    memory.more = None
    if found.cursor is not None and isinstance(command, c.Search):
        memory.more = c.Search(
            query=command.query, room=command.room, cursor=found.cursor, limit=command.limit
        )
    lines: list[str] = []
    for m in reversed(found.messages):
        lines += _spoken(f"{day(m.ts, zone)} {clock(m.ts, zone)} {memory.shown(m.room)}", m)
    return "\n".join(lines + _more(memory))


def _spoken(start: str, m: e.Message) -> list[str]:
    liked = reactions(m)
    return [f"{start} {message(m)}", *([f"{start} * {liked}"] if liked else [])]


def _more(memory: Memory) -> list[str]:
    return ["-- /more shows older ones --"] if memory.more else []


def _roster(memory: Memory, _: c.Command, roster: e.Roster, __: tzinfo) -> str:
    here = ", ".join(_person(p) for p in roster.people if p.online)
    away = ", ".join(_person(p) for p in roster.people if not p.online)
    told = f"{roster.present} here in {memory.shown(roster.room)}"
    told += f": {here}" if here else ""
    return told + (f"; away: {away}" if away else "") + ("; and more" if roster.more else "")


def _person(p: e.Person) -> str:
    mark = p.role if p.role != "member" else "guest" if p.guest else ""
    return f"{one_line(p.user)} ({mark})" if mark else one_line(p.user)


def _rooms(memory: Memory, _: c.Command, answer: e.RoomList, __: tzinfo) -> str:
    if not answer.rooms:
        return "there are no rooms"
    memory.rooms |= {line.room: called_as(line) for line in answer.rooms if line.joined}
    lines = [_room(line) for line in answer.rooms]
    memory.more = None if answer.after is None else c.Rooms(after=answer.after)
    return "\n".join(lines + (["-- /more shows further ones --"] if memory.more else []))


def _room(line: e.RoomLine) -> str:
    facts = ["private"] if line.kind == "private" else []
    facts += [] if line.history else [PASSING]
    facts.append(f"{line.present} here{', you too' if line.joined else ''}")
    topic = f": {one_line(line.topic)}" if line.topic else ""
    return f"{called_as(line)} ({', '.join(facts)}){topic}"


_ANSWERS: dict[type[e.Ok], Callable[[Memory, Any, Any, tzinfo], str]] = {
    e.LoggedIn: _logged_in,
    e.Renewed: _renewed,
    e.Attending: _attending,
    e.Stored: _stored,
    e.HistoryPage: _history,
    e.Found: _found,
    e.Roster: _roster,
    e.RoomList: _rooms,
    **ANSWERS,
    **_text_control.ANSWERS,
}
