"""What a poll found readable is read at once; all else is left for the reactor."""

from __future__ import annotations

import select
from typing import Any

import pytest
from twisted.internet import tcp
from twisted.internet.main import CONNECTION_LOST
from twisted.python import log

from chatd.edge.reads import Reads
from chatd.edge.shortcuts import Ending


class Line(tcp.Server):
    """A connection whose reading does what a test wants."""

    TLS = False

    def __init__(self, number: int, outcome: object = None) -> None:
        self.number, self.outcome, self.reads = number, outcome, 0

    def fileno(self) -> int:
        return self.number

    def doRead(self) -> Any:
        self.reads += 1
        if isinstance(self.outcome, ValueError):
            raise self.outcome
        return self.outcome

    def __repr__(self) -> str:
        return f"line {self.number}"


KINDS = frozenset({Line})


def test_a_readable_connection_is_read_and_all_else_is_left() -> None:
    line = Line(5)
    events = [(5, select.EPOLLIN), (5, select.EPOLLIN | select.EPOLLOUT), (5, select.EPOLLHUP)]
    left = Reads(Ending(line), KINDS).take([*events, (7, select.EPOLLIN)])
    assert (line.reads, left) == (1, [*events[1:], (7, select.EPOLLIN)])


def test_another_kind_of_connection_is_the_reactors() -> None:
    line = Line(5)
    assert Reads(Ending(line)).take([(5, select.EPOLLIN)]) == [(5, select.EPOLLIN)]
    line.TLS = True
    assert Reads(Ending(line), KINDS).take([(5, select.EPOLLIN)]) == [(5, select.EPOLLIN)]
    assert line.reads == 0


def test_one_that_is_over_is_ended() -> None:
    ending = Ending(Line(5, CONNECTION_LOST))
    assert Reads(ending, KINDS).take([(5, select.EPOLLIN)]) == []
    assert ending.why is CONNECTION_LOST


def test_one_that_fails_is_ended_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    monkeypatch.setattr(log, "err", lambda: told.append(True))
    trouble, other = ValueError("no"), Line(6)
    ending = Ending(Line(5, trouble))
    ending._selectables[6] = other
    assert Reads(ending, KINDS).take([(5, select.EPOLLIN), (6, select.EPOLLIN)]) == []
    assert (ending.why, other.reads, told) == (trouble, 1, [True])
