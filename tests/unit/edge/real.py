"""A real reactor for tests that need the kernel: it turns when a test waits for something."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.python.failure import Failure

T = TypeVar("T")
PATIENCE = 60.0


class Turning:
    """A reactor of one's own, in the test's thread."""

    def __init__(self) -> None:
        self.reactor: Any = EPollReactor()  # type: ignore[no-untyped-call]  # half typed library
        self.reactor.startRunning(installSignalHandlers=False)

    def until(self, happened: Callable[[], object]) -> None:
        """Turn until it happens; fail after PATIENCE seconds."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, "it does not happen"
            self.reactor.iterate(0.01)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of something that takes its time."""
        results: list[T | Failure] = []
        Deferred.fromCoroutine(coroutine).addBoth(results.append)
        self.until(lambda: results)
        result = results[0]
        if isinstance(result, Failure):
            raise result.value or AssertionError(result)
        return result

    def read(self, client: socket.socket, size: int = 1 << 16) -> bytes:
        """What comes next; nothing at the end."""
        client.setblocking(False)
        got: list[bytes] = []

        def look() -> bool:
            try:
                got.append(client.recv(size))
            except BlockingIOError:
                return False
            return True

        self.until(look)
        return got[0]

    def read_all(self, client: socket.socket) -> bytes:
        """Everything until the other side closes."""
        pieces = []
        while piece := self.read(client):
            pieces.append(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Let go of everything."""
        for selectable in self.reactor.removeAll():
            if hasattr(selectable, "abortConnection"):
                selectable.abortConnection()
            elif hasattr(selectable, "stopListening"):
                selectable.stopListening()
        self.reactor.iterate(0)
        self.reactor.iterate(0)
        for delayed in self.reactor.getDelayedCalls():
            delayed.cancel()
        self.reactor.waker.connectionLost(None)
        self.reactor._poller.close()
