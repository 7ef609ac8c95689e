"""Whether the audit log is whole: a walk along its chain that names what was changed, taken out or
moved. What a record is, is audit."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from chatd.core.audit import BEGINNING, ERASE, Head, Record, link, seal

MOST_FLAWS = 100
"""Flaws that are told one by one; more are counted."""


class Flaw(Struct, frozen=True):
    """What is wrong with the record of this number."""

    number: int
    says: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What a walk along the chain found. ``flaws`` empty: it is whole. ``found``: the number of the
    record that has the hash one asked for, 0 for none."""

    records: int
    head: Head
    flaws: tuple[Flaw, ...]
    more: int
    found: int


class Walk:
    """Along the chain from its beginning, record by record, in any number of steps. ``expected``:
    a hash that was seen outside, or at least its first digits; empty for none."""

    def __init__(self, expected: str = "") -> None:
        self._expected = expected.lower()
        self._found = 0
        self._records = 0
        self._last = 0
        self._hash = BEGINNING
        self._before: tuple[str, ...] = (BEGINNING,)
        self._flaws: list[Flaw] = []
        self._more = 0
        self._emptied: dict[int, str] = {}
        self._erased: set[str] = set()

    @property
    def last(self) -> int:
        """The highest number until now, to read on from."""
        return self._last

    def take(self, records: Iterable[Record]) -> None:
        """The next ones."""
        for record in records:
            self._records += 1
            self._place(record)
            self._linked(record)
            self._sealed(record)
            if record.verb == ERASE:
                self._erased.add(record.target_id)
            if self._expected and record.hash.startswith(self._expected):
                self._found = record.number

    def _place(self, record: Record) -> None:
        number, due = record.number, self._last + 1
        if number < due:
            self._flaw(number, "is not in its place")
        elif number > due:
            self._missing(due, number - 1)
        if number != due:
            self._before = ()
        self._last = max(number, self._last)

    def _missing(self, first: int, last: int) -> None:
        named = min(last, first + MOST_FLAWS - 1)
        for number in range(first, named + 1):
            self._flaw(number, "is missing")
        self._more += last - named

    def _linked(self, record: Record) -> None:
        """Behind a gap nothing can be said of one record: the hash before it is not there."""
        should = tuple(link(before, record) for before in self._before)
        if should and record.hash not in should:
            self._flaw(record.number, "was changed, or stands in the place of another")
        # If only its hash was changed, the next one still follows the one it had.
        self._before = (record.hash, *(each for each in should if each != record.hash))
        self._hash = record.hash

    def _sealed(self, record: Record) -> None:
        r = record
        for text, kept, owner in (
            (r.who, r.who_seal, r.actor_id or r.target_id),
            (r.what, r.what_seal, r.target_id),
        ):
            if text is None:
                self._emptied[r.number] = owner
            elif seal(text) != kept:
                self._flaw(r.number, "was changed: its words are not those that were sealed")

    def _flaw(self, number: int, says: str) -> None:
        if len(self._flaws) < MOST_FLAWS:
            self._flaws.append(Flaw(number, says))
        else:
            self._more += 1

    def unreadable(self, says: str) -> None:
        """The log could not be read on."""
        self._flaw(self._last + 1, f"cannot be read: {says}")

    def end(self, head: Head) -> Verdict:
        """What was found. ``head`` is what the store says."""
        if self._last < head.given:
            self._missing(self._last + 1, head.given)
        for number, owner in self._emptied.items():
            if not owner or owner not in self._erased:
                self._flaw(number, "has lost its words, and nobody was erased")
        if self._expected and not self._found:
            self._flaw(
                self._last,
                f"is the last, and none has the hash {self._expected}: the end of the log was cut "
                "off, or all of it written anew",
            )
        flaws = sorted(self._flaws, key=lambda flaw: flaw.number)
        return Verdict(
            records=self._records,
            head=Head(self._last, self._hash, max(self._last, head.given)),
            flaws=tuple(flaws),
            more=self._more,
            found=self._found,
        )
