"""The outbox: bounded in bytes, one write a turn, and the end of those who do not read."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.core.errors import DRAINING, CloseCode
from chatd.core.ports import Bundle, Frame
from chatd.core.ports import Outbox as OutboxPort
from chatd.edge.flush_delay import BUSY, MANY
from chatd.edge.outbox import GRACE, MOST, Outbox
from chatd.edge.outboxes import CHUNK, Outboxes
from chatd.edge.reactor import NextTurns
from chatd.edge.wire import wire_of
from tests.unit.edge.memory import Journal, Tally

LIMIT = 10_000


class Wire:
    """outbox.Line that remembers; `full_above`: pauses its producer as a transport does."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.ends: list[Any] = []
        self.reading: list[bool] = []
        self.outbox: Outbox | None = None
        self.full_above = 1 << 30
        self.breaks = False

    def write(self, data: bytes) -> None:
        if self.breaks:
            raise RuntimeError("broken line")
        self.writes.append(data)
        if self.outbox and sum(map(len, self.writes)) > self.full_above:
            self.outbox.pauseProducing()

    def leave(self, code: CloseCode, reason: str) -> None:
        self.ends.append((code.word, reason))

    def drop(self, code: CloseCode) -> None:
        self.ends.append(code.word)

    def pause(self) -> None:
        self.reading.append(False)

    def resume(self) -> None:
        self.reading.append(True)


