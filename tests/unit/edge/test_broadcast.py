"""Many outboxes filled and flushed in one loop: the same to see as one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from chatd.core.errors import BYE
from chatd.core.ports import Bundle, Frame, put_each
from chatd.edge.outbox import GRACE, Outbox
from chatd.edge.outboxes import CHUNK, Outboxes, broadcast
from chatd.edge.reactor import NextTurns
from tests.unit.edge.memory import Journal, Tally
from tests.unit.edge.test_outbox import Bench, Wire

LIMITS = (100, 4000, 4 * CHUNK)


class Many(Bench):
    """Some outboxes of one host. ``ways``: how frames are put and outboxes flushed."""

    def __init__(self, *, at_once: bool) -> None:
        super().__init__()
        self.at_once = at_once
        self.wires = [Wire() for _ in LIMITS]
        self.outboxes: list[Outbox] = []
        for wire, limit in zip(self.wires, LIMITS, strict=True):
            wire.outbox = Outbox(wire, self.all, limit, 3.0)
            self.outboxes.append(wire.outbox)

        self.awaited: list[Deferred[None]] = []

    def does(self, step: tuple[Any, ...]) -> None:
        """One step of a play."""
        match step:
            case ("tell", sizes, ephemeral):
                frames = [Frame(b"x" * size) for size in sizes]
                frame = frames[0] if len(frames) == 1 else Bundle(frames)
                (broadcast if self.at_once else put_each)(self.outboxes, frame, ephemeral)
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
                for outbox in () if self.at_once else self.outboxes:
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


@given(st.lists(steps, max_size=30))
@example([("answer", 0, 130), ("answer", 0, 130), ("turn", 0.0), ("turn", GRACE)])
@example([("answer", 1, 3000), ("await", 1), ("turn", 0.0)])
@example([("answer", 0, 40), ("close", 0), ("tell", [40], False), ("turn", 0.0)])
def test_it_is_as_if_each_were_told_and_flushed_by_itself(play: list[tuple[Any, ...]]) -> None:
    together, one_by_one = Many(at_once=True), Many(at_once=False)
    for step in play:
        together.does(step)
        one_by_one.does(step)
        assert together.seen() == one_by_one.seen()


def test_one_line_that_breaks_keeps_nobody_else_from_hearing() -> None:
    many = Many(at_once=True)
    many.wires[1].breaks = True
    many.does(("tell", [10], False))
    many.turn()
    assert [len(wire.writes) for wire in many.wires] == [1, 0, 1]
    assert many.journal.events == ["flush_failed"]


def test_a_frame_is_made_once_for_all_of_them() -> None:
    many, frame = Many(at_once=True), Frame(b"hello")
    broadcast(many.outboxes, frame)
    many.turn()
    assert all(wire.writes[0] is frame.wire for wire in many.wires)


def test_nobody_is_told_when_nobody_is_there() -> None:
    meter, journal = Tally(), Journal()
    clock = Many(at_once=True).clock
    everybody = Outboxes(NextTurns(clock), clock, meter, journal)
    broadcast([], Frame(b"hello"))
    clock.advance(1)
    assert everybody.waiting == 0
