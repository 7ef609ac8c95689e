"""The service manager's end of sd_notify(3): what a daemon says of itself, in its order."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable


class Notified:
    """A datagram socket with an abstract address, as systemd has one."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("")  # the kernel finds an abstract name that is free
        self.address = "@" + self._socket.getsockname()[1:].decode()

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.close()

    def forget(self) -> None:
        """What came until now does not matter."""
        self.all()

    def all(self) -> list[dict[str, str]]:
        """All that came until now."""
        came: list[dict[str, str]] = []
        while heard := self.heard(0.0):
            came.append(heard)
        return came

    def heard(self, seconds: float) -> dict[str, str]:
        """The next datagram's assignments; nothing when none comes in time."""
        self._socket.settimeout(seconds)
        try:
            lines = self._socket.recv(4096).decode().split("\n")
        except (TimeoutError, BlockingIOError):
            return {}
        return dict(line.split("=", 1) for line in lines)

    def until(
        self, name: str, seconds: float = 20.0, *, alive: Callable[[], object] = lambda: None
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
