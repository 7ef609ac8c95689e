"""The audit log as values: what was done by whom, and the chain of hashes over all of it.
Whether a chain is whole is audit_walk; who makes records is commands/act, node/audit, chatd/ops."""

from __future__ import annotations

from hashlib import sha256
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

T = TypeVar("T")

BEGINNING = "0" * 64
"""What stands for the hash before the first record."""
ERASE = "user_erase"
"""The verb by which the names of somebody may leave the log."""
GONE = "erased user"


class Deed(Struct, frozen=True, kw_only=True):
    """Something to record. ``ts``: milliseconds since 1970 UTC. Ids are user ids, empty for none;
    ``actor`` is the name at that time, ``address`` where they came from. ``facts`` is the rest;
    never a message's text, never a secret."""

    ts: int
    verb: str
    actor_id: str = ""
    actor: str = ""
    address: str = ""
    target_id: str = ""
    facts: dict[str, str] = {}


NO_DEED = Deed(ts=0, verb="")
"""For what needs no record."""


class Who(Struct, frozen=True, kw_only=True):
    """Who did it: what an erasure of the actor takes out of a record."""

    salt: str
    name: str
    address: str


class What(Struct, frozen=True, kw_only=True):
    """What was done to whom: what an erasure of the one who was hit takes out of a record."""

    salt: str
    facts: dict[str, str]


class Record(Struct, frozen=True, kw_only=True):
    """A deed that has its place. ``who`` and ``what`` are JSON, and None once they were erased:
    the chain holds their seals, which without the salt in them tell nothing."""

    number: int
    ts: int
    verb: str
    actor_id: str
    target_id: str
    who: str | None
    what: str | None
    who_seal: str
    what_seal: str
    hash: str

    @property
    def told_who(self) -> Who:
        """Decoded; of an erased one, or one that was spoilt, what can be said. Where there is no id
        of an actor, nobody had logged in."""
        return _decoded(self.who, Who, Who(salt="", name=_gone(self.actor_id), address=""))

    @property
    def told_what(self) -> dict[str, str]:
        """The facts, decoded in the same way."""
        gone = What(salt="", facts={"user": _gone(self.target_id)} if self.target_id else {})
        return _decoded(self.what, What, gone).facts


def _gone(user_id: str) -> str:
    """What somebody is called who was erased: the id tells them from others, and leads nowhere."""
    return f"{GONE} {user_id}" if user_id else ""


def _decoded(text: str | None, kind: type[T], gone: T) -> T:
    if text is None:
        return gone
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError:
        return gone


class Head(Struct, frozen=True):
    """The newest record's number and hash. ``given`` is the highest number ever given."""

    number: int = 0
    hash: str = BEGINNING
    given: int = 0


class Wanted(Struct, frozen=True, kw_only=True):
    """Which records: by an actor, of a verb, about a user (names or ids, empty: any), and those
    with ``since`` <= ts < ``until`` in milliseconds."""

    actor: str = ""
    verb: str = ""
    user: str = ""
    since: int = 0
    until: int = 2**62

    def holds(self, record: Record) -> bool:
        """Whether it is one of them."""
        return (
            (not self.verb or record.verb == self.verb)
            and self.since <= record.ts < self.until
            and _is(self.actor, record.actor_id, record.told_who.name)
            and _is(self.user, record.target_id, record.told_what.get("user", ""))
        )


def _is(wanted: str, user_id: str, name: str) -> bool:
    return not wanted or wanted == user_id or wanted.casefold() == name.casefold()


def chained(deed: Deed, head: Head, salts: tuple[str, str]) -> Record:
    """The record that follows ``head``. The salts are 128 unguessable bits each."""
    who = _text(Who(salt=salts[0], name=deed.actor, address=deed.address))
    what = _text(What(salt=salts[1], facts=deed.facts))
    record = Record(
        number=head.given + 1,
        ts=deed.ts,
        verb=deed.verb,
        actor_id=deed.actor_id,
        target_id=deed.target_id,
        who=who,
        what=what,
        who_seal=seal(who),
        what_seal=seal(what),
        hash="",
    )
    return replace(record, hash=link(head.hash, record))


def _text(part: Who | What) -> str:
    return msgspec.json.encode(part).decode()


def seal(text: str) -> str:
    """What the chain holds of a text that may be erased."""
    return sha256(text.encode()).hexdigest()


def short(hash_: str) -> int:
    """The first 12 hexadecimal digits as a number, for a metric: a float holds as many. Of what is
    no hash: 0."""
    try:
        return int(hash_[:12], 16)
    except ValueError:
        return 0


def link(before: str, record: Record) -> str:
    """The hash of a record behind the one whose hash is ``before``: SHA-256 over a JSON array,
    which has one spelling for one content."""
    r = record
    chain = (before, r.number, r.ts, r.verb, r.actor_id, r.target_id, r.who_seal, r.what_seal)
    return sha256(msgspec.json.encode(chain)).hexdigest()
