"""Does what a conversation asks for: opens and closes lines, wakes coroutines, sets the timer.
It decides nothing itself, and knows of asyncio and Twisted only what world.py says."""

from __future__ import annotations

import math
import secrets
import ssl
from collections.abc import Callable
from typing import Any

from chatd.client import tls
from chatd.client.address import Address
from chatd.client.codec import Answer
from chatd.client.conversation import Conversation
from chatd.client.handshake import Handshake
from chatd.client.inbox import Told
from chatd.client.line import Line
from chatd.client.requests import Request
from chatd.client.stages import Connect, Effect, HangUp, Stage, Write
from chatd.client.world import Promise, World
from chatd.core.commands import Command
from chatd.core.ports.world import Timer


class Driver:
    """One conversation in one world. ``trust``: which certificates are believed (wss://)."""

    def __init__(
        self,
        world: World,
        address: Address,
        conversation: Conversation,
        trust: ssl.SSLContext | None,
    ) -> None:
        self.conversation = conversation
        self._world = world
        self._address = address
        self._trust = trust
        self._line: Line | None = None
        self._lines: set[Line] = set()
        self._timer: Timer | None = None
        self._timer_at = math.inf
        self._answers: dict[Request[Any], Promise[Any]] = {}
        self._listener: Promise[None] | None = None
        self._watchers: list[tuple[Callable[[], bool], Promise[None]]] = []
        self._turning = False

    # --- what coroutines call ---
    async def start(self) -> None:
        """Return when logged in. Raises what ended the conversation instead."""
        self.conversation.start(self._world.now())
        await self._until(lambda: self.conversation.stage in {Stage.ONLINE, Stage.OVER})
        if self.conversation.error is not None:
            raise self.conversation.error

    async def ask(self, command: Command, kind: type[Answer], patience: float) -> Answer:
        """The answer to a command. Raises ChatError."""
        request = self.conversation.ask(command, kind, self._world.now(), patience)
        promise: Promise[Answer] = self._world.promise()
        self._answers[request] = promise
        self._turn()
        try:
            return await promise
        finally:
            self._answers.pop(request, None)
            self.conversation.requests.withdraw(request)

    async def event(self) -> Told | None:
        """The next event, or None when the conversation was closed. Raises what ended it."""
        if self._listener is not None:
            raise RuntimeError("somebody else awaits the next event; events are for one reader")
        while (told := self._take()) is None:
            if self.conversation.stage is Stage.OVER:
                if self.conversation.error is not None:
                    raise self.conversation.error
                return None
            self._listener = self._world.promise()
            try:
                await self._listener
            finally:
                self._listener = None
        return told

    def _take(self) -> Told | None:
        self.conversation.inbox.listened = True
        told = self.conversation.take(self._world.now())
        self._turn()
        return told

    async def finish(self) -> None:
        """Say goodbye; return when nothing is open any more."""
        self.conversation.finish(self._world.now())
        await self._until(lambda: self.conversation.stage is Stage.OVER and not self._lines)

    async def _until(self, true: Callable[[], bool]) -> None:
        promise: Promise[None] = self._world.promise()
        watcher = (true, promise)
        self._watchers.append(watcher)
        self._turn()
        try:
            await promise
        finally:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

    # --- what a line tells ---
    def line_heard(self, payload: bytes) -> None:
        """Owner."""
        self.conversation.heard(payload, self._world.now())
        self._turn()

    def line_lost(self, code: int, reason: str) -> None:
        """Owner."""
        self._line = None
        self.conversation.lost(code, reason, self._world.now())
        self._turn()

    def line_failed(self, why: str, *, final: bool, after: float | None) -> None:
        """Owner."""
        self._line = None
        self.conversation.unreachable(why, self._world.now(), final=final, after=after)
        self._turn()

    # --- what follows from it ---
    def _turn(self) -> None:
        """Do all that is asked for. Whoever is woken may ask for more: the outermost of these calls
        does that, too."""
        if self._turning:
            return
        self._turning = True
        try:
            while self._step():
                pass
        finally:
            self._turning = False
        if self._line is not None:
            self._line.read(on=self.conversation.reading)
            self._line.flush()
        self._set_timer()

    def _step(self) -> bool:
        conversation = self.conversation
        if conversation.effects:
            self._carry_out(conversation.effects.popleft())
        elif conversation.requests.settled:
            self._settle(conversation.requests.settled.popleft())
        elif self._listener is not None and (
            conversation.inbox or conversation.stage is Stage.OVER
        ):
            listener, self._listener = self._listener, None
            listener.keep(None)
        else:
            return self._tell_watcher()
        return True

    def _tell_watcher(self) -> bool:
        for number, (true, promise) in enumerate(self._watchers):
            if true():
                del self._watchers[number]
                promise.keep(None)
                return True
        return False

    def _settle(self, request: Request[Any]) -> None:
        promise = self._answers.pop(request, None)
        if promise is None:
            return
        if request.error is not None:
            promise.fail(request.error)
        else:
            promise.keep(request.answer)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Connect():
                self._connect()
            case Write() if self._line is not None:
                self._line.send(effect.payload)
            case HangUp() if self._line is not None:
                line, self._line = self._line, None
                line.hang_up(effect.code, effect.reason)

    def _connect(self) -> None:
        line = Line(
            self._world,
            self,
            Handshake(self._address, secrets.token_bytes(16)),
            self._cover,
            lambda: secrets.token_bytes(4),
        )
        self._line = line
        self._lines.add(line)
        line.when_over = lambda: self._line_over(line)
        line.connect(self._address.host, self._address.port)

    def _cover(self) -> tls.Cover:
        if not self._address.tls:
            return tls.Open()
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return tls.Tls(self._trust, self._address.host)

    def _line_over(self, line: Line) -> None:
        self._lines.discard(line)
        self._turn()

    # --- time ---
    def _set_timer(self) -> None:
        at = min(self.conversation.wake, self._line.wake if self._line is not None else math.inf)
        if self._timer is not None:
            if self._timer_at <= at < math.inf:  # it comes early, and is set again then
                return
            self._timer.cancel()
            self._timer = None
        if at < math.inf:
            self._timer = self._world.later(max(0.0, at - self._world.now()), self._tick)
        self._timer_at = at

    def _tick(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self.conversation.tick(self._world.now())
        if self._line is not None:
            self._line.look()
        self._turn()
