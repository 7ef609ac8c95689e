"""What counts as a word when messages are searched, the same for every store and every database
library. Storing and finding them is the stores' business."""

from __future__ import annotations

import re
import unicodedata

MAX_LETTERS = 64
"""A longer word is known by its first letters: pasted blobs shall not swell an index."""
MAX_TERMS = 64
"""A query's further words are ignored: the longest query that a client can send has few more."""

_ASCII = re.compile(r"[a-z0-9]+")
_MEMO = 20_000


class _Folding(dict[int, int | None]):
    """For str.translate: keeps letters and digits of all scripts, drops the accents that Latin,
    Greek and Cyrillic letters carry, and makes a blank of everything else."""

    def __missing__(self, code: int) -> int | None:
        folded = _fold(code)
        if len(self) < _MEMO:
            self[code] = folded
        return folded


def _fold(code: int) -> int | None:
    if 0x300 <= code <= 0x36F:
        return None
    letter = chr(code)
    # Marks of other scripts (Devanagari vowels, say) are part of the word.
    return code if letter.isalnum() or unicodedata.category(letter).startswith("M") else 0x20


_FOLDING = _Folding()


def words(text: str) -> list[str]:
    """The words of a text in its order: lower case, without accents, cut to MAX_LETTERS."""
    if text.isascii():
        found = _ASCII.findall(text.lower())
    else:
        found = unicodedata.normalize("NFKD", text).casefold().translate(_FOLDING).split()
    return [word[:MAX_LETTERS] for word in found]


def terms(query: str) -> tuple[list[str], str]:
    """A query's whole words and its last one, which may go on in the text; "" when it has none."""
    found = words(query)[:MAX_TERMS]
    return found[:-1], found[-1] if found else ""


def matches(text: str, whole: list[str], last: str) -> bool:
    """Whether a text holds all of a query's terms."""
    held = words(text)
    return set(whole) <= set(held) and any(word.startswith(last) for word in held)
