"""What users, guests and rooms may be called: raw input in, the one form to store and show out.
Whether a good name is still free is the store's to say, by the skeletons of lookalikes.py."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from precis_i18n import get_profile
from precis_i18n.bidi import bidi_rule, has_rtl
from precis_i18n.profile import Profile

from chatd.core.lookalikes import EDITION, looks, one_writing, scripts, skeleton

__all__ = [
    "EDITION",
    "RESERVED",
    "BadName",
    "account_name",
    "looks",
    "nick",
    "room_name",
    "skeleton",
]

NameKind = Literal["user", "nick", "room"]


class BadName(ValueError):
    """A name that chatd does not take.

    ``kind`` is the sort of name, ``shown`` the value in a form safe for any screen and log,
    ``reason`` a sentence that says what is wrong and what to do.
    """

    def __init__(self, kind: NameKind, raw: str, reason: str) -> None:
        self.kind = kind
        self.shown = repr(raw if len(raw) <= _SHOWN else raw[:_SHOWN] + "…")
        self.reason = reason
        super().__init__(f"{kind} name {self.shown}: {reason}")


@dataclass(frozen=True, slots=True, eq=False)
class _Rule:
    """What one kind of name may be; lengths count after mapping, in code points and in UTF-8."""

    kind: NameKind
    profile: Profile
    longest: int
    octets: int
    signs: str
    emoji: bool
    plain: re.Pattern[str]
    """Names that need no look at the tables: they are ASCII and follow every rule as they are."""

    @property
    def hint(self) -> str:
        allowed = "letters, digits, emoji" if self.emoji else "letters, digits"
        return f"use {allowed} and {' '.join(self.signs)}"


_SHOWN = 40
_LONGEST_RAW = 256  # code points; mapping may shorten, but nobody types this
_MOST_MARKS = 4  # UTS #39 section 5.4, and ICU's limit

_CASE_MAPPED = get_profile("UsernameCaseMapped")
_CASE_KEPT = get_profile("NicknameCasePreserved")

_ACCOUNT = _Rule(
    "user",
    _CASE_MAPPED,
    32,
    96,
    "-_.",
    False,
    re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9_-])?"),
)
_ROOM = _Rule(
    "room",
    _CASE_MAPPED,
    64,
    192,
    "-_.",
    False,
    re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9_-])?"),
)
_NICK = _Rule(
    "nick",
    _CASE_KEPT,
    32,
    96,
    "-_.'",
    True,
    re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._'-]{0,30}[A-Za-z0-9_-])?"),
)

# Signs that are letters to their scripts; PRECIS has checked their surroundings (RFC 8264
# section 9.4): the dot of Catalan and of Katakana, keraia, geresh and gershayim.
_LETTERLIKE = frozenset("\u00b7\u0375\u05f3\u05f4\u30fb")
_EMOJI_FROM = "\U0001f300"

# `ban` takes an address where it takes a name: whoever were called like one could not be banned,
# and the ban would hit whoever comes from there.
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}")

# The program's own voice and the words that address a crowd. Short on purpose: an operator
# chooses his accounts himself, and a guest's look-alike of an account is refused by its skeleton.
RESERVED = frozenset({"chatd", "server", "system", "admin", "everyone", "here"})
_RESERVED_LOOKS = {skeleton(word): word for word in RESERVED}


def account_name(raw: str) -> str:
    """The stored form of an account's name: RFC 8265 UsernameCaseMapped, then chatd's own limits.

    1 to 32 characters (96 bytes): letters, digits and ``-_.``, beginning with a letter or digit and
    not ending with a dot. So it is one word in every command, no option (-x), no operator's or
    room's sign (@ # / ~), and a full stop after it stays outside. Raises BadName.
    """
    return _unreserved(_ACCOUNT, raw, _prepared(_ACCOUNT, raw, raw))


def nick(raw: str) -> str:
    """The form in which a guest's name is shown: RFC 8266 Nickname, its case kept.

    1 to 32 characters and 96 bytes: as account_name, and the apostrophe and emoji of one
    code point. RFC 8266 would allow inner spaces; chatd does not, since ``/msg ann lee hello``
    must not reach the wrong one of "ann" and "ann lee". Raises BadName.
    """
    return _unreserved(_NICK, raw, _prepared(_NICK, raw, raw))


def room_name(raw: str) -> str:
    """The stored form of a room's name: as account_name, but 1 to 64 characters (192 bytes).

    A leading ``#`` is how people write rooms, and is dropped. ``@`` begins the names of direct
    rooms, which chatd gives itself. Raises BadName.
    """
    if raw.startswith("@"):
        raise BadName("room", raw, "@ begins direct rooms: open one by sending to the person")
    return _prepared(_ROOM, raw, raw.lstrip("#"))


def _unreserved(rule: _Rule, raw: str, name: str) -> str:
    if _ADDRESS.fullmatch(name):
        raise BadName(rule.kind, raw, "it reads as an IP address: add a letter")
    for look in looks(name):
        if look in _RESERVED_LOOKS:
            word = _RESERVED_LOOKS[look]
            raise BadName(
                rule.kind, raw, f"{word!r} and what looks like it is reserved: choose another"
            )
    return name


def _prepared(rule: _Rule, typed: str, raw: str) -> str:
    """Map and check ``raw``; ``typed`` is what an error shows."""
    if rule.plain.fullmatch(raw):
        return raw
    if len(raw) > _LONGEST_RAW:
        raise BadName(rule.kind, typed, f"longer than {rule.longest} characters: shorten it")
    name, fault = _judged(rule, raw)
    if fault:
        raise BadName(rule.kind, typed, fault)
    return name


@lru_cache(maxsize=4096)
def _judged(rule: _Rule, raw: str) -> tuple[str, str]:
    """The mapped name, and what is wrong with it ("" when nothing is)."""
    try:
        name = rule.profile.enforce(raw)
    except UnicodeEncodeError as error:
        return "", _refusal(rule, error)
    return name, _fault(rule, name)


def _refusal(rule: _Rule, error: UnicodeEncodeError) -> str:
    """PRECIS's refusal in a person's words; its own give the rule after a slash."""
    match error.reason.partition("/")[2]:
        case "empty":
            return f"empty: {rule.hint}"
        case "bidi_rule":
            return _BIDI
        case "unassigned":
            return f"{_called(error)} is unknown to this server: {rule.hint}"
        case _:
            return f"{_called(error)} is not allowed: {rule.hint}"


_BIDI = (
    "a right-to-left name begins and ends right-to-left: leave out letters that run the other way"
)


def _called(error: UnicodeEncodeError) -> str:
    return _named(str(error.object)[error.start])


def _named(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()


def _fault(rule: _Rule, name: str) -> str:
    """chatd's own rules, on a name that PRECIS takes."""
    if len(name) > rule.longest or len(name.encode()) > rule.octets:
        return f"longer than {rule.longest} characters or {rule.octets} bytes: shorten it"
    for char in name:
        if not _allowed(rule, char):
            return f"{_named(char)} is not allowed: {rule.hint}"
    if unicodedata.category(name[0])[0] not in "LN":
        return "begin it with a letter or digit"
    if name[-1] in ".'":
        return f"end it with something else than {name[-1]}"
    return _mixture(name)


