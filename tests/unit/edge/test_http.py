"""The operations listener."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.edge.http import ASK_TIMEOUT, PATIENCE, OperationsFactory
from tests.unit.edge.memory import Journal, Pipe, Reply, request

Page = tuple[bytes, str]


class Office:
    """An operations listener in memory; its thread works when the test says so."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.journal = Journal()
        self.reasons: list[str] = []
        self.slow: Deferred[list[str]] | None = None
        self.work: list[tuple[Callable[[], Page], Deferred[Page]]] = []
        self.renders = 0
        self.factory = OperationsFactory(
            self.clock, self.render, self.ready, self.journal, self.in_thread
        )

    def render(self) -> Page:
        self.renders += 1
        return b"chatd_up %d\n" % self.renders, "text/plain; version=0.0.4"

    async def ready(self) -> list[str]:
        return await self.slow if self.slow is not None else self.reasons

    def in_thread(self, work: Callable[[], Page]) -> Deferred[Page]:
        self.work.append((work, Deferred()))
        return self.work[-1][1]

    def finish(self) -> None:
        work, done = self.work.pop(0)
        done.callback(work())

    def connect(self, data: str = "") -> Pipe:
        pipe = Pipe(self.clock)
        pipe.protocol = self.factory.buildProtocol(None)
        pipe.protocol.makeConnection(pipe)
        pipe.deliver(data.encode())
        self.clock.advance(0)
        return pipe

    def reply(self, pipe: Pipe) -> Reply:
        self.clock.advance(0)
        return Reply(pipe, pipe.take())

    def ask(self, path: str, method: str = "GET") -> Reply:
        return self.reply(self.connect(request(path, method=method)))


@pytest.fixture
def office() -> Office:
    return Office()


def test_healthz_says_that_it_lives(office: Office) -> None:
    reply = office.ask("/healthz")
    assert (reply.status, reply.body) == (200, b"alive\n")
    assert office.ask("/healthz?from=somewhere").status == 200


def test_readyz_says_why_not(office: Office) -> None:
    assert (office.ask("/readyz").status, office.ask("/readyz").body) == (200, b"ready\n")
    office.reasons = ["draining", "the store cannot write"]
    reply = office.ask("/readyz")
    assert (reply.status, reply.body) == (503, b"draining\nthe store cannot write\n")
    assert reply.fields["cache-control"] == "no-store"


def test_readyz_does_not_wait_for_ever(office: Office) -> None:
    office.slow = Deferred()
    pipe = office.connect(request("/readyz"))
    office.clock.advance(ASK_TIMEOUT - 0.1)
    assert pipe.take() == b""
    office.clock.advance(0.2)
    reply = office.reply(pipe)
    assert reply.status == 503
    assert b"store: it has written nothing for 5 s" in reply.body


def test_readyz_that_breaks_is_a_fault_and_no_traceback(office: Office) -> None:
    office.slow = Deferred()
    pipe = office.connect(request("/readyz"))
    office.slow.errback(Failure(RuntimeError("no idea")))  # type: ignore[no-untyped-call]  # half typed library
    reply = office.reply(pipe)
    assert reply.status == 500
    assert b"no idea" not in reply.body
    assert [str(fault) for fault in office.journal.faults] == ["no idea"]


def test_metrics_are_rendered_in_a_thread(office: Office) -> None:
    pipe = office.connect(request("/metrics"))
    assert (office.renders, pipe.take()) == (0, b"")
    office.finish()
    reply = office.reply(pipe)
    assert (reply.status, reply.body) == (200, b"chatd_up 1\n")
    assert reply.fields["content-type"] == "text/plain; version=0.0.4"


def test_scrapes_at_the_same_time_share_one_rendering(office: Office) -> None:
    pipes = [office.connect(request("/metrics")) for _ in range(3)]
    office.finish()
    assert [office.reply(pipe).body for pipe in pipes] == [b"chatd_up 1\n"] * 3
    assert office.work == []
    late = office.connect(request("/metrics"))
    office.finish()
    assert office.reply(late).body == b"chatd_up 2\n"


def test_a_scraper_that_left_disturbs_nobody(office: Office) -> None:
    gone, there = (office.connect(request("/metrics")) for _ in range(2))
    gone.lose()
    office.finish()
    assert office.reply(there).status == 200
    assert gone.take() == b""
    assert not office.journal.events


def test_a_rendering_that_breaks_is_a_fault_for_all_who_wait(office: Office) -> None:
    pipes = [office.connect(request("/metrics")) for _ in range(2)]
    office.work.pop()[1].errback(RuntimeError("no paint"))
    assert [office.reply(pipe).status for pipe in pipes] == [500, 500]
    assert office.journal.events == ["request_failed"] * 2
    again = office.connect(request("/metrics"))
    office.finish()
    assert office.reply(again).status == 200


def test_head_is_answered_without_a_body(office: Office) -> None:
    reply = office.ask("/healthz", "HEAD")
    assert (reply.status, reply.body, reply.fields["content-length"]) == (200, b"", "6")


def test_there_is_nothing_else(office: Office) -> None:
    reply = office.ask("/")
    assert reply.status == 404
    assert b"/healthz, /metrics, /readyz" in reply.body
    assert office.ask("/metrics", "POST").status == 405
    assert office.reply(office.connect("noise\r\n\r\n")).status == 400


def test_one_who_asks_nothing_is_dropped(office: Office) -> None:
    pipe = office.connect()
    office.clock.advance(PATIENCE + 1)
    office.clock.advance(0)
    assert pipe.aborted
    assert not pipe.connected
