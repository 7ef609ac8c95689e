"""Bytes straight to the socket: in their order, whatever it takes, and never into a trap."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from twisted.internet.protocol import Protocol
from twisted.internet.tcp import Connection

from chatd.edge import direct
from chatd.edge.batch import Batch, batch
from chatd.edge.direct import by_socket, is_known, send_each, write_all
from tests.unit.edge.memory import World
from tests.unit.edge.real import Turning


class Pair:
    """A connection of Twisted's, and a plain socket at its other end."""

    def __init__(self, turning: Turning) -> None:
        near, self.far = socket.socketpair()
        near.setblocking(False)
        self.turning = turning
        protocol: Any = Protocol()
        self.connection: Any = Connection(near, protocol, turning.reactor)
        self.connection.connected = True
        protocol.makeConnection(self.connection)


@contextmanager
def opened(turning: Turning) -> Iterator[Pair]:
    made = Pair(turning)
    yield made
    made.far.close()
    made.connection.stopWriting()
    made.connection.socket.close()


@pytest.fixture
def pair(turning: Turning) -> Iterator[Pair]:
    with opened(turning) as made:
        yield made


@pytest.fixture
def other(turning: Turning) -> Iterator[Pair]:
    with opened(turning) as made:
        yield made


@pytest.fixture(params=["one by one", "in one call"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Batch | None:
    """How many are sent to."""
    monkeypatch.setattr(direct, "FEW", 1)
    return batch() if request.param == "in one call" else None


def test_a_plain_connection_is_sent_to_directly(pair: Pair) -> None:
    assert is_known(pair.connection)
    by_socket(pair.connection)(b"hello")
    assert pair.far.recv(100) == b"hello"
    assert not pair.connection.dataBuffer
    assert pair.connection not in pair.turning.reactor.getWriters()


def test_what_the_socket_does_not_take_follows_in_order(pair: Pair) -> None:
    pieces = [bytes([at]) * 100_000 for at in range(1, 30)]
    for piece in pieces:
        by_socket(pair.connection)(piece)
    assert pair.connection in pair.turning.reactor.getWriters()
    whole = b"".join(pieces)
    got = b""
    while len(got) < len(whole):
        got += pair.turning.read(pair.far)
    assert got == whole


def test_nothing_overtakes_what_waits(pair: Pair) -> None:
    pair.connection.write(b"first ")
    by_socket(pair.connection)(b"second")
    assert pair.turning.read(pair.far) == b"first second"


def test_a_line_that_is_closing_takes_nothing_more(pair: Pair) -> None:
    pair.connection.disconnecting = True
    by_socket(pair.connection)(b"late")
    pair.far.setblocking(False)
    with pytest.raises(BlockingIOError):
        pair.far.recv(100)


def test_a_lost_peer_is_met_by_twisted(pair: Pair) -> None:
    pair.far.close()
    by_socket(pair.connection)(b"hello")
    assert pair.connection in pair.turning.reactor.getWriters()


class Broken:
    """What no transport is: it raises whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(name)


def test_all_get_theirs_whatever_becomes_of_one(
    pair: Pair, other: Pair, many: Batch | None
) -> None:
    other.far.close()
    transports = [Broken(), other.connection, pair.connection]
    failed = write_all(transports, [b"x", b"lost", b"hello"], many)
    assert pair.far.recv(100) == b"hello"
    assert other.connection in other.turning.reactor.getWriters()
    assert [type(error) for error in failed] == [LookupError]


def test_what_fails_is_not_swallowed_for_one_alone() -> None:
    with pytest.raises(LookupError):
        by_socket(Broken())(b"x")


def test_who_has_no_room_gets_the_rest_later_and_the_others_theirs_now(
    pair: Pair, other: Pair, many: Batch | None
) -> None:
    large = bytes(range(256)) * 10_000
    assert not write_all([other.connection, pair.connection], [large, b"hello"], many)
    assert pair.far.recv(100) == b"hello"
    assert not send_each([pair.connection.socket], [pair.connection], large[::-1], many)
    for each, wanted in ((other, large), (pair, large[::-1])):
        got = b""
        while len(got) < len(wanted):
            got += each.turning.read(each.far)
        assert got == wanted


def test_what_a_transport_raises_for_the_rest_is_given_back(
    pair: Pair, other: Pair, many: Batch | None
) -> None:
    other.far.close()
    transports = [Broken(), pair.connection]
    sockets = [other.connection.socket, pair.connection.socket]
    failed = send_each(sockets, transports, b"hello", many)
    assert pair.far.recv(100) == b"hello"
    assert [type(error) for error in failed] == [LookupError]


def test_who_is_left_out_hears_nothing_and_the_rest_is_the_right_ones(
    pair: Pair, other: Pair, many: Batch | None
) -> None:
    connections = [pair.connection, other.connection, pair.connection]
    sockets = [each.socket for each in connections]
    assert not send_each(sockets, connections, b"hello", many, [0, 2])
    assert other.far.recv(100) == b"hello"
    large = bytes(range(256)) * 10_000
    assert not send_each(sockets[:2], connections[:2], large, many, [0])
    got = b""
    while len(got) < len(large):
        got += other.turning.read(other.far)
    assert got == large
    pair.far.setblocking(False)
    with pytest.raises(BlockingIOError):
        pair.far.recv(100)


def test_a_transport_that_is_not_known_gets_its_own_way() -> None:
    assert not is_known(World().client().pipe)


def test_what_speaks_tls_gets_its_own_way(pair: Pair) -> None:
    pair.connection.TLS = True
    assert not is_known(pair.connection)
