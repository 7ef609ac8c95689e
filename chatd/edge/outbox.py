"""The one door out of a session: frames wait here, bounded in bytes, and leave once a reactor turn.
How bytes reach the peer is the line's (websocket.py); what is said is the node's."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from chatd.core.errors import TOO_SLOW, CloseCode
from chatd.core.ports import Bundle, Frame
from chatd.edge.outboxes import Outboxes
from chatd.edge.ports import Delayed

CHUNK = 64 * 1024
"""Bytes given to the transport at once: its own buffer counts as full above so many."""

GRACE = 1.0
"""Seconds for which more than the limit may wait. Many messages stored at once are told at once;
only who has not taken them a while later is slow."""
MOST = 8
"""Times the limit: more than this does not wait even for a moment."""

TEXT, PONG = 0x81, 0x8A  # a final frame and its opcode (RFC 6455 section 5.2)


def wire_of(payload: bytes, first: int = TEXT) -> bytes:
    """An unmasked, unfragmented frame, as a server sends it (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def worded(frame: Frame) -> bytes:
    """All that a frame stands for, as it is sent."""
    if not isinstance(frame, Bundle):
        return wire_of(frame.payload)
    return b"".join(each.wire or wire_of(each.payload) for each in frame.frames)


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

    More than the limit may wait for the length of GRACE, but never MOST times as much.
    It is the transport's producer: while the transport is full, frames wait here and are counted.
    A frame that finds nothing else waiting is taken whatever its size.
    """

    __slots__ = (
        "_closed", "_deadline", "_due", "_farewell", "_frames", "_limit", "_line", "_outboxes",
        "_over", "_patience", "_paused", "_waiters", "_waiting", "_write", "moved",
    )  # fmt: skip

    def __init__(self, line: Line, outboxes: Outboxes, limit: int, patience: float) -> None:
        self._line = line
        self._write: Callable[[bytes], None] = line.write
        self._outboxes = outboxes
        self._limit = limit
        self._patience = patience
        self._frames: list[bytes] = []
        self._waiting = 0
        self._over: Delayed | None = None
        self._due = False
        self._paused = False
        self._closed = False
        self._farewell: tuple[CloseCode, str] | None = None
        self._deadline: Delayed | None = None
        self._waiters: list[Deferred[None]] = []
        self.moved = 0.0
        """When the transport last got rid of a backlog, by the reactor's clock."""

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self._closed

    def goes_by(self, write: Callable[[bytes], None]) -> None:
        """Hand bytes on by ``write`` from now on, a shorter way than the line's own."""
        self._write = write

    def begin(self, answer: bytes) -> None:
        """What goes out before the first frame, and is none."""
        self._frames.append(answer)
        self._waiting += len(answer)
        self._outboxes.waiting += len(answer)
        self._outboxes.no_frames(1, len(answer))
        self._due = True
        self._outboxes.due(self)

    # --- ports.Outbox ---
    def put(self, frame: Frame, *, ephemeral: bool = False) -> None:
        """Queue one frame; never blocks, never raises, does nothing after close."""
        if self._closed:
            return
        wire = frame.wire
        if not wire:
            wire = frame.wire = worded(frame)
        size = len(wire)
        waiting = self._waiting + size
        if waiting * 2 > self._limit and not self._takes(waiting, ephemeral):
            return
        self._frames.append(wire)
        self._waiting = waiting
        outboxes = self._outboxes
        outboxes.waiting += size
        if frame.count > 1:
            outboxes.no_frames(1 - frame.count, 0)
        if self._paused:
            outboxes.arm()
        elif not self._due:
            self._due = True
            outboxes.due(self)

    def _takes(self, waiting: int, ephemeral: bool) -> bool:
        """Whether there is room for one frame more, when more than half will be waiting."""
        if ephemeral:
            self._outboxes.meter.dropped("ephemeral", 1)
            return False
        if waiting > self._limit * MOST and self._frames:
            self._too_slow(more=1)
            return False
        if waiting > self._limit and self._frames and self._over is None:
            self._over = self._outboxes.reactor.callLater(GRACE, self._too_slow)
        return True

    async def drained(self) -> None:
        """Return when less than half is waiting, or when it is closed."""
        if self._waiting * 2 >= self._limit and not self._closed:
            waiter: Deferred[None] = Deferred()
            self._waiters.append(waiter)
            await waiter

    def close(self, code: CloseCode, reason: str) -> None:
        """Send what waits, then close with this code. ``reason``: at most 123 bytes."""
        if self._closed:
            return
        self._closed = True
        self._farewell = (code, reason)
        self._forgive()  # its time is up in another way
        self._line.resume()  # else the peer's own close frame would never be read
        self.flush()
        self._outboxes.arm()
        if self._frames:
            self._deadline = self._outboxes.reactor.callLater(self._patience, self._line.drop, code)

    def hold(self) -> None:
        """Read no more from this peer for now."""
        if not self._closed:
            self._line.pause()

    def release(self) -> None:
        """Read on."""
        if not self._closed:
            self._line.resume()

    # --- towards the transport ---
    def flush(self) -> None:
        """Write what waits, as far as the transport takes it."""
        self._due = False
        frames, waiting = self._frames, self._waiting
        if frames and waiting <= CHUNK and not self._paused and self._over is None:
            count = len(frames)  # as in the loop below, without its detours: nearly all go here
            chunk = frames[0] if count == 1 else b"".join(frames)
            frames.clear()
            self._waiting = 0
            self._outboxes.sent(count, waiting)
            self._write(chunk)
            if not (self._waiters or self._farewell):
                return
        while self._frames and not self._paused:
            self._write(self._next())
        if self._closed or self._waiting * 2 < self._limit:
            self._wake()
        if not self._frames and self._farewell is not None:
            (code, reason), self._farewell = self._farewell, None
            _cancel(self._deadline)
            self._line.leave(code, reason)

    def _next(self) -> bytes:
        """Some whole frames, joined: all of them, or about CHUNK bytes."""
        count = len(self._frames) if self._waiting <= CHUNK else self._about_a_chunk()
        chunk = b"".join(self._frames[:count])
        del self._frames[:count]
        self._waiting -= len(chunk)
        if self._over is not None and (self._waiting <= self._limit or len(self._frames) < 2):
            self._forgive()
        self._outboxes.sent(count, len(chunk))
        return chunk

    def _about_a_chunk(self) -> int:
        size = 0
        for count, frame in enumerate(self._frames):
            size += len(frame)
            if size > CHUNK:
                return max(1, count)
        return len(self._frames)

    def finish(self) -> None:
        """A close frame is about to go out: nothing may follow it. What can go before it, goes."""
        self._farewell = None
        self.flush()
        self.end()

    def end(self) -> None:
        """Nothing can be sent any more."""
        self._closed = True
        self._farewell = None
        _cancel(self._deadline)
        self._throw_away()
        self._wake()

    def pauseProducing(self) -> None:
        """The transport is full."""
        self._paused = True

    def resumeProducing(self) -> None:
        """The transport has sent all it had."""
        self._paused = False
        self.moved = self._outboxes.reactor.seconds()
        self.flush()
        self._outboxes.arm()

    def stopProducing(self) -> None:
        """The transport is gone."""
        self.end()

    def _too_slow(self, more: int = 0) -> None:
        self._outboxes.meter.dropped("too_slow", len(self._frames) + more)
        self._outboxes.meter.slow_closed()
        self._line.resume()
        self.end()
        self._line.leave(TOO_SLOW, f"over {self._limit} bytes waited; reconnect and resume")

    def _throw_away(self) -> None:
        self._frames.clear()
        self._outboxes.waiting -= self._waiting
        self._waiting = 0
        self._forgive()
        self._outboxes.arm()

    def _forgive(self) -> None:
        _cancel(self._over)
        self._over = None

    def _wake(self) -> None:
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.called:  # a coroutine that was cancelled waits no more
                    waiter.callback(None)


def _cancel(delayed: Delayed | None) -> None:
    if delayed is not None and delayed.active():
        delayed.cancel()
