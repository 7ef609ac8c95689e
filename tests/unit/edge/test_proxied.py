"""The PROXY protocol: its header as bytes, and who must and may send one."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.edge.ports import EdgeSettings
from chatd.edge.proxied import (
    SIGNATURE,
    V1_MOST,
    V2_MOST,
    BadPreface,
    Preface,
    PrefaceBuffer,
    announces,
)
from tests.unit.edge.memory import ANN, UPGRADE, Pipe, World, request
from tests.unit.edge.test_forwarded import Trusted

BEHIND = b"GET / HTTP/1.1"
FOUR, SIX = "203.0.113.7", "2001:db8::7"


def version_2(command: int, family: int, block: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(block)) + block


def addresses(source: str, tail: bytes = b"") -> bytes:
    packed = ip_address(source).packed
    return packed + packed + struct.pack("!HH", 4711, 8765) + tail


TLV = struct.pack("!BH", 0x04, 300) + b"\0" * 300
GOOD = [
    pytest.param(b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 8765\r\n", FOUR, id="v1"),
    pytest.param(b"PROXY TCP6 2001:db8::7 ::1 4711 8765\r\n", SIX, id="v1, IPv6"),
    pytest.param(b"PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n", FOUR, id="v1, IPv4 as IPv6"),
    pytest.param(b"PROXY UNKNOWN\r\n", None, id="v1, unknown"),
    pytest.param(b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None, id="v1, unknown and more"),
    pytest.param(version_2(0x21, 0x11, addresses(FOUR)), FOUR, id="v2"),
    pytest.param(version_2(0x21, 0x21, addresses(SIX)), SIX, id="v2, IPv6"),
    pytest.param(version_2(0x21, 0x11, addresses(FOUR, TLV)), FOUR, id="v2 with TLVs"),
    pytest.param(version_2(0x20, 0x00, b""), None, id="v2, local"),
    pytest.param(version_2(0x20, 0x11, addresses(FOUR)), None, id="v2, local with addresses"),
    pytest.param(version_2(0x21, 0x00, b"whatever"), None, id="v2, unspecified"),
    pytest.param(version_2(0x21, 0x31, b"/run/x".ljust(216, b"\0")), "unix", id="v2, unix"),
    pytest.param(version_2(0x21, 0x11, addresses(FOUR).ljust(V2_MOST, b"\0")), FOUR, id="long"),
]
BAD = [
    pytest.param(BEHIND, id="none"),
    pytest.param(b"PROXY TCP4 203.0.113.7 192.0.2.1 4711\r\n", id="no port"),
    pytest.param(b"PROXY TCP4 2001:db8::7 ::1 1 2\r\n", id="IPv6 as TCP4"),
    pytest.param(b"PROXY TCP4 203.0.113.7 elsewhere 1 2\r\n", id="a name"),
    pytest.param(b"PROXY TCP4 203.0.113.7 192.0.2.1 99999 2\r\n", id="a port beyond all"),
    pytest.param(b"PROXY  TCP4 203.0.113.7 192.0.2.1 1 2\r\n", id="two spaces"),
    pytest.param(b"PROXY UDP4 203.0.113.7 192.0.2.1 1 2\r\n", id="UDP"),
    pytest.param(b"PROXY " + b"x" * V1_MOST, id="without end"),
    pytest.param(b"PROXY UNKNOWN " + b"x" * V1_MOST + b"\r\n", id="too long"),
    pytest.param(b"PROXY TCP4 \xff 192.0.2.1 1 2\r\n", id="no ASCII"),
    pytest.param(version_2(0x11, 0x11, addresses(FOUR)), id="version 1 in binary"),
    pytest.param(version_2(0x22, 0x11, addresses(FOUR)), id="a command that is none"),
    pytest.param(version_2(0x21, 0x12, addresses(FOUR)), id="UDP in binary"),
    pytest.param(version_2(0x21, 0x11, b"short"), id="half of an address"),
    pytest.param(version_2(0x21, 0x31, b"short"), id="half of a path"),
    pytest.param(SIGNATURE + b"\x21\x11\xff\xff", id="said to be huge"),
]


@pytest.mark.parametrize(("header", "address"), GOOD)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_header_is_read_in_whatever_pieces_it_comes(
    header: bytes, address: str | None, step: int
) -> None:
    buffer, stream = PrefaceBuffer(), header + BEHIND
    for at in range(0, len(stream), step):
        read = buffer.feed(stream[at : at + step])
        if read is not None:
            assert read == Preface(address, stream[len(header) : at + step])
            return
    raise AssertionError("it never ended")


@pytest.mark.parametrize("data", BAD)
def test_what_is_no_header_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(BadPreface):
        PrefaceBuffer().feed(data)


@given(st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=300).map(lambda tail: b"PROXY " + tail),
    st.binary(max_size=300).map(lambda tail: SIGNATURE + tail),
    st.tuples(st.sampled_from([0x20, 0x21, 0x22]), st.integers(0, 255), st.binary(max_size=300))
    .map(lambda said: version_2(*said)),
))  # fmt: skip
def test_whatever_comes_is_read_refused_or_waited_for_within_bounds(data: bytes) -> None:
    buffer = PrefaceBuffer()
    for at in range(len(data)):
        try:
            read = buffer.feed(data[at : at + 1])
        except BadPreface:
            return
        if read is not None:
            if read.address not in (None, "unix"):
                ip_address(read.address or "")  # it is one, or this raises
            return
    assert len(data) < V2_MOST + 16


@given(st.ip_addresses(), st.integers(0, 65535), st.binary(max_size=50))
def test_what_a_proxy_says_is_what_is_read(address: object, port: int, tail: bytes) -> None:
    family = 0x11 if ip_address(str(address)).version == 4 else 0x21
    one = version_2(0x21, family, addresses(str(address))) + tail
    word = "TCP4" if family == 0x11 else "TCP6"
    two = f"PROXY {word} {address} {address} {port} {port}\r\n".encode() + tail
    read = [PrefaceBuffer().feed(one), PrefaceBuffer().feed(two)]
    assert read[0] == read[1]
    assert read[0] is not None
    assert read[0].rest == tail
    assert announces(one)
    assert announces(two)


# --- at the door ----------------------------------------------------------------------------


def world(**settings: object) -> World:
    proxies = Trusted("192.0.2.1")
    return World(EdgeSettings(proxy_protocol=proxies, **settings))  # type: ignore[arg-type]  # whatever settings a test gives


HEADER = b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 8765\r\n"
OPENING = request("/", *UPGRADE).encode()


def test_a_session_is_of_the_address_that_the_proxy_names() -> None:
    scene = world(sessions_per_address=1)
    assert scene.ask((HEADER + OPENING).decode("latin-1")).status == 101
    assert scene.house.guests[-1].address == "203.0.113.7"
    assert scene.ask((HEADER + OPENING).decode("latin-1")).status == 429
    other = HEADER.replace(b"113.7", b"113.8")
    assert scene.ask((other + OPENING).decode("latin-1")).status == 101


def test_a_proxy_that_sends_no_header_is_told_so() -> None:
    scene = world()
    reply = scene.ask(OPENING)
    assert reply.status == 400
    assert b"192.0.2.1 is named in http.proxy_protocol" in reply.body
    assert scene.meter.handshakes == ["bad_proxy"]


@pytest.mark.parametrize("header", [HEADER, version_2(0x21, 0x11, addresses(FOUR))])
def test_who_is_no_proxy_and_sends_a_header_is_told_so(header: bytes) -> None:
    scene = World()
    reply = scene.ask(header + OPENING)
    assert reply.status == 400
    assert b"is not named in http.proxy_protocol" in reply.body
    assert scene.meter.handshakes == ["bad_proxy"]
    assert scene.front.census.connections == 1
    reply.pipe.lose()
    assert scene.front.census.connections == 0


def test_a_health_check_of_the_proxy_is_answered_as_its_own() -> None:
    scene = world()
    assert scene.ask(version_2(0x20, 0, b"") + OPENING).status == 101
    assert scene.house.guests[-1].address == ANN.host


def test_a_header_must_come_within_the_deadline_of_the_handshake() -> None:
    scene = world()
    pipe = scene.connect()
    pipe.deliver(HEADER[:10])
    scene.turn(10.1)
    assert pipe.aborted
    assert scene.meter.handshakes == ["timeout"]


def test_connections_are_counted_for_the_client_and_not_for_the_proxy() -> None:
    scene = world(connections_per_address=2)
    pipes = [scene.connect() for _ in range(4)]
    for pipe in pipes[:3]:
        pipe.deliver(HEADER)
    scene.turn()
    assert [pipe.connected for pipe in pipes] == [True, True, False, True]
    assert scene.meter.handshakes == ["address_full"]
    pipes[3].deliver(HEADER.replace(b"113.7", b"113.8"))
    scene.turn()
    assert pipes[3].connected
    assert scene.house.limits.met == ["connections_per_address"]


def asked_for_sessions(scene: World, pipes: list[Pipe], header: bytes = b"") -> list[bytes]:
    """The statuses that they get."""
    for pipe in pipes:
        pipe.deliver(header + OPENING)
    scene.turn()
    return [pipe.take()[9:12] for pipe in pipes]


def test_a_proxy_that_names_nobody_is_counted_itself() -> None:
    scene = world(sessions_per_address=2)
    pipes = [scene.connect() for _ in range(3)]
    told = asked_for_sessions(scene, pipes, b"PROXY UNKNOWN\r\n")
    assert told == [b"101", b"101", b"429"]


@pytest.mark.parametrize("changed", [{"exempt": Trusted("192.0.2.1")}, {"sessions_per_address": 9}])
def test_who_asks_after_a_reload_is_counted_as_it_says(changed: dict[str, object]) -> None:
    settings: dict[str, object] = {"sessions_per_address": 1}
    scene = World(EdgeSettings(**settings))  # type: ignore[arg-type]  # as in world
    pipes = [scene.connect() for _ in range(3)]
    scene.front.use(EdgeSettings(**(settings | changed)))  # type: ignore[arg-type]  # as above
    assert asked_for_sessions(scene, pipes) == [b"101"] * 3
