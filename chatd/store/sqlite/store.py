"""The embedded store: which call goes to the thread that writes, and which to those that read.
What each does is in the function of its name, in appending, reading, searching, rooms, accounts;
what operators lay down and the audit log are asked."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

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
    Revocation,
    RoomId,
    RoomKind,
    StoredMessage,
    StoredRoom,
    Token,
    UserId,
)
from chatd.core.ports import StoreFailed, StoreFull
from chatd.store import SilentMeter, StoreMeter
from chatd.store.sqlite import (
    accounts,
    appending,
    erase,
    indexing,
    reading,
    retention,
    rooms,
    schema,
    searching,
)
from chatd.store.sqlite.asked import AuditCalls, MemberCalls, SanctionCalls
from chatd.store.sqlite.calls import Deliver
from chatd.store.sqlite.hooks import HookCalls
from chatd.store.sqlite.opening import OpenFile, connect, remarks
from chatd.store.sqlite.readers import Later, at_once
from chatd.store.sqlite.threads import Threads

ROUND, ROUNDS = 500, 40
"""Messages indexed for a search in one go, and how often: about a second of work."""


class SqliteStore(MemberCalls, SanctionCalls, AuditCalls, HookCalls):
    """ports.Store in one SQLite file.

    ``deliver`` runs results where they are awaited (reactor.callFromThread, say); the calls await
    Twisted's Deferreds. What is asked until ``later`` calls back is read together. A daemon opens
    it ``exclusive``; a command beside the daemon does not. Making one blocks while the schema is
    brought up to date, and raises CannotOpen. ``remarks`` is what an operator should hear about the
    file.
    """

    def __init__(
        self,
        path: Path,
        deliver: Deliver,
        *,
        meter: StoreMeter | None = None,
        readers: int = 2,
        group: int = 1000,
        exclusive: bool = True,
        later: Later = at_once,
        folder: Path = schema.FOLDER,
    ) -> None:
        self._path = path = path.absolute()
        self._lock = schema.prepare(path, folder, exclusive)
        connection = connect(path, write=False)
        self._epoch = accounts.epoch(connection)
        self._schema_version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        connection.close()
        self.remarks = remarks(path)
        self._file = OpenFile(path)
        self._threads = Threads(
            path, deliver, meter or SilentMeter(), readers, group, merge=exclusive, later=later
        )
        self._write = self._threads.write
        self._read = self._threads.read

    @property
    def epoch(self) -> str:
        """See the port."""
        return self._epoch

    @property
    def schema_version(self) -> int:
        """See the port."""
        return self._schema_version

    async def close(self) -> None:
        """See the port."""
        await self._threads.close(self._lock.release)

    async def probe(self) -> None:
        """See the port."""
        self._file.check()
        await self._write("probe", accounts.probe)

    async def secret(self) -> bytes:
        """See the port."""
        return await self._read("secret", accounts.secret)

    # --- a room's log ---
    async def append(self, room_id: RoomId, draft: Draft) -> Appended:
        """See the port."""
        return await self._write("append", appending.append, room_id, draft)

    async def read(self, room_id: RoomId, after: int, limit: int) -> list[Entry]:
        """See the port."""
        return await self._read("read", reading.read, room_id, after, limit)

    async def last_seq(self, room_id: RoomId) -> int:
        """See the port."""
        return await self._read("last_seq", reading.last_seq, room_id)

    async def message(self, room_id: RoomId, seq: int) -> StoredMessage | None:
        """See the port."""
        return await self._read("message", reading.message, room_id, seq)

    async def said(self, user_id: UserId, key: str) -> Earlier | None:
        """See the port."""
        return await self._read("said", reading.said, user_id, key)

    async def history(
        self, room_id: RoomId, *, before: int | None, after: int | None, limit: int
    ) -> tuple[list[StoredMessage], bool]:
        """See the port."""
        return await self._read("history", reading.history, room_id, before, after, limit)

    async def search(
        self,
        query: str,
        *,
        room_id: RoomId | None,
        member: UserId,
        cursor: int | None,
        limit: int,
    ) -> list[Found]:
        """See the port."""
        asked = (query, room_id, member, cursor, limit)
        await self._catch_up()
        return await self._threads.search(searching.search, member, *asked)

    async def _catch_up(self) -> None:
        """Bring what was stored until now into the index, unless that is very much: then what was
        said last is found a little later. A disk that is full keeps nobody from searching."""
        with suppress(StoreFull, StoreFailed):
            for _ in range(ROUNDS if self._threads.behind else 0):
                if await self._write("index", indexing.catch_up, ROUND) < ROUND:
                    return

    def allow_search(self, seconds: float) -> None:
        """How long one search may take, from now on."""
        self._threads.searches.seconds = seconds

    async def tidy(self) -> None:
        """Merge the search index, by which words of deleted messages leave the file. Takes minutes
        when there are millions of messages, in small steps between other calls."""
        first = True
        while await self.tidy_some(first):
            first = False

    async def tidy_some(self, first: bool) -> bool:
        """One step of it, the ``first`` or a further one; whether there is more to do."""
        return await self._write("tidy", indexing.merge, first)

    # --- retention ---
    async def overdue(
        self, after: RoomId, cutoff: int, keep: int, most: int = 0
    ) -> retention.Overdue:
        """See retention.overdue."""
        return await self._read("overdue", retention.overdue, after, cutoff, keep, most)

    async def trim(self, room_id: RoomId, below: int, cutoff: int) -> retention.Trimmed:
        """See retention.trim."""
        return await self._write("trim", retention.trim, room_id, below, cutoff)

    async def give_back(self) -> bool:
        """See retention.give_back."""
        return await self._write("give_back", retention.give_back)

    async def messages_kept(self) -> int:
        """How many messages there are, in all rooms."""
        return await self._read("messages_kept", retention.messages_kept)

    # --- erasure ---
    async def rows_of(self, user_id: UserId, place: erase.Place) -> erase.Rows:
        """See erase.rows_of."""
        return await self._read("rows_of", erase.rows_of, user_id, place)

    async def erase_rows(self, erasing: erase.Erasing, rows: erase.Rows) -> int:
        """See erase.erase_rows."""
        return await self._write("erase_rows", erase.erase_rows, erasing, rows)

    async def erase_account(self, erasing: erase.Erasing) -> erase.Gone | None:
        """See erase.erase_account."""
        return await self._write("erase_account", erase.erase_account, erasing)

    # --- rooms and members ---
    async def room(self, name: str) -> StoredRoom | None:
        """See the port."""
        return await self._read("room", rooms.room, name)

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
        """See the port."""
        asked = (name, kind, skeleton, topic, owner, ts, history, deed)
        return await self._write("create_room", rooms.create_room, *asked)

    async def direct_room(self, name: str, one: Member, other: Member, ts: int) -> StoredRoom:
        """See the port."""
        return await self._write("direct_room", rooms.direct_room, name, one, other, ts)

    async def set_topic(self, room_id: RoomId, topic: str) -> bool:
        """See the port."""
        return await self._write("set_topic", rooms.set_topic, room_id, topic)

    async def shared_room(self, one: UserId, other: UserId) -> StoredRoom | None:
        """See the port."""
        return await self._read("shared_room", rooms.shared_room, one, other)

    async def public_rooms(self, after: str, limit: int) -> list[StoredRoom]:
        """See the port."""
        return await self._read("public_rooms", rooms.public_rooms, after, limit)

    # --- accounts ---
    async def add_account(
        self, account: Account, skeleton: str, ts: int, *, deed: Deed = NO_DEED
    ) -> None:
        """See the port."""
        await self._write("add_account", accounts.add_account, account, skeleton, ts, deed)

    async def account(self, name: str) -> Account | None:
        """See the port."""
        return await self._read("account", accounts.account, name)

    async def account_by_id(self, user_id: UserId) -> Account | None:
        """See the port."""
        return await self._read("account_by_id", accounts.account_by_id, user_id)

    async def accounts(self) -> list[Account]:
        """See the port."""
        return await self._read("accounts", accounts.accounts)

    async def look_alike(self, looks: Collection[str]) -> Alike:
        """See the port."""
        return await self._read("look_alike", accounts.look_alike, tuple(looks))

    async def set_password(
        self, user_id: UserId, password: str, ts: int, *, deed: Deed = NO_DEED
    ) -> None:
        """See the port."""
        await self._write("set_password", accounts.set_password, user_id, password, ts, deed)

    async def rehash(self, user_id: UserId, old: str, new: str) -> None:
        """See the port."""
        await self._write("rehash", accounts.rehash, user_id, old, new)

    async def set_disabled(
        self, user_id: UserId, disabled: bool, ts: int, *, deed: Deed = NO_DEED
    ) -> None:
        """See the port."""
        await self._write("set_disabled", accounts.set_disabled, user_id, disabled, ts, deed)

    async def add_token(self, token: Token, digest: bytes, *, deed: Deed = NO_DEED) -> None:
        """See the port."""
        await self._write("add_token", accounts.add_token, token, digest, deed)

    async def token(self, digest: bytes) -> Token | None:
        """See the port."""
        return await self._read("token", accounts.token, digest)

    async def tokens(self, user_id: UserId) -> list[Token]:
        """See the port."""
        return await self._read("tokens", accounts.tokens, user_id)

    async def revoke_token(self, token_id: str, ts: int, *, deed: Deed = NO_DEED) -> bool:
        """See the port."""
        return await self._write("revoke_token", accounts.revoke_token, token_id, ts, deed)

    async def revocations(self, after: int) -> list[Revocation]:
        """See the port."""
        return await self._read("revocations", accounts.revocations, after)
