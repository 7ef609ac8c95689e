"""The ports: what the core asks of the world, and nobody's implementation of it.
Each has one contract suite in tests/unit that runs for every implementation."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from msgspec import Struct

from chatd.core.commands import Command
from chatd.core.errors import CloseCode
from chatd.core.events import Error, Event, Ok
from chatd.core.log import (
    Account,
    Appended,
    Draft,
    Entry,
    Found,
    Member,
    Membership,
    Rank,
    Revocation,
    RoomId,
    RoomKind,
    StoredMessage,
    StoredRoom,
    Token,
    UserId,
)


class StoreFull(Exception):
    """There is no room on the disk. Nothing was stored; the same call may succeed later."""


class StoreFailed(Exception):
    """The store could not do it. Nothing was stored; the same call may succeed later."""


class NameTaken(Exception):
    """The name's skeleton belongs to another account or room, whose name is the argument."""


class NoSuchTarget(Exception):
    """The message that a draft is about does not exist in the room, or was deleted."""


class KeyReused(Exception):
    """The draft's key was used by the same author for a message in another room."""


class Store(Protocol):
    """The truth. Every call that writes is durable when it returns.

    All calls may raise StoreFull or StoreFailed. Lists are ascending unless said. Times are
    milliseconds since 1970 UTC and always arguments.
    """

    @property
    def epoch(self) -> str:
        """Made with the store, renewed by a restore; half of every position."""
        ...

    @property
    def schema_version(self) -> int:
        """The number of the newest schema file that was applied; 0 where there is none."""
        ...

    async def close(self) -> None:
        """Finish what was asked for, then let go. Further calls raise StoreFailed."""
        ...

    async def probe(self) -> None:
        """Write one harmless row durably, to know whether the store can."""
        ...

    async def secret(self) -> bytes:
        """32 random bytes made with the store, the same for ever and on every host: what chatd
        signs with. A restore keeps them. Not to be logged or shown."""
        ...

    # --- a room's log ---
    async def append(self, room_id: RoomId, draft: Draft) -> Appended:
        """Give ``draft`` the room's next seq. Drafts of one caller keep their order.

        A known (author, key) gives the first entry again, ``again`` set, whatever the text.
        Raises NoSuchTarget (also for a ``reply_to`` that is no message) or KeyReused.
        """
        ...

    async def read(self, room_id: RoomId, after: int, limit: int) -> list[Entry]:
        """Up to ``limit`` entries with seq > ``after``, as they were when they were made, but that
        a deleted message and its edits have an empty text."""
        ...

    async def last_seq(self, room_id: RoomId) -> int:
        """The highest seq given; 0 where there is none."""
        ...

    async def message(self, room_id: RoomId, seq: int) -> StoredMessage | None:
        """The message at ``seq`` as it stands now, deleted ones too; None if that is no message."""
        ...

    async def history(
        self, room_id: RoomId, *, before: int | None, after: int | None, limit: int
    ) -> tuple[list[StoredMessage], bool]:
        """A page of messages as they stand now, and whether there are more that way.

        With ``after``, the first ones above it; else the last ones below ``before`` (None: the end).
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
        or (None) in all public rooms and those of which ``member`` is a lasting member."""
        ...

    # --- rooms and members ---
    async def room(self, name: str) -> StoredRoom | None:
        """The room of exactly this (prepared) name."""
        ...

    async def create_room(
        self, name: str, kind: RoomKind, *, skeleton: str, topic: str, owner: Member | None, ts: int
    ) -> StoredRoom:
        """Make a room. Raises NameTaken when the skeleton is another room's."""
        ...

    async def direct_room(self, name: str, one: Member, other: Member, ts: int) -> StoredRoom:
        """The room that the two share; made under ``name`` the first time."""
        ...

    async def public_rooms(self, after: str, limit: int) -> list[StoredRoom]:
        """Public rooms by name, those above ``after``."""
        ...

    async def set_member(self, room_id: RoomId, member: Member) -> None:
        """Make a lasting member, or change its rank."""
        ...

    async def drop_member(self, room_id: RoomId, user_id: UserId) -> None:
        """End a membership, if there is one."""
        ...

    async def members(self, room_id: RoomId, limit: int) -> list[Member]:
        """Lasting members by name."""
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
    async def add_account(self, account: Account, skeleton: str, ts: int) -> None:
        """Make an account. Raises NameTaken."""
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

    async def look_alike(self, skeleton: str) -> str | None:
        """The name of the account that has this skeleton."""
        ...

    async def set_password(self, user_id: UserId, password: str, ts: int) -> None:
        """A new encoded hash; records a revocation."""
        ...

    async def rehash(self, user_id: UserId, old: str, new: str) -> None:
        """The same password, encoded anew: replaces ``old`` if that is still the account's. Unlike
        ``set_password`` it is no change that anybody has to hear of, so no revocation."""
        ...

    async def set_disabled(self, user_id: UserId, disabled: bool, ts: int) -> None:
        """Bar an account, or let it in again; barring records a revocation."""
        ...

    async def add_token(self, token: Token, digest: bytes) -> None:
        """Keep a token's SHA-256 digest (32 bytes)."""
        ...

    async def token(self, digest: bytes) -> Token | None:
        """The token with this digest, unless it was revoked."""
        ...

    async def tokens(self, user_id: UserId) -> list[Token]:
        """An account's tokens that are not revoked."""
        ...

    async def revoke_token(self, token_id: str, ts: int) -> bool:
        """End a token at once; false when there was none. Records a revocation."""
        ...

    async def revocations(self, after: int) -> list[Revocation]:
        """Those numbered above ``after``; -1 gives only the newest, to start from."""
        ...


