"""What those who operate the whole server type and read: rows of the table of slash commands, and
the lines of their answers. What moderators do is _text_moderation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from chatd.core import commands as c
from chatd.core import control as k
from chatd.core import events as e
from chatd.core.text import one_line
from chatd.dialects._text_lines import clock, counted, day
from chatd.dialects._text_memory import Memory, called
from chatd.dialects._words import checked

if TYPE_CHECKING:
    from chatd.dialects._text_commands import Given, Meaning


def _status(_: Memory, __: Given) -> Meaning:
    return [c.Status()]


def _everybody(_: Memory, __: Given) -> Meaning:
    return [c.Everybody()]


def _explain(memory: Memory, given: Given) -> Meaning:
    room = memory.room(given["ROOM"]) if "ROOM" in given else None
    person = given["PERSON"].removeprefix("@")
    return [checked(c.Explain, user=person, verb=given["VERB"], room=room)]


def _watch(_: Memory, given: Given) -> Meaning:
    return [c.Watch(on="off" not in given)]


def _loglevel(_: Memory, given: Given) -> Meaning:
    return [checked(c.Loglevel, level=given["LEVEL"].lower() if "LEVEL" in given else None)]


def _reload(_: Memory, __: Given) -> Meaning:
    return [c.Reload()]


def _drain(_: Memory, __: Given) -> Meaning:
    return [c.Drain()]


def _undrain(_: Memory, __: Given) -> Meaning:
    return [c.Undrain()]


ROWS: tuple[tuple[str, str, Callable[[Memory, Given], Meaning]], ...] = (
    ("/status", "see how the server is, as an operator", _status),
    ("/everybody", "list who is connected, and from where", _everybody),
    ("/explain PERSON VERB [ROOM]", "see why somebody may do something, or not", _explain),
    ("/watch [off]", "hear what happens on the server, but not what is said", _watch),
    ("/loglevel [LEVEL]", "see or set what is logged: debug, info, warning, error", _loglevel),
    ("/reload", "read the configuration anew", _reload),
    ("/drain", "send everybody home, you too, and let nobody in", _drain),
    ("/undrain", "let people in again", _undrain),
)


# --- what they read --------------------------------------------------------------------------


def happened(event: k.Happened) -> str:
    """Something that is watched, without its time."""
    parts = ["watch:", event.kind, one_line(event.user), one_line(event.word)]
    parts.append(one_line(event.target))
    parts.append(called(event.room) if event.room else "")
    parts.append(f"from {one_line(event.address)}" if one_line(event.address) else "")
    return " ".join(each for each in parts if each)


def _state(_: Memory, __: c.Command, s: k.State, zone: tzinfo) -> str:
    draining = ", draining" if s.draining else ""
    restart = f"; wait for a restart: {', '.join(s.restart)}" if s.restart else ""
    return (
        f"chatd {s.version} since {day(s.since, zone)} {clock(s.since, zone)}{draining}\n"
        f"{counted(s.sessions, 'session')}, {counted(s.users, 'user')}, "
        f"{counted(s.rooms, 'room')} in use; {counted(s.bans, 'ban')}, "
        f"{counted(s.mutes, 'mute')}, {counted(s.reports, 'report')} open; "
        f"emergency {s.emergency}\n"
        f"logs {s.log_level}{'' if s.reloaded else '; the last reload failed'}{restart}"
    )


def _gathering(_: Memory, __: c.Command, answer: k.Gathering, ___: tzinfo) -> str:
    lines = [_present(each) for each in answer.people]
    return "\n".join([*lines, f"{answer.strangers} not logged in"])


def _present(p: k.Present) -> str:
    marks = [m for m, on in (("guest", p.guest), ("operator", p.operator)) if on]
    marks += [counted(p.sessions, "session"), f"in {counted(p.rooms, 'room')}"]
    return f"{one_line(p.user)} ({', '.join(marks)}) from {', '.join(p.addresses)}"


def _explained(_: Memory, __: c.Command, answer: k.Explained, ___: tzinfo) -> str:
    where = f" in {called(answer.room)}" if answer.room else ""
    may = "may" if answer.allowed else "may not"
    lines = [f"{one_line(answer.user)} {may} {answer.verb}{where}: {one_line(answer.says)}"]
    lines += [f"  {each.asked}: {one_line(each.found)}" for each in answer.steps]
    return "\n".join([*lines, f"to change it: {one_line(answer.change)}"])


def _level(_: Memory, __: c.Command, answer: k.LogLevel, ___: tzinfo) -> str:
    return f"the log has {answer.level} and more important"


def _reloaded(_: Memory, __: c.Command, answer: k.Reloaded, ___: tzinfo) -> str:
    changed = ", ".join(answer.settings) or "nothing changed"
    restart = f"; wait for a restart: {', '.join(answer.restart)}" if answer.restart else ""
    return f"in force: {changed}{restart}"


def _leaving(_: Memory, __: c.Command, answer: k.Leaving, ___: tzinfo) -> str:
    if not answer.draining:
        return "people are let in again"
    verb = "is" if answer.sessions == 1 else "are"
    return f"{counted(answer.sessions, 'session')} {verb} sent home; nobody is let in"


def _files(_: Memory, __: c.Command, answer: k.SupportFiles, ___: tzinfo) -> str:
    return (
        f"{counted(len(answer.files), 'file')}; chatctl support-bundle FILE writes them on the host"
    )


WATCHING = "you hear what happens from now on; /watch off ends it"
NEWS: dict[type[e.Event], Callable[[Any], str]] = {k.Happened: happened}
ANSWERS: dict[type[e.Ok], Callable[[Memory, Any, Any, tzinfo], str]] = {
    k.State: _state,
    k.Gathering: _gathering,
    k.Explained: _explained,
    k.LogLevel: _level,
    k.Reloaded: _reloaded,
    k.Leaving: _leaving,
    k.SupportFiles: _files,
}
