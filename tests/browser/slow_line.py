"""A slow network between a browser and a daemon: what goes in comes out later, and not faster than
the line. Chromium's own emulation leaves WebSockets as fast as they are."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

CHUNK = 4096
Pieces = SimpleQueue[tuple[float, bytes]]


class SlowLine:
    """Listens on ``port``; each connection goes on to the daemon's. ``latency``: seconds there and
    back, which opening a connection takes as well; ``pace``: bytes a second, each way."""

    def __init__(self, to: int, latency: float, pace: float) -> None:
        self._to, self._latency, self._pace = to, latency, pace
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = [self._listener]
        self._threads: list[Thread] = []
        self._runs(self._accept)

    def close(self) -> None:
        """Cut the line; what is still in it is lost."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()

    def _runs(self, does: Any, *given: Any) -> None:
        self._threads.append(Thread(target=does, args=given, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._connect(self._listener.accept()[0])

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._to))
        except OSError:
            near.close()
            return
        self._ends += (near, far)
        opened = time.monotonic() + self._latency
        for one, other in ((near, far), (far, near)):
            pieces: Pieces = SimpleQueue()
            self._runs(self._take, one, opened, pieces)
            self._runs(self._give, other, pieces)

    def _take(self, end: socket.socket, opened: float, pieces: Pieces) -> None:
        """Note of each piece when it is through the line."""
        free, data = opened, b"all"
        while data:
            try:
                data = end.recv(CHUNK)
            except OSError:
                data = b""
            free = max(free, time.monotonic()) + len(data) / self._pace
            pieces.put((free + self._latency / 2, data))

    @staticmethod
    def _give(end: socket.socket, pieces: Pieces) -> None:
        data = b"all"
        while data:
            due, data = pieces.get()
            time.sleep(max(0.0, due - time.monotonic()))
            with suppress(OSError):  # gone: what still comes for it is nobody's
                if data:
                    end.sendall(data)
                else:
                    end.shutdown(socket.SHUT_WR)
