"""What a poll found readable is read at once; all else is left for the reactor."""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet import tcp
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python import log

from chatd.edge.reads import TOGETHER, Reads


class Line(tcp.Connection):
    """A connection with a peer, and with a number that is nobody's file. What it hears is written
    down in ``told``; ``then`` is done at that."""

    TLS = False

    def __init__(self, number: int, told: list[str]) -> None:
        self.near, self.far = socket.socketpair()
        super().__init__(self.near, Protocol(), Clock())  # type: ignore[arg-type]  # reads no more
        self.connected = True
        self.fileno = lambda: number
        self.told = told
        self.then: Callable[[], object] = int
        self.protocol.dataReceived = self.hear  # type: ignore[method-assign]  # to write it down

    def hear(self, data: bytes) -> None:
        self.told.append(data.decode())
        self.then()

    def recv(self, _size: int) -> bytes:
        """A socket's that is broken."""
        raise OSError(errno.ECONNRESET, "reset")

    def stopReading(self) -> None:
        """Nobody polls."""

    stopWriting = stopReading


class Company:
    """Lines 0, 1, 2 ... of one reactor: what was heard of them, and who was ended and why."""

    def __init__(self, count: int = 2) -> None:
        self.told: list[str] = []
        self.ended: dict[int, Any] = {}
        self.troubled: set[int] = set()
        self.lines = [Line(number, self.told) for number in range(count)]
        self._selectables = dict(enumerate(self.lines))
        self.reads = Reads(self, frozenset({Line}))

    def _disconnectSelectable(self, line: Line, why: object, reading: bool) -> None:
        assert reading
        self.ended[line.fileno()] = type(why)
        line.connected = False
        if line.fileno() in self.troubled:
            raise ValueError("no")

    def say(self, *numbers: int) -> None:
        for number in numbers:
            self.lines[number].far.send(f"{number}".encode())

    def take(self) -> list[tuple[int, int]]:
        """All of them are readable, a poll says."""
        return self.reads.take([(number, select.EPOLLIN) for number in self._selectables])

    def close(self) -> None:
        for line in self.lines:
            line.near.close()
            line.far.close()


@pytest.fixture
def company() -> Iterator[Company]:
    company = Company()
    yield company
    company.close()


def test_a_readable_connection_is_read_and_all_else_is_left(company: Company) -> None:
    company.say(0)
    events = [(0, select.EPOLLIN), (1, select.EPOLLIN | select.EPOLLOUT), (1, select.EPOLLHUP)]
    left = company.reads.take([*events, (7, select.EPOLLIN)])
    assert (company.told, left) == (["0"], [*events[1:], (7, select.EPOLLIN)])


def test_another_kind_of_connection_is_the_reactors(company: Company) -> None:
    company.say(0, 1)
    assert Reads(company).take([(0, select.EPOLLIN)]) == [(0, select.EPOLLIN)]
    company.lines[0].TLS = True
    assert company.take() == [(0, select.EPOLLIN)]
    assert company.told == ["1"]


def test_many_are_read_in_their_order_some_before_what_the_first_brought_is_worked_on() -> None:
    company = Company(TOGETHER + 1)
    for line in company.lines:
        line.then = lambda: company.say(*range(1, len(company.lines)))
    company.lines[0].then()  # nothing for 0 itself
    company.say(0)
    company.take()
    assert company.told[:3] == ["0", "1", "2"]
    # the last one was read when all of the others had spoken again
    assert company.told[TOGETHER] == f"{TOGETHER}" * (TOGETHER + 1)
    company.close()


def test_one_that_has_nothing_to_read_after_all_is_left_alone(company: Company) -> None:
    company.lines[0].near.setblocking(False)
    company.say(1)
    assert company.take() == []
    assert (company.told, company.ended) == (["1"], {})


def test_one_that_is_over_is_ended(company: Company) -> None:
    company.lines[0].far.close()
    company.say(1)
    assert company.take() == []
    assert (company.told, company.ended) == (["1"], {0: ConnectionDone})


def test_one_that_is_broken_is_ended(company: Company) -> None:
    company.lines[0].socket = company.lines[0]  # type: ignore[assignment]  # for its recv
    company.say(1)
    assert company.take() == []
    assert (company.told, company.ended) == (["1"], {0: ConnectionLost})


@pytest.mark.parametrize("abort", [False, True])
def test_what_was_read_of_one_that_another_ended_is_not_heard(
    company: Company, abort: bool
) -> None:
    victim = company.lines[1]
    company.lines[0].then = (
        victim.abortConnection
        if abort
        else lambda: company._disconnectSelectable(victim, None, True)
    )
    company.say(0, 1)
    company.take()
    assert company.told == ["0"]


def test_one_that_fails_is_ended_and_the_others_are_read(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[bool] = []
    monkeypatch.setattr(log, "err", lambda: failures.append(True))

    def fail() -> None:
        raise ValueError("no")

    company.lines[0].then = fail
    company.say(0, 1)
    assert company.take() == []
    assert (company.ended, company.told, failures) == ({0: ValueError}, ["0", "1"], [True])


@pytest.mark.parametrize("broken", [False, True])
def test_what_others_brought_reaches_them_even_where_the_end_of_one_fails(
    company: Company, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    failures: list[bool] = []
    monkeypatch.setattr(log, "err", lambda: failures.append(True))
    if broken:
        company.lines[0].socket = company.lines[0]  # type: ignore[assignment]  # for its recv
    else:
        company.lines[0].far.close()
    company.troubled = {0}
    company.say(1)
    assert company.take() == []
    assert (company.told, failures) == (["1"], [True])
