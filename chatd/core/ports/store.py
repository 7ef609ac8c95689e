"""The store's port: the one truth, durable when a call returns.
Its implementations are in chatd/store; small verbs, not a gateway to tables."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from chatd.core.audit import NO_DEED, Deed
from chatd.core.log import (
    Account,
    Alike,
    Appended,
    Draft,
    Earlier,
    Entry,
    Found,
    Member,
    Membership,
    Revocation,
    RoomId,
    RoomKind,
    StoredMessage,
    StoredRoom,
    Token,
    UserId,
)
from chatd.core.ports.audit import Audit
from chatd.core.ports.hooks import Hooks
from chatd.core.ports.sanctions import Sanctions


class StoreFull(Exception):
    """There is no room on the disk. Nothing was stored; the same call may succeed later."""


class StoreFailed(Exception):
    """The store could not do it. Nothing was stored; the same call may succeed later."""


class SearchTooLong(Exception):
    """A search took longer than one may; nothing was found until then."""


class SearchesFull(Exception):
    """As many searches wait as may, of this person or of all."""


class NameTaken(Exception):
    """The name's skeleton belongs to another account or room, or of accounts and hooks one to the
    other; whose name it is, is the argument."""


class NoSuchTarget(Exception):
    """The message that a draft is about does not exist in the room, or was deleted."""


class TooManyReactions(Exception):
    """The message takes no other emoji. The argument: whether that is because its author has put as
    many on it as one person may, or (false) because all have."""


class AccountGone(Exception):
    """What was to be stored is of somebody whose account was erased, or, of what they say or do
    themselves, disabled; the argument is the id. Nothing was stored."""


class KeyReused(Exception):
    """The draft's key was used by the same author for a message in another room."""


class NoSuchMember(Exception):
    """Who was to be changed is not in the room, or no longer."""


class LastOwner(Exception):
    """The room would be left without an owner, while another member could be that."""


