"""The one door out of a session: frames wait here, bounded in bytes, and leave once a reactor turn.
How bytes reach the peer is the line's (websocket.py); what is said is the node's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from chatd.core.errors import TOO_SLOW, CloseCode
from chatd.core.ports import Frame
from chatd.edge.direct import Stranger, by_socket
from chatd.edge.outboxes import CHUNK, Outboxes
from chatd.edge.ports import Delayed
from chatd.edge.wire import several, worded

GRACE = 1.0
"""Seconds for which more than the limit may wait. Many messages stored at once are told at once;
only who has not taken them a while later is slow."""
MOST = 8
"""Times the limit: more than this does not wait even for a moment."""


class Line(Protocol):
    """What an outbox asks of its connection."""

    def write(self, data: bytes) -> None:
        """Hand bytes to the transport; may call pauseProducing at once."""
        ...

    def leave(self, code: CloseCode, reason: str) -> None:
        """Send a close frame and give the peer its time to answer."""
        ...

    def drop(self, code: CloseCode) -> None:
        """End the connection without more ado."""
        ...

    def pause(self) -> None:
        """Read no more."""
        ...

    def resume(self) -> None:
        """Read on."""
        ...


@implementer(IPushProducer)
class Outbox:
    """ports.Outbox for one connection. ``limit``: bytes; ``patience``: seconds that a peer has to
    take what waits when the session is closed.

    ``frames``, ``waiting`` (their bytes), ``due`` and ``freely`` (so many bytes may wait before
    anything is asked) are also Outboxes', which puts and flushes many at once; not while there is a
    ``detour``: closed, paused, awaited.
    More than the limit may wait for the length of GRACE, but never MOST times as much.
    It is the transport's producer: while the transport is full, frames wait here and are counted.
    A frame that finds nothing else waiting is taken whatever its size.
    """

    __slots__ = (
        "_deadline", "_farewell", "_limit", "_line", "_over", "_patience", "_paused",
        "_waiters", "closed", "detour", "due", "frames", "freely", "moved", "outboxes", "transport",
        "waiting", "write",
    )  # fmt: skip

    def __init__(self, line: Line, outboxes: Outboxes, limit: int, patience: float) -> None:
        self._line = line
        self.write: Callable[[bytes], None] = line.write
        self.transport: Any = Stranger(line.write)
        self.outboxes = outboxes
        self.freely = limit // 2
        self._limit = limit
        self._patience = patience
        self.frames: list[bytes] = []
        self.waiting = 0
        self._over: Delayed | None = None
        self.due = False
        self.detour = False
        self._paused = False
        self.closed = False
        """Whether nothing more is taken."""
        self._farewell: tuple[CloseCode, str] | None = None
        self._deadline: Delayed | None = None
        self._waiters: list[Deferred[None]] = []
        self.moved = 0.0
        """When the transport last got rid of a backlog, by the reactor's clock."""

    def goes_by(self, transport: Any) -> None:
        """Hand bytes to this one, which direct.py knows, a shorter way than the line's own."""
        self.transport = transport
        self.write = by_socket(transport)

    def begin(self, answer: bytes) -> None:
        """What goes out before the first frame, and is none."""
        self.frames.append(several(answer, 0))
        self.waiting += len(answer)
        self.outboxes.waiting += len(answer)
        self.outboxes.no_frames(1, len(answer))
        self.due = True
        self.outboxes.due(self)

    # --- ports.Outbox ---
    def put(self, frame: Frame, *, ephemeral: bool = False) -> None:
        """Queue one frame; never blocks, never raises, does nothing after close."""
        outboxes = self.outboxes
        if outboxes.multicasts:
            outboxes.part(self)
        wire = frame.wire or worded(frame)
        size = len(wire)
        waiting = self.waiting + size
        if self.detour or waiting > self.freely or frame.count > 1:
            self._put(frame, wire, ephemeral)
            return
        self.frames.append(wire)  # nearly always: nothing is to be asked
        self.waiting = waiting
        outboxes.waiting += size
        if not self.due:
            self.due = True
            outboxes.due(self)

    def _put(self, frame: Frame, wire: bytes, ephemeral: bool) -> None:
        """The same where more is to be asked."""
        if self.closed:
            return
        outboxes, size = self.outboxes, len(wire)
        waiting = self.waiting + size
        if waiting * 2 > self._limit:
            if self.due and not self.detour and not outboxes.flushing:
                self.flush()  # a long turn brought it, and its peer was not even asked
                waiting = self.waiting + size
            if waiting * 2 > self._limit and not self._takes(waiting, frame.count, ephemeral):
                return
        self.frames.append(wire)
        self.waiting = waiting
        outboxes.waiting += size
        if frame.count > 1:
            outboxes.no_frames(1 - frame.count, 0)
        if self._paused:
            outboxes.arm()
        elif not self.due:
            self.due = True
            outboxes.due(self)

    def _takes(self, waiting: int, count: int, ephemeral: bool) -> bool:
        """Whether there is room for ``count`` frames more, when more than half will be waiting."""
        if ephemeral:
            self.outboxes.meter.dropped("ephemeral", count)
            return False
        if waiting > self._limit * MOST and self.frames:
            self._too_slow(more=count)
            return False
        if waiting > self._limit and self.frames and self._over is None:
            self._over = self.outboxes.reactor.callLater(GRACE, self._too_slow)
            self._step_aside()
        return True

    async def drained(self) -> None:
        """Return when less than half is waiting, or when it is closed."""
        self.outboxes.part(self)
        if self.waiting * 2 >= self._limit and not self.closed:
            waiter: Deferred[None] = Deferred()
            self._waiters.append(waiter)
            self._step_aside()
            await waiter

    def close(self, code: CloseCode, reason: str) -> None:
        """Send what waits, then close with this code. ``reason``: at most 123 bytes."""
        if self.closed:
            return
        self._step_aside()
        self.closed = True
        self._farewell = (code, reason)
        self._forgive()  # its time is up in another way
        self._line.resume()  # else the peer's own close frame would never be read
        self.flush()
        self.outboxes.arm()
        if self.frames:
            self._deadline = self.outboxes.reactor.callLater(self._patience, self._line.drop, code)

    def hold(self) -> None:
        """Read no more from this peer for now."""
        if not self.closed:
            self._line.pause()

    def release(self) -> None:
        """Read on."""
        if not self.closed:
            self._line.resume()

    # --- towards the transport ---
    def flush(self) -> None:
        """Write what waits, as far as the transport takes it."""
        self.due = False
        while self.frames and not self._paused:
            self.write(self._next())
        if self.closed or self.waiting * 2 < self._limit:
            self._wake()
        if not self.frames and self._farewell is not None:
            (code, reason), self._farewell = self._farewell, None
            _cancel(self._deadline)
            self._line.leave(code, reason)

    def _next(self) -> bytes:
        """Some whole frames, joined: all of them, or about CHUNK bytes."""
        count = len(self.frames) if self.waiting <= CHUNK else self._about_a_chunk()
        chunk = b"".join(self.frames[:count])
        del self.frames[:count]
        self.waiting -= len(chunk)
        if self._over is not None and (self.waiting <= self._limit or len(self.frames) < 2):
            self._forgive()
        self.outboxes.sent(count, len(chunk))
        return chunk

    def _about_a_chunk(self) -> int:
        size = 0
        for count, frame in enumerate(self.frames):
            size += len(frame)
            if size > CHUNK:
                return max(1, count)
        return len(self.frames)

    def finish(self) -> None:
        """A close frame is about to go out: nothing may follow it. What can go before it, goes."""
        self._farewell = None
        self.outboxes.part(self)
        self.flush()
        self.end()

    def end(self) -> None:
        """Nothing can be sent any more."""
        self._step_aside()
        self.closed = True
        self._farewell = None
        _cancel(self._deadline)
        self._throw_away()
        self._wake()

    def pauseProducing(self) -> None:
        """The transport is full."""
        self._step_aside()
        self._paused = True

    def resumeProducing(self) -> None:
        """The transport has sent all it had."""
        self.outboxes.part(self)
        self._paused = False
        self._look()
        self.moved = self.outboxes.reactor.seconds()
        self.flush()
        self.outboxes.arm()

    def stopProducing(self) -> None:
        """The transport is gone."""
        self.end()

    def _too_slow(self, more: int = 0) -> None:
        self.outboxes.meter.dropped("too_slow", self._throw_away() + more)
        self.outboxes.meter.slow_closed()
        self._line.resume()
        self.end()
        self._line.leave(TOO_SLOW, f"over {self._limit} bytes waited; reconnect and resume")

    def _throw_away(self) -> int:
        """Gives how many frames were there."""
        thrown, self.frames, self.waiting = self.frames, [], 0
        self._forgive()
        self.outboxes.arm()
        return self.outboxes.thrown_away(thrown) if thrown else 0

    def _forgive(self) -> None:
        _cancel(self._over)
        self._over = None
        self._look()

    def _step_aside(self) -> None:
        """From now on more is to be asked; what waits with others' waits here."""
        self.outboxes.part(self)
        if not self.detour:
            self.detour = True
            self.outboxes.detours += 1

    def _look(self) -> None:
        """Whether there is anything that Outboxes must not pass over."""
        detour = bool(self.closed or self._paused or self._over or self._waiters)
        if detour is not self.detour:
            self.detour = detour
            self.outboxes.detours += 1

    def _wake(self) -> None:
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            self._look()
            for waiter in waiters:
                if not waiter.called:  # a coroutine that was cancelled waits no more
                    waiter.callback(None)


def _cancel(delayed: Delayed | None) -> None:
    if delayed is not None and delayed.active():
        delayed.cancel()
