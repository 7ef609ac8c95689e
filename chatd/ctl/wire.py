"""The control socket from outside: where it is, and one JSON object a line, as docs/protocol.md has
them. What is asked is arguments, how answers are told is told."""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Frame = dict[str, Any]

CONFIG = "/etc/chatd/chatd.toml"
SOCKET = "/run/chatd/control.sock"
"""Where the daemon listens, unless it is configured otherwise."""
DEV = ("chatd.toml", "control.sock")
"""The configuration and the socket of a --dev folder."""


class Trouble(Exception):
    """chatd cannot be asked, or said no: what to tell, and the exit code (sysexits.h)."""

    def __init__(self, code: int, says: str) -> None:
        super().__init__(says)
        self.code = code


def place(socket_path: str | None, config: str | None, dev: str | None) -> str:
    """The socket that the arguments name, else the configured one, else the usual. Raises
    Trouble."""
    if socket_path is not None:
        return socket_path
    if dev is not None:
        folder = Path(dev)
        return _configured(folder / DEV[0], str(folder / DEV[1]))
    if config is not None and not Path(config).is_file():
        raise Trouble(os.EX_NOINPUT, f"there is no file {config}")
    return _configured(Path(config or CONFIG), SOCKET)


def _configured(file: Path, usual: str) -> str:
    """What the file says, where it can be read and is good; chatd itself tells what is wrong."""
    if not file.is_file():  # a named pipe would be waited for
        return usual
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        named = tree["control"]["socket"]
    except (OSError, ValueError, KeyError, TypeError):
        return usual
    return str(file.absolute().parent / str(named))


class Line:
    """One connection. ``patience``: seconds to wait for an answer."""

    def __init__(self, path: str, patience: float) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(patience)
        try:
            self._socket.connect(path)
        except OSError as error:
            raise self._unreachable(error) from None
        self._readable = select.poll()
        self._readable.register(self._socket, select.POLLIN)
        self._for_ever = False
        self._frames = self._read()
        self.welcome = self.next()

    def _unreachable(self, error: OSError) -> Trouble:
        if error.errno in {errno.ENOENT, errno.ECONNREFUSED}:
            says = (
                f"no chatd listens at {self._path}. Does it run (systemctl status chatd)? "
                "--socket, --config or --dev name another"
            )
            return Trouble(os.EX_UNAVAILABLE, says)
        if error.errno in {errno.EACCES, errno.EPERM}:
            says = (
                f"you may not open {self._path}: it is for root and the operators' group "
                "(control.group in the configuration)"
            )
            return Trouble(os.EX_NOPERM, says)
        return Trouble(os.EX_UNAVAILABLE, f"{self._path}: {error.strerror or error}")

    def ask(self, type: str, **fields: Any) -> Frame:  # noqa: A002  # the protocol's word
        """Give one command; gives the answer. Raises Trouble for an error, too."""
        given = {name: value for name, value in fields.items() if value is not None}
        self.send({"type": type, "id": 1, **given})
        while True:
            frame = self.next()
            if frame["type"] in {"ok", "error"} and frame.get("id") == 1:
                return checked(frame)

    def send(self, command: Frame) -> None:
        """Give one command."""
        try:
            self._socket.sendall(json.dumps(command).encode() + b"\n")
        except OSError as error:
            raise self._lost(error) from None

    def next(self) -> Frame:
        """The next frame. Raises Trouble when there is none, or it says that one may not."""
        for frame in self._frames:
            if frame["type"] == "error" and "id" not in frame:
                return checked(frame)
            return frame
        raise Trouble(os.EX_UNAVAILABLE, "chatd has ended the connection")

    def wait_for_ever(self, out: int) -> None:
        """What comes next may take its time. It is for the file descriptor ``out``: once nobody
        reads that any more, ``next`` raises BrokenPipeError."""
        self._socket.settimeout(None)
        self._readable.register(out, 0)
        self._for_ever = True

    def _wait(self) -> None:
        if any(file != self._socket.fileno() for file, _ in self._readable.poll()):
            raise BrokenPipeError

    def _read(self) -> Iterator[Frame]:
        rest = b""
        while True:
            *lines, rest = rest.split(b"\n")
            for line in lines:
                frame: Frame = json.loads(line)
                yield frame
            if self._for_ever:
                self._wait()
            try:
                more = self._socket.recv(1 << 16)
            except OSError as error:
                raise self._lost(error) from None
            if not more:
                return
            rest += more

    def _lost(self, error: OSError) -> Trouble:
        if isinstance(error, TimeoutError):
            return Trouble(os.EX_TEMPFAIL, "chatd does not answer; --timeout gives it longer")
        return Trouble(os.EX_UNAVAILABLE, f"the connection broke: {error.strerror or error}")

    def close(self) -> None:
        """Goodbye."""
        self._socket.close()


CODES = {
    "forbidden": os.EX_NOPERM,
    "no_such_user": os.EX_NOUSER,
    "no_such_room": os.EX_NOUSER,
    "no_such_report": os.EX_NOUSER,
    "no_such_message": os.EX_NOUSER,
    "bad_config": os.EX_CONFIG,
    "internal": os.EX_SOFTWARE,
    "rate_limited": os.EX_TEMPFAIL,
    "storage_full": os.EX_TEMPFAIL,
    "storage_failed": os.EX_TEMPFAIL,
    "draining": os.EX_TEMPFAIL,
}
"""The exit code for an error; for all others what was given is wrong."""


def checked(frame: Frame) -> Frame:
    """An answer, or Trouble."""
    if frame["type"] == "error":
        code = CODES.get(frame["code"], os.EX_DATAERR)
        raise Trouble(code, str(frame["message"]))
    return frame
