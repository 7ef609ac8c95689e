"""One connection: how it opens, how it ends, and whom it tells of it, once."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from websockets.frames import Opcode

from chatd.client import tls
from chatd.client.address import address
from chatd.client.handshake import Handshake
from chatd.client.line import FAREWELL, NO_ANSWER, SILENCE, Line
from tests.unit.client.memory import Peer, World

ADDRESS = address("ws://chat.example/")


class Owner:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.lost: list[tuple[int, str]] = []
        self.failed: list[tuple[str, bool, float | None]] = []
        self.over = 0

    def line_heard(self, payload: bytes) -> None:
        self.heard.append(payload)

    def line_lost(self, code: int, reason: str) -> None:
        self.lost.append((code, reason))

    def line_failed(self, why: str, *, final: bool, after: float | None) -> None:
        self.failed.append((why, final, after))


class Case:
    """A line, its owner, and the world that it is in."""

    def __init__(self, cover: Callable[[], tls.Cover] = tls.Open) -> None:
        self.world, self.owner = World(), Owner()
        self.line = Line(
            self.world, self.owner, Handshake(ADDRESS, b"0" * 16), cover, lambda: b"mask"
        )
        self.line.when_over = self._over
        self.line.connect("chat.example", 80)

    def _over(self) -> None:
        self.owner.over += 1

    def connects(self) -> Peer:
        return self.world.attempts[-1].succeeds()

    def opens(self) -> Peer:
        peer = self.connects()
        peer.opens()
        return peer

    def pass_(self, seconds: float) -> None:
        self.world.clock.pass_(seconds)
        self.line.look()


def code(peer: Peer) -> int:
    """Of the close frame that was sent."""
    [frame] = peer.heard()
    return int.from_bytes(bytes(frame.data)[:2], "big")


def test_texts_travel_both_ways() -> None:
    case = Case()
    peer = case.opens()
    peer.says("welcome")
    case.line.send(b"hello")
    assert peer.heard() == []  # collected, until
    case.line.flush()
    assert [frame.data for frame in peer.heard()] == [b"hello"]
    assert case.owner.heard == [b"welcome"]


def test_who_cannot_be_reached_is_told_as_such() -> None:
    case = Case()
    case.world.attempts[0].fails("connection refused")
    assert case.owner.failed == [("connection refused", False, None)]
    assert case.owner.over == 1


def test_a_refusal_is_told_with_what_the_server_said() -> None:
    case = Case()
    peer = case.connects()
    peer.refuses(
        b"HTTP/1.1 503 x\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n"
        b"Retry-After: 5\r\n\r\nfull"
    )
    assert case.owner.failed == [("HTTP 503: full", False, 5.0)]
    assert (peer.transport.aborted, case.owner.over) == (True, 1)


def test_a_connection_that_ends_in_the_handshake_has_failed() -> None:
    case = Case()
    case.connects().ends()
    assert case.owner.failed == [("there was no answer in HTTP to the handshake", False, None)]
    assert case.owner.lost == []


def test_a_certificate_that_is_not_believed_is_told() -> None:
    def distrust() -> tls.Cover:
        raise tls.Broken("the certificate is not believed", final=True)

    case = Case(distrust)
    peer = case.connects()
    assert case.owner.failed == [("the certificate is not believed", True, None)]
    assert peer.transport.aborted


def test_a_close_frame_is_told_answered_and_nothing_after_it() -> None:
    case = Case()
    peer = case.opens()
    peer.closes(3000, "draining")
    assert case.owner.lost == [(3000, "draining")]
    assert [frame.opcode for frame in peer.heard()] == [Opcode.CLOSE]
    assert peer.transport.closed
    peer.ends()
    assert (case.owner.lost, case.owner.over) == ([(3000, "draining")], 1)


def test_a_lost_connection_is_told_as_1006() -> None:
    case = Case()
    case.opens().ends()
    assert case.owner.lost == [(1006, "connection reset")]


def test_who_breaks_the_rules_is_lost() -> None:
    case = Case()
    peer = case.opens()
    peer.receiver.received(b"\x83\x00")
    assert case.owner.lost == [(1006, "there is no opcode 3")]
    assert code(peer) == 1002


def test_binary_is_not_listened_to() -> None:
    case = Case()
    peer = case.opens()
    peer.receiver.received(b"\x82\x01x\x81\x02hi")
    assert case.owner.lost == [(1006, "the server sent a binary message")]
    assert case.owner.heard == []
    assert code(peer) == 1003


def test_who_hangs_up_is_told_nothing_more() -> None:
    case = Case()
    peer = case.opens()
    case.line.hang_up(4000, "resuming")
    peer.says("too late")
    assert peer.heard()[0].data == (4000).to_bytes(2, "big") + b"resuming"
    assert peer.transport.closed
    peer.ends()
    assert (case.owner.heard, case.owner.lost, case.owner.over) == ([], [], 1)


def test_a_peer_that_does_not_take_the_farewell_is_left() -> None:
    case = Case()
    peer = case.opens()
    case.line.hang_up(1000, "bye")
    case.world.clock.pass_(FAREWELL - 0.1)
    assert (peer.transport.aborted, case.owner.over) == (False, 0)
    case.world.clock.pass_(0.2)
    assert (peer.transport.aborted, case.owner.over) == (True, 1)


def test_who_hangs_up_while_it_connects_does_not_connect() -> None:
    case = Case()
    case.line.hang_up(1000, "bye")
    assert case.world.attempts[0].cancelled
    assert case.owner.over == 1
    late = case.connects()
    assert late.transport.aborted
    assert late.transport.take() == b""


def test_who_hangs_up_in_the_handshake_says_no_frame() -> None:
    case = Case()
    peer = case.connects()
    peer.transport.take()
    case.line.hang_up(1000, "bye")
    assert (peer.transport.take(), peer.transport.closed) == (b"", True)


def test_a_silent_peer_is_asked_and_then_left() -> None:
    case = Case()
    peer = case.opens()
    case.pass_(SILENCE - 1)
    assert peer.heard() == []
    case.pass_(1)
    assert [frame.opcode for frame in peer.heard()] == [Opcode.PING]
    case.pass_(NO_ANSWER - 1)
    assert case.owner.lost == []
    case.pass_(1)
    assert case.owner.lost == [(1006, "nothing was heard for 45 s")]
    assert peer.transport.aborted


def test_one_byte_is_a_sign_of_life() -> None:
    case = Case()
    peer = case.opens()
    for _ in range(5):
        case.pass_(SILENCE)
        assert [frame.opcode for frame in peer.heard()] == [Opcode.PING]
        peer.receiver.received(b"\x8a")
        peer.receiver.received(b"\x00")
    assert case.owner.lost == []


def test_a_peer_that_is_not_read_is_not_blamed() -> None:
    case = Case()
    peer = case.opens()
    case.line.read(on=False)
    assert (peer.transport.paused, case.line.wake) == (True, math.inf)
    case.pass_(1000)
    case.line.read(on=True)
    assert (peer.transport.paused, case.line.wake) == (False, case.world.now() + SILENCE)
    assert case.owner.lost == []


@pytest.mark.parametrize("opened", [False, True])
def test_a_line_that_is_over_wants_nothing_more(opened: bool) -> None:
    case = Case()
    peer = case.opens() if opened else case.connects()
    peer.ends()
    assert case.line.wake == math.inf
    case.line.send(b"x")
    case.line.flush()
    case.line.hang_up(1000, "bye")
    case.line.hang_up(1000, "bye")
