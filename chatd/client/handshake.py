"""The opening handshake of RFC 6455 from the client's side, sans I/O: a request out, an answer in.
What is spoken afterwards is websocket.py."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha1

from chatd import __version__
from chatd.client.address import Address

SUBPROTOCOL = "chatd.v1"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
MOST_HEAD = 16 * 1024
"""Bytes of the answer's head."""
MOST_BODY = 2048
"""Bytes of a refusal's reason that are worth reading."""
PASSING = frozenset({408, 425, 429})
"""Refusals below 500 that another time may not meet."""


class NotOpened(Exception):
    """There is no WebSocket. ``final``: asking again gets the same answer. ``after``: seconds that
    the server asks to wait."""

    def __init__(self, why: str, *, final: bool, after: float | None = None) -> None:
        super().__init__(why)
        self.final = final
        self.after = after


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    fields: dict[str, str]

    def has(self, name: str, word: str) -> bool:
        words = self.fields.get(name, "").lower().split(",")
        return word in {each.strip() for each in words}


class Handshake:
    """One attempt. ``nonce``: 16 random bytes."""

    def __init__(
        self, address: Address, nonce: bytes, subprotocol: str | None = SUBPROTOCOL
    ) -> None:
        self._address = address
        self._key = b64encode(nonce).decode()
        self._subprotocol = subprotocol
        self._data = b""

    def request(self) -> bytes:
        """What the client says first (section 4.1)."""
        fields = [
            f"GET {self._address.target} HTTP/1.1",
            f"Host: {self._address.authority}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {self._key}",
            "Sec-WebSocket-Version: 13",
            f"User-Agent: chatd/{__version__}",
        ]
        if self._subprotocol is not None:
            fields.append(f"Sec-WebSocket-Protocol: {self._subprotocol}")
        return "\r\n".join([*fields, "", ""]).encode("ascii")

    def receive(self, data: bytes, *, ended: bool = False) -> bytes | None:
        """Bytes of the answer; gives those behind it once it is complete and a yes, and None until
        then. ``ended``: no more will come. Raises NotOpened."""
        self._data += data
        text, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            if ended or len(text) > MOST_HEAD:
                raise NotOpened("there was no answer in HTTP to the handshake", final=False)
            return None
        head = _parse(text)
        if head.status != 101:
            if not (ended or _complete(head, rest)):
                return None
            raise _refused(head, rest)
        self._check(head)
        return rest

    def _check(self, head: _Head) -> None:
        accept = b64encode(sha1(self._key.encode() + GUID, usedforsecurity=False).digest()).decode()
        wrong = [
            name
            for name, right in (
                ("Upgrade", head.has("upgrade", "websocket")),
                ("Connection", head.has("connection", "upgrade")),
                ("Sec-WebSocket-Accept", head.fields.get("sec-websocket-accept") == accept),
                ("Sec-WebSocket-Extensions", not head.fields.get("sec-websocket-extensions")),
            )
            if not right
        ]
        if wrong:
            raise NotOpened(f"wrong headers in the answer: {', '.join(wrong)}", final=True)
        if head.fields.get("sec-websocket-protocol") != self._subprotocol:
            raise NotOpened(f"this server does not speak {self._subprotocol}", final=True)


def _parse(text: bytes) -> _Head:
    first, *lines = text.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if not version.startswith("HTTP/1.") or not status.isdigit():
        raise NotOpened("the answer to the handshake is not HTTP/1.1", final=True)
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise NotOpened("the answer to the handshake has a line that is no header", final=True)
        known = fields.get(name.lower())
        fields[name.lower()] = value.strip() if known is None else f"{known}, {value.strip()}"
    return _Head(int(status), fields)


def _complete(head: _Head, body: bytes) -> bool:
    length = head.fields.get("content-length", "")
    wanted = int(length) if length.isdigit() and len(length) < 10 else MOST_BODY
    return len(body) >= min(wanted, MOST_BODY)


def _refused(head: _Head, body: bytes) -> NotOpened:
    """The status with the server's own sentence, where it is one for people."""
    said = ""
    if head.fields.get("content-type", "").startswith("text/plain"):
        said = " ".join(body[:MOST_BODY].decode("utf-8", "replace").split())
    after = head.fields.get("retry-after", "")
    return NotOpened(
        f"HTTP {head.status}: {said or 'no WebSocket is served at this address'}",
        final=head.status < 500 and head.status not in PASSING,
        after=float(after) if after.isdigit() and len(after) < 6 else None,
    )
