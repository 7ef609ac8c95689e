"""The chatting itself: one session says a probe every few seconds, another hears it.
What is counted is tally.py; where the numbers can be read is export.py."""

from __future__ import annotations

import asyncio
import math
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chatd.canary.tally import Tally
from chatd.client import (
    CaughtUp,
    ChatError,
    Client,
    Interrupted,
    Left,
    Message,
    Offline,
    Online,
    Position,
    Refused,
    Stopped,
    Told,
)
from chatd.ops.logs import Log
from chatd.ops.metrics_board import Board
from chatd.ops.plain import plain

TEXT = "canary"
OPENING = 30.0
"""Seconds for a first log-in."""
RETURNS_WITHIN = 5.0
"""Seconds between two tries to open a lost line: one canary more is no crowd."""
AGAIN = 30.0
"""Seconds until both sessions are begun anew, once one of them is over."""
LATE = 10.0
"""Seconds after which a round trip is worth a line in the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do. ``interval`` in seconds; with a ``token_file`` it is an account that logs in,
    else guests whose names begin with ``guest``."""

    url: str
    room: str
    interval: float
    guest: str
    token_file: Path | None
    tls: ssl.SSLContext | None


class Session:
    """One of the two, over all its clients: name, positions and token are kept for the next."""

    def __init__(self, plan: Plan, which: str, board: Board) -> None:
        self.which = which
        self.client: Client | None = None
        self.online = board.levels("chatd_canary_online")[which,]
        self.reconnects = board.counts("chatd_canary_reconnects_total")[which,]
        self._plan = plan
        self._guest = f"{plan.guest}-{secrets.token_hex(2)}"
        self._resume: dict[str, Position] = {}
        self._guest_token: str | None = None
        self._faults = (0, 0)

    @asynccontextmanager
    async def chat(self) -> AsyncIterator[Client]:
        """A client that goes on where the last one was. Raises ChatError, and OSError when there is
        no token."""
        plan = self._plan
        token = plain(plan.token_file).read_text().strip() if plan.token_file else None
        client = Client(
            plan.url,
            guest=None if token else self._guest,
            token=token,
            tls=plan.tls,
            patience=OPENING,
            returns_within=RETURNS_WITHIN,
            resume=self._resume,
            guest_token=self._guest_token,
        )
        try:
            async with client:
                client.patience = math.inf  # a probe waits for its answer, however long it takes
                self.client, self._faults = client, (0, 0)
                yield client
        finally:
            self._resume, self._guest_token = client.positions, client.guest_token
            self.online.set(0)

    @property
    def trouble(self) -> str:
        """What the server refuses at this moment, or in the shortest words how things are."""
        if self.client is None or not self.client.online:
            return "offline"
        return self.client.trouble.code if self.client.trouble else "none"

    def faults(self) -> tuple[int, int]:
        """What the client had to put right since the last call: told twice, told out of order."""
        before, self._faults = self._faults, self.client.faults if self.client else (0, 0)
        return self._faults[0] - before[0], self._faults[1] - before[1]


