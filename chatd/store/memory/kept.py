"""What the reference store keeps, and whether it is in trouble."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from chatd.core.audit import Record
from chatd.core.hooks import Hook
from chatd.core.log import (
    Account,
    Author,
    Entry,
    Member,
    Revocation,
    RoomId,
    StoredMessage,
    StoredRoom,
    Token,
    UserId,
)
from chatd.core.ports import AccountGone, StoreFailed, StoreFull
from chatd.core.reactions import MOST, NAMED
from chatd.core.sanctions import Emergency, Report, RoomRules, Sanction


@dataclass
class Room:
    """One room: its log, and what follows from it."""

    stored: StoredRoom
    skeleton: str | None
    pair: frozenset[UserId] = frozenset()
    log: list[Entry] = field(default_factory=list)
    messages: dict[int, StoredMessage] = field(default_factory=dict)
    deletions: dict[int, Entry] = field(default_factory=dict)
    reactions: dict[tuple[int, str, UserId], Entry] = field(default_factory=dict)
    members: dict[UserId, Member] = field(default_factory=dict)

    def now(self) -> StoredRoom:
        """The room as it stands."""
        return replace(self.stored, last=len(self.log))

    def message(self, seq: int) -> StoredMessage:
        """A message as it stands."""
        people: dict[str, list[str]] = {}
        for entry in sorted(self.reactions.values(), key=lambda entry: entry.seq):
            if entry.target == seq and entry.kind == "reacted":
                people.setdefault(entry.text, []).append(entry.author.name)
        few = sorted(people)[:MOST] if len(people) > MOST else people
        return replace(
            self.messages[seq],
            reactions={emoji: by[:NAMED] for emoji, by in people.items() if emoji in few},
            counts={emoji: len(people[emoji]) for emoji in few if len(people[emoji]) > NAMED},
        )


@dataclass
class Kept:
    """Everything there is."""

    rooms: dict[RoomId, Room] = field(default_factory=dict)
    keys: dict[tuple[UserId, str], tuple[RoomId, int]] = field(default_factory=dict)
    said: list[tuple[RoomId, int]] = field(default_factory=list)
    marks: dict[tuple[UserId, RoomId], int] = field(default_factory=dict)
    accounts: dict[UserId, Account] = field(default_factory=dict)
    skeletons: dict[str, UserId] = field(default_factory=dict)
    tokens: dict[bytes, Token] = field(default_factory=dict)
    hooks: dict[bytes, Hook] = field(default_factory=dict)
    hook_skeletons: dict[str, str] = field(default_factory=dict)
    revocations: list[Revocation] = field(default_factory=list)
    sanctions: list[Sanction] = field(default_factory=list)
    sanctions_laid: int = 0
    sanctions_version: int = 0
    room_rules: dict[RoomId, RoomRules] = field(default_factory=dict)
    emergency: Emergency = Emergency.OFF
    reports: list[tuple[UserId, Report]] = field(default_factory=list)
    audit: list[Record] = field(default_factory=list)

    def is_gone(self, user_id: str) -> bool:
        """Whether this was an account, and is none any more."""
        known = user_id in self.accounts
        return not known and any(each.user_id == user_id for each in self.revocations)

    def must_be_there(self, *users: str) -> None:
        """Raise AccountGone if one of these was erased."""
        for user_id in users:
            if self.is_gone(user_id):
                raise AccountGone(user_id)

    def must_speak(self, author: Author) -> None:
        """Raise AccountGone if nothing may be stored of this author's."""
        account = self.accounts.get(author.user_id)
        if not author.guest and account is not None and account.disabled:
            raise AccountGone(author.user_id)
        self.must_be_there(author.user_id)


class Keeper:
    """Holds everything, and gives it to those who may have it.

    While ``trouble`` is a StoreFailed, every call raises it; while it is a StoreFull, those do
    that write.
    """

    def __init__(self) -> None:
        self.trouble: StoreFull | StoreFailed | None = None
        self._kept = Kept()

    def writing(self) -> Kept:
        """For calls that write."""
        if self.trouble is not None:
            raise self.trouble
        return self._kept

    def reading(self) -> Kept:
        """For calls that read: a full disk does not matter to them."""
        return self._kept if isinstance(self.trouble, StoreFull) else self.writing()
