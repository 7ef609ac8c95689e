"""Many outboxes filled and flushed in one loop: the same to see as one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from chatd.core.errors import BYE
from chatd.core.ports import Audience, Bundle, Frame, put_each
from chatd.edge import direct
from chatd.edge.flush_delay import BUSY
from chatd.edge.outbox import GRACE, Outbox
from chatd.edge.outboxes import CHUNK, JOINED, Outboxes, broadcast
from tests.unit.edge.test_outbox import Bench, BusyTurns, Wire

LIMITS = (100, 4000, 4 * CHUNK)


def _nobody(data: bytes) -> None:
    """Hears nothing."""


class Known:
    """A transport such as direct.py knows, with a wire behind it."""

    dataBuffer = b""
    _tempDataBuffer = ()
    connected = True
    disconnecting = False

    def __init__(self, wire: Wire) -> None:
        self.socket = self
        self.write = wire.write

    def abortConnection(self) -> None:
        """It is over."""
        self.connected = False
        self.write = _nobody

    def send(self, data: bytes) -> int:
        """All of it, or nothing."""
        try:
            self.write(data)
        except RuntimeError as error:
            raise OSError from error
        return len(data)


class Many(Bench):
    """Some outboxes of one host. ``together``: whether they are told by a broadcast, and flushed
    by the host; ``busy``: the load of its reactor; ``known``: whether their transports are."""

    def __init__(
        self,
        *,
        together: bool = True,
        busy: float = 1.0,
        limits: tuple[int, ...] = LIMITS,
        known: bool = False,
    ) -> None:
        super().__init__()
        self.together = together
        self.turns = BusyTurns(self.clock)
        self.turns.busy = busy
        self.all = Outboxes(self.turns, self.clock, self.meter, self.journal)
        self.wires = [Wire() for _ in limits]
        self.outboxes: list[Outbox] = []
        for wire, limit in zip(self.wires, limits, strict=True):
            wire.outbox = Outbox(wire, self.all, limit, 3.0)
            if known:
                wire.outbox.goes_by(Known(wire))
            self.outboxes.append(wire.outbox)
        self.awaited: list[Deferred[None]] = []

    def does(self, step: tuple[Any, ...]) -> None:
        """One step of a play."""
        match step:
            case ("tell", sizes, ephemeral):
                frames = [Frame(b"x" * size) for size in sizes]
                frame = frames[0] if len(frames) == 1 else Bundle.of(frames)
                (broadcast if self.together else put_each)(self.outboxes, frame, ephemeral)
            case ("answer", who, size):
                self.outboxes[who].put(Frame(b"y" * size))
            case ("full", who):
                self.wires[who].full_above = 0
            case ("empty", who):
                self.wires[who].full_above = 1 << 30
                self.outboxes[who].resumeProducing()
            case ("close", who):
                self.outboxes[who].close(BYE, "bye")
            case ("await", who):
                waiting = Deferred.fromCoroutine(self.outboxes[who].drained())
                self.awaited.append(waiting)
            case ("turn", seconds):
                for outbox in () if self.together else self.outboxes:
                    if outbox.due:
                        outbox.flush()
                self.turn(seconds)

    def seen(self) -> Any:
        """All that anybody could see of them."""
        return (
            [(wire.writes, wire.ends, wire.reading) for wire in self.wires],
            [(b"".join(box.frames), box.waiting, box.closed) for box in self.outboxes],
            [bool(each.called) for each in self.awaited],
            self.all.waiting,
            self.meter.count,
            self.meter.now,
            self.journal.events,
        )


who = st.integers(0, len(LIMITS) - 1)
sizes = st.sampled_from([0, 1, 40, 130, 3000, CHUNK])
steps = st.one_of(
    st.tuples(st.just("tell"), st.lists(sizes, min_size=1, max_size=3), st.booleans()),
    st.tuples(st.just("answer"), who, sizes),
    st.tuples(st.sampled_from(["full", "empty", "close", "await"]), who),
    st.tuples(st.just("turn"), st.sampled_from([0.0, 0.0, GRACE])),
)


@given(st.lists(steps, max_size=30), st.booleans())
@example([("answer", 0, 130), ("answer", 0, 130), ("turn", 0.0), ("turn", GRACE)], True)
@example([("answer", 1, 3000), ("await", 1), ("turn", 0.0)], False)
@example([("answer", 0, 40), ("close", 0), ("tell", [40], False), ("turn", 0.0)], True)
def test_it_is_as_if_each_were_told_and_flushed_by_itself(
    play: list[tuple[Any, ...]], known: bool
) -> None:
    together, one_by_one = Many(known=known), Many(together=False)
    for step in play:
        together.does(step)
        one_by_one.does(step)
        assert together.seen() == one_by_one.seen()


@given(st.lists(steps, max_size=30), st.booleans())
def test_while_there_is_time_nothing_is_overtaken(play: list[tuple[Any, ...]], known: bool) -> None:
    limits = (1 << 24,) * len(LIMITS)
    idle = Many(busy=0.0, limits=limits, known=known)
    told = Many(together=False, limits=limits)
    for step in play:
        if step[0] not in {"close", "await"}:
            idle.does(step)
            told.does(step)
    for many in (idle, told):
        for number in range(len(limits)):
            many.does(("empty", number))
        many.turn(GRACE)
    assert [b"".join(w.writes) for w in idle.wires] == [b"".join(w.writes) for w in told.wires]
    assert idle.all.waiting == told.all.waiting == 0
    for count in ("frames_out", "bytes_out"):
        assert idle.meter.count[count] == told.meter.count[count]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("busy", [0.0, BUSY, 1.0])
def test_one_line_that_breaks_keeps_nobody_else_from_hearing(busy: float, known: bool) -> None:
    many = Many(busy=busy, known=known)
    many.wires[1].breaks = True
    many.does(("tell", [10], False))
    many.turn()
    assert [len(wire.writes) for wire in many.wires] == [1, 0, 1]
    assert many.journal.events == ["flush_failed"]


@pytest.mark.parametrize("busy", [0.0, 1.0])
def test_a_frame_is_made_once_for_all_of_them(busy: float) -> None:
    many, frame = Many(busy=busy), Frame(b"hello")
    broadcast(many.outboxes, frame)
    many.turn()
    assert all(wire.writes[0] is frame.wire for wire in many.wires)


def test_what_is_joined_for_each_is_written_before_it_becomes_much() -> None:
    many = Many(limits=(1 << 20,) * 3 * (JOINED // CHUNK), known=True)
    for _ in range(2):
        many.does(("tell", [CHUNK // 2 - 10], False))
    many.turn()
    assert all(len(wire.writes) == 1 for wire in many.wires)
    assert many.meter.count["frames_out"] == 2 * len(many.wires)
    assert many.all.waiting == 0


class Failing:
    """A batch that writes nothing once, and does not tell."""

    works = True

    def send(self, *_: object) -> None:
        """To each its own."""
        self.works = False
        raise OSError("each its own")

    def same(self, *_: object) -> None:
        """The same to all."""
        self.works = False
        raise OSError("all the same")


@pytest.mark.parametrize("wide", [False, True])
def test_who_may_have_half_a_frame_is_given_up_and_the_others_are_told(
    wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "FEW", 3)
    many = Many(limits=(1 << 20,) * 3 * (JOINED // CHUNK), known=True)
    many.all._writers = list
    everybody = Audience(many.outboxes) if wide else many.outboxes
    for _ in range(2):  # from the second time on an audience is told as a whole
        broadcast(everybody, Frame(b""))
        many.turn()
    many.all._batch = Failing()  # type: ignore[assignment]  # it is as one
    for wire in many.wires:
        wire.writes.clear()
    for _ in range(3):
        broadcast(everybody, Frame(b"x" * (CHUNK // 2 - 10)))
        broadcast(everybody, Frame(b"y" * (CHUNK // 2 - 10)))
        many.turn()
    lost = sum(not outbox.transport.connected for outbox in many.outboxes)
    assert 0 < lost <= len(many.outboxes)
    assert many.journal.events == ["flush_failed"]
    assert [str(error) for error in many.journal.faults] == [
        "all the same" if wide else "each its own"
    ]
    for outbox, wire in zip(many.outboxes, many.wires, strict=True):
        told = sum(map(len, wire.writes))
        assert told == (0 if not outbox.transport.connected else 3 * (CHUNK - 20 + 8))
    assert many.all.waiting == many.meter.now.get("outbox_bytes", 0) == 0


def test_nobody_is_told_when_nobody_is_there() -> None:
    broadcast([], Frame(b"hello"))


@pytest.mark.parametrize("busy", [0.0, BUSY])
def test_what_is_told_leaves_at_the_end_of_the_turn(busy: float) -> None:
    many = Many(busy=busy)
    many.does(("tell", [1], False))
    many.does(("answer", 1, 1))
    many.does(("tell", [1], False))
    assert [wire.writes for wire in many.wires] == [[], [], []]
    many.turn()
    assert many.wires[1].writes == [b"\x81\x01x\x81\x01y\x81\x01x"]
    assert many.wires[0].writes == many.wires[2].writes == [b"\x81\x01x" * 2]
    assert (many.meter.count["frames_out"], many.meter.count["now"]) == (7, 1)
