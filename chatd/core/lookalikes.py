"""When two names look alike (UTS #39): the skeleton of a name, and whether it keeps to one script.
What a name may consist of is decided in names.py; the tables are read once, on import."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import confusable_homoglyphs  # type: ignore[import-untyped]  # has no types
from confusable_homoglyphs import categories, utils

# The library's table is that of Unicode 13. These are the letters and digits which Unicode 17.0
# (security/confusables.txt) newly takes for one ASCII letter or digit. Without U+04CF the
# classic all-Cyrillic "apple" would pass.
_SINCE_13 = {
    0x00FE: "p", 0x0192: "f", 0x01BF: "p", 0x03EC: "6", 0x03ED: "o", 0x03F8: "p", 0x0448: "w",
    0x04CF: "l", 0x0582: "i", 0x0969: "3", 0x09E6: "o", 0x0AE9: "3", 0x0B66: "o", 0x0CE6: "O",
    0x0D1F: "s", 0x1004: "c", 0x105A: "c", 0x17E0: "o", 0x2C82: "B", 0x2C93: "i", 0x2C9C: "3",
    0x2CA9: "y", 0x2CBD: "w", 0x2CC4: "3", 0x2CCB: "9", 0x2CCE: "P", 0x2CCF: "p", 0x2CD3: "6",
    0x2CDC: "6", 0x114D0: "o",
}  # fmt: skip

# Default_Ignorable_Code_Point (DerivedCoreProperties.txt): nothing is seen of these.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# UTS #39 section 5.2, "highly restrictive": one script, or Latin beside one of these writings.
_WRITINGS = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
_ANY_SCRIPT = frozenset({"COMMON", "INHERITED"})


def _prototypes(pairs: Mapping[str, list[dict[str, str]]]) -> dict[int, str]:
    """What each look-alike stands for, from the library's pairs.

    The library lists every line "source -> prototype" of confusables.txt under both sides. A
    source has one line, so an entry with several is a prototype; where both sides have only each
    other, the source is the one met first. U+200E is the library's wrapping of right-to-left.
    """
    found: dict[int, str] = {}
    for shape, likes in pairs.items():
        source, target = shape.strip("\u200e"), likes[0]["c"].strip("\u200e")
        if len(source) == len(likes) == 1 and (len(target) > 1 or ord(target) not in found):
            found[ord(source)] = target
    renewed = {source: target.translate(_SINCE_13) for source, target in found.items()}
    return renewed | _SINCE_13


_PROTOTYPES = _prototypes(utils.load("confusables.json"))

EDITION = f"1/{confusable_homoglyphs.__version__}/{unicodedata.unidata_version}"
"""Names the tables and rules behind a skeleton: stored skeletons of another edition are stale, and
a store makes them anew. To be raised in front when something here changes: a rule, or _SINCE_13."""


def prototype(text: str) -> str:
    """The skeleton exactly as UTS #39 section 4 defines it ("internalSkeleton"): case counts."""
    bare = _UNSEEN.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFD", bare.translate(_PROTOTYPES))


@lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """What is left of a name when case, width and look-alike letters no longer count.

    Two names with one skeleton are look-alikes. It is a key, never to be shown. There are two
    rounds because some prototypes are capitals (0 stands for O); a third would change nothing.
    """
    folded = prototype(unicodedata.normalize("NFKC", name).casefold())
    return prototype(folded.casefold())


@lru_cache(maxsize=4096)
def looks(name: str) -> frozenset[str]:
    """Every skeleton that a reader may take a name for: names which share one are look-alikes.

    A second one comes from capitals only, since these look like other letters than their small
    forms do: "AIice" (a capital i) is "alice" to the eye, and so is "ALlCE" (a small L), for
    among capitals this stroke is read as a capital i.
    """
    seen = prototype(unicodedata.normalize("NFKC", name))
    loud = seen.replace("l", "I")
    return frozenset({skeleton(name), skeleton(loud if loud == loud.upper() else seen)})


def scripts(name: str) -> frozenset[str]:
    """The scripts of a name's letters (UAX #24), without what all scripts share. Names as Unicode
    has them, in capitals; a character newer than the table belongs to the script "Unknown"."""
    if name.isascii():
        return frozenset({"LATIN"}) if any(map(str.isalpha, name)) else frozenset()
    return frozenset(map(categories.alias, name)) - _ANY_SCRIPT


def one_writing(name: str) -> bool:
    """Whether the name is highly restrictive (UTS #39 section 5.2): no Cyrillic among Latin."""
    used = scripts(name)
    return len(used) <= 1 or any(used <= writing for writing in _WRITINGS)
