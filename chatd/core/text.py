"""What people's text becomes before it is stored, shown on one line, or written to a terminal.
Names have rules of their own, in names.py; how long a text may be is the limits' business."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

TOPIC_CHARACTERS = 300
"""The longest topic of a room."""

# Tag characters are an invisible alphabet, in which text could be smuggled past the reader. Only
# the three flags that Unicode recommends (emoji-sequences.txt: England, Scotland, Wales) use them.
_BLACK_FLAG, _CANCEL_TAG = "\U0001f3f4", "\U000e007f"
_REGIONS = "|".join(
    "".join(chr(0xE0000 + ord(c)) for c in region) for region in ("gbeng", "gbsct", "gbwls")
)

# Shown as something else: controls and line breaks but LF and TAB, and what is no character.
_BREAKS = "\r\x85\u2028\u2029"
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_NO_CHARACTERS = "\ud800-\udfff\ufdd0-\ufdef" + "".join(
    chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)
)
# Removed: bidirectional embeddings, overrides and isolates, which reorder what others wrote
# (U+202A-202E, U+2066-2069); deprecated format characters (U+206A-206F); the byte order mark;
# interlinear annotation (U+FFF9-FFFB); tags, and the code points beside them that will never be
# seen. Kept: LRM, RLM and ALM, which right-to-left writers need around punctuation and which
# reorder nothing that a single letter would not; zero-width joiners and spaces (Persian, Indic
# scripts, Khmer, emoji) and variation selectors.
_UNSEEN = "\u202a-\u202e\u2065-\u206f\ufeff\ufff0-\ufffb\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
# One class comes first, so that the search runs at full speed over what is safe.
_UNSAFE = re.compile(
    f"[{_BREAKS}{_CONTROLS}{_NO_CHARACTERS}{_UNSEEN}{_BLACK_FLAG}]"
    f"(?:(?<={_BLACK_FLAG})(?:{_REGIONS}){_CANCEL_TAG})?"
)
_PICTURES = {chr(n): chr(0x2400 + n) for n in range(0x20)} | {"\x7f": "\u2421"}
_INSTEAD = _PICTURES | dict.fromkeys(_BREAKS, "\n")
_REMOVED = re.compile(f"[{_UNSEEN}]")

# Piled marks paint over the lines of others, and runs of invisible ones carry hidden bytes. Eight
# is the tallest stack that people write (a Tibetan seal); Hebrew with points and accents has five.
_MOST_RIDERS = 8
_MARKS = frozenset({"Mn", "Me"})
_INVISIBLE = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
"""Categories of characters that alone say nothing: spaces, controls, format characters."""
# So do some that Unicode counts as letters, marks or symbols: the fillers of Hangul, the vowels of
# Khmer and the selectors that are never drawn, the empty cell of Braille, the note without a head.
_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U0001d159\U000e0100-\U000e01ef]"
)
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")


def _riders() -> list[int]:
    """All characters that ride on the one before them and take no room of their own."""
    marks = [n for n in range(0x300, 0x20000) if unicodedata.category(chr(n)) in _MARKS]
    selectors = range(0xE0100, 0xE01F0)
    return sorted([*marks, *range(0x200B, 0x200E), *range(0x2060, 0x2065), *selectors])


def _pile(riders: list[int]) -> re.Pattern[str]:
    """Finds those of these riders that are too many, behind the ones that are not."""
    runs: list[str] = []
    for _, run in groupby(enumerate(riders), key=lambda pair: pair[1] - pair[0]):
        codes = [code for _, code in run]
        runs.append(f"{chr(codes[0])}-{chr(codes[-1])}")
    one = f"[{''.join(runs)}]"
    return re.compile(f"({one}{{{_MOST_RIDERS}}}){one}+")


# Few texts need the long class, and it is six times slower.
_RIDERS = _riders()
_PILE = _pile(_RIDERS)
_BMP_PILE = _pile([code for code in _RIDERS if code <= 0xFFFF])


def plain(text: str) -> bool:
    """Whether it is so simple that it is clean, not blank, and as many bytes as characters: ASCII
    that can be seen, and begins with something to see. Most of what is said is."""
    return text.isascii() and text.isprintable() and text[:1] > " "


def clean(text: str) -> str:
    """The form in which a text is stored and sent to others.

    It holds no control but LF and TAB, nothing that reorders or hides, and always encodes to
    UTF-8. Controls become their pictures (ESC is shown as U+241B), so it may be longer than what
    came in: measure it afterwards. It stays the same when cleaned again. Raises nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _UNSAFE.sub(_safe, text.replace("\r\n", "\n"))
    if text.isascii():
        return text
    pile = _PILE if _BEYOND_BMP.search(text) else _BMP_PILE
    return pile.sub(r"\1", text)


def _safe(match: re.Match[str]) -> str:
    found = match[0]
    if found[0] == _BLACK_FLAG:
        return found
    if found in _INSTEAD:
        return _INSTEAD[found]
    return "" if _REMOVED.match(found) else "\ufffd"


def blank(text: str) -> bool:
    """Whether there is nothing to see in it."""
    if " " < text[:1] < "\x7f":  # often
        return False
    return all(unicodedata.category(char) in _INVISIBLE or _FILLERS.match(char) for char in text)


def one_line(text: str) -> str:
    """A text for a place that has one line (a topic): cleaned, its white space single spaces."""
    return " ".join(clean(text).split())


def for_terminal(text: str) -> str:
    """A text that does nothing to a terminal but appear; what is clean already stays as it is.

    Line breaks stay: who writes several texts below each other indents the further lines, so
    that none of them can pass for a line of its own.
    """
    return clean(text)
