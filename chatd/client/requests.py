"""Commands under way: their ids, their order, who waits for an answer, what is sent again and when.
Which connection carries them is conversation.py's business."""

from __future__ import annotations

import math
from collections import deque
from heapq import heappop, heappush
from typing import Any, Generic

from chatd.client import codec
from chatd.client.codec import Answer, BadFrame, Reply
from chatd.client.errors import ChatError, Interrupted, Refused, TimedOut
from chatd.core import commands as c
from chatd.core.commands import Command

WINDOW = 32
"""Commands that may be on a line without an answer: half of what a server's inbox holds."""
PAUSE = 1.0
"""Seconds until the next try, where the server did not say when."""

REPEATABLE = (c.Join, c.Direct, c.Read, c.Ping, c.History, c.Search, c.Who, c.Rooms)
"""What may be said twice without being done twice; so may a send that has a key."""


class Request(Generic[Answer]):
    """One command, from asking to its outcome: ``answer``, or ``error``."""

    __slots__ = (
        "answer", "command", "deadline", "done", "error", "kind", "number", "payload", "tried",
    )  # fmt: skip

    def __init__(self, command: Command, kind: type[Answer], number: int, deadline: float) -> None:
        self.command = command
        self.kind = kind
        self.number = number
        self.deadline = deadline
        self.payload = codec.frame(command, number)
        self.tried = False
        """Whether the server may have carried it out, though no answer came."""
        self.done = False
        self.answer: Answer | None = None
        self.error: ChatError | None = None

    @property
    def repeatable(self) -> bool:
        """Whether to say it again is harmless."""
        if isinstance(self.command, c.Send):
            return self.command.key is not None
        return isinstance(self.command, REPEATABLE)


class Requests:
    """All of them, oldest first. ``settled`` are those whose outcome nobody has taken yet."""

    def __init__(self) -> None:
        self.settled: deque[Request[Any]] = deque()
        self._waiting: list[tuple[int, Request[Any]]] = []
        self._written: dict[int, Request[Any]] = {}
        self._deadlines: list[tuple[float, int, Request[Any]]] = []
        self._number = 0
        self.refusal: Refused | None = None
        """What is being waited out, since the last answer."""
        self.hold = -math.inf
        """When the next may be written: a refusal can make all of them wait."""

    @property
    def on_the_line(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._written)

    def add(self, command: Command, kind: type[Answer], deadline: float) -> Request[Answer]:
        """A new one, to be written when there is a line."""
        self._number += 1
        request = Request(command, kind, self._number, deadline)
        self._wait(request)
        if deadline < math.inf:
            heappush(self._deadlines, (deadline, request.number, request))
        return request

    def _wait(self, request: Request[Any]) -> None:
        heappush(self._waiting, (request.number, request))

    def withdraw(self, request: Request[Any]) -> None:
        """Nobody waits for it any more: what was not written yet never will be."""
        request.done = True

    # --- the line ---
    def writable(self, now: float, most: int) -> list[bytes]:
        """What may be written now, in order. ``most``: bytes that the server takes in a frame."""
        payloads: list[bytes] = []
        if now < self.hold:
            return payloads
        self.hold = -math.inf
        while self._waiting and len(self._written) < WINDOW:
            _, request = heappop(self._waiting)
            if request.done:
                continue
            if len(request.payload) > most:
                self._settle(request, error=_too_long(request, most))
                continue
            self._written[request.number] = request
            payloads.append(request.payload)
        return payloads

    def answered(self, reply: Reply, now: float) -> Request[Any] | None:
        """An answer came: the request that is settled by it, if one is."""
        request = self._written.pop(reply.id, None) if isinstance(reply.id, int) else None
        if request is None or request.done:
            return None
        self.refusal = None
        if reply.error is not None:
            return self._refused(request, reply.error, now)
        try:
            return self._settle(request, answer=codec.answer(reply, request.kind))
        except BadFrame as error:
            return self._settle(request, error=ChatError(str(error)))

    def _refused(self, request: Request[Any], error: Any, now: float) -> Request[Any] | None:
        refused = Refused(error.code, error.message, error.retry_after_ms)
        pause = PAUSE if error.retry_after_ms is None else error.retry_after_ms / 1000
        if not refused.retry or now + pause > request.deadline:
            return self._settle(request, error=refused)
        # All wait, not this one alone: those behind it would overtake it, or be refused as well.
        self.hold = max(self.hold, now + pause)
        self.refusal = refused
        request.tried = False
        self._wait(request)
        return None

    def line_lost(self, *, answered: bool) -> None:
        """What was written goes back in line if it may be repeated. ``answered``: the server has
        said that it answered all that it carried out, so everything may."""
        written, self._written = self._written, {}
        for request in written.values():
            if request.done:
                continue
            request.tried = request.tried or not answered
            if answered or request.repeatable:
                self._wait(request)
            else:
                self._settle(request, error=Interrupted(_interrupted(request)))

    def stranger(self) -> None:
        """One comes back as somebody else: the keys of sends are known by their author alone."""
        for _, request in self._waiting:
            if request.tried and not request.done and isinstance(request.command, c.Send):
                self._settle(request, error=Interrupted(_interrupted(request)))

    # --- ends ---
    def expire(self, now: float) -> None:
        """Those whose patience is at its end."""
        while self.due <= now:
            _, _, request = heappop(self._deadlines)
            word = request.command.__struct_config__.tag
            self._settle(request, error=TimedOut(f"{word} was not answered in time"))

    def fail(self, error: ChatError) -> None:
        """None of them will be answered any more."""
        for request in sorted(
            [*self._written.values(), *(request for _, request in self._waiting)],
            key=lambda request: request.number,
        ):
            if not request.done:
                self._settle(request, error=error)
        self._written.clear()
        self._waiting.clear()

    def _settle(
        self, request: Request[Any], *, answer: Any = None, error: ChatError | None = None
    ) -> Request[Any]:
        request.done, request.answer, request.error = True, answer, error
        self.settled.append(request)
        return request

    @property
    def due(self) -> float:
        """When the next patience is at its end."""
        while self._deadlines and self._deadlines[0][2].done:
            heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else math.inf


def _too_long(request: Request[Any], most: int) -> Refused:
    word = request.command.__struct_config__.tag
    return Refused("too_long", f"{word}: {len(request.payload)} bytes are over the server's {most}")


def _interrupted(request: Request[Any]) -> str:
    word = request.command.__struct_config__.tag
    return f"the line was lost before {word} was answered: it may have been carried out, or not"
