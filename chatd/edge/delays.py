"""Calls that wait for the same time, such as the deadlines of connections, in one queue with one
timer of the reactor: its own queue is sorted anew for each call, and this one need not be."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.python import log

from chatd.edge.ports import Reactor

IN_TIME = 1e-6
"""Seconds by which a call may be early: a sum of two times may be a little more than it should."""
MANY = 64
"""Cancelled calls that may lie in a queue, unless they are less than half of it."""

Call = Callable[..., Any]


class Waiting:
    """ports.Delayed: a call that is not due yet, unless it was cancelled."""

    __slots__ = ("args", "call", "due", "queue")

    def __init__(self, queue: Queue, due: float, call: Call, args: tuple[Any, ...]) -> None:
        self.queue = queue
        self.due = due
        self.call: Call | None = call
        self.args = args

    def active(self) -> bool:
        """Whether it will happen."""
        return self.call is not None

    def cancel(self) -> None:
        """Let it not happen; harmless when it has."""
        if self.call is not None:
            self.let_go()
            self.queue.cancelled()

    def let_go(self) -> None:
        """Keep nobody alive who waits no more."""
        self.call, self.args = None, ()


class Delays:
    """Has callLater and seconds, as a reactor has them (see ports.Reactor)."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._queues: dict[float, Queue] = {}

    def seconds(self) -> float:
        """The reactor's time."""
        return self._reactor.seconds()

    def __len__(self) -> int:
        """How many lengths of time somebody waits for."""
        return len(self._queues)

    def callLater(self, delay: float, callable: Call, *args: Any) -> Waiting:  # noqa: A002  # its name in Twisted
        """Call once, after ``delay`` seconds: in a later turn, even if that is none."""
        queue, due = self._queues.get(delay), self._reactor.seconds() + delay
        if queue is None or queue.last > due:  # or the system's clock was set back
            queue = self._queues[delay] = Queue(self._reactor, delay, self._emptied)
        waiting = Waiting(queue, due, callable, args)
        queue.waiting.append(waiting)
        queue.last = due
        return waiting

    def _emptied(self, delay: float, queue: Queue) -> None:
        if self._queues.get(delay) is queue:
            del self._queues[delay]


class Queue:
    """Those that wait ``delay`` seconds, who came first in front; ``last``: when the last one is
    due. It is made for the first of them, and is gone, by ``emptied``, when nobody is left when it
    looks."""

    __slots__ = ("_cancelled", "_delay", "_emptied", "_reactor", "last", "waiting")

    def __init__(
        self, reactor: Reactor, delay: float, emptied: Callable[[float, Queue], None]
    ) -> None:
        self._reactor = reactor
        self._delay = delay
        self._emptied = emptied
        self._cancelled = 0
        self.last = 0.0
        self.waiting: deque[Waiting] = deque()
        reactor.callLater(delay, self._look)

    def cancelled(self) -> None:
        """One of them waits no more."""
        self._cancelled += 1
        if self._cancelled > MANY and self._cancelled * 2 > len(self.waiting):
            self.waiting = deque(each for each in self.waiting if each.active())
            self._cancelled = 0

    def _look(self) -> None:
        """Call those that are due, then wait for the next."""
        now, due = self._reactor.seconds(), []
        late = now + IN_TIME
        while self.waiting and (self.waiting[0].due <= late or not self.waiting[0].active()):
            first = self.waiting.popleft()
            due.append(first)
            self._cancelled -= not first.active()
        if self.waiting:
            self._reactor.callLater(max(0.0, self.waiting[0].due - now), self._look)
        else:
            self._emptied(self._delay, self)
        for each in due:
            _ring(each)


def _ring(waiting: Waiting) -> None:
    call, args = waiting.call, waiting.args
    if call is None:
        return
    waiting.let_go()
    try:
        call(*args)
    except BaseException:  # noqa: BLE001 - as in the reactor: the others are called all the same
        log.err()  # type: ignore[no-untyped-call]  # half typed library
