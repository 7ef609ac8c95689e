"""The body of one HTTP/1.1 request, from bytes to bytes, sans I/O: by its length, or in chunks.
As strict as head.py: what two programs could read differently is refused (RFC 9112 section 6)."""

from __future__ import annotations

import re

from chatd.edge.head import BadHead, Head

MOST_CHUNK_LINE = 256
MOST_TRAILER = 1024

_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e]*)?")


class Body:
    """Collects a body of at most ``most`` bytes. Raises BadHead when it cannot be one."""

    def __init__(self, head: Head, most: int) -> None:
        self._most = most
        self._data = bytearray()
        self._taken = bytearray()
        self._chunk: int | None = None
        self._trailer = -1
        """Bytes of trailer that were seen; -1 before it."""
        self._length = _length(head)
        if self._length is not None and self._length > most:
            raise self._too_large()

    def feed(self, data: bytes) -> bytes | None:
        """All of it once it is there; what comes behind it is nobody's. Raises BadHead."""
        self._data += data
        if self._length is None:
            return self._feed_chunks()
        return bytes(self._data[: self._length]) if len(self._data) >= self._length else None

    def _feed_chunks(self) -> bytes | None:
        while self._trailer < 0:
            if self._chunk is None:
                line = self._line(MOST_CHUNK_LINE)
                if line is None:
                    return None
                self._begin(line)
            elif not self._take_chunk(self._chunk):
                return None
        return self._end()

    def _begin(self, line: bytes) -> None:
        found = _CHUNK.fullmatch(line)
        if found is None:
            raise BadHead(400, "a chunk of the body does not begin with its size in hexadecimal")
        size = int(found[1], 16)
        if len(self._taken) + size > self._most:
            raise self._too_large()
        if size:
            self._chunk = size
        else:
            self._trailer = 0

    def _take_chunk(self, size: int) -> bool:
        if len(self._data) < size + 2:
            return False
        if self._data[size : size + 2] != b"\r\n":
            raise BadHead(400, "a chunk of the body is longer than its size says")
        self._taken += self._data[:size]
        del self._data[: size + 2]
        self._chunk = None
        return True

    def _end(self) -> bytes | None:
        """Trailers are read past, to the empty line."""
        while (line := self._line(MOST_TRAILER)) is not None:
            if not line:
                return bytes(self._taken)
            self._trailer += len(line)
            if self._trailer > MOST_TRAILER:
                raise BadHead(431, "the trailer of the body is too long")
        return None

    def _line(self, most: int) -> bytes | None:
        end = self._data.find(b"\r\n", 0, most + 2)
        if end < 0:
            if len(self._data) > most or b"\n" in self._data:
                raise BadHead(400, "a line within the body's chunks is too long, or ends in LF")
            return None
        line = bytes(self._data[:end])
        del self._data[: end + 2]
        return line

    def _too_large(self) -> BadHead:
        return BadHead(413, f"the body is over {self._most} bytes, the most that is taken here")


def _length(head: Head) -> int | None:
    """Bytes of the body; None: it comes in chunks."""
    codings, length = head.items("transfer-encoding"), head.one("content-length")
    if codings and length is not None:
        raise BadHead(400, "Content-Length and Transfer-Encoding exclude each other")
    if codings:
        if [coding.lower() for coding in codings] != ["chunked"] or not head.minor:
            raise BadHead(501, "of all Transfer-Encodings chunked alone is read, with HTTP/1.1")
        return None
    if head.all("transfer-encoding"):
        raise BadHead(400, "the header Transfer-Encoding is empty")
    if length is None:
        raise BadHead(411, "the request says not how long its body is; send a Content-Length")
    if not _LENGTH.fullmatch(length):
        raise BadHead(400, "the header content-length is not a number")
    return int(length)
