"""A connection that says what it likes, byte by byte: for what no good client would do."""

from __future__ import annotations

import json
import socket
import struct
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

PATIENCE = 60.0
MASK = b"\x21\x43\x65\x87"
CONTINUATION = 0x0
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA  # opcodes, RFC 6455 section 5.2
KEY = b64encode(b"sixteen bytes ok").decode()
HEAD = (
    "GET {path} HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{{more}}\r\n"
)


def upgrade_request(path: str = "/?format=json", more: str = "") -> bytes:
    """A proper opening handshake; ``more`` are further lines of it."""
    return HEAD.format(path=path, more=more).encode()


def frame(opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0) -> bytes:
    """A client's frame, masked (RFC 6455 section 5.2)."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    pad = MASK * (size // 4 + 1)
    return head + MASK + bytes(a ^ b for a, b in zip(payload, pad, strict=False))


class Raw:
    """A socket to the daemon. ``receive_buffer``: bytes that the kernel keeps for it unread;
    ``source``: the address that it comes from, any in 127.0.0.0/8."""

    def __init__(self, port: int, receive_buffer: int = 0, source: str = "") -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        if receive_buffer:  # before connecting: the window is agreed then
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            if source:
                self.socket.bind((source, 0))
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self._rest = b""

    def send(self, data: bytes) -> None:
        """Send bytes; that the other end has hung up meanwhile is its good right."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def upgrade(self, path: str = "/?format=json", more: str = "") -> None:
        """Make it a WebSocket. Raises ConnectionError when it is refused."""
        self.send(upgrade_request(path, more))
        head = self.head()
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ConnectionError(head.decode(errors="replace"))

    def head(self) -> bytes:
        """The head of the answer to a request."""
        return self._until(b"\r\n\r\n")

    def command(self, **fields: Any) -> None:
        """Send a JSON command."""
        self.send(frame(TEXT, json.dumps(fields).encode()))

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Opcode and payload of what the server sends, until it hangs up."""
        with suppress(EOFError, ConnectionResetError):
            while True:
                first, size = self._exactly(2)
                if size == 126:
                    (size,) = struct.unpack("!H", self._exactly(2))
                elif size == 127:
                    (size,) = struct.unpack("!Q", self._exactly(8))
                yield first & 0xF, self._exactly(size)

    def answer(self, number: int | str) -> dict[str, Any]:
        """The answer to the command with this id."""
        for opcode, payload in self.frames():
            if opcode == TEXT and (told := json.loads(payload)).get("id") == number:
                return dict(told)
        raise EOFError(f"no answer to {number}")

    def close_code(self) -> int:
        """Read to the end: the code of the close frame; 1006 when none came."""
        for opcode, payload in self.frames():
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big")
        return 1006

    def rest(self) -> bytes:
        """All bytes until the server hangs up."""
        with suppress(EOFError, ConnectionResetError):
            while True:
                self._more()
        rest, self._rest = self._rest, b""
        return rest

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _exactly(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._more()
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(mark)
        return head

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self._rest += data
