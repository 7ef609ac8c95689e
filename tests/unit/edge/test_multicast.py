"""An audience told in one loop: the same to see as if each of it were told by itself."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.core.errors import BYE
from chatd.core.ports import Audience, Frame
from chatd.edge import direct
from chatd.edge import multicast as multicast_module
from chatd.edge.flush_delay import BUSY
from chatd.edge.multicast import ENOUGH, SHARE, multicast_of
from chatd.edge.outbox import GRACE
from chatd.edge.outboxes import CHUNK, broadcast
from tests.unit.edge.test_broadcast import Known, Many
from tests.unit.edge.test_outbox import Wire

SIZE = ENOUGH + 3
LIMITS = {
    "small": (4000,) * SIZE,
    "large": (4 * CHUNK,) * SIZE,
    "uneven": (100, 4000, 4 * CHUNK) * (SIZE // 3),
    "some alone": (4 * CHUNK,) * (SIZE - 3) + (1,) * 3,
    "all alone": (1,) * SIZE,
}


class Narrow(Known):
    """A socket that takes only so much, and a transport that keeps the rest until it is drained."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.wire = wire
        self.takes = 1 << 30
        self.write = self.keep

    def send(self, data: bytes) -> int:
        """As much as there is room for; not past what waits to be written."""
        assert not self.dataBuffer
        taken = data[: self.takes]
        if not taken and data:
            raise BlockingIOError
        self.socket_takes(taken)
        return len(taken)

    def socket_takes(self, data: bytes) -> None:
        """It has left."""
        self.wire.write(data)
        self.takes -= len(data)

    def keep(self, data: bytes) -> None:
        """What is to be written later."""
        self.dataBuffer += data

    def drain(self) -> None:
        """There is room again."""
        self.takes = 1 << 30
        kept, self.dataBuffer = self.dataBuffer, b""
        if kept:
            self.socket_takes(kept)


