"""The client's side of RFC 6455, against a peer that shares no code with it, and by the byte.
The Autobahn TestSuite asks it the rest, in tests/conformance."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import hypothesis.strategies as st
import pytest
from hypothesis import example, given
from websockets.frames import Close, Frame, Opcode
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from chatd.client.address import address
from chatd.client.handshake import Handshake
from chatd.client.websocket import Closed, Message, WebSocket
from chatd.core.masking import masked

ADDRESS = address("ws://chat.example/")


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    """The same bytes in pieces."""
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return (data[a:b] for a, b in itertools.pairwise(ends))


def mask() -> bytes:
    return b"\x01\xfe\x80\x00"


def received(
    data: bytes, places: list[int] | None = None, most: int = 1000
) -> tuple[list[Message | Closed], bytes]:
    """What these bytes mean, in whatever pieces, and what is answered."""
    socket = WebSocket(mask, most)
    found = [what for piece in cut(data, places or []) for what in socket.receive(piece)]
    return found, bytes(socket.out)


def opened_server() -> ServerProtocol:
    """A peer with which the opening handshake is done."""
    server = ServerProtocol(subprotocols=[Subprotocol("chatd.v1")])
    handshake = Handshake(ADDRESS, b"0" * 16)
    server.receive_data(handshake.request())
    [request] = server.events_received()
    server.send_response(server.accept(request))  # type: ignore[arg-type]  # it answers a request that this test has seen
    assert handshake.receive(b"".join(server.data_to_send())) == b""
    return server


PAYLOADS = st.one_of(
    st.text(max_size=300).map(str.encode), st.just(b"x" * 126), st.just(b"y" * 70000)
)
CUTS = st.lists(st.integers(0, 1_000_000), max_size=8)


@given(payloads=st.lists(PAYLOADS, max_size=6), places=CUTS)
def test_the_peer_reads_what_is_written(payloads: list[bytes], places: list[int]) -> None:
    server, socket = opened_server(), WebSocket(mask)
    for payload in payloads:
        socket.send(payload)
    for piece in cut(bytes(socket.out), places):
        server.receive_data(piece)
    frames = server.events_received()
    assert [frame.data for frame in frames if isinstance(frame, Frame)] == payloads
    assert server.parser_exc is None


@given(payloads=st.lists(PAYLOADS, max_size=6), places=CUTS, parts=st.integers(1, 4))
def test_what_the_peer_writes_is_read(payloads: list[bytes], places: list[int], parts: int) -> None:
    server = opened_server()
    for payload in payloads:
        size = len(payload) // parts + 1
        pieces = [payload[n * size : (n + 1) * size] for n in range(parts)]
        server.send_text(pieces[0], fin=parts == 1)
        for number, piece in enumerate(pieces[1:], 2):
            server.send_ping(b"are you there")
            server.send_continuation(piece, fin=number == parts)
    wire = b"".join(server.data_to_send())
    found, _ = received(wire, places, most=1_000_000)
    assert found == [Message(payload) for payload in payloads]


def test_a_ping_is_answered_with_what_it_holds() -> None:
    server = opened_server()
    server.send_ping(b"here?")
    _, answer = received(b"".join(server.data_to_send()))
    server.receive_data(answer)
    [frame] = server.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, frame.data) == (Opcode.PONG, b"here?")


@pytest.mark.parametrize("code", [1000, 1001, 1009, 3000, 3501, 4999])
def test_a_close_is_told_and_answered(code: int) -> None:
    server = opened_server()
    server.send_close(code, "grüße")
    found, answer = received(b"".join(server.data_to_send()))
    assert found == [Closed(code, "grüße")]
    server.receive_data(answer)
    assert server.close_rcvd is not None
    assert server.close_rcvd.code == code


def test_a_close_without_a_code_is_told_as_such() -> None:
    assert received(b"\x88\x00") == (
        [Closed(1005, "")],
        b"\x88\x82" + mask() + masked(b"\x03\xe8", mask()),
    )


def test_what_comes_after_a_close_is_not_read() -> None:
    found, _ = received(b"\x88\x00\x81\x02hi")
    assert found == [Closed(1005, "")]


def test_after_ones_own_close_nothing_is_written_but_all_is_read() -> None:
    socket = WebSocket(mask)
    socket.close(4000, "resuming")
    written = bytes(socket.out)
    socket.send(b"too late")
    socket.ping()
    assert list(socket.receive(b"\x81\x02hi\x89\x00\x88\x02\x0f\xa0")) == [
        Message(b"hi"),
        Closed(4000, ""),
    ]
    assert bytes(socket.out) == written


BREAKS = {
    "a reserved bit": (b"\xc1\x00", 1002),
    "a masked frame": (b"\x81\x80abcd", 1002),
    "a reserved opcode": (b"\x83\x00", 1002),
    "a reserved control opcode": (b"\x8b\x00", 1002),
    "a fragmented ping": (b"\x09\x00", 1002),
    "a long ping": (b"\x89\x7e\x00\x80", 1002),
    "a continuation of nothing": (b"\x80\x00", 1002),
    "a text inside a text": (b"\x01\x01a\x81\x01b", 1002),
    "text that is no text": (b"\x81\x01\xff", 1007),
    "half a character at the end": (b"\x01\x01\xc3\x80\x00", 1007),
    "half a close code": (b"\x88\x01\x03", 1002),
    "a close code for nobody": (b"\x88\x02\x03\xee", 1002),  # 1006
    "a close code from nowhere": (b"\x88\x02\x07\xd0", 1002),  # 2000
    "a close reason that is no text": (b"\x88\x03\x03\xe8\xff", 1007),
    "a long message": (b"\x81\x7e\x03\xe9", 1009),
    "a giant message": (b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 1009),
    "a message that grows": (b"\x01\x7e\x03\xe8" + b"a" * 1000 + b"\x80\x01", 1009),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_peer_that_breaks_a_rule_is_told_which_and_left(name: str) -> None:
    data, code = BREAKS[name]
    found, answer = received(data)
    [closed] = found
    assert isinstance(closed, Closed)
    assert closed.code == 1006
    server = opened_server()
    server.receive_data(answer)
    assert server.close_rcvd == Close(code, closed.reason)


@given(data=st.binary(max_size=60), places=CUTS)
@example(data=b"\x81\x02hi", places=[1])
def test_no_bytes_do_harm_and_pieces_do_not_matter(data: bytes, places: list[int]) -> None:
    assert received(data, places) == received(data)
