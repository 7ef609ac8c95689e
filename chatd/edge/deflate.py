"""permessage-deflate (RFC 7692) from the server's side, sans I/O: which offer is agreed to, and a
payload that is compressed. How many share that is packing.py; what comes in is inflating.py.

No message is compressed with what an earlier one held (no context takeover), in either direction:
so one compressed frame is right for all who agreed to the same window, and nothing is kept for a
connection between two of its messages.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from chatd.edge.head import BadHead, Head

NAME = "permessage-deflate"
SMALLEST, LARGEST = 9, 15
"""Bits of a window. The RFC has 8, too, but zlib makes no such stream without its header."""
BITS = tuple(str(bits) for bits in range(8, 16))
FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
TAIL = b"\x00\x00\xff\xff"
"""What a sender takes away from the end of a message (section 7.2.1)."""
LEVEL = 1
"""For texts as short as a chat's a higher one saves hardly a byte."""

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_VALUE = rf'{_WORD}|"(?:[^"\\]|\\.)*"'
_PARAMETER = rf";[ \t]*({_WORD})[ \t]*(?:=[ \t]*({_VALUE})[ \t]*)?"
_PARAMETERS = _PARAMETER.replace(f"({_WORD})", _WORD).replace(f"({_VALUE})", f"(?:{_VALUE})")
_ELEMENT = re.compile(rf"[ \t]*(?:({_WORD})[ \t]*((?:{_PARAMETERS})*))?(?:,|\Z)")


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed: the window of what the server compresses, in bits; ``named``: the client
    asked for it, and must be answered."""

    window: int = LARGEST
    named: bool = False

    @property
    def offer(self) -> str:
        """The offer, in our own words."""
        named = f"; server_max_window_bits={self.window}" if self.named else ""
        return f"{NAME}; {FLAGS[0]}{named}"

    @property
    def answer(self) -> str:
        """The value of our Sec-WebSocket-Extensions."""
        return f"{self.offer}; {FLAGS[1]}"


def agreed(head: Head) -> Agreed | None:
    """The first of the client's offers that can be agreed to (section 5); None when there is none.
    Raises BadHead when the header is not in the form of RFC 6455 section 9.1."""
    header = ",".join(head.all("sec-websocket-extensions"))
    at = 0
    found: Agreed | None = None
    while at < len(header):
        element = _ELEMENT.match(header, at)
        if element is None:
            raise BadHead(400, "Sec-WebSocket-Extensions is not a list of extensions")
        at = element.end()
        if element[1] == NAME and found is None:
            found = _judged(re.findall(_PARAMETER, element[2]))
    return found


def _judged(parameters: list[tuple[str, str]]) -> Agreed | None:
    """What this offer leads to; None when it must be declined (section 7.1)."""
    asked = {name: value.strip('"') for name, value in parameters}
    if len(asked) < len(parameters):
        return None
    if any(asked.pop(flag, "") for flag in FLAGS):
        return None
    if asked.pop("client_max_window_bits", "") not in ("", *BITS):
        return None
    window = asked.pop("server_max_window_bits", None)
    if asked:
        return None
    if window is None:
        return Agreed()
    return Agreed(int(window), named=True) if window in BITS[SMALLEST - 8 :] else None


def window_for(size: int, most: int) -> int:
    """The smallest window that holds so many bytes: what is compressed with it is right for larger
    ones as well, and a small one is made in a quarter of the time."""
    return min(most, max(SMALLEST, (size - 1).bit_length()))


def deflated(payload: bytes, window: int) -> bytes:
    """A message's payload, compressed by itself (section 7.2.1)."""
    # A table of 2 KiB at least: less costs more time than it takes to clear.
    work = zlib.compressobj(LEVEL, zlib.DEFLATED, -window, max(4, window - 7))
    return (work.compress(payload) + work.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)