class Store(Sanctions, Audit, Hooks, Protocol):
    """The truth. Every call that writes is durable when it returns.

    All calls may raise StoreFull or StoreFailed. Lists are ascending unless said. Times are
    milliseconds since 1970 UTC and always arguments.

    Whoever runs beside an erasure may not have heard of it yet, however long that takes. So of an
    account that was erased (there is a revocation for it, and no account) nothing is written any
    more: calls that would keep its id or its name raise AccountGone, and a deed by it or to it is
    recorded without the words. Of an account that is disabled nothing is said.
    """

    @property
    def epoch(self) -> str:
        """Made with the store, renewed by a restore and in the copy that is made before an upgrade;
        half of every position."""
        ...

    @property
    def schema_version(self) -> int:
        """The number of the newest schema file that was applied; 0 where there is none."""
        ...

    async def close(self) -> None:
        """Finish what was asked for, then let go. Further calls raise StoreFailed."""
        ...

    async def probe(self) -> None:
        """Write one harmless row durably, to know whether the store can, and whether others will
        find it there."""
        ...

    async def secret(self) -> bytes:
        """32 random bytes made with the store, the same for ever and on every host: what chatd
        signs with. A restore keeps them. Not to be logged or shown."""
        ...

    # --- a room's log ---
    async def append(self, room_id: RoomId, draft: Draft) -> Appended:
        """Give ``draft`` the room's next seq. Drafts of one caller keep their order.

        A known (author, key) of a message gives the first entry again, ``again`` set, whatever the
        text. So does what would change nothing: a second deletion gives the first one; a reaction
        that is there, or was taken off, gives the entry that did it; one that never was there is
        told by its message. A text that the message has gives its last edit, or the message where
        it has none; a topic that the room has gives its entry, or where that is none of the newest
        TOPIC_WITHIN, one with the seq 0. Only messages have a key or a ``reply_to``, which may be a
        deleted one. Raises NoSuchTarget (also for a ``reply_to`` that is no message), KeyReused,
        AccountGone (also where the author's account is disabled, and for a resend), or for an emoji
        that is not on the message yet TooManyReactions (core.reactions says how many). Drafts of a
        room without history are not for the store: it raises StoreFailed.
        """
        ...

    async def read(self, room_id: RoomId, after: int, limit: int) -> list[Entry]:
        """Up to ``limit`` entries with seq > ``after``, as they were when they were made, but that
        a deleted message and its edits have an empty text, as have edits of one that is not kept
        any more."""
        ...

    async def last_seq(self, room_id: RoomId) -> int:
        """The highest seq given; 0 where there is none."""
        ...

    async def message(self, room_id: RoomId, seq: int) -> StoredMessage | None:
        """The message at ``seq`` as it stands now, deleted ones too; None if that is no message.
        It has at most MOST emoji, and of each the first NAMED people, here as in all pages."""
        ...

    async def said(self, user_id: UserId, key: str) -> Earlier | None:
        """The message that this author sent with this key, for as long as it is kept."""
        ...

    async def history(
        self, room_id: RoomId, *, before: int | None, after: int | None, limit: int
    ) -> tuple[list[StoredMessage], bool]:
        """A page of messages as they stand now, and whether there are more that way.

        With ``after``, the first above it; else the last below ``before`` (None: the newest).
        """
        ...

    async def search(
        self,
        query: str,
        *,
        room_id: RoomId | None,
        member: UserId,
        cursor: int | None,
        limit: int,
    ) -> list[Found]:
        """Messages that hold all words of ``query``, newest first, below ``cursor``: in one room,
        or (None) in all public rooms and those of which ``member`` is a lasting member.

        The last word may go on in the text. What a word is: chatd/store/words.py. Raises
        SearchTooLong and SearchesFull, for no search to keep others waiting.
        """
        ...

    # --- rooms and members ---
    async def room(self, name: str) -> StoredRoom | None:
        """The room of exactly this (prepared) name."""
        ...

    async def create_room(
        self,
        name: str,
        kind: RoomKind,
        *,
        skeleton: str,
        topic: str,
        owner: Member | None,
        ts: int,
        history: bool = True,
        deed: Deed = NO_DEED,
    ) -> StoredRoom:
        """Make a room, for ever with or without history. Raises NameTaken when the skeleton or the
        name is another room's."""
        ...

    async def direct_room(self, name: str, one: Member, other: Member, ts: int) -> StoredRoom:
        """The room that the two share; made under ``name`` the first time. Both are its members
        afterwards. Raises NameTaken when it must be made and another room has the name."""
        ...

    async def set_topic(self, room_id: RoomId, topic: str) -> bool:
        """Give a room without history its topic; false when it was that. Elsewhere a topic is an
        entry, see ``append``."""
        ...

    async def shared_room(self, one: UserId, other: UserId) -> StoredRoom | None:
        """The room that the two share, if it was made."""
        ...

    async def public_rooms(self, after: str, limit: int) -> list[StoredRoom]:
        """Public rooms by name, those above ``after``."""
        ...

    async def set_member(
        self,
        room_id: RoomId,
        member: Member,
        *,
        deed: Deed = NO_DEED,
        keep_owner: bool = False,
        only_change: bool = False,
    ) -> None:
        """Make a lasting member, or change its rank. With ``keep_owner``, raises LastOwner where
        that would take the rank from the last owner, see ``last_owner``; with ``only_change``,
        NoSuchMember for who is none."""
        ...

    async def drop_member(
        self, room_id: RoomId, user_id: UserId, *, deed: Deed = NO_DEED, keep_owner: bool = False
    ) -> None:
        """End a membership, if there is one. With ``keep_owner``, raises LastOwner where that is
        the last owner's, see ``last_owner``."""
        ...

    async def last_owner(self, room_id: RoomId, user_id: UserId) -> bool:
        """Whether this account is the room's only owner, and another member could be one. Guests
        pass and disabled accounts cannot act, so neither of them counts."""
        ...

    async def members(self, room_id: RoomId, limit: int) -> list[Member]:
        """Lasting members by name."""
        ...

    async def member_named(self, room_id: RoomId, name: str) -> Member | None:
        """The lasting member of exactly this name: one of several, for a guest who is away keeps
        the place, and others may have the name meanwhile. An account goes before guests."""
        ...

    async def member_count(self, room_id: RoomId) -> int:
        """How many lasting members a room has; 0 for one that is not there."""
        ...

    async def memberships(self, user_id: UserId) -> list[Membership]:
        """All rooms of which the user is a lasting member."""
        ...

    async def membership(self, room_id: RoomId, user_id: UserId) -> Membership | None:
        """One of them."""
        ...

    async def mark(self, user_id: UserId, room_id: RoomId, seq: int) -> int:
        """Move the read marker forward, never back; gives where it stands."""
        ...

    # --- accounts ---
    async def add_account(
        self, account: Account, skeleton: str, ts: int, *, deed: Deed = NO_DEED
    ) -> None:
        """Make an account. Raises NameTaken, also where the skeleton is a hook's."""
        ...

    async def account(self, name: str) -> Account | None:
        """By exact (prepared) name."""
        ...

    async def account_by_id(self, user_id: UserId) -> Account | None:
        """By id."""
        ...

    async def accounts(self) -> list[Account]:
        """All of them, by name."""
        ...

    async def look_alike(self, looks: Collection[str]) -> Alike:
        """Which account, and which webhook, has one of these skeletons. It costs the same however
        many there are."""
        ...

    async def set_password(
        self, user_id: UserId, password: str, ts: int, *, deed: Deed = NO_DEED
    ) -> None:
        """A new encoded hash; records a revocation. Does nothing where there is no such account."""
        ...

    async def rehash(self, user_id: UserId, old: str, new: str) -> None:
        """The same password, encoded anew: replaces ``old`` if that is still the account's. Unlike
        ``set_password`` it is no change that anybody has to hear of, so no revocation."""
        ...

    async def set_disabled(
        self, user_id: UserId, disabled: bool, ts: int, *, deed: Deed = NO_DEED
    ) -> None:
        """Bar an account, or let it in again; barring records a revocation. Does nothing where
        there is no such account."""
        ...

    async def add_token(self, token: Token, digest: bytes, *, deed: Deed = NO_DEED) -> None:
        """Keep a token's SHA-256 digest (32 bytes)."""
        ...

    async def token(self, digest: bytes) -> Token | None:
        """The token with this digest, unless it was revoked."""
        ...

    async def tokens(self, user_id: UserId) -> list[Token]:
        """An account's tokens that are not revoked."""
        ...

    async def revoke_token(self, token_id: str, ts: int, *, deed: Deed = NO_DEED) -> bool:
        """End a token at once; false when there was none. Records a revocation."""
        ...

    async def revocations(self, after: int) -> list[Revocation]:
        """Those numbered above ``after``; -1 gives only the newest, to start from."""
        ...
