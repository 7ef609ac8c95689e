"""`chatd connect` where nobody looks: lines in, messages out, and with --follow what is heard, too.
The screen for people is screen.py, and what they type without one dumb.py."""

from __future__ import annotations

import asyncio
import os
import secrets
from asyncio import Queue
from codecs import getincrementaldecoder
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import tzinfo
from threading import Thread
from typing import TextIO

import msgspec

from chatd.client import Client, Left, Offline, Online, Other, Refused
from chatd.core.events import Event, Stored
from chatd.core.text import for_terminal
from chatd.dialects.typed import line
from chatd.terminal.dumb import Person
from chatd.terminal.exits import Unusable
from chatd.terminal.who import Who

CHUNK = 64 * 1024
AHEAD = 100
"""Lines that are read before they are said."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a script asks for. ``stdin``: the file descriptor to read, None for none. ``person``:
    somebody types there, so that a line may be a command, and they leave by Ctrl-D."""

    who: Who
    rooms: tuple[str, ...]
    stdin: int | None
    out: TextIO
    err: TextIO
    zone: tzinfo
    now: Callable[[], int]
    timeout: float = 5.0
    follow: bool = False
    json: bool = False
    one: bool = False
    person: bool = False


async def run(script: Script) -> None:
    """Until all is said, or with ``follow`` until it is ended. Raises ChatError and Unusable."""
    client = Client(script.who.url, **script.who.options(script.timeout))
    async with client as chat:
        aims = [await _enter(chat, room) for room in script.rooms or (_lobby(chat),)]
        hearing = asyncio.create_task(_hear(script, chat))
        say = _converse if script.person else _say_all
        saying = asyncio.create_task(say(script, chat, aims))
        try:
            await asyncio.wait({hearing, saying}, return_when=asyncio.FIRST_COMPLETED)
            if saying.done():
                saying.result()
                if script.follow and not script.person:
                    await hearing
            else:
                hearing.result()
        finally:
            hearing.cancel()
            saying.cancel()
            await asyncio.gather(hearing, saying, return_exceptions=True)


def _lobby(chat: Client) -> str:
    return chat.welcome.lobby if chat.welcome is not None else "lobby"


async def _enter(chat: Client, room: str) -> str:
    """Be there; gives the room's own name."""
    if room.startswith("@"):
        return (await chat.direct(room[1:])).room
    return (await chat.join(room)).room


# --- saying ---


async def _say_all(script: Script, chat: Client, aims: list[str]) -> None:
    """Each line to the first of the rooms, when the one before it is stored."""
    if script.stdin is None:
        return
    run, number = secrets.token_urlsafe(12), 0
    async for text in lines(script.stdin, whole=script.one):
        number += 1
        if not text.strip() and not script.one:
            continue
        try:
            stored = await chat.send(aims[0], text, key=f"{run}-{number}")
        except Refused as no:
            if not script.one:
                no.add_note(f"line {number} was not said, nor was any after it")
            raise
        if script.json:
            _write(script, _stored(stored, f"{run}-{number}"))


async def _converse(script: Script, chat: Client, aims: list[str]) -> None:
    """Until somebody leaves: /quit, or Ctrl-D on an empty line. What is theirs to read is not in
    between the events of --json."""
    if script.stdin is None:
        return
    out = script.err if script.json else script.out
    person = Person(chat, aims[0], lambda text: _show(out, for_terminal(text)), script.zone)
    async for text in lines(script.stdin):
        if not await person.typed(text):
            return


def _stored(stored: Stored, key: str) -> str:
    told = {"type": "stored", "room": stored.room, "seq": stored.seq, "ts": stored.ts, "key": key}
    return msgspec.json.encode(told).decode()


async def lines(fd: int, *, whole: bool = False) -> AsyncIterator[str]:
    """The lines of a file, pipe or terminal as they come, or all of it as one, be it empty.

    A thread reads: a plain file cannot be waited for otherwise. It is left behind where it waits.
    """
    queue: Queue[str | OSError | None] = Queue(AHEAD)
    loop = asyncio.get_running_loop()

    def put(item: str | OSError | None) -> None:
        asyncio.run_coroutine_threadsafe(queue.put(item), loop).result()

    Thread(target=_read, args=(fd, put, whole), daemon=True).start()
    while (item := await queue.get()) is not None:
        if isinstance(item, OSError):
            raise Unusable(f"standard input: {item.strerror}", os.EX_NOINPUT)
        yield item


def _read(fd: int, put: Callable[[str | OSError | None], None], whole: bool) -> None:
    decoder, rest = getincrementaldecoder("utf-8")("replace"), ""
    try:
        while data := os.read(fd, CHUNK):
            rest += decoder.decode(data)
            if not whole:
                *complete, rest = rest.split("\n")
                for each in complete:
                    put(each.removesuffix("\r"))
        rest += decoder.decode(b"", final=True)
        if rest or whole:
            put(rest.rstrip("\r\n"))
        put(None)
    except OSError as error:
        put(error)
    except RuntimeError:
        return  # the loop is closed: nobody listens any more


# --- hearing ---


async def _hear(script: Script, chat: Client) -> None:
    heard = script.follow or script.json
    async for told in chat.events():
        if isinstance(told, Left) and not script.person and _put_out(chat, told):
            raise Refused("not_in_room", f"you were put out of {told.room} ({told.reason})")
        if isinstance(told, Offline):
            wait = f"; trying again in {told.returns_in:.1f} s"
            script.err.write(f"chatd: the line was lost: {told.reason or told.code}{wait}\n")
            script.err.flush()
        elif isinstance(told, Online) and told.again:
            script.err.write("chatd: on the line again\n")
            script.err.flush()
        elif heard and not isinstance(told, Online):
            text = as_json(told) if script.json else _plain(script, chat, told)
            if text:
                _write(script, text)


def _put_out(chat: Client, told: Left) -> bool:
    return told.user == chat.user and told.reason != "left"


def as_json(told: Event | Other) -> str:
    """As the protocol has it."""
    fields = told.fields if isinstance(told, Other) else told
    return msgspec.json.encode(fields).decode()


def _plain(script: Script, chat: Client, told: Event | Other) -> str:
    if isinstance(told, Other):
        return ""
    room = chat.attending.get(getattr(told, "room", None) or "")
    label = "" if room is None else f"@{room.title}" if room.title else room.room
    return line(told, label or getattr(told, "room", None) or "", script.now(), script.zone)


def _write(script: Script, text: str) -> None:
    _show(script.out, text if script.json else for_terminal(text))


def _show(out: TextIO, text: str) -> None:
    out.write(f"{text}\n")
    out.flush()
