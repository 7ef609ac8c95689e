"""Whatever is asked of them, the SQLite store and the reference store give the same."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from chatd.core.log import Author, Draft, Kind, Member, Rank, RoomId, UserId
from chatd.core.ports import (
    AccountGone,
    KeyReused,
    LastOwner,
    NameTaken,
    NoSuchTarget,
    Store,
    StoreFailed,
    TooManyReactions,
)
from chatd.core.reactions import NAMED
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from chatd.store.sqlite.appending import append
from chatd.store.sqlite.blocking import Run
from tests.unit.store.conftest import at_once
from tests.unit.store.examples import ANN, BOB, GUS, account, draft, make_room

PEOPLE = st.sampled_from([ANN, BOB, GUS])
ROOMS = st.integers(1, 4).map(RoomId)
SEQS = st.integers(0, 12)
TEXTS = st.sampled_from(["tea", "green tea", "Schöne Grüße", "", 'it\'s "quoted" \0']) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=20
)
EMOJI = st.sampled_from(["+1", "🍵"])
KEYS = st.none() | st.sampled_from(["k1", "k2", "k3"])

DRAFTS = st.one_of(
    st.builds(draft, TEXTS, by=PEOPLE, key=KEYS, reply_to=st.none() | SEQS),
    st.builds(draft, TEXTS, by=PEOPLE, key=KEYS),
    st.builds(draft, TEXTS, kind=st.just("edited"), by=PEOPLE, target=SEQS),
    st.builds(draft, TEXTS, kind=st.just("deleted"), by=PEOPLE, target=SEQS),
    st.builds(draft, EMOJI, kind=st.sampled_from(["reacted", "unreacted"]), by=PEOPLE, target=SEQS),
    st.builds(draft, TEXTS, kind=st.just("topic"), by=PEOPLE),
)
ANSWERS = (
    AccountGone,
    KeyReused,
    LastOwner,
    NameTaken,
    NoSuchTarget,
    StoreFailed,
    TooManyReactions,
)

Question = Callable[[Store], Coroutine[Any, Any, Any]]


def member_of(who: Author, rank: Rank) -> Member:
    return Member(user_id=who.user_id, name=who.name, guest=who.guest, rank=rank)


async def outcome(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await work
    except ANSWERS as answer:
        return type(answer), answer.args if not isinstance(answer, StoreFailed) else ()


class Alike(RuleBasedStateMachine):
    """Asks both the same."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.run = Run()
        self.sqlite = SqliteStore(Path(self.folder.name) / "chatd.sqlite3", self.run.deliver)
        self.memory = MemoryStore()
        self.both(lambda store: make_room(store, "lobby"))
        self.both(lambda store: make_room(store, "cellar", "private"))
        self.also(draft("green tea"))

    def teardown(self) -> None:
        if hasattr(self, "sqlite"):
            self.both(everything)
            self.run(self.sqlite.close())
            self.folder.cleanup()

    def both(self, question: Question) -> Any:
        expected = at_once(outcome(question(self.memory)))
        assert self.run(outcome(question(self.sqlite))) == expected
        return expected

    @rule(room_id=ROOMS, each=DRAFTS)
    def append(self, room_id: RoomId, each: Draft) -> None:
        self.both(lambda store: store.append(room_id, each))

    @rule(room_id=ROOMS, drafts=st.lists(DRAFTS, max_size=70))
    def append_together(self, room_id: RoomId, drafts: list[Draft]) -> None:
        """SQLite is given all of them before it has answered one."""
        expected = [at_once(outcome(self.memory.append(room_id, each))) for each in drafts]

        async def together() -> list[Any]:
            asked = [self.sqlite._write("append", append, room_id, each) for each in drafts]
            return [await outcome(wait(answer)) for answer in asked]

        async def wait(answer: Any) -> Any:
            return await answer

        assert self.run(together()) == expected

    @rule(seq=st.integers(1, 3), by=PEOPLE, start=st.integers(0, 60), on=st.booleans())
    def react_much(self, seq: int, by: Author, start: int, on: bool) -> None:
        """So that messages get as many as they take, by one person and by all."""
        kind: Kind = "reacted" if on else "unreacted"
        for number in range(start, start + 15):
            self.also(draft(f"e{number}", kind=kind, by=by, target=seq))

    @rule(seq=st.integers(1, 3), size=st.integers(NAMED - 2, NAMED + 2))
    def react_together(self, seq: int, size: int) -> None:
        for number in range(size):
            who = Author(UserId(f"u{number}"), "x", True)
            self.also(draft("+1", kind="reacted", by=who, target=seq))

    def also(self, each: Draft) -> None:
        self.both(lambda store: store.append(RoomId(1), each))

    @rule(name=st.sampled_from(["a", "b"]), kind=st.sampled_from(["public", "private"]), by=PEOPLE)
    def create_room(self, name: str, kind: Any, by: Author) -> None:
        owner = member_of(by, Rank.OWNER)
        self.both(
            lambda store: store.create_room(
                name, kind, skeleton=name, topic=name, owner=owner, ts=1
            )
        )

    @rule(name=st.sampled_from(["@1", "@2"]), one=PEOPLE, other=PEOPLE)
    def direct_room(self, name: str, one: Author, other: Author) -> None:
        pair = member_of(one, Rank.MEMBER), member_of(other, Rank.MEMBER)
        self.both(lambda store: store.direct_room(name, *pair, 1))

    @rule(room_id=ROOMS, who=PEOPLE, rank=st.sampled_from(Rank))
    def set_member(self, room_id: RoomId, who: Author, rank: Rank) -> None:
        self.both(lambda store: store.set_member(room_id, member_of(who, rank)))

    @rule(room_id=ROOMS, who=PEOPLE, rank=st.sampled_from(Rank))
    def set_member_but_keep_an_owner(self, room_id: RoomId, who: Author, rank: Rank) -> None:
        changed = member_of(who, rank)
        self.both(lambda store: store.set_member(room_id, changed, keep_owner=True))

    @rule(room_id=ROOMS, who=PEOPLE)
    def drop_member(self, room_id: RoomId, who: Author) -> None:
        self.both(lambda store: store.drop_member(room_id, who.user_id))

    @rule(room_id=ROOMS, who=PEOPLE)
    def drop_member_but_keep_an_owner(self, room_id: RoomId, who: Author) -> None:
        self.both(lambda store: store.last_owner(room_id, who.user_id))
        self.both(lambda store: store.drop_member(room_id, who.user_id, keep_owner=True))

    @rule(room_id=st.integers(1, 2).map(RoomId), who=PEOPLE, seq=SEQS)
    def mark(self, room_id: RoomId, who: Author, seq: int) -> None:
        self.both(lambda store: store.mark(who.user_id, room_id, seq))

    @rule(name=st.sampled_from(["ann", "bob"]), number=st.integers(1, 2))
    def add_account(self, name: str, number: int) -> None:
        self.both(lambda store: store.add_account(account(name, f"u{number}"), name, 1))

    @rule(user_id=st.sampled_from(["u1", "u2"]).map(UserId), disabled=st.booleans())
    def change_account(self, user_id: UserId, disabled: bool) -> None:
        self.both(lambda store: store.set_disabled(user_id, disabled, 1))
        self.both(lambda store: store.set_password(user_id, "new", 1))

    @rule(room_id=ROOMS, at=SEQS, limit=st.integers(1, 5))
    def pages(self, room_id: RoomId, at: int, limit: int) -> None:
        self.both(lambda store: store.read(room_id, at, limit))
        self.both(lambda store: store.history(room_id, before=at, after=None, limit=limit))
        self.both(lambda store: store.history(room_id, before=None, after=at, limit=limit))

    @rule(
        query=TEXTS,
        room_id=st.none() | ROOMS,
        who=PEOPLE,
        cursor=st.none() | SEQS,
        limit=st.integers(1, 9),
    )
    def search(
        self, query: str, room_id: RoomId | None, who: Author, cursor: int | None, limit: int
    ) -> None:
        self.both(
            lambda store: store.search(
                query, room_id=room_id, member=who.user_id, cursor=cursor, limit=limit
            )
        )

    @rule()
    def everything_reads_alike(self) -> None:
        self.both(everything)


async def everything(store: Store) -> list[Any]:
    told: list[Any] = [await store.public_rooms("", 99), await store.accounts()]
    told.append(await store.revocations(0))
    told += [await store.memberships(who.user_id) for who in (ANN, BOB, GUS)]
    for room_id in map(RoomId, range(1, 5)):
        told.append(await store.members(room_id, 99))
        told.append(await store.read(room_id, 0, 1000))
        told.append(await store.history(room_id, before=None, after=None, limit=1000))
    return told


TestAlike = Alike.TestCase
TestAlike.settings = settings(max_examples=25, stateful_step_count=30)
