"""Compressed frames: made once for all who may share them, and bounded like any other."""

from __future__ import annotations

import zlib

import pytest

from chatd.core.ports import Broadcast, Bundle, Frame, put_each
from chatd.edge import packing
from chatd.edge.deflate import TAIL, deflated
from chatd.edge.outbox import GRACE, Outbox
from chatd.edge.outboxes import broadcast
from chatd.edge.packing import ALONE, SHARED, PackingOutbox, outbox_for
from chatd.edge.wire import wire_of
from tests.unit.edge.test_outbox import LIMIT, Bench, Wire

TEXT = b"what is told to many is compressed once, and they all get the same bytes; " * 3
LONG = TEXT * 20


class Company:
    """Outboxes of some who share a room, with the windows that they agreed to; 0: none."""

    put: Broadcast = staticmethod(put_each)

    def __init__(self, *windows: int, limit: int = LIMIT) -> None:
        self.bench = Bench()
        self.meter = self.bench.meter
        self.wires = [Wire() for _ in windows]
        self.outboxes = [
            PackingOutbox(wire, self.bench.all, limit, 3.0, window)
            if window
            else Outbox(wire, self.bench.all, limit, 3.0)
            for wire, window in zip(self.wires, windows, strict=True)
        ]

    def tell(self, frame: Frame) -> list[bytes]:
        """What each of them is written."""
        self.put(self.outboxes, frame)
        self.bench.turn()
        written = [w.writes[0] if len(w.writes) == 1 else b"".join(w.writes) for w in self.wires]
        for wire in self.wires:
            wire.writes.clear()
        return written


