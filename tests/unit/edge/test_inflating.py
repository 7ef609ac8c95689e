"""What comes compressed: read like anything else, and bounded by its length without that."""

from __future__ import annotations

import zlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from chatd.core.ports import Frame
from chatd.edge import inflating
from chatd.edge.paced import STEPS
from chatd.edge.ports import EdgeSettings
from tests.unit.edge.memory import Client, World
from tests.unit.edge.test_packing import TEXT, opened
from tests.unit.edge.test_websocket import frame

LIMIT = 64 * 1024


def compressed(payload: bytes, *, end: int = zlib.Z_SYNC_FLUSH) -> bytes:
    work = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (work.compress(payload) + work.flush(end)).removesuffix(b"\x00\x00\xff\xff")


@pytest.fixture(params=[True, False], ids=["shortcuts", "no shortcuts"])
def world(request: pytest.FixtureRequest) -> World:
    return World(EdgeSettings(compression=True, echo=True, shortcuts=request.param))


def client(world: World, path: str = "/") -> Client:
    """One who may compress, and has read the greeting."""
    made = Client(world, path, compression=ClientPerMessageDeflateFactory())
    response = made.open()
    assert "Sec-WebSocket-Extensions" in response.headers
    made.texts()
    return made


def refusal(made: Client) -> tuple[int, str]:
    found = made.closed_with
    assert found is not None
    return found


def test_what_is_said_compressed_is_heard(world: World) -> None:
    ann = client(world)
    for text in (b"hello", TEXT, b"", "grüß".encode()):
        ann.pipe.deliver(frame(0xC1, compressed(text)))
    assert ann.guest.heard == [b"hello", TEXT, b"", "grüß".encode()]
    assert (world.meter.count["inflated"], world.meter.received_frames.value) == (4, 4)


@pytest.mark.parametrize(("shortcuts", "by_autobahn"), [(True, 1), (False, 4)])
def test_whole_compressed_frames_go_the_short_way(
    monkeypatch: pytest.MonkeyPatch, *, shortcuts: bool, by_autobahn: int
) -> None:
    asked: list[object] = []
    real = inflating.Inflating.start_decompress_message

    def start(self: inflating.Inflating) -> None:
        asked.append(self)
        real(self)

    monkeypatch.setattr(inflating.Inflating, "start_decompress_message", start)
    world = World(EdgeSettings(compression=True, shortcuts=shortcuts))
    ann = client(world)
    for text in (b"hello", TEXT, "grüß".encode()):
        ann.pipe.deliver(frame(0xC1, compressed(text)))
    ann.pipe.deliver(frame(0xC1, compressed(b"x" * (LIMIT + 1))))
    assert (len(asked), world.meter.count["inflated"]) == (by_autobahn, 4)
    assert refusal(ann)[0] == 1009


def test_compressed_and_other_frames_keep_their_order(world: World) -> None:
    ann = client(world)
    said = [b"%d" % number for number in range(20)]
    frames = [
        frame(0xC1, compressed(text)) if number % 3 else frame(0x81, text)
        for number, text in enumerate(said)
    ]
    ann.pipe.deliver(b"".join(frames))
    assert ann.guest.heard == said


@given(
    st.lists(st.tuples(st.booleans(), st.text(max_size=300)), max_size=8),
    st.lists(st.integers(0, 2000), max_size=6),
    st.booleans(),
)
def test_however_frames_are_mixed_and_cut_all_is_heard(
    said: list[tuple[bool, str]], cuts: list[int], shortcuts: bool
) -> None:
    ann = client(World(EdgeSettings(compression=True, shortcuts=shortcuts)))
    wire = b"".join(
        frame(0xC1, compressed(text.encode())) if small else frame(0x81, text.encode())
        for small, text in said
    )
    for begin, end in pairwise(sorted({0, *cuts, len(wire)})):
        ann.pipe.deliver(wire[begin:end])
    assert ann.guest.heard == [text.encode() for _, text in said]


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_that_are_said_to_be_compressed_are_a_fault(data: bytes, shortcuts: bool) -> None:
    world = World(EdgeSettings(compression=True, shortcuts=shortcuts))
    ann = client(world)
    ann.pipe.deliver(frame(0xC1, data) + frame(0x81, b"after"))
    assert not world.journal.faults
    assert ann.guest.heard[-1:] == [b"after"] or refusal(ann)[0] == 1007