class Notice(Struct, frozen=True):
    """The doorbell: the room's log has reached ``seq``. ``entry`` is that entry when it is at hand."""

    room_id: RoomId
    seq: int
    entry: Entry | None = None


class Bus(Protocol):
    """Carries notices to every host. May lose, repeat and reorder: the hearer compares seq."""

    async def start(self, heard: Callable[[Notice], None]) -> None:
        """Begin to call ``heard``, never from within ``publish``."""
        ...

    def publish(self, notice: Notice) -> None:
        """Ring; never blocks, never raises."""
        ...

    async def stop(self) -> None:
        """Hear nothing more."""
        ...


class Identity(Struct, frozen=True, kw_only=True):
    """Who an authenticator says it is. ``token_id`` is empty when a password was used."""

    user_id: UserId
    name: str
    operator: bool
    token_id: str = ""


class Authenticator(Protocol):
    """Says who somebody is. None means no, without saying why, in the same time."""

    async def password(self, user: str, password: str) -> Identity | None:
        """By account name, already prepared, and password."""
        ...

    async def token(self, token: str) -> Identity | None:
        """By a bot's token."""
        ...

    def guest_token(self, user_id: UserId, name: str) -> str:
        """What lets a guest come back as the same one; the name may change."""
        ...

    def guest(self, guest_token: str) -> UserId | None:
        """The id in a guest token of ours; None for anything else."""
        ...


class Timer(Protocol):
    """Something that will happen."""

    def cancel(self) -> None:
        """Let it not happen; harmless when it has."""
        ...


class Clock(Protocol):
    """Time, as an argument."""

    def now(self) -> int:
        """Milliseconds since 1970 UTC, for what is stored."""
        ...

    def monotonic(self) -> float:
        """Seconds that only rise, for what is measured."""
        ...

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call once, after ``seconds``."""
        ...


class Ids(Protocol):
    """Chance, as an argument."""

    def secret(self) -> str:
        """At least 128 unguessable bits, in URL-safe letters."""
        ...

    def below(self, n: int) -> int:
        """A number from 0 to n-1."""
        ...


class Frame:
    """One encoded event on its way to many sessions. ``wire`` is the edge's place to keep what it
    made of ``payload`` for the first of them (a WebSocket header, say)."""

    __slots__ = ("payload", "wire")

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.wire: bytes = b""


class Outbox(Protocol):
    """The one door out of a session: a bounded queue towards its connection.

    Over half full it drops ephemeral frames; over its limit it closes itself as TOO_SLOW.
    """

    def put(self, frame: Frame, *, ephemeral: bool = False) -> None:
        """Queue one frame; never blocks, never raises, does nothing after close."""
        ...

    async def drained(self) -> None:
        """Return when less than half is waiting, or when it is closed."""
        ...

    def close(self, code: CloseCode, reason: str) -> None:
        """Send what waits, then close the connection with this code. ``reason``: at most 123 bytes."""
        ...

    def hold(self) -> None:
        """Read no more from this peer for now."""
        ...

    def release(self) -> None:
        """Read on."""
        ...


class Speaker(Protocol):
    """A dialect's side of one session, sans I/O: remembers what that dialect needs between frames."""

    def opening(self) -> list[Command]:
        """Commands given in the client's name right after `welcome` (text: log in, join)."""
        ...

    def heard(self, payload: bytes) -> list[Command | Error | Frame]:
        """What one frame of the client means: commands for the gate, or what is answered at once.

        Never raises, whatever the bytes; they are valid UTF-8 and within the frame limit.
        """
        ...

    def answer(self, command: Command | None, answer: Ok | Error) -> Frame | None:
        """The answer to a command of this session, or (None) to what ``heard`` found to be none.
        None where the dialect says nothing."""
        ...


class Dialect(Protocol):
    """Translates between frames and commands and events. One file in chatd/dialects each."""

    name: str
    """The word in `?format=` and in metrics."""
    subprotocol: str
    """The WebSocket subprotocol."""
    echo: bool
    """Whether a session is also told its own messages (else its ack stands for them)."""
    resumes: bool
    """Whether clients of this dialect come back with positions; else a lost line means left."""

    def speaker(self) -> Speaker:
        """One for each session."""
        ...

    def event(self, event: Event, *, label: str, now: int) -> Frame | None:
        """Encode once for all hearers. ``label``: how people call the event's room (its name, or
        `@ann,bob`; empty when it has none); ``now``: milliseconds since 1970 UTC, for events that
        carry no time. None: not said in this dialect.
        """
        ...


Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Runs a coroutine to its end; what it raises is logged and counted, not lost."""


class Meter(Protocol):
    """What the house reports of itself. Seconds and bytes; labels only from closed lists."""

    def opened(self, dialect: str) -> None: ...
    def closed(self, reason: str, dialect: str) -> None: ...
    def login(self, kind: str, result: str) -> None: ...
    def heard(self, command: str) -> None: ...
    def refused(self, code: str) -> None: ...
    def acked(self, seconds: float) -> None: ...
    def fanned_out(self, hearers: int, seconds: float) -> None: ...
    def resumed(self, result: str, replayed: int) -> None: ...
    def gap_read(self) -> None: ...
    def rooms(self, loaded: int) -> None: ...
    def people(self, online: int) -> None: ...


class Log(Protocol):
    """Where the house says what happened: an event's name and its facts, never a message's text."""

    def info(self, event: str, **facts: object) -> None: ...
    def warn(self, event: str, **facts: object) -> None: ...
    def fault(self, event: str, error: BaseException, **facts: object) -> str:
        """Log a fault with its traceback; gives the number to tell the client."""
        ...


