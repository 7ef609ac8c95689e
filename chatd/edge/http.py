"""The operations listener: /metrics, /healthz and /readyz, for monitoring only.
What they say is made elsewhere: this asks, within a deadline, and never makes the reactor wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from chatd.core.ports import Log
from chatd.edge.head import Head
from chatd.edge.ports import Reactor
from chatd.edge.request import Answer, OneRequest, sentence

PATIENCE = 10.0
"""Seconds for a request to come."""
ASK_TIMEOUT = 5.0
"""Seconds for the house to say whether it is ready."""
LATE = (
    f"store: it has written nothing for {ASK_TIMEOUT:g} s: another process keeps the database "
    "locked, or its disk is slow"
)
"""All that the house waits for is the store's writing a row (daemon.py); and the store waits longer
for a lock than whoever asks here does."""

Render = Callable[[], tuple[bytes, str]]
"""Makes the metrics: the text and its content type. Runs in a thread."""
Ready = Callable[[], Coroutine[Any, Any, list[str]]]
"""Why the house is not ready, one reason a line; empty when it is."""
InThread = Callable[[Render], Deferred[tuple[bytes, str]]]


class OperationsFactory(ServerFactory):
    """What all connections of the operations listeners share."""

    noisy = False

    def __init__(
        self,
        reactor: Reactor,
        render: Render,
        ready: Ready,
        journal: Log,
        in_thread: InThread = deferToThread,
    ) -> None:
        self.clock = reactor
        self.journal = journal
        self._render = render
        self._ready = ready
        self._in_thread = in_thread
        self._waiting: list[Deferred[Answer]] = []
        self._paths: dict[str, Callable[[], Awaitable[Answer]]] = {
            "/healthz": self._health,
            "/metrics": self._metrics,
            "/readyz": self._readiness,
        }

    def buildProtocol(self, addr: IAddress | None) -> Operations:
        """One request, one connection."""
        del addr
        return Operations(self)

    async def answer(self, head: Head) -> Answer:
        """A GET or HEAD, answered."""
        page = self._paths.get(head.path)
        if page is None:
            return sentence(404, f"here are {', '.join(sorted(self._paths))}")
        return await page()

    async def _health(self) -> Answer:
        return sentence(200, "alive")

    async def _readiness(self) -> Answer:
        asked = Deferred.fromCoroutine(self._ready())
        asked.addTimeout(ASK_TIMEOUT, self.clock)  # type: ignore[arg-type]  # time is enough
        try:
            reasons = await asked
        except defer.TimeoutError:
            reasons = [LATE]
        return sentence(503, "\n".join(reasons)) if reasons else sentence(200, "ready")

    def _metrics(self) -> Deferred[Answer]:
        """Those who ask while the text is being made share it."""
        answer: Deferred[Answer] = Deferred()
        self._waiting.append(answer)
        if len(self._waiting) == 1:
            self._in_thread(self._render).addCallbacks(self._rendered, self._not_rendered)
        return answer

    def _rendered(self, made: tuple[bytes, str]) -> None:
        for answer in self._all_waiting():
            answer.callback(Answer(200, *made))

    def _not_rendered(self, failure: Failure) -> None:
        for answer in self._all_waiting():
            answer.errback(failure)

    def _all_waiting(self) -> list[Deferred[Answer]]:
        waiting, self._waiting = self._waiting, []
        return waiting


class Operations(OneRequest):
    """One request for the operator."""

    def __init__(self, factory: OperationsFactory) -> None:
        super().__init__(factory.clock, factory.journal, PATIENCE)
        self._factory = factory

    def asked(self, head: Head, rest: bytes) -> None:
        """Answer it, maybe later."""
        del rest
        if head.method not in {"GET", "HEAD"} or head.has_body:
            self.answer(sentence(405, "GET and HEAD are for this", ("Allow", "GET, HEAD")))
            return
        self.forget_deadline()
        answer = Deferred.fromCoroutine(self._factory.answer(head))
        answer.addCallback(self.answer)
        answer.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self.broke(failure.value or RuntimeError("no reason given"))
