"""Whether the audit log is whole: a walk along its chain that names what was changed, taken out or
moved. What a record is, is audit."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from chatd.core.audit import BEGINNING, ERASE, Head, Record, link, seal

MOST_FLAWS = 100
"""Flaws that are told one by one; more are counted."""


def faults(record: Record, before: Iterable[str]) -> list[str]:
    """What is wrong with a record, if the one before has, or had, one of these hashes; with none
    of them only its words can be looked at."""
    found = []
    links = [link(each, record) for each in before]
    if links and record.hash not in links:
        found.append("was changed, or stands in the place of another")
    sealed = ((record.who, record.who_seal), (record.what, record.what_seal))
    if any(text is not None and seal(text) != kept for text, kept in sealed):
        found.append("was changed: its words are not those that were sealed")
    return found


def owned(record: Record) -> tuple[tuple[str | None, str], ...]:
    """The words of a record, and the id of the one whose erasure takes them out."""
    actor, target = record.actor_id, record.target_id
    return (record.who, actor or target), (record.what, target)


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

    def take(self, records: Iterable[Record]) -> bool:
        """The next ones. Whether they led on: if not, they were none, or those that a damaged file
        gives again and again, and there is no reason to ask for more."""
        began = self._last
        for record in records:
            self._records += 1
            if record.verb == ERASE:
                self._erased.add(record.target_id)
            if self._expected and record.hash.startswith(self._expected):
                self._found = record.number
            if record.number <= self._last:
                self._flaw(record.number, "is not in its place")
            else:
                self._step(record)
        return self._last > began

    def _step(self, record: Record) -> None:
        number, due = record.number, self._last + 1
        if number > due:
            # Of the one behind the gap nothing can be said: the hash before it is not there.
            self._missing(due, number - 1)
            self._before = ()
        for says in faults(record, self._before):
            self._flaw(number, says)
        for text, owner in owned(record):
            if text is None:
                self._emptied[number] = owner
        # If only its hash was changed, the next one still follows the one it had.
        should = {link(before, record) for before in self._before}
        self._before = (record.hash, *(should - {record.hash}))
        self._hash, self._last = record.hash, number

    def _missing(self, first: int, last: int) -> None:
        named = min(last, first + MOST_FLAWS - 1)
        for number in range(first, named + 1):
            self._flaw(number, "is missing")
        self._more += last - named

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
