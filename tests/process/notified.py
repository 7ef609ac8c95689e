"""The service manager's end of sd_notify(3): what a daemon says of itself, in its order."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread

LAST = b"that was all"


class Notified:
    """A datagram socket with an abstract address, as systemd has one. It is always read: the
    kernel keeps only ten datagrams, and then the sender waits."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("")  # the kernel finds an abstract name that is free
        self.address = "@" + self._socket.getsockname()[1:].decode()
        self._came: SimpleQueue[dict[str, str]] = SimpleQueue()
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while (datagram := self._socket.recv(4096)) != LAST:
            lines = datagram.decode().split("\n")
            self._came.put(dict(line.split("=", 1) for line in lines))

    def close(self) -> None:
        """Hear nothing more."""
        self._say(LAST)
        self._thread.join()
        self._socket.close()

    def _say(self, datagram: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(datagram, self._socket.getsockname())

    def all(self) -> list[dict[str, str]]:
        """All that came until now."""
        self._say(b"MARK=1")  # the kernel keeps the order of what is sent here
        return self.until("MARK")[:-1]

    def heard(self, seconds: float) -> dict[str, str]:
        """The next datagram's assignments; nothing when none comes in time."""
        try:
            return self._came.get(timeout=seconds)
        except Empty:
            return {}

    def until(
        self, name: str, seconds: float = 60.0, *, alive: Callable[[], object] = lambda: None
    ) -> list[dict[str, str]]:
        """All datagrams up to the first that assigns ``name``. ``alive`` raises when there is
        nobody left to hear. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        all_heard: list[dict[str, str]] = []
        while time.monotonic() < deadline:
            if heard := self.heard(0.1):
                all_heard.append(heard)
                if name in heard:
                    return all_heard
            else:
                alive()
        raise TimeoutError(f"no {name} within {seconds:g} s, only {all_heard}")
