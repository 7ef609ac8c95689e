"""What passes between systemd and chatd: notifications to it, listening sockets from it.
When to say what is daemon.py's; what becomes of a socket is edge/listen.py's."""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Callable, MutableMapping
from typing import Protocol

from chatd.core.ports import Log

FIRST = 3  # SD_LISTEN_FDS_START, sd_listen_fds(3)
UNNAMED = "unknown"  # what sd_listen_fds_with_names(3) calls a descriptor without a name
SAYS = (
    *("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"),
    *("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"),
)
PATIENCE = 1.0  # seconds that a change of state may wait while systemd's queue is full

Environment = MutableMapping[str, str]


class HandoverError(ValueError):
    """What systemd handed over cannot be used. The message says which variable and why."""


class Notifier(Protocol):
    """Tells the service manager how chatd is. No method raises.

    Each gives False when the manager could not be told, which is worth a line in the log.
    """

    watchdog: float
    """Seconds between two calls of ``alive``; 0.0 when the manager keeps no watch."""

    def ready(self, status: str) -> bool:
        """Started, or reloaded: what was asked for holds now."""
        ...

    def reloading(self) -> bool:
        """The configuration is being read again; ``ready`` must follow, whatever comes of it."""
        ...

    def stopping(self, status: str) -> bool:
        """The end has begun."""
        ...

    def status(self, status: str) -> bool:
        """One line for ``systemctl status``."""
        ...

    def alive(self) -> bool:
        """Feed the watchdog."""
        ...

    def extend(self, seconds: float) -> bool:
        """Ask for this much more time to start, reload or stop, from now."""
        ...


class Nobody:
    """Listens to nothing: chatd runs without a service manager that wants to know."""

    watchdog = 0.0

    def ready(self, status: str) -> bool:
        return True

    def reloading(self) -> bool:
        return True

    def stopping(self, status: str) -> bool:
        return True

    def status(self, status: str) -> bool:
        return True

    def alive(self) -> bool:
        return True

    def extend(self, seconds: float) -> bool:
        return True


class Systemd:
    """Speaks sd_notify(3) to the datagram socket at ``address``; "@" begins an abstract one.

    ``monotonic`` gives CLOCK_MONOTONIC in nanoseconds.
    """

    def __init__(
        self, address: str, watchdog: float, monotonic: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.watchdog = watchdog
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._monotonic = monotonic

    def ready(self, status: str) -> bool:
        """READY=1."""
        return self._tell("READY=1", _status(status), patience=PATIENCE)

    def reloading(self) -> bool:
        """RELOADING=1, with the time at which it was said, as Type=notify-reload wants it."""
        return self._tell(
            "RELOADING=1", f"MONOTONIC_USEC={self._monotonic() // 1000}", patience=PATIENCE
        )

    def stopping(self, status: str) -> bool:
        """STOPPING=1."""
        return self._tell("STOPPING=1", _status(status), patience=PATIENCE)

    def status(self, status: str) -> bool:
        """STATUS=."""
        return self._tell(_status(status))

    def alive(self) -> bool:
        """WATCHDOG=1."""
        return self._tell("WATCHDOG=1")

    def extend(self, seconds: float) -> bool:
        """EXTEND_TIMEOUT_USEC=."""
        return self._tell(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}", patience=PATIENCE)

    def _tell(self, *lines: str, patience: float = 0.0) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.settimeout(patience)
                out.sendto("\n".join(lines).encode(errors="replace"), self._address)
        except OSError:
            return False
        return True


def _status(status: str) -> str:
    """A line break would begin another assignment."""
    return "STATUS=" + " ".join(status.split())


def said(environ: Environment) -> Environment:
    """What the service manager said, taken out of ``environ``. For the beginning, before Twisted is
    imported: its endpoints take LISTEN_PID and LISTEN_FDS away for themselves as they load."""
    return {name: environ.pop(name) for name in SAYS if name in environ}


def notifier(environ: Environment, pid: int) -> Notifier:
    """The way to the service manager that ``environ`` names, or Nobody.

    Takes NOTIFY_SOCKET and WATCHDOG_* out of ``environ``, so that no child speaks for chatd.
    Raises HandoverError.
    """
    address = environ.pop("NOTIFY_SOCKET", "")
    usec = environ.pop("WATCHDOG_USEC", "")
    watched = environ.pop("WATCHDOG_PID", str(pid))
    if not address.startswith(("/", "@")):
        return Nobody()  # unset, or a transport newer than RHEL 8, such as vsock
    # sd_watchdog_enabled(3) advises to feed it after half of the time.
    watchdog = _number("WATCHDOG_USEC", usec) / 2e6 if usec and watched == str(pid) else 0.0
    return Systemd(address, watchdog)


def inherited(environ: Environment, pid: int, first: int = FIRST) -> dict[str, list[int]]:
    """The listening sockets handed over, as file descriptors by name; none if they are not for us.

    sd_listen_fds(3): LISTEN_PID says for whom, LISTEN_FDS how many from ``first`` on, and
    LISTEN_FDNAMES their names. All three are taken out of ``environ``, and no child will inherit
    the descriptors. Raises HandoverError.
    """
    names = environ.pop("LISTEN_FDNAMES", None)
    count = environ.pop("LISTEN_FDS", "")
    if environ.pop("LISTEN_PID", "") != str(pid) or not count:
        return {}
    numbers = range(first, first + _number("LISTEN_FDS", count))
    called = [UNNAMED] * len(numbers) if names is None else names.split(":")
    if len(called) != len(numbers):
        raise HandoverError(f"LISTEN_FDNAMES names {len(called)} sockets, LISTEN_FDS {count}")
    found: dict[str, list[int]] = {}
    for number, name in zip(numbers, called, strict=True):
        _check(number, name)
        os.set_inheritable(number, False)
        found.setdefault(name, []).append(number)
    return found


def _number(variable: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:20]) > 0):
        raise HandoverError(f"{variable}={text!r} is not a positive number")
    return int(text)


def _check(number: int, name: str) -> None:
    """A stream socket that listens is what chatd can use; anything else is a mistake in a unit."""
    try:
        handed = socket.socket(fileno=number)
    except OSError as error:
        raise HandoverError(
            f"descriptor {number} ({name}) is no socket: {error.strerror}"
        ) from None
    try:
        listens = handed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if handed.type != socket.SOCK_STREAM or not listens:
            raise HandoverError(
                f"descriptor {number} ({name}) is not a listening stream socket; "
                "the socket unit needs ListenStream= and Accept=no"
            )
    finally:
        handed.detach()


def allow_files(wanted: int, log: Log) -> None:
    """Let this process have as many file descriptors as it may, and warn if that is too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < wanted:
        log.warning("few_files", limit=hard, wanted=wanted, was=soft)
