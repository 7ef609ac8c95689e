"""RFC 6455 from the client's side, once the line is open, sans I/O: bytes in, messages out.
The opening handshake is handshake.py; what the messages mean is conversation.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import Struct

from chatd.core.masking import masked

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FINAL = 0x80
MASKED = 0x80
MOST_CONTROL = 125
MOST_BYTES = 32 * 1024 * 1024
"""Of one message: a page of history with the longest messages, all escaped, has room."""

NO_CODE, LOST = 1005, 1006  # section 7.1.5: these stand for a close frame without a code, or none
_SENT = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014}
_H, _Q = Struct("!H"), Struct("!Q")


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message, its fragments put together; text is valid UTF-8."""

    payload: bytes
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """The peer closes: nothing comes after it. LOST: it broke a rule, so that this side closes."""

    code: int
    reason: str


class Broken(Exception):
    """The peer broke a rule; ``code`` is what to close with (section 7.4.1)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WebSocket:
    """One open line. ``mask`` gives four unpredictable bytes (section 5.3). What must go out is
    collected in ``out``; ``heard`` is true once something of the peer came since it was cleared."""

    def __init__(self, mask: Callable[[], bytes], most: int = MOST_BYTES) -> None:
        self.out = bytearray()
        self.heard = False
        self.over = False
        """Whether nothing more will be read."""
        self._closing = False
        self._mask = mask
        self._most = most
        self._data = bytearray()
        self._parts: list[bytes] = []
        self._size = 0
        self._kind = 0

    # --- out ---
    def send(self, payload: bytes, *, binary: bool = False) -> None:
        """One message, in one frame."""
        self._put(BINARY if binary else TEXT, payload)

    def ping(self) -> None:
        """Ask whether the peer is there."""
        self._put(PING, b"")

    def close(self, code: int, reason: str = "") -> None:
        """Begin to close, or answer the peer's close; only the first does anything."""
        self._put(CLOSE, _H.pack(code) + reason.encode()[: MOST_CONTROL - 2])
        self._closing = True

    def _put(self, opcode: int, payload: bytes) -> None:
        if self._closing:
            return
        size, mask = len(payload), self._mask()
        self.out.append(FINAL | opcode)
        if size <= MOST_CONTROL:
            self.out.append(MASKED | size)
        elif size < 1 << 16:
            self.out.append(MASKED | 126)
            self.out += _H.pack(size)
        else:
            self.out.append(MASKED | 127)
            self.out += _Q.pack(size)
        self.out += mask
        self.out += masked(payload, mask)

    # --- in ---
    def receive(self, data: bytes) -> Iterator[Message | Closed]:
        """Bytes of the peer, and what they complete; read it to the end. Of pings and pongs nobody
        hears."""
        self._data += data
        self.heard = True
        try:
            while not self.over and (frame := self._frame()) is not None:
                yield from self._take(*frame)
        except Broken as broken:
            self.close(broken.code, broken.reason)
            self.over = True
            yield Closed(LOST, broken.reason)

    def _frame(self) -> tuple[int, bool, bytes] | None:
        """Opcode, finality and payload of the next frame (section 5.2), if all of it is there."""
        data = self._data
        if len(data) < 2:
            return None
        opcode, final, size = data[0] & 0x0F, bool(data[0] & FINAL), data[1] & 0x7F
        self._check(data[0], data[1], opcode, size)
        begin = 2
        if size > MOST_CONTROL:
            begin = 4 if size == 126 else 10
            if len(data) < begin:
                return None
            size = int.from_bytes(data[2:begin], "big")
        if self._size + size > self._most:
            raise Broken(1009, f"a message is longer than {self._most} bytes")
        if len(data) < begin + size:
            return None
        payload = bytes(data[begin : begin + size])
        del data[: begin + size]
        return opcode, final, payload

    def _check(self, first: int, second: int, opcode: int, size: int) -> None:
        """What is wrong with a frame can be seen in its first two bytes."""
        if first & 0x70:
            raise Broken(1002, "a reserved bit is set, and no extension was agreed")
        if second & MASKED:
            raise Broken(1002, "the server masks its frames")
        if opcode in {CLOSE, PING, PONG}:
            if not first & FINAL or size > MOST_CONTROL:
                raise Broken(1002, "a control frame is fragmented or too long")
        elif opcode not in {CONTINUED, TEXT, BINARY}:
            raise Broken(1002, f"there is no opcode {opcode}")
        elif (opcode == CONTINUED) is not bool(self._kind):
            raise Broken(1002, "fragments are out of order")

    def _take(self, opcode: int, final: bool, payload: bytes) -> Iterator[Message | Closed]:
        if opcode == PING:
            self._put(PONG, payload)
        elif opcode == CLOSE:
            yield self._closed(payload)
        elif opcode != PONG:
            self._kind = self._kind or opcode
            self._parts.append(payload)
            self._size += len(payload)
            if final:
                yield self._message()

    def _message(self) -> Message:
        payload, binary = b"".join(self._parts), self._kind == BINARY
        self._parts, self._size, self._kind = [], 0, 0
        if not binary:
            _text(payload)
        return Message(payload, binary)

    def _closed(self, payload: bytes) -> Closed:
        """The peer's close frame (section 5.5.1), which is answered with the same code."""
        if len(payload) == 1:
            raise Broken(1002, "a close code has two bytes")
        code = _H.unpack_from(payload)[0] if payload else NO_CODE
        if payload and code not in _SENT and not 3000 <= code < 5000:
            raise Broken(1002, f"{code} is no close code that may be sent")
        reason = _text(payload[2:])
        self.close(1000 if code == NO_CODE else code)
        self.over = True
        return Closed(code, reason)


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Broken(1007, "a text is not valid UTF-8") from None