class Canary:
    """``now`` are seconds that only rise."""

    def __init__(
        self, plan: Plan, board: Board, tally: Tally, log: Log, now: Callable[[], float]
    ) -> None:
        self._plan, self._tally, self._log, self._now = plan, tally, log, now
        self._says = Session(plan, "says", board)
        self._hears = Session(plan, "hears", board)
        self._refused = board.counts("chatd_canary_refused_total")
        self._failures = board.counts("chatd_canary_failures_total")
        self._run = secrets.token_hex(4)
        self._room = ""
        self._number = 0
        self._unacked = 0
        """The probe that has no answer yet; 0: none."""
        self._late = False
        self._trouble = asyncio.Event()

    async def run(self) -> None:
        """For ever; what the server does is counted, and ends nothing. Cancel it."""
        while True:
            try:
                await self._live()
            except* (ChatError, OSError) as group:
                self._failed(group)
            if self._unacked:  # whether its key is still known by its author is not
                self._tally.interrupted(self._unacked)
                self._unacked = 0
            await asyncio.sleep(AGAIN)

    def look(self) -> None:
        """Log that a round trip takes too long, or that all is well again. Call it now and then."""
        open_for = self._tally.open_for(self._now())
        if (open_for >= LATE) is self._late:
            return
        self._late = not self._late
        if self._late:
            trouble = self._says.trouble
            self._log.warning("canary_late", seconds=round(open_for, 1), trouble=trouble)
        else:
            self._log.info("canary_well")

    def _failed(self, group: ExceptionGroup[Exception]) -> None:
        error: Exception = group
        while isinstance(error, ExceptionGroup):  # the first of those that came together
            error = error.exceptions[0]
        if isinstance(error, Refused):
            self._refused[error.code,].add()
        reason = {Refused: "refused", Stopped: "stopped", Interrupted: "interrupted"}
        self._failures[reason.get(type(error), "unreachable"),].add()
        self._log.warning("canary_failed", reason=str(error), again_in=AGAIN)

    async def _live(self) -> None:
        """One life of both sessions: until the server wants one of them no more."""
        async with AsyncExitStack() as stack:
            hears = await stack.enter_async_context(self._hears.chat())
            says = await stack.enter_async_context(self._says.chat())
            room = self._room = await self._enter(hears)
            await says.join(room)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._hear(hears, room))
                tasks.create_task(self._follow(says))
                tasks.create_task(self._say(says, room))

    async def _enter(self, chat: Client) -> str:
        """The room's name, once one is in it; the room is made if need be. Raises Refused."""
        try:
            return (await chat.join(self._plan.room)).room
        except Refused as refused:
            if refused.code != "no_such_room":
                raise
        try:
            made = await chat.create(self._plan.room, topic="chatd canary speaks here")
        except Refused as refused:
            why = f"room {self._plan.room!r} is not there and cannot be made ({refused.message})"
            raise Refused(refused.code, why) from None
        self._log.info("canary_room_made", room=made.room)
        return made.room

    # --- saying ---
    async def _say(self, chat: Client, room: str) -> None:
        """A probe at each interval, and at once when a line is lost, so that there is one in every
        trouble; but never two without an answer."""
        due = self._now()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._trouble.wait(), max(0.0, due - self._now()))
            self._trouble.clear()
            due = max(due + self._plan.interval, self._now())
            self._number += 1
            self._unacked = self._number
            self._tally.said(self._number, self._now())
            await self._say_one(chat, room, self._number)
            self._unacked = 0

    async def _say_one(self, chat: Client, room: str, number: int) -> None:
        try:
            stored = await chat.send(room, TEXT, key=f"{self._run}.{number}")
        except Refused as refused:
            self._tally.refused(number)
            self._refused[refused.code,].add()
            self._log.warning("canary_refused", code=refused.code, reason=refused.message)
        except Interrupted:
            self._tally.interrupted(number)
        else:
            self._tally.acked(number, stored.seq, self._now())

    async def _follow(self, chat: Client) -> None:
        async for event in chat.events():
            self._noted(self._says, event)

    # --- hearing ---
    async def _hear(self, chat: Client, room: str) -> None:
        async for event in chat.events():
            self._noted(self._hears, event)
            if isinstance(event, CaughtUp) and not event.recovered and event.room == room:
                await self._look_up(chat, room)
            elif isinstance(event, Message) and event.room == room:
                self._heard(event)

    def _heard(self, message: Message) -> None:
        run, _, number = (message.key or "").partition(".")
        mine = self._says.client is not None and message.user == self._says.client.user
        if mine and run == self._run and number.isdecimal():
            self._tally.heard(int(number), self._now())
        lost = self._tally.passed(message.seq)
        if lost:
            self._log.error("canary_lost", probes=len(lost), before=message.seq)

    async def _look_up(self, chat: Client, room: str) -> None:
        """What will not be told any more may still be in the history."""
        for probe in self._tally.unrecovered():
            page = await chat.history(room, after=(probe.seq or 1) - 1, limit=1)
            if [message.key for message in page.messages] == [f"{self._run}.{probe.number}"]:
                self._tally.kept(probe.number)
            else:
                self._tally.gone(probe.number)
                self._log.error("canary_lost", probes=1, before=probe.seq)

    def _noted(self, session: Session, event: Told) -> None:
        """What is counted for both sessions alike. Raises Refused when it is in the room no more:
        put out, or a guest whom the server does not know any more."""
        me = session.client.user if session.client is not None else ""
        match event:
            case Left() if event.user == me and event.room == self._room:
                raise Refused("not_in_room", f"{me} is not in {event.room} any more", None)
            case Online():
                session.online.set(1)
                self._log.info("canary_online", session=session.which, user=event.user)
            case Offline():
                session.online.set(0)
                session.reconnects.add()
                self._trouble.set()
                self._log.warning(
                    "canary_offline", session=session.which, code=event.code, reason=event.reason
                )
        doubled, misordered = session.faults()
        if doubled or misordered:
            self._tally.faults(doubled, misordered)
            self._log.error(
                "canary_faults", session=session.which, doubled=doubled, gaps=misordered
            )
