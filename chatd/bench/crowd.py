"""A crowd of guests: they come at a pace, talk by the clock, hear each other, and leave.
What became of each word is tally.py's; the clients are chatd/client's."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chatd.bench.report import Run
from chatd.bench.tally import Ear, Tally, read, words
from chatd.client import ChatError, Client, Message, Refused

OPENING = 10.0
"""Seconds for one guest to come."""
ANSWER = 10.0
"""Seconds for a message to be acknowledged, and at the end for what is on its way to be heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do; rates a second, times in seconds, sizes in bytes."""

    url: str
    connections: int
    rooms: int
    rate: float
    arrivals: float
    duration: float
    size: int
    prefix: str
    history: bool | None
    tls: ssl.SSLContext | None


class Crowd:
    """One run. ``members``: how many are in each room while they talk."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._tally = Tally()
        self._run = secrets.token_hex(4)
        self._clients: dict[Client, str] = {}
        self._members = [0] * plan.rooms
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> Run:
        """Come, talk, leave. Raises ChatError when nobody could come."""
        hearing: list[asyncio.Task[None]] = []
        try:
            await self._come(hearing)
            spent, begun = time.process_time(), time.monotonic()
            await self._talk()
            talked, spent = time.monotonic() - begun, time.process_time() - spent
            await self._until_heard()
        finally:
            for task in (*hearing, *self._tasks):
                task.cancel()
            await asyncio.gather(*hearing, *self._tasks, return_exceptions=True)
            await asyncio.gather(*(client.close() for client in self._clients))
        plan = self._plan
        return Run(
            url=plan.url,
            connections=plan.connections,
            rooms=plan.rooms,
            rate=plan.rate,
            duration=plan.duration,
            tally=self._tally,
            talked=talked,
            busy=spent / talked,
        )

    # --- coming ---
    async def _come(self, hearing: list[asyncio.Task[None]]) -> None:
        coming = (self._comes(number, hearing) for number in range(self._plan.connections))
        await self._by_the_clock(coming, self._plan.arrivals)
        if not self._clients:
            why = "; ".join(self._tally.refused) or "nobody answers"
            raise Refused("unreachable", f"not one connection to {self._plan.url}: {why}")

    async def _comes(self, number: int, hearing: list[asyncio.Task[None]]) -> None:
        plan, room = self._plan, number % self._plan.rooms
        client = Client(
            plan.url, guest=f"{plan.prefix}-{self._run}-{number}", tls=plan.tls, patience=OPENING
        )
        begun = time.monotonic()
        try:
            await client.connect()
            self._tally.opened.append(time.monotonic() - begun)
            await self._enter(client, f"{plan.prefix}-{room}")
        except ChatError as error:
            self._count(error)
            await client.close()
            return
        self._clients[client] = f"{number}"
        self._members[room] += 1
        hearing.append(asyncio.create_task(self._hear(client)))

    async def _enter(self, client: Client, room: str) -> None:
        try:
            await client.join(room)
        except Refused as refused:
            if refused.code != "no_such_room":
                raise
            with suppress(Refused):  # another guest was faster
                await client.create(room, history=self._plan.history)
            await client.join(room)

    # --- talking ---
    async def _talk(self) -> None:
        plan, speakers = self._plan, list(self._clients.items())
        saying = (
            self._say(*speakers[count % len(speakers)], count // len(speakers) + 1)
            for count in range(round(plan.rate * plan.duration))
        )
        await self._by_the_clock(saying, plan.rate)

    async def _say(self, client: Client, name: str, number: int) -> None:
        room = int(name) % self._plan.rooms
        begun = time.monotonic()
        self._tally.said += 1
        text = words(self._run, name, number, begun, self._plan.size)
        try:
            async with asyncio.timeout(ANSWER):
                await client.send(f"{self._plan.prefix}-{room}", text)
        except (ChatError, TimeoutError) as error:
            self._count(error)
            return
        self._tally.acknowledged.append(time.monotonic() - begun)
        self._tally.expected += self._members[room]

    async def _by_the_clock(self, doing: Iterable[Coroutine[Any, Any, None]], rate: float) -> None:
        """Begin each at its time, however long those before it take; then wait for all."""
        begun = time.monotonic()
        for number, each in enumerate(doing):
            task = asyncio.create_task(each)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            wait = begun + (number + 1) / rate - time.monotonic()
            await asyncio.sleep(max(0.0, wait))
        while self._tasks:
            await asyncio.wait(self._tasks)

    # --- hearing ---
    async def _hear(self, client: Client) -> None:
        ear = Ear(self._tally)
        with suppress(ChatError):
            async for event in client.events():
                found = read(event.text, self._run) if isinstance(event, Message) else None
                if found is not None:
                    speaker, number, at = found
                    ear.hears(speaker, number, time.monotonic() - at)

    async def _until_heard(self) -> None:
        deadline = time.monotonic() + ANSWER
        while self._tally.lost and time.monotonic() < deadline:
            await asyncio.sleep(0.02)

    def _count(self, error: Exception) -> None:
        if isinstance(error, Refused):
            self._tally.refuse(error.code)
        elif isinstance(error, TimeoutError):
            self._tally.refuse(f"no answer within {ANSWER:g} s")
        else:
            self._tally.refuse(str(error))