class Audiences(Many):
    """Several audiences with the same people in some of them. ``narrow``: as Narrow is."""

    def __init__(self, *, limits: Sequence[int], narrow: bool = False, **more: Any) -> None:
        super().__init__(limits=tuple(limits), known=True, **more)
        self.audiences = [
            Audience(self.outboxes),
            Audience(self.outboxes[:ENOUGH]),
            Audience(self.outboxes[3:]),
            Audience(self.outboxes[:2]),
        ]
        self.all._writers = list
        for audience in self.audiences:
            multicast_of(audience, CHUNK)  # there is one from the second time on
        self.narrow = []
        if narrow:
            self.narrow = [Narrow(wire) for wire in self.wires]
            for outbox, transport in zip(self.outboxes, self.narrow, strict=True):
                outbox.goes_by(transport)
            self.all._writers = lambda: [each for each in self.narrow if each.dataBuffer]

    def does(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("tell", room, sizes, ephemeral):
                everybody, self.outboxes = self.outboxes, self.audiences[room]
                super().does(("tell", sizes, ephemeral))
                self.outboxes = everybody
            case ("narrow", who, takes):
                self.narrow[who].takes = takes
            case ("drain", who):
                self.narrow[who].drain()
            case ("ping", who):
                self.wires[who].outbox.transport.write(b"ping")
            case ("busy", load):
                self.turns.busy = load
            case ("finish", who):
                self.outboxes[who].finish()
            case _:
                super().does(step)

    def seen(self) -> Any:
        waiting = []
        for outbox in self.outboxes:
            multicast = self.all.multicasts.get(outbox)
            shared = [] if multicast is None else multicast.wires
            assert multicast is None or (
                outbox in multicast.outboxes and outbox not in multicast.parted
            )
            assert not (shared and outbox.frames)
            frames = [*outbox.frames, *shared]
            waiting.append((b"".join(frames), sum(map(len, frames)), outbox.closed))
        first, _, *others = super().seen()
        return first, waiting, *others


who = st.integers(0, SIZE - 1)
sizes = st.sampled_from([0, 1, 40, 130, 3000, CHUNK // 2, CHUNK])
room = st.integers(0, 3)
told = st.tuples(st.just("tell"), room, st.lists(sizes, min_size=1, max_size=3), st.booleans())
steps = st.one_of(
    told,
    told,
    st.tuples(st.just("answer"), who, sizes),
    st.tuples(st.sampled_from(["full", "empty", "close", "finish", "await"]), who),
    st.tuples(st.just("turn"), st.sampled_from([0.0, 0.0, GRACE])),
)
HELLO = ("tell", 0, [40], False)


@given(st.lists(steps, max_size=30), st.sampled_from(sorted(LIMITS)))
@example([HELLO, ("answer", 3, 1), HELLO, ("turn", 0.0)], "large")
@example([HELLO, ("tell", 1, [40], False), HELLO, ("turn", 0.0)], "large")
@example([("tell", 1, [40], False), ("tell", 0, [1], False), ("turn", 0.0)], "large")
@example([HELLO, ("close", 3), HELLO, ("turn", 0.0), HELLO, ("turn", 0.0)], "large")
@example([HELLO, ("full", 3), ("turn", 0.0), HELLO, ("turn", 0.0), ("empty", 3)], "large")
@example([("tell", 0, [3000], False), ("await", 3), HELLO, ("turn", 0.0)], "small")
@example([("tell", 0, [1996], False), ("await", 3), ("turn", 0.0)], "small")
@example([HELLO, ("finish", 3), ("turn", 0.0)], "large")
@example([("tell", 0, [CHUNK // 2], False)] * 3 + [("turn", 0.0)], "large")
def test_it_is_as_if_each_were_told_by_itself(play: list[tuple[Any, ...]], limits: str) -> None:
    together = Audiences(limits=LIMITS[limits])
    one_by_one = Audiences(limits=LIMITS[limits], together=False)
    for step in play:
        together.does(step)
        one_by_one.does(step)
        assert together.seen() == one_by_one.seen()


@given(
    st.lists(
        st.one_of(
            told,
            told,
            st.tuples(st.just("answer"), who, sizes),
            st.tuples(st.just("narrow"), who, st.sampled_from([0, 1, 50, 5000, 1 << 30])),
            st.tuples(st.sampled_from(["drain", "ping"]), who),
            st.tuples(st.just("busy"), st.sampled_from([0.0, 1.0])),
            st.just(("turn", 0.0)),
        ),
        max_size=30,
    ),
    st.sampled_from([0.0, 1.0]),
)
@example([("narrow", 2, 50), HELLO, HELLO, ("narrow", 2, 1000), HELLO], 0.0)
@example([("narrow", 2, 50), HELLO, HELLO, ("turn", 0.0), ("narrow", 2, 1000), HELLO], 1.0)
@example([HELLO, ("busy", 0.0), ("tell", 0, [1], False)], 1.0)
@example([HELLO, ("ping", 2), ("turn", 0.0)], 1.0)
def test_what_a_socket_did_not_take_is_overtaken_by_nothing(
    play: list[tuple[Any, ...]], busy: float
) -> None:
    limits = (1 << 24,) * SIZE
    together = Audiences(limits=limits, busy=busy, narrow=True)
    one_by_one = Audiences(limits=limits, together=False)
    for step in play:
        together.does(step)
        if step[0] not in {"narrow", "drain", "busy"}:
            one_by_one.does(step)
    for many in (together, one_by_one):
        many.turn()
    for who in range(SIZE):
        together.does(("drain", who))
    together.turn()
    heard = [
        [b"".join(wire.writes).replace(b"ping", b"") for wire in many.wires]
        for many in (together, one_by_one)  # a ping is no frame of the outbox, and does not wait
    ]
    assert heard[0] == heard[1]
    assert (together.all.waiting, together.journal.events) == (0, [])
    for count in ("frames_out", "bytes_out"):
        assert together.meter.count[count] == one_by_one.meter.count[count]


def audiences(busy: float) -> Audiences:
    return Audiences(limits=LIMITS["large"], busy=busy)


def asked(many: Audiences, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were looked at one by one, each time."""
    looked: list[int] = []
    each = many.all._tell_each

    def tell_each(outboxes: Sequence[Any], *more: Any) -> Any:
        looked.append(len(outboxes))
        return each(outboxes, *more)

    monkeypatch.setattr(many.all, "_tell_each", tell_each)
    return looked


@pytest.mark.parametrize("busy", [0.0, 1.0])
def test_an_audience_is_told_without_a_look_at_each(
    busy: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = audiences(busy)
    looked = asked(many, monkeypatch)
    for _ in range(3):
        many.does(("answer", 4, 10))
        many.does(HELLO)
        many.turn()
    assert looked == []
    many.does(("tell", 3, [40], False))
    assert looked == [2]


def test_who_comes_back_from_a_detour_is_told_with_the_others_again() -> None:
    many = audiences(BUSY)
    for step, alone in (("full", 1), ("empty", 0)):
        many.does((step, 4))
        if step == "full":
            many.outboxes[4].pauseProducing()
        many.does(HELLO)
        assert len(many.outboxes[4].frames) == alone
        many.turn()
    assert len(many.wires[4].writes) == 2


def test_where_many_are_to_be_told_otherwise_each_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = audiences(1.0)
    looked = asked(many, monkeypatch)
    for number in range(SIZE // SHARE + 1):
        many.does(("answer", number, 10))
    many.does(HELLO)
    assert looked == [SIZE]


def test_what_waits_for_an_audience_is_one_text_for_all_of_it() -> None:
    many = audiences(BUSY)
    for _ in range(2):
        many.does(HELLO)
    assert [outbox.frames for outbox in many.outboxes] == [[]] * SIZE
    assert many.all.waiting == SIZE * 2 * 42
    many.turn()
    assert all(wire.writes[0] is many.wires[0].writes[0] for wire in many.wires)
    assert many.meter.count["frames_out"] == 2 * SIZE
    assert many.all.waiting == 0


def test_who_speaks_hears_it_before_those_who_listen() -> None:
    many = audiences(BUSY)
    told: list[int] = []
    for number, outbox in enumerate(many.outboxes):
        outbox.transport.write = lambda data, number=number: told.append(number)
    many.does(("answer", 7, 10))
    many.does(HELLO)
    many.turn()
    assert told[0] == 7


def test_an_audience_that_is_told_once_only_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    many = audiences(0.0)
    looked = asked(many, monkeypatch)
    for kept in (Audience(many.outboxes), many.outboxes):
        for _ in range(3):
            broadcast(kept, Frame(b"hello"))
            many.turn()
    assert looked == [SIZE] + [SIZE] * 3


def test_several_reasons_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    many = audiences(1.0)
    looked = asked(many, monkeypatch)
    few = SIZE // SHARE
    for number in range(few):
        many.does(("answer", number, 10))
        many.outboxes[few + number].pauseProducing()
    many.does(HELLO)
    assert looked == [SIZE]


@pytest.mark.parametrize("busy", [0.0, 1.0])
def test_one_of_an_audience_that_breaks_keeps_nobody_else_from_hearing(busy: float) -> None:
    many = audiences(busy)
    many.wires[5].breaks = True
    many.does(HELLO)
    many.turn()
    assert [len(wire.writes) for wire in many.wires] == [int(n != 5) for n in range(SIZE)]
    assert many.journal.events == ["flush_failed"]


def test_when_most_are_parted_each_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    many = audiences(1.0)
    looked = asked(many, monkeypatch)
    many.does(HELLO)
    for number in range(SIZE // 2 + 1):
        assert looked == []
        many.does(("answer", number, 10))
    many.does(HELLO)
    assert looked == [SIZE]
    assert not many.all.multicasts
    many.turn()
    many.does(HELLO)
    assert looked == [SIZE]


def test_where_too_many_transports_have_something_to_write_each_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = Audiences(limits=LIMITS["large"], busy=1.0, narrow=True)
    looked = asked(many, monkeypatch)
    many.does(HELLO)
    many.narrow[4].dataBuffer = b"earlier"
    many.all._writers = lambda: None
    many.turn()
    assert many.narrow[4].dataBuffer.startswith(b"earlier\x81")
    assert sum(len(wire.writes) for wire in many.wires) == SIZE - 1
    many.does(HELLO)
    assert looked == [SIZE]


def test_a_fault_with_one_audience_keeps_no_other_from_hearing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = Audiences(limits=(4 * CHUNK,) * 2 * ENOUGH, busy=1.0)
    rooms = [Audience(many.outboxes[:ENOUGH]), Audience(many.outboxes[ENOUGH:])]
    for room in rooms * 2:
        broadcast(room, Frame(b"hello"))
        many.turn()
    send_each = direct.send_each

    def fails(sockets: Any, transports: Any, *how: Any) -> list[Exception]:
        if transports[0] is many.outboxes[0].transport:
            raise MemoryError
        return send_each(sockets, transports, *how)

    monkeypatch.setattr(multicast_module, "send_each", fails)
    for room in rooms:
        broadcast(room, Frame(b"once more"))
    many.turn()
    assert many.journal.events == ["flush_failed"]
    monkeypatch.undo()
    for room in rooms:
        broadcast(room, Frame(b"again"))
    many.turn()
    assert [len(wire.writes) for wire in many.wires] == [3] * ENOUGH + [4] * ENOUGH
    assert many.all.waiting == 0


def test_in_the_middle_of_a_flush_nothing_overtakes_what_is_still_to_be_flushed() -> None:
    many = audiences(1.0)
    many.does(HELLO)
    many.turn()
    for number in (2, 3):
        many.does(("answer", number, CHUNK))  # more than is flushed in one loop
    first, last = many.outboxes[2], many.wires[3]
    flush, many.turns.busy = first.write, 0.0

    def write(data: bytes) -> None:
        flush(data)
        first.write = flush
        many.does(HELLO)

    first.write = write
    many.turn()
    assert [data[:2] for data in last.writes[1:]] == [b"\x81\x7f", b"\x81\x28"]


def test_what_is_known_of_an_audience_that_is_gone_holds_nobody() -> None:
    many = audiences(0.0)
    member = many.outboxes[0]
    audience = Audience(many.outboxes)
    references = [sys.getrefcount(member)]
    for _ in range(2):
        multicast_of(audience, CHUNK)
        references.append(sys.getrefcount(member))
    gc.disable()  # nothing is to be looked for, either
    try:
        del audience
        references.append(sys.getrefcount(member))
    finally:
        gc.enable()
    before, seen, known, gone = references
    assert (seen, gone) == (before, before - 1)
    assert known > before


def test_one_whose_socket_is_gone_harms_nobody() -> None:
    many = audiences(0.0)
    del many.outboxes[5].transport.socket
    many.outboxes[5].close(BYE, "bye")
    many.does(HELLO)
    many.turn()
    assert [len(wire.writes) for wire in many.wires] == [int(n != 5) for n in range(SIZE)]