class Bench:
    """One outbox and all around it."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.clock = Clock()
        self.meter = Tally()
        self.journal = Journal()
        self.all = Outboxes(NextTurns(self.clock), self.clock, self.meter, self.journal)
        self.wire = Wire()
        self.outbox = self.wire.outbox = Outbox(self.wire, self.all, limit, 3.0)

    def put(self, size: int, count: int = 1, *, ephemeral: bool = False) -> None:
        """Frames of so many bytes on the wire."""
        for _ in range(count):
            frame = Frame(b"")
            frame.wire = b"x" * size
            self.outbox.put(frame, ephemeral=ephemeral)

    def turn(self, seconds: float = 0) -> None:
        self.clock.advance(seconds)

    @property
    def written(self) -> int:
        return sum(map(len, self.wire.writes))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_is_the_port(bench: Bench) -> None:
    port: OutboxPort = bench.outbox
    assert port is bench.outbox


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_frame_has_the_head_of_the_rfc(size: int, head: bytes) -> None:
    assert wire_of(b"x" * size) == head + b"x" * size


def test_frames_are_written_once_a_turn_in_order(bench: Bench) -> None:
    for text in (b"a", b"b", b"c"):
        bench.outbox.put(Frame(text))
    assert bench.wire.writes == []
    bench.turn()
    assert bench.wire.writes == [b"\x81\x01a\x81\x01b\x81\x01c"]
    bench.turn(1)
    assert len(bench.wire.writes) == 1


def test_a_frame_is_made_once_for_all(bench: Bench) -> None:
    frame = Frame(b"hello")
    bench.outbox.put(frame)
    made = frame.wire
    Bench().outbox.put(frame)
    assert frame.wire is made


def test_what_the_transport_does_not_take_waits_and_is_counted(bench: Bench) -> None:
    bench.wire.full_above = 0
    bench.put(100)
    bench.turn()
    bench.put(100, 5)
    bench.turn()
    assert (bench.written, bench.all.waiting) == (100, 500)
    assert bench.meter.now["outbox_bytes"] == 500
    bench.wire.full_above = 1 << 30
    bench.outbox.resumeProducing()
    bench.turn()
    assert (bench.written, bench.all.waiting) == (600, 0)
    assert bench.meter.now["outbox_bytes"] == 0


def test_a_backlog_leaves_in_chunks_that_the_transport_can_stop() -> None:
    bench = Bench(limit=1 << 20)
    bench.wire.full_above = CHUNK
    bench.put(1000, 500)
    bench.turn()
    assert CHUNK < bench.written <= 2 * CHUNK
    assert all(len(each) % 1000 == 0 for each in bench.wire.writes), "whole frames only"


def test_from_half_on_ephemeral_frames_are_left_out(bench: Bench) -> None:
    bench.outbox.pauseProducing()
    bench.put(LIMIT // 2 - 100)
    bench.put(100, ephemeral=True)
    bench.put(100, ephemeral=True)
    bench.put(100)
    bench.outbox.resumeProducing()
    assert bench.written == LIMIT // 2 + 100
    assert bench.meter.count["ephemeral"] == 1


def test_what_one_turn_brings_to_a_quick_peer_is_never_too_much(bench: Bench) -> None:
    for number in range(100):
        bench.put(LIMIT // 3, ephemeral=number % 3 == 0)
    bench.turn(GRACE)
    assert bench.written == 100 * (LIMIT // 3)
    assert (bench.wire.ends, bench.all.waiting) == ([], 0)
    assert bench.meter.count["frames_out"] == 100
    assert not bench.meter.count["ephemeral"]


def test_what_one_turn_brings_is_too_much_for_a_peer_that_takes_nothing(bench: Bench) -> None:
    bench.wire.full_above = 0
    for _ in range(100):
        bench.put(LIMIT // 3)
    assert [word for word, _ in bench.wire.ends] == ["too_slow"]
    assert bench.written == LIMIT // 3
    assert bench.meter.count["too_slow"] > MOST


def test_exactly_the_limit_may_wait(bench: Bench) -> None:
    bench.put(LIMIT // 10, 10)
    bench.turn()
    assert bench.written == LIMIT
    assert bench.wire.ends == []


def test_a_burst_over_the_limit_may_wait_for_a_moment(bench: Bench) -> None:
    bench.outbox.pauseProducing()
    bench.put(LIMIT // 10, 10 * MOST)
    bench.turn(GRACE * 0.9)
    bench.outbox.resumeProducing()
    assert bench.written == LIMIT * MOST
    bench.outbox.pauseProducing()
    bench.put(LIMIT // 10, 20)
    bench.turn(GRACE * 0.9)
    assert bench.wire.ends == [], "it had taken all of the first"


def test_over_the_limit_for_long_the_session_is_too_slow(bench: Bench) -> None:
    bench.outbox.pauseProducing()
    bench.put(LIMIT // 10, 10)
    bench.turn(60)
    assert bench.wire.ends == []
    bench.put(LIMIT // 10)
    bench.turn(GRACE * 0.9)
    assert bench.meter.now["outbox_bytes"] == LIMIT * 11 // 10
    bench.turn(GRACE * 0.1)
    check_too_slow(bench, thrown=11)


def test_far_over_the_limit_nothing_waits_even_for_a_moment(bench: Bench) -> None:
    bench.outbox.pauseProducing()
    bench.put(LIMIT, MOST)
    assert bench.wire.ends == []
    bench.put(LIMIT)
    check_too_slow(bench, thrown=MOST + 1)


def check_too_slow(bench: Bench, thrown: int) -> None:
    """It was closed, once, and holds nothing any more."""
    assert bench.wire.ends == [("too_slow", f"over {LIMIT} bytes waited; reconnect and resume")]
    assert bench.all.waiting == 0
    assert bench.meter.count["too_slow"] == thrown
    assert bench.meter.count["slow_closed"] == 1
    bench.put(1)
    bench.outbox.close(DRAINING, "")
    bench.outbox.resumeProducing()
    bench.turn(60)
    assert bench.wire.writes == []
    assert len(bench.wire.ends) == 1
    assert bench.meter.now.get("outbox_bytes", 0) == 0


def test_a_bundle_is_dropped_with_all_of_its_frames(bench: Bench) -> None:
    bench.outbox.pauseProducing()
    bench.outbox.put(Bundle.of([Frame(b"x")] * 3))
    bench.outbox.put(Bundle.of([Frame(b"x" * LIMIT * MOST)] * 2))
    assert bench.meter.count["too_slow"] == 5


def test_what_never_left_is_not_counted_as_sent(bench: Bench) -> None:
    gone = Outbox(Wire(), bench.all, LIMIT, 3.0)
    gone.begin(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    gone.put(Bundle.of([Frame(b"x")] * 3))
    gone.end()
    bench.outbox.put(Frame(b"x"))
    bench.turn()
    counts = [bench.meter.count[name] for name in ("frames_out", "bytes_out", "writes")]
    assert counts == [1, 3, 1]
    assert bench.all.waiting == 0


def test_one_long_frame_may_wait_for_as_long_as_it_takes(bench: Bench) -> None:
    bench.outbox.pauseProducing()
    bench.put(LIMIT * 3)
    bench.turn(60)
    assert bench.wire.ends == []
    bench.put(1)
    bench.turn(GRACE)
    assert [word for word, _ in bench.wire.ends] == ["too_slow"]


def test_who_is_on_the_way_home_has_the_time_for_that(bench: Bench) -> None:
    bench.outbox.pauseProducing()
    bench.put(LIMIT, 2)
    bench.outbox.close(DRAINING, "soon")
    bench.turn(GRACE)
    assert bench.wire.ends == []
    bench.outbox.resumeProducing()
    assert bench.wire.ends == [("draining", "soon")]


def test_who_is_held_is_read_again_when_too_slow(bench: Bench) -> None:
    bench.outbox.hold()
    bench.outbox.pauseProducing()
    bench.put(LIMIT, MOST + 1)
    assert bench.wire.reading == [False, True], "else its close frame would never be seen"


def test_one_frame_is_taken_whatever_its_size(bench: Bench) -> None:
    bench.put(LIMIT * 3)
    bench.turn()
    assert bench.written == LIMIT * 3
    assert bench.wire.ends == []


def test_close_sends_what_waits_and_then_says_goodbye(bench: Bench) -> None:
    bench.put(100)
    bench.outbox.close(DRAINING, "soon")
    assert (bench.written, bench.wire.ends) == (100, [("draining", "soon")])
    bench.put(100)
    bench.turn(60)
    assert (bench.written, bench.wire.ends) == (100, [("draining", "soon")])


def test_close_waits_for_a_transport_that_is_full(bench: Bench) -> None:
    bench.outbox.pauseProducing()
    bench.put(100)
    bench.outbox.close(DRAINING, "soon")
    bench.turn(2.9)
    assert bench.wire.ends == []
    bench.outbox.resumeProducing()
    assert (bench.written, bench.wire.ends) == (100, [("draining", "soon")])
    bench.turn(60)
    assert bench.wire.ends == [("draining", "soon")]


def test_close_does_not_wait_for_ever(bench: Bench) -> None:
    bench.outbox.pauseProducing()
    bench.put(100)
    bench.outbox.close(DRAINING, "soon")
    bench.turn(3.1)
    assert bench.wire.ends == ["draining"]


def test_a_lost_line_leaves_nothing_behind(bench: Bench) -> None:
    bench.outbox.pauseProducing()
    bench.put(100)
    bench.outbox.close(DRAINING, "soon")
    bench.outbox.stopProducing()
    assert bench.all.waiting == 0
    bench.turn(60)
    assert bench.clock.getDelayedCalls() == []
    assert bench.wire.ends == []


# --- drained ---


class Waiting:
    """A coroutine that runs as in the reactor."""

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.deferred = Deferred.fromCoroutine(coroutine)

    def done(self) -> bool:
        return bool(self.deferred.called)


def test_drained_returns_at_once_below_half(bench: Bench) -> None:
    bench.put(LIMIT // 2 - 1)
    assert Waiting(bench.outbox.drained()).done()


def test_drained_waits_until_less_than_half_is_left(bench: Bench) -> None:
    bench.put(LIMIT // 2)
    waiting = Waiting(bench.outbox.drained())
    assert not waiting.done()
    bench.turn()
    assert waiting.done()


def test_drained_waits_for_a_slow_transport() -> None:
    bench = Bench(limit=1 << 20)
    bench.wire.full_above = 0
    bench.put(1000, 600)
    waiting = Waiting(bench.outbox.drained())
    bench.turn()
    assert not waiting.done()
    assert bench.all.waiting == 600_000 - bench.written >= 1 << 19
    bench.outbox.resumeProducing()
    assert bench.all.waiting < 1 << 19
    assert waiting.done()


@pytest.mark.parametrize("end", ["close", "lost", "too_slow"])
def test_drained_returns_when_it_is_over(bench: Bench, end: str) -> None:
    bench.outbox.pauseProducing()
    bench.put(LIMIT // 2)
    waiting = Waiting(bench.outbox.drained())
    assert not waiting.done()
    if end == "close":
        bench.outbox.close(DRAINING, "")
    elif end == "lost":
        bench.outbox.stopProducing()
    else:
        bench.put(LIMIT, MOST)
    assert waiting.done()
    assert Waiting(bench.outbox.drained()).done()


def test_who_does_not_wait_any_more_disturbs_nobody(bench: Bench) -> None:
    bench.put(LIMIT // 2)
    one, other = Waiting(bench.outbox.drained()), Waiting(bench.outbox.drained())
    one.deferred.cancel()
    cancelled: list[Failure] = []
    one.deferred.addErrback(cancelled.append)
    assert len(cancelled) == 1
    bench.turn()
    assert other.done()
    assert bench.journal.events == []


def test_what_is_put_by_one_who_waited_goes_out_too(bench: Bench) -> None:
    async def replay() -> None:
        for _ in range(20):
            bench.put(1000)
            await bench.outbox.drained()

    waiting = Waiting(replay())
    for _ in range(20):
        bench.turn()
    assert waiting.done()
    assert bench.written == 20_000
    assert bench.wire.ends == []


# --- all of them ---


def test_one_broken_line_does_not_keep_the_others_from_theirs(bench: Bench) -> None:
    broken, good = bench.wire, Wire()
    broken.breaks = True
    other = Outbox(good, bench.all, LIMIT, 3.0)
    bench.put(100)
    other.put(Frame(b"hello"))
    bench.turn()
    assert good.writes == [b"\x81\x05hello"]
    assert bench.journal.events == ["flush_failed"]


def test_what_left_is_told_once_a_turn(bench: Bench) -> None:
    bench.put(10, 3)
    bench.turn()
    assert (bench.meter.count["frames_out"], bench.meter.count["bytes_out"]) == (3, 30)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(2, 4 * LIMIT)),
        st.tuples(st.just("ephemeral"), st.integers(2, 4000)),
        st.tuples(st.sampled_from(["pause", "resume", "turn", "close", "lost"]), st.just(0)),
    ),
    max_size=40,
)


@given(steps=steps)
def test_the_sum_is_right_and_bounded_whatever_happens(steps: list[tuple[str, int]]) -> None:
    bench = Bench()
    put = 0
    for step, size in steps:
        before = bench.all.waiting
        match step:
            case "put" | "ephemeral":
                bench.put(size, ephemeral=step == "ephemeral")
                put += size
            case "pause":
                bench.outbox.pauseProducing()
            case "resume":
                bench.outbox.resumeProducing()
            case "turn":
                bench.turn()
            case "close":
                bench.outbox.close(DRAINING, "")
            case "lost":
                bench.outbox.stopProducing()
        assert 0 <= bench.all.waiting <= max(MOST * LIMIT, before)
        assert bench.written + bench.all.waiting <= put
    bench.outbox.stopProducing()
    bench.turn(60)
    assert bench.all.waiting == 0
    assert bench.clock.getDelayedCalls() == []
    assert len(bench.wire.ends) <= 1


# --- a moment later, with more in it ---


class BusyTurns(NextTurns):
    """A reactor that is said to be busy."""

    busy = 1.0

    def load(self) -> float:
        return self.busy


def crowd(bench: Bench, turns: BusyTurns, delay: float) -> list[Wire]:
    """As many outboxes as are worth waiting for, all of one host."""
    bench.all = Outboxes(turns, bench.clock, bench.meter, bench.journal)
    bench.all.flush_delay.seconds = delay
    wires = [Wire() for _ in range(MANY)]
    for wire in wires:
        wire.outbox = Outbox(wire, bench.all, LIMIT, 3.0)
    return wires


def tell(wires: list[Wire]) -> None:
    for wire in wires:
        assert wire.outbox
        wire.outbox.put(Frame(b"hello"))


def test_while_busy_flushes_of_many_are_a_moment_apart() -> None:
    bench = Bench()
    wires = crowd(bench, BusyTurns(bench.clock), 0.5)
    bench.turn(10)
    tell(wires)
    bench.turn()
    assert [len(wire.writes) for wire in wires] == [1] * MANY
    for _ in range(3):
        tell(wires)
        bench.turn(0.125)
    assert [len(wire.writes) for wire in wires] == [1] * MANY
    bench.turn(0.125)
    assert [len(wire.writes) for wire in wires] == [2] * MANY
    assert wires[0].writes[1] == wires[0].writes[0] * 3
    assert (bench.meter.count["now"], bench.meter.count["delayed"]) == (2, 1)
    assert bench.meter.count["writes"] == 2 * MANY


@pytest.mark.parametrize(("busy", "delay"), [(BUSY / 2, 0.5), (1.0, 0.0)])
def test_while_idle_or_without_a_delay_nobody_waits(busy: float, delay: float) -> None:
    bench = Bench()
    turns = BusyTurns(bench.clock)
    turns.busy = busy
    wires = crowd(bench, turns, delay)
    for count in range(1, 4):
        tell(wires)
        bench.turn()
        assert [len(wire.writes) for wire in wires] == [count] * MANY


def test_few_never_wait() -> None:
    bench = Bench()
    wires = crowd(bench, BusyTurns(bench.clock), 0.5)[: MANY - 1]
    for count in range(1, 4):
        tell(wires)
        bench.turn()
        assert [len(wire.writes) for wire in wires] == [count] * len(wires)


def test_who_is_closed_while_waiting_gets_all_that_waits() -> None:
    bench = Bench()
    wires = crowd(bench, BusyTurns(bench.clock), 0.5)
    bench.turn(10)
    tell(wires)
    bench.turn()
    tell(wires)
    bench.turn()
    first = wires[0]
    assert first.outbox
    first.outbox.close(DRAINING, "soon")
    assert len(first.writes) == 2
    assert first.ends == [("draining", "soon")]
    bench.turn(0.5)
    assert len(first.writes) == 2
    assert [len(wire.writes) for wire in wires] == [2] * MANY
