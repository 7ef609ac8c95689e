"""One HTTP request a connection: its head is read within bounds and a deadline, then answered.
A connection carries no second request, so none slips by the checks of the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from chatd.core.ports import Log
from chatd.edge.head import BadHead, Head, HeadBuffer
from chatd.edge.ports import Delayed, Reactor

TAKE_TIMEOUT = 30.0
"""Seconds for a client to take its answer and hang up."""
LEAVE_TIMEOUT = 5.0
"""The same for a refusal, which is short: who stays holds a place that others need."""

PLAIN = "text/plain; charset=utf-8"
Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one request."""

    status: int
    body: bytes = b""
    kind: str = PLAIN
    fields: Fields = (("Cache-Control", "no-store"),)

    def wire(self, *, only_head: bool) -> bytes:
        """As bytes (RFC 9112 section 4), without the body for HEAD and 304."""
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Date: {formatdate(usegmt=True)}",
            "Connection: close",
            "X-Content-Type-Options: nosniff",
            *(f"{name}: {value}" for name, value in self.fields),
        ]
        if self.status != HTTPStatus.NOT_MODIFIED:
            lines += [f"Content-Type: {self.kind}", f"Content-Length: {len(self.body)}"]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return head if only_head or self.status == HTTPStatus.NOT_MODIFIED else head + self.body


def sentence(status: int, text: str, *fields: tuple[str, str]) -> Answer:
    """An answer that is one sentence for a person."""
    return Answer(status, f"{text}\n".encode(), fields=(("Cache-Control", "no-store"), *fields))


class OneRequest(Protocol):
    """Reads one head, calls ``asked``, and goes when ``answer`` was taken.

    ``patience``: seconds from the connection to the end of the head.
    """

    def __init__(self, reactor: Reactor, journal: Log, patience: float) -> None:
        self._reactor = reactor
        self._journal = journal
        self._patience = patience
        self._buffer = HeadBuffer()
        self.done = False
        self._only_head = False
        self._deadline: Delayed | None = None

    def asked(self, head: Head, rest: bytes) -> None:
        """A request has come; ``rest`` is what came behind it. May raise BadHead."""
        raise NotImplementedError

    def more(self, data: bytes) -> None:
        """Bytes behind the head, after ``asked``; nobody's, unless this one is overridden. May
        raise BadHead."""

    def wait(self, seconds: float, then: Callable[[], None]) -> None:
        """Another clock instead of the one that runs."""
        self.forget_deadline()
        self._deadline = self._reactor.callLater(seconds, then)

    def unanswered(self, result: str) -> None:
        """The connection will have no request: "bad_request", "timeout" or "lost"."""

    def connectionMade(self) -> None:
        """The clock starts."""
        self._deadline = self._reactor.callLater(self._patience, self._too_late)

    def dataReceived(self, data: bytes) -> None:
        """Some bytes; those behind the request are nobody's."""
        try:
            if self.done:
                self.more(data)
                return
            complete = self._buffer.feed(data)
            if complete is None:
                return
            self.done = True
            head, rest = complete
            self._only_head = head.method == "HEAD"
            self.asked(head, rest)
        except BadHead as bad:
            self.done = True
            self.unanswered("bad_request")
            self.answer(sentence(bad.status, bad.sentence))
        except Exception as error:  # noqa: BLE001 - one request's trouble stays its own
            self.broke(error)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The other side is gone."""
        del reason
        self.connected = 0
        self.forget_deadline()
        if not self.done:
            self.done = True
            self.unanswered("lost")

    def answer(self, answer: Answer) -> None:
        """Say it, then wait for the client to hang up: closing first would reset the connection
        under an answer that is still on its way, when bytes of the client lie here unread."""
        if self.transport is None or not self.connected:
            return
        self.forget_deadline()
        seconds = TAKE_TIMEOUT if answer.status < HTTPStatus.BAD_REQUEST else LEAVE_TIMEOUT
        self._deadline = self._reactor.callLater(seconds, self.drop)
        transport: Any = self.transport
        transport.write(answer.wire(only_head=self._only_head))
        transport.loseWriteConnection()

    def broke(self, error: BaseException) -> None:
        """A fault of ours: logged, and answered with its number."""
        number = self._journal.fault("request_failed", error)
        self.answer(sentence(500, f"a fault of the server; tell its operator the number {number}"))

    def refuse(self, result: str) -> None:
        """There will be no request: nothing more is read."""
        self.done = True
        self.unanswered(result)

    def forget_deadline(self) -> None:
        """Stop the clock: whoever takes over has a clock of his own."""
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()

    def drop(self) -> None:
        """End the connection at once."""
        transport: Any = self.transport
        transport.abortConnection()

    def _too_late(self) -> None:
        self.done = True
        self.unanswered("timeout")
        if self._buffer:
            text = f"the request's head did not come within {self._patience:g} s"
            self.answer(sentence(408, text))
        else:
            self.drop()