def _allowed(rule: _Rule, char: str) -> bool:
    category = unicodedata.category(char)
    if category[0] in "LN" or category in ("Mn", "Mc") or char in rule.signs or char in _LETTERLIKE:
        return True
    return rule.emoji and char >= _EMOJI_FROM and category in ("So", "Sk")


def _mixture(name: str) -> str:
    """What deceives the eye although each character is fine (UTS #39 sections 5.2 to 5.4)."""
    if not one_writing(name):
        mixed = " and ".join(sorted(script.title() for script in scripts(name)))
        return f"it mixes {mixed} letters: write it in one script"
    if len({ord(c) - unicodedata.decimal(c) for c in name if c.isdecimal()}) > 1:
        return "it mixes digits of several scripts: use those of one"
    if _piled(name):
        return "too many marks on one letter: leave some out"
    ucd = _CASE_KEPT.base.ucd
    return _BIDI if has_rtl(name, ucd) and not bidi_rule(name, ucd) else ""


def _piled(name: str) -> bool:
    """Whether one letter carries a mark twice, or more than four of them."""
    run = ""
    for char in unicodedata.normalize("NFD", name):
        run = run + char if unicodedata.category(char) == "Mn" else ""
        if len(run) > _MOST_MARKS or run.endswith(char * 2):
            return True
    return False