@pytest.mark.parametrize("piece", [1, 2, 7])
def test_a_compressed_message_may_come_in_parts_and_pieces(world: World, piece: int) -> None:
    ann = client(world)
    data = compressed(TEXT)
    parts = frame(0x41, data[:9]) + frame(0x89, b"p") + frame(0x00, data[9:20])
    wire = parts + frame(0x80, data[20:]) + frame(0x81, b"after")
    for at in range(0, len(wire), piece):
        ann.pipe.deliver(wire[at : at + piece])
    assert ann.guest.heard == [TEXT, b"after"]


def test_a_sender_may_end_its_stream(world: World) -> None:
    ann = client(world)
    # RFC 7692 section 7.2.3.4
    ann.pipe.deliver(frame(0xC1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00") + frame(0x81, b"after"))
    assert ann.guest.heard == [b"Hello", b"after"]


@pytest.mark.parametrize("over", [0, 1, 300])
def test_a_message_may_be_as_long_as_without_compression(world: World, over: int) -> None:
    ann = client(world)
    text = b"x" * (LIMIT + over)
    ann.pipe.deliver(frame(0xC1, compressed(text)))
    if over:
        assert refusal(ann)[0] == 1009
        assert ann.guest.heard == []
        assert world.house.limits.met == ["frame_bytes"]
    else:
        assert ann.guest.heard == [text]


@pytest.mark.parametrize("mode", ["on", "off", "dry-run"])
def test_the_bound_of_compressed_messages_holds_in_every_mode(world: World, mode: Any) -> None:
    world.house.limits.modes["frame_bytes"] = mode
    ann = client(world)
    ann.pipe.deliver(frame(0xC1, compressed(b"x" * (LIMIT + 1))))
    assert refusal(ann) == (1009, f"over {LIMIT} bytes after decompression")


def test_a_bomb_is_put_out_before_it_is_large(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = inflating.Inflating._fed

    def fed(self: Any, data: bytes, most: int) -> Any:
        found = real(self, data, most)
        made.append(len(found))
        return found

    monkeypatch.setattr(inflating.Inflating, "_fed", fed)
    ann = client(world)
    bomb = compressed(b"\0" * (32 << 20))
    ann.pipe.deliver(frame(0xC1, bomb))
    for _ in range(5):
        ann.pipe.deliver(frame(0xC1, bomb))
    assert refusal(ann)[0] == 1009
    assert sum(made) == LIMIT + 1


def test_a_bomb_may_not_come_in_parts_either(world: World) -> None:
    ann = client(world)
    bomb = compressed(b"\0" * (2 * LIMIT))
    ann.pipe.deliver(frame(0x41, bomb[:60]))
    for at in range(60, len(bomb), 10):
        ann.pipe.deliver(frame(0x00, bomb[at : at + 10]))
    assert refusal(ann)[0] == 1009
    assert ann.guest.heard == []


def test_the_peer_of_a_bomb_can_close_cleanly(world: World) -> None:
    ann = client(world)
    ann.pipe.deliver(frame(0xC1, compressed(b"\0" * (1 << 20))))
    assert refusal(ann)[0] == 1009
    ann.pipe.deliver(frame(0x88, b"\x03\xf1"))
    world.turn()
    assert ann.pipe.protocol.wasClean


CORRUPT = {
    "no stream": b"\xff\xff\xff",
    "cut off": compressed(TEXT)[:-20],
    "not UTF-8": compressed(b"\xff\xfe"),
    "more behind its end": compressed(b"hello", end=zlib.Z_FINISH) + b"\x00" * 5,
}


@pytest.mark.parametrize("wrong", CORRUPT)
def test_what_cannot_be_read_is_refused_as_such(world: World, wrong: str) -> None:
    ann = client(world)
    ann.pipe.deliver(frame(0xC1, CORRUPT[wrong]))
    assert refusal(ann)[0] == 1007
    assert ann.guest.heard == []
    assert not world.journal.faults


def test_bytes_behind_an_end_are_not_collected(world: World) -> None:
    ann = client(world)
    ann.pipe.deliver(frame(0x41, compressed(b"hello", end=zlib.Z_FINISH)))
    for _ in range(3):
        ann.pipe.deliver(frame(0x00, b"x" * 1000))
    assert refusal(ann)[0] == 1007


@pytest.mark.parametrize(
    "wrong", [frame(0x41, b"\0") + frame(0xC0, b"\0"), frame(0xC9, b""), frame(0xE1, b"")]
)
def test_compression_is_for_the_first_frame_of_a_message_only(world: World, wrong: bytes) -> None:
    ann = client(world)
    ann.pipe.deliver(wrong)
    assert refusal(ann)[0] == 1002


def test_nothing_is_kept_between_two_messages(world: World) -> None:
    ann = client(world)
    ann.pipe.deliver(frame(0xC1, compressed(TEXT)))
    assert getattr(ann.pipe.protocol, inflating.KEPT)._inflater is None


def test_many_compressed_frames_are_read_over_several_turns(world: World) -> None:
    ann = client(world)
    ann.pipe.deliver(frame(0xC1, compressed(b"x")) * STEPS * 2)
    assert 0 < len(ann.guest.heard) <= STEPS
    while len(ann.guest.heard) < STEPS * 2:
        before = len(ann.guest.heard)
        world.turn()
        assert len(ann.guest.heard) > before


def test_pongs_and_close_frames_are_not_compressed(world: World) -> None:
    ann = client(world)
    ann.pipe.take()
    ann.pipe.deliver(frame(0x89, TEXT[:125]))
    world.turn()
    assert ann.pipe.take() == b"\x8a\x7d" + TEXT[:125]
    ann.pipe.deliver(frame(0x88, b"\x03\xe8"))
    world.turn()
    assert ann.pipe.take() == b"\x88\x02\x03\xe8"


def test_a_room_hears_it_compressed_or_not_as_each_agreed(world: World) -> None:
    ann, bob, carl = client(world), client(world), world.client()
    carl.texts()
    told = Frame(TEXT)
    for guest in world.house.guests:
        guest.outbox.put(told)
    world.turn()
    heard = [opened(each.pipe.take()) for each in (ann, bob, carl)]
    assert heard == [[(False, TEXT)], [(True, TEXT)], [(False, TEXT)]]


def test_echo_compresses_what_it_gives_back(world: World) -> None:
    ann = client(world, "/echo")
    ann.pipe.take()
    ann.pipe.deliver(frame(0xC1, compressed(TEXT)))
    assert opened(ann.pipe.take()) == [(True, TEXT)]
    ann.pipe.deliver(frame(0xC2, compressed(b"\0\1")))
    assert ann.pipe.take()[0] == 0xC2


def test_autobahn_still_keeps_its_extension_where_it_is_looked_for(world: World) -> None:
    assert getattr(world.client().pipe.protocol, inflating.KEPT) is None
    assert isinstance(getattr(client(world).pipe.protocol, inflating.KEPT), inflating.Inflating)


def test_an_autobahn_that_keeps_it_elsewhere_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflating, "KEPT", "_elsewhere")
    world = World(EdgeSettings(compression=True))
    response = Client(world, compression=ClientPerMessageDeflateFactory()).open()
    assert "Sec-WebSocket-Extensions" not in response.headers
    assert world.journal.events == ["compression_unknown"]
