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

REPEATABLE = (
    *(c.Join, c.Direct, c.Delete, c.React, c.Unreact, c.Read, c.Ping),
    *(c.History, c.Search, c.Who, c.Rooms, c.Unread, c.Bans, c.Reports),
)
"""What may be said twice without being done twice; so may a send that has a key."""
SHARED = frozenset({"rate_limited", "storage_full", "storage_failed"})
"""Refusals that the next command would meet as well: all wait, and none overtakes another."""
UNSURE = "internal"
"""The one refusal after which the server does not know whether something was changed."""


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
        self._resting: list[tuple[float, int, Request[Any]]] = []
        self._written: dict[int, Request[Any]] = {}
        self._deadlines: list[tuple[float, int, Request[Any]]] = []
        self._number = 0
        self.refusal: Refused | None = None
        """What is being waited out, since the last answer."""
        self._hold = -math.inf

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
        if now < self._hold:
            return payloads
        self._hold = -math.inf
        while self._resting and self._resting[0][0] <= now:
            self._wait(heappop(self._resting)[2])
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
        unsure = refused.code == UNSURE
        too_late = now + pause > request.deadline
        if not refused.retry or too_late or (unsure and not request.repeatable):
            return self._settle(request, error=refused)
        self.refusal = refused
        request.tried = unsure
        if refused.code in SHARED:
            self._hold = max(self._hold, now + pause)
            self._wait(request)
        else:
            heappush(self._resting, (now + pause, request.number, request))
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
        resting = ((number, request) for _, number, request in self._resting)
        for _, request in (*self._waiting, *resting):
            if request.tried and not request.done and isinstance(request.command, c.Send):
                self._settle(request, error=Interrupted(_interrupted(request)))

    # --- ends ---
    def expire(self, now: float) -> None:
        """Those whose patience is at its end."""
        while self._deadline <= now:
            _, _, request = heappop(self._deadlines)
            word = request.command.__struct_config__.tag
            self._settle(request, error=TimedOut(f"{word} was not answered in time"))

    def fail(self, error: ChatError) -> None:
        """None of them will be answered any more."""
        resting = ((number, request) for _, number, request in self._resting)
        for _, request in sorted((*self._written.items(), *self._waiting, *resting)):
            if not request.done:
                self._settle(request, error=error)
        for each in (self._written, self._waiting, self._resting):
            each.clear()

    def _settle(
        self, request: Request[Any], *, answer: Any = None, error: ChatError | None = None
    ) -> Request[Any]:
        request.done, request.answer, request.error = True, answer, error
        self.settled.append(request)
        return request

    def due(self, *, online: bool) -> float:
        """When something is to be done: a patience ends, or commands may be written again."""
        if not online:
            return self._deadline
        rested = self._resting[0][0] if self._resting else math.inf
        if self._hold > -math.inf:  # until then nothing is written, whatever has rested
            return min(self._deadline, self._hold)
        return min(self._deadline, rested)

    @property
    def _deadline(self) -> float:
        while self._deadlines and self._deadlines[0][2].done:
            heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else math.inf


def _too_long(request: Request[Any], most: int) -> Refused:
    word = request.command.__struct_config__.tag
    return Refused("too_long", f"{word}: {len(request.payload)} bytes are over the server's {most}")


def _interrupted(request: Request[Any]) -> str:
    word = request.command.__struct_config__.tag
    return f"the line was lost before {word} was answered: it may have been carried out, or not"
