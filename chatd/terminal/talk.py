"""Between the chat and the screen: events into the view, what is typed to the server.
It knows asyncio, and neither keys nor colours."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import tzinfo
from typing import Any

from chatd.client import ChatError, Client, Ended, Refused
from chatd.client.chat import fresh_key
from chatd.core import commands as c
from chatd.core import errors
from chatd.core import events as e
from chatd.dialects.typed import TOPIC, answered, refusal
from chatd.terminal.asking import ANSWERS, Do, Quit, Retry, Say, Show, Wish, wishes
from chatd.terminal.completing import names_room
from chatd.terminal.view import View

PAGE = 100
"""Messages that are asked for at once."""
LISTED = 200
"""Rooms that completion asks for, the first by their names."""
FRESH = 10.0
"""Seconds until it asks for them again."""
OFTEN = 4.0
"""Seconds between two words that one is typing."""


class Talk:
    """One chat at one screen. ``changed`` is called when the screen should be painted anew,
    ``ring`` when somebody calls, ``over`` when it is over, with why if nobody wished it."""

    def __init__(self, client: Client, view: View, now: Callable[[], int], zone: tzinfo) -> None:
        self.view = view
        self.changed: Callable[[], None] = lambda: None
        self.ring: Callable[[], None] = lambda: None
        self.over: Callable[[ChatError | None], None] = lambda error: None
        self._chat = client
        self._now = now
        self._zone = zone
        self._tasks: set[asyncio.Task[None]] = set()
        self._marked: dict[str, int] = {}
        self._typed_at = self._listed_at = -math.inf
        self._listing = asyncio.Lock()

    # --- beginning and end ---
    async def begin(self, rooms: tuple[str, ...]) -> None:
        """Logged in: be in these rooms, or in the lobby. Raises ChatError for the first."""
        chat, view = self._chat, self.view
        view.me = chat.user
        if chat.welcome is not None:
            view.server = chat.welcome.server
        chat.patience = math.inf  # from now on a lost line is no reason to give up
        known = list(chat.attending.values())
        lobby = chat.welcome.lobby if chat.welcome is not None else "lobby"
        wanted = [await self._enter(room) for room in rooms or (() if known else (lobby,))]
        for state in known:
            if state.room not in view.rooms:
                self._entered(state, new=False)
        if wanted or known:
            view.go(wanted[0] if wanted else self._first(lobby))
        if chat.welcome is not None and chat.welcome.motd:
            view.note(chat.welcome.motd, self._now())
        self.spawn(self._hear())

    def _first(self, lobby: str) -> str:
        """Where one is at first: with all before with one alone."""
        return lobby if lobby in self.view.rooms else self.view.listed()[0].name

    async def end(self) -> None:
        """Nothing of it goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside everything else."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Ended:
            pass
        except ChatError as error:
            self.view.note(f"! {error}", self._now(), kind="error")
        self.changed()

    # --- hearing ---
    async def _hear(self) -> None:
        try:
            async for event in self._chat.events():
                self._heard(event)
        except ChatError as error:
            self.over(error)
        else:
            self.over(None)

    def _heard(self, event: Any) -> None:
        view, before = self.view, self.view.alerts
        view.heard(event, self._now())
        match event:
            case e.Invited() | e.Entered():
                self._entered(self._chat.attending[event.room], new=True)
                view.heard(event, self._now())
                if isinstance(event, e.Invited) and not event.direct:
                    view.note(f"{event.by} invited you to #{event.room}", self._now())
            case e.CaughtUp(recovered=False) if event.room in view.rooms:
                view.rooms[event.room].clear()
                self.spawn(self._first_page(event.room))
            case e.Message() if view.alerts > before:
                self.ring()
        self.read()
        self.changed()

    def _entered(self, state: e.RoomState, *, new: bool) -> None:
        room = self.view.enter(state)
        if new:
            room.read = max(room.read, state.seq)
        self.spawn(self._first_page(state.room))

    async def _first_page(self, room: str) -> None:
        page = await self._chat.history(room, limit=PAGE)
        self.view.page(room, page.messages, more=page.more)
        self.view.count(room)
        roster = await self._chat.who(room)
        if (seen := self.view.rooms.get(room)) is not None:
            seen.present = roster.present
            for person in roster.people:
                seen.people.setdefault(person.user)
        self.read()

    async def older(self) -> None:
        """What was said before the oldest message here."""
        room = self.view.room
        if room is None or not room.more or room.loading or room.first is None:
            return
        room.loading = True
        try:
            page = await self._chat.history(room.name, before=room.first, limit=PAGE)
            self.view.page(room.name, page.messages, more=page.more)
        finally:
            room.loading = False

    def read(self) -> None:
        """Tell the server how far the room on the screen was read."""
        room = self.view.room
        if room is None or room.top is not None or not self._chat.online:
            return
        if room.last > self._marked.get(room.name, 0):
            self._marked[room.name] = room.last
            self.spawn(self._mark(room.name, room.last))

    async def _mark(self, room: str, seq: int) -> None:
        try:
            await self._chat.read(room, seq)
        except Refused:
            self._marked.pop(room, None)

    # --- saying ---
    def typed(self, text: str) -> None:
        """A text was entered."""
        try:
            found = wishes(self.view, text)
        except errors.Refused as no:
            self.view.note(f"! {no.message}", self._now(), kind="error")
            found = []
        for wish in found:
            self._carry_out(wish)
        self.changed()

    def _carry_out(self, wish: Wish) -> None:
        match wish:
            case Say(room=None):
                self.spawn(self._tell(wish))
            case Say(room=str(room)) if room in self.view.rooms:
                self._say(room, wish.text, fresh_key(), wish.reply_to)
            case Say():
                self.view.note("! you are in no room: /join one", self._now(), kind="error")
            case Show():
                self.view.note(wish.text, self._now())
            case Do():
                self.spawn(self._do(wish))
            case Retry():
                self._retry()
            case Quit():
                self.over(None)

    def _say(self, room: str, text: str, key: str, reply_to: int | None) -> None:
        self._typed_at = -math.inf
        self.view.say(room, text, key, self._now(), reply_to)
        self.spawn(self._send(room, text, key, reply_to))

    async def _send(self, room: str, text: str, key: str, reply_to: int | None) -> None:
        try:
            stored = await self._chat.send(room, text, key=key, reply_to=reply_to)
        except ChatError as error:
            why = error.message if isinstance(error, Refused) else str(error)
            self.view.failed(room, key, why)
        else:
            seen = self.view.rooms.get(room)
            if seen is not None:
                seen.settle(key, stored.seq, stored.ts)

    def _retry(self) -> None:
        room = self.view.room
        failed = [x for x in (room.entries if room is not None else []) if x.kind == "failed"]
        for entry in failed:
            if room is not None and entry.key is not None:
                room.remove(entry)
                self._say(room.name, entry.text, entry.key, entry.reply_to)

    async def _tell(self, wish: Say) -> None:
        room = await self._enter(f"@{wish.to}")
        self.view.go(room)
        self._say(room, wish.text, fresh_key(), None)

    async def _enter(self, name: str) -> str:
        chat = self._chat
        if name.startswith("@"):
            attending = await chat.direct(name[1:])
        else:
            attending = await chat.join(name)
        known = attending.room in self.view.rooms
        state = chat.attending[attending.room]
        if not known:
            self._entered(state, new=True)
        return attending.room

    async def list_rooms(self) -> None:
        """Know what rooms there are, for completion. Whoever comes meanwhile waits as well."""
        async with self._listing:
            now = asyncio.get_running_loop().time()
            if not self._chat.online or now - self._listed_at < FRESH:
                return
            self._listed_at = now
            with suppress(Refused):
                self.view.know((await self._chat.rooms(limit=LISTED)).rooms)

    async def _do(self, wish: Do) -> None:
        """Give a command, and show what its answer says."""
        command, view = wish.command, self.view
        kind = ANSWERS.get(type(command), e.Ok)
        try:
            answer = await self._chat.ask(command, kind)
        except Refused as no:
            error = e.Error(code=no.code, message=no.message, retry_after_ms=no.retry_after_ms)
            view.note(refusal(wish.memory, command, error), self._now(), kind="error")
            return
        entered = isinstance(answer, e.Attending) and command.id != TOPIC
        text = "" if entered else answered(wish.memory, command, answer, self._zone)
        match answer:
            case e.Attending():
                if answer.room not in view.rooms:
                    self._entered(self._chat.attending[answer.room], new=True)
                    view.rooms[answer.room].read = answer.seq
                view.go(answer.room)
                self.read()
            case e.RoomList():
                view.know(answer.rooms)
            case e.HistoryPage():
                view.page(answer.room, answer.messages, more=answer.more)
                text = ""
        if isinstance(command, c.Leave):
            view.drop(command.room)
        if text:
            view.note(text, self._now())

    def writing(self, text: str) -> None:
        """The line changed: now and then the room is told. Who names one may want the others."""
        loop = asyncio.get_running_loop()
        room = self.view.room
        if names_room(text) and loop.time() - self._listed_at >= FRESH:
            self.spawn(self.list_rooms())
        if room is None or not text.strip() or text.startswith("/"):
            return
        if loop.time() - self._typed_at >= OFTEN:
            self._typed_at = loop.time()
            self.spawn(self._chat.typing(room.name))
