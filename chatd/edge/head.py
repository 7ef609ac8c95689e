"""The head of one HTTP/1.x request, from bytes to a value, sans I/O; the only parser of chatd.
Strict where RFC 9112 allows it: what two programs could read differently is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from msgspec import Struct

MOST_BYTES = 16 * 1024
MOST_FIELDS = 100

# Possessive, "++" and "*+": none of these ever looks at a character twice. A head may be made to
# cost time.
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_REQUEST_LINE = re.compile(rf"({_NAME}) ([\x21-\x7e]++) HTTP/([0-9])\.([0-9])")
_FIELD = re.compile(rf"{_NAME}:[\t\x20-\x7e\x80-\xff]*+")
_FIELDS = re.compile(rf"(?:\r\n{_FIELD.pattern})*+")
_PRINTABLE = re.compile(r"[\x20-\x7e]*\r?")
_BARE_LF = re.compile(r"(?<!\r)\n")
_ABSOLUTE = re.compile(r"(?:https?|wss?)://([^/?]*)([^#]*)", re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z0-9._~%!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_LENGTH = re.compile(r"[0-9]{1,18}")
_END = b"\r\n\r\n"
_TLS_HANDSHAKE = 0x16
BODY = {"content-length", "transfer-encoding"}
"""Of these fields one announces a body (RFC 9112 section 6)."""


class BadHead(Exception):
    """The request cannot be served: an HTTP status, and a sentence for who wrote the client."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Head(Struct, frozen=True):
    """A request's first line and fields (RFC 9112 sections 3 and 5): by their names in lower case,
    the values of all fields of that name, in order."""

    method: str
    path: str
    query: str
    host: str
    minor: int
    fields: Mapping[str, list[str]]

    def all(self, name: str) -> Sequence[str]:
        """The values of all fields of that name, in order."""
        return self.fields.get(name, ())

    def one(self, name: str) -> str | None:
        """The value of a field that may be there once. Raises BadHead when it is there twice."""
        values = self.all(name)
        if len(values) > 1:
            raise BadHead(400, f"the header {name} is there {len(values)} times; send it once")
        return values[0] if values else None

    def items(self, name: str) -> list[str]:
        """The elements of a comma-separated list (RFC 9110 section 5.6.1), empty ones left out."""
        found: list[str] = []
        for value in self.all(name):
            found += [part for each in value.split(",") if (part := each.strip(" \t"))]
        return found

    def has(self, name: str, word: str) -> bool:
        """Whether a list holds a word, in whatever case."""
        values = self.fields.get(name, ())
        if len(values) == 1 and values[0].lower() == word:  # nearly always
            return True
        return any(item.lower() == word for item in self.items(name))

    @property
    def asked(self) -> dict[str, list[str]]:
        """The parameters of the query, read anew each time."""
        found: dict[str, list[str]] = {}
        for name, value in _parameters(self.query):
            found.setdefault(name, []).append(value)
        return found

    @property
    def has_body(self) -> bool:
        """Whether a body follows. Raises BadHead when its length is nonsense."""
        if not self.fields.keys() & BODY:  # nearly always
            return False
        length = self.one("content-length") or "0"
        if not _LENGTH.fullmatch(length):
            raise BadHead(400, "the header content-length is not a number")
        return bool(self.all("transfer-encoding")) or int(length) > 0


def _parameters(query: str) -> list[tuple[str, str]]:
    """As parse_qsl finds them, which is dear where nothing is encoded."""
    if "%" in query or "+" in query:
        return parse_qsl(query, keep_blank_values=True)
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(name, value) for name, _, value in parts]


class HeadBuffer:
    """Collects bytes until a head is complete, within MOST_BYTES."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = b""

    def __bool__(self) -> bool:
        return bool(self._data)

    def feed(self, data: bytes) -> tuple[Head, bytes] | None:
        """The head and what came after it, or None while it is not complete. Raises BadHead."""
        seen = len(self._data)
        self._data += data
        if not seen:
            self._data = self._data.lstrip(b"\r\n")  # RFC 9112 section 2.2
        end = self._data.find(_END, max(0, seen - len(_END) + 1))
        if end < 0:
            _check_beginning(self._data, seen)
            return None
        if end > MOST_BYTES:
            raise _too_large()
        head, rest = self._data[:end], self._data[end + len(_END) :]
        self._data = b""
        return parse(head), rest


def _check_beginning(data: bytes, seen: int) -> None:
    """Refuse at once what can never become a head, rather than wait for its end."""
    if data[:1] == bytes((_TLS_HANDSHAKE,)):
        raise BadHead(400, "this is TLS, and this port speaks plain HTTP; use ws:// or http://")
    text = data.decode("latin-1")
    if _BARE_LF.search(text, seen):
        raise _bare_lf()
    if len(data) > MOST_BYTES:
        raise _too_large()
    first, complete, _ = text.partition("\r\n")
    if not (_REQUEST_LINE if complete else _PRINTABLE).fullmatch(first):
        raise _bad_request_line()


def parse(data: bytes) -> Head:
    """The value of a head without the empty line at its end. Raises BadHead."""
    text = data.decode("latin-1")
    first, *lines = text.split("\r\n")
    start = _REQUEST_LINE.fullmatch(first)
    if (
        start is None
        or start[3] != "1"
        or len(lines) > MOST_FIELDS
        or not _FIELDS.fullmatch(text, start.end())
    ):
        raise _malformed(text, start, lines)
    fields: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        fields.setdefault(name.lower(), []).append(value.strip(" \t"))
    return _head(start[1], start[2], int(start[4]), fields)


def _head(method: str, target: str, minor: int, fields: dict[str, list[str]]) -> Head:
    hosts = fields.get("host", [])
    if len(hosts) > 1 or (minor and not hosts):
        raise BadHead(400, "an HTTP/1.1 request has exactly one Host header")
    host = hosts[0] if hosts else ""
    if "#" in target:
        raise BadHead(400, "the request target holds a fragment (#), which stays with the client")
    absolute = None if target.startswith("/") else _ABSOLUTE.fullmatch(target)
    if absolute:  # RFC 9112 section 3.2.2: it overrides Host
        host, target = absolute[1], absolute[2]
        target = target if target.startswith("/") else f"/{target}"
    if not _HOST.fullmatch(host):
        raise BadHead(400, "the Host header is not a host name with an optional port")
    if not target.startswith("/") and method in {"GET", "HEAD"}:
        raise BadHead(400, "the request target is not a path")
    path, _, query = target.partition("?")
    return Head(method, path, query, host.lower(), minor, fields)


def _malformed(text: str, start: re.Match[str] | None, lines: list[str]) -> BadHead:
    """What is wrong with a head that is not of its form. ``lines``: all but the first."""
    if _BARE_LF.search(text):
        return _bare_lf()
    if start is None:
        return _bad_request_line()
    if start[3] != "1":
        return BadHead(505, f"this server speaks HTTP/1.1, not HTTP/{start[3]}")
    if len(lines) > MOST_FIELDS:
        return BadHead(431, f"the request has more than {MOST_FIELDS} headers")
    number = next(at for at, line in enumerate(lines, 1) if not _FIELD.fullmatch(line))
    return BadHead(400, f"header {number} is not of the form `Name: value`")


def _bad_request_line() -> BadHead:
    return BadHead(400, "the first line is not an HTTP request, such as `GET / HTTP/1.1`")


def _bare_lf() -> BadHead:
    return BadHead(400, "a line ends in LF alone; HTTP lines end in CR LF")


def _too_large() -> BadHead:
    return BadHead(431, f"the request's head is over {MOST_BYTES} bytes")