@pytest.fixture(autouse=True, params=[put_each, broadcast])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to tell many."""
    monkeypatch.setattr(Company, "put", staticmethod(request.param))


def opened(wire: bytes) -> list[tuple[bool, bytes]]:
    """The frames in these bytes: whether compressed, and the payload."""
    found = []
    while wire:
        first, size, wire = wire[0], wire[1], wire[2:]
        if size == 126:
            size, wire = int.from_bytes(wire[:2], "big"), wire[2:]
        payload, wire = wire[:size], wire[size:]
        assert first in {0x81, 0xC1}
        if first == 0xC1:
            payload = zlib.decompressobj(-9).decompress(payload + TAIL)
        found.append((first == 0xC1, payload))
    return found


def test_what_many_are_told_is_compressed_once_and_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def counted(payload: bytes, window: int) -> bytes:
        asked.append(window)
        return deflated(payload, window)

    monkeypatch.setattr(packing, "deflated", counted)
    company = Company(*[15] * 5)
    frame = Frame(TEXT)
    first, *others = company.tell(frame)
    assert opened(first) == [(False, TEXT)]
    assert {id(each) for each in others} == {id(others[0])}
    assert opened(others[0]) == [(True, TEXT)]
    assert len(asked) == company.meter.count["deflated"] == 1
    saved = len(first) - len(others[0])
    assert (company.meter.count["packed"], company.meter.count["saved"]) == (4, 4 * saved)
    assert saved > len(TEXT) / 2


def test_those_without_compression_share_another() -> None:
    company = Company(0, 15, 0, 15)
    plain, _, other, packed = company.tell(Frame(TEXT))
    assert plain is other
    assert opened(plain) == [(False, TEXT)]
    assert opened(packed) == [(True, TEXT)]


def test_groups_with_different_windows_share_what_is_right_for_all() -> None:
    company = Company(15, 15, 9, 12)
    _, largest, smallest, other = company.tell(Frame(TEXT))
    assert largest is smallest is other
    assert company.meter.count["deflated"] == 1


def test_a_window_is_never_larger_than_agreed() -> None:
    company = Company(9, 15, 9, 15)
    written = company.tell(Frame(LONG))
    assert company.meter.count["deflated"] == 2
    assert written[0] is written[2]
    assert opened(written[0]) == [(True, LONG)]


@pytest.mark.parametrize(("size", "compressed"), [(SHARED - 1, False), (SHARED, True)])
def test_short_frames_stay_as_they_are(size: int, *, compressed: bool) -> None:
    payload = (TEXT * 10)[:size]
    assert opened(Company(15, 15).tell(Frame(payload))[1]) == [(compressed, payload)]


@pytest.mark.parametrize(("size", "compressed"), [(ALONE - 1, False), (ALONE, True)])
def test_what_one_alone_is_told_is_compressed_when_it_is_long(
    size: int, *, compressed: bool
) -> None:
    payload = (TEXT * 10)[:size]
    assert opened(Company(15).tell(Frame(payload))[0]) == [(compressed, payload)]


def test_what_does_not_get_shorter_goes_as_it_is() -> None:
    payload = bytes(range(256))
    company = Company(15, 15, 15)
    first, second, third = company.tell(Frame(payload))
    assert first is second is third
    assert company.meter.count["deflated"] == 1
    assert company.meter.count["packed"] == 0


def test_a_frame_that_was_made_for_the_wire_goes_as_it_is() -> None:
    company = Company(15, 15)
    pong = Frame(b"")
    pong.wire = wire_of(TEXT[:100], 0x8A)
    assert company.tell(pong) == [pong.wire, pong.wire]


def test_a_bundle_is_one_frame_for_each_message_and_joined_once() -> None:
    company = Company(0, 15, 15, 15)
    said = [TEXT, b"short", TEXT[::-1], LONG]
    frames = [Frame(each) for each in said]
    plain, first, second, third = company.tell(Bundle.of(frames))
    assert opened(plain) == opened(first) == [(False, each) for each in said]
    assert second is third
    assert opened(second) == [(each != b"short", each) for each in said]
    assert company.meter.count["deflated"] == company.meter.count["packed"] / 2 == 3
    assert company.meter.count["frames_out"] == 16
    assert opened(company.tell(frames[0])[1]) == [(True, TEXT)]
    assert company.meter.count["deflated"] == 3


def test_frames_keep_their_order_compressed_or_not() -> None:
    company = Company(15, 15)
    said = [TEXT, b"one", LONG, b"two", TEXT[1:], b"three"]
    for frame in map(Frame, said):
        for outbox in company.outboxes:
            outbox.put(frame)
    company.bench.turn()
    assert [payload for _, payload in opened(company.wires[1].writes[0])] == said


def test_what_waits_is_counted_as_it_is_on_the_wire() -> None:
    company = Company(15, 15)
    for wire_and_box in company.outboxes:
        wire_and_box.pauseProducing()
    frame = Frame(LONG)
    for outbox in company.outboxes:
        outbox.put(frame)
    assert frame.packed is not None
    assert company.bench.all.waiting == 2 * len(frame.packed[15].wire) < len(LONG)


def test_the_limit_is_for_compressed_bytes() -> None:
    company = Company(15, 15, 0)
    for outbox in company.outboxes:
        outbox.pauseProducing()
    for _ in range(5):
        frame = Frame(LONG)
        for outbox in company.outboxes:
            outbox.put(frame)
    company.bench.turn(GRACE)
    assert [outbox.closed for outbox in company.outboxes] == [False, False, True]


def test_what_is_not_taken_is_not_counted() -> None:
    company = Company(15)
    company.outboxes[0].end()
    company.tell(Frame(LONG))
    assert company.meter.count["packed"] == 0


def test_who_agreed_to_nothing_has_a_plain_outbox() -> None:
    bench = Bench()
    assert type(outbox_for(None, Wire(), bench.all, LIMIT, 3.0)) is Outbox
    assert bench.meter.count["agreed"] == 0


def test_a_compressed_bundle_that_never_left_is_not_counted_as_sent() -> None:
    company = Company(15, 15)
    for outbox in company.outboxes:
        outbox.pauseProducing()
    company.put(company.outboxes, Bundle.of([Frame(TEXT)] * 3))
    for outbox in company.outboxes:
        outbox.end()
    company.bench.outbox.put(Frame(b"x"))
    company.bench.turn()
    assert company.meter.count["frames_out"] == 1
    assert (company.meter.count["packed"], company.meter.count["saved"]) == (0, 0)
    assert company.bench.all.waiting == 0


@pytest.mark.parametrize("bundled", [False, True])
def test_what_is_thrown_away_later_is_taken_back_from_what_is_told_next(*, bundled: bool) -> None:
    company, other = Company(15, 15, 15), Company(15, 15, 15)
    last = company.outboxes[2]
    last.pauseProducing()
    frame = Bundle.of([Frame(TEXT), Frame(LONG)]) if bundled else Frame(TEXT)
    company.tell(frame)
    assert company.meter.count["packed"] == (4 if bundled else 2)
    last.end()
    again = Bundle.of([Frame(TEXT), Frame(LONG)]) if bundled else Frame(TEXT)
    company.tell(again)
    # As if the last had never been there: the first is told twice what is not compressed.
    other.outboxes[2].end()
    for _ in range(2):
        other.tell(Bundle.of([Frame(TEXT), Frame(LONG)]) if bundled else Frame(TEXT))
    for name in ("packed", "saved"):
        assert company.meter.count[name] == other.meter.count[name] > 0
