"""`chatd user erase`: nothing tells any more who it was, and what others said is as it was."""

from __future__ import annotations

import io
import sqlite3
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatd.core.audit import Deed, Wanted
from chatd.core.audit_walk import Walk
from chatd.core.log import Account, Alike, Author, Rank, RoomId, StoredMessage, Token, UserId
from chatd.core.names import skeleton
from chatd.core.ports import AccountGone, NoSuchTarget, StoreFailed
from chatd.core.sanctions import Subject
from chatd.ops import data_erase
from chatd.ops.users import Desk, asking
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore, erase
from chatd.store.sqlite.blocking import Run
from chatd.store.sqlite.erase import NAME, Erasing, Place
from tests.unit.store.conftest import at_once
from tests.unit.store.examples import BOB, account, draft, finds, make_room, member, page

ZEB = Author(UserId("u-zebra"), "zebulon", False)
NOW = 5_000
NAMING_PEOPLE = {
    *("accounts", "tokens", "members", "marks", "messages", "changes", "reactions", "revocations"),
    "rooms",  # the titles of direct ones
    *("sanctions", "reports", "audit"),
}
IDS = {"revocations.user_id", "audit.actor_id", "audit.target_id"}
"""Where an id may stay that leads to nobody."""
NAMING_NOBODY = {"meta", "room_rules", "hooks"}


class Office:
    """A store in which Zebulon has left traces everywhere, and a desk."""

    def __init__(self, path: Path, *, exclusive: bool = False) -> None:
        self.path, self.run = path, Run()
        self.store = SqliteStore(path, self.run.deliver, exclusive=exclusive)
        self.out, self.err = io.StringIO(), io.StringIO()
        self.desk = self.desk_of(self.store)
        for who in (ZEB, BOB):
            account = Account(user_id=who.user_id, name=who.name, password="hash")
            self.run(self.store.add_account(account, skeleton(who.name), 1))
        self.lobby: RoomId = self.run(make_room(self.store))
        self.direct: RoomId = self.run(
            self.store.direct_room("@1", member(ZEB), member(BOB), 1)
        ).room_id
        self.run(self._leave_traces())

    def desk_of(self, store: Any) -> Desk:
        return Desk(
            store, self.run, self.out, self.err, asking(io.StringIO()), 10, lambda: NOW, "root"
        )

    async def _leave_traces(self) -> None:
        store = self.store
        token = Token(token_id="t1", user_id=ZEB.user_id, label="bot", created_ts=1)
        await store.add_token(token, b"d" * 32)
        await store.set_member(self.lobby, member(ZEB))
        await store.mark(ZEB.user_id, self.lobby, 3)
        for each in (
            draft("rumpelstilzchen first", by=ZEB, key="zk1"),
            draft("an answer", by=BOB, key="bk1", reply_to=1),
            draft("rumpelstilzchen edited", kind="edited", by=ZEB, target=1),
            draft("+1", kind="reacted", by=ZEB, target=2),
            draft("+1", kind="reacted", by=BOB, target=2),
            draft("+1", kind="reacted", by=BOB, target=1),
            draft("A topic", kind="topic", by=ZEB),
            draft("rumpelstilzchen gone", by=ZEB),
            draft("", kind="deleted", by=ZEB, target=8),
        ):
            await store.append(self.lobby, each)
        await store.append(self.direct, draft("rumpelstilzchen between us", by=ZEB))
        await self._leave_traces_with_operators()

    async def _leave_traces_with_operators(self) -> None:
        store, lobby = self.store, self.lobby
        for subject, by in ((ZEB, BOB), (BOB, ZEB)):
            about = Subject("user", subject.user_id, subject.name)
            await store.sanction("mute", about, None, reason="", by=by.name, ts=1, until=None)
        await store.report(lobby, 1, by=BOB, reason="rude", ts=1)
        await store.report(lobby, 2, by=ZEB, reason="rumpelstilzchen says so", ts=1)
        await store.settle(2, outcome="fine", by=ZEB.name, ts=2)
        await store.append(self.direct, draft("my side", by=BOB))
        nobody = Author(UserId(""), "", False)
        await store.record(deed(ZEB, BOB), deed(BOB, ZEB), deed(nobody, ZEB))

    def erases(self, name: str = "zebulon", *, keep_texts: bool = False, yes: bool = True) -> int:
        args = Namespace(name=name, keep_texts=keep_texts, yes=yes)
        return data_erase.erase(args, self.desk)

    def page(self, room: RoomId | None = None) -> dict[int, StoredMessage]:
        return {each.seq: each for each in self.run(page(self.store, room or self.lobby))}

    def seqs(self, room: RoomId) -> list[int]:
        return [each.seq for each in self.run(self.store.read(room, 0, 1000))]

    def close(self) -> None:
        self.run(self.store.close())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "chatd.sqlite3")
    yield office
    office.close()


def deed(by: Author, to: Author) -> Deed:
    return Deed(
        ts=1,
        verb="kick",
        actor_id=by.user_id,
        actor=by.name,
        address="2001:db8::bb" if by is BOB else "2001:db8::aa",
        target_id=to.user_id,
        facts={"user": to.name, "reason": f"{to.name} is rude"},
    )


def traces(path: Path, *of: str) -> list[str]:
    """Where these words still are, in any column of any table."""
    found = []
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        for table, sql in tables.fetchall():
            if "VIRTUAL" in sql:
                continue
            cursor = connection.execute(f"SELECT * FROM {table}")  # noqa: S608  # own names of tables
            names = [column[0] for column in cursor.description]
            for row in cursor:
                values = zip(names, map(str, row), strict=True)
                found += [f"{table}.{name}" for name, v in values if any(word in v for word in of)]
    return found


# --- what is gone ---


def test_no_table_knows_the_name_or_the_id_any_more(office: Office) -> None:
    assert "accounts.name" in traces(office.path, "zebulon", "u-zebra")
    assert office.erases() == 0
    # By the revocation the daemon learns of it, and by the id the audit log hangs together; nothing
    # leads from that id to anybody.
    left = traces(office.path, "zebulon", "u-zebra", "zk1", "2001:db8::aa")
    assert Counter(left) == {
        "revocations.user_id": 2,
        "audit.actor_id": 1,
        "audit.target_id": 3,  # and that of the erasure itself
    }


def test_not_a_byte_of_name_or_words_is_left_in_the_file(tmp_path: Path) -> None:
    office = Office(tmp_path / "chatd.sqlite3")
    assert office.erases() == 0
    office.close()
    content = office.path.read_bytes()
    for word in (b"zebulon", b"rumpel", b"zk1"):
        assert word not in content
    assert b"an answer" in content


@pytest.mark.parametrize("keep_texts", [False, True])
def test_words_that_were_deleted_by_hand_before_leave_the_file_too(
    tmp_path: Path, *, keep_texts: bool
) -> None:
    office = Office(tmp_path / "chatd.sqlite3")
    run, store = office.run, office.store
    assert run(finds(store, "rumpelstilzchen"))  # so they are in the index
    for room, seq in ((office.lobby, 1), (office.direct, 1)):
        run(store.append(room, draft("", kind="deleted", by=ZEB, target=seq)))
    assert office.erases(keep_texts=keep_texts) == 0
    assert "removed: 0 texts" in office.out.getvalue()
    office.close()
    assert b"rumpel" not in office.path.read_bytes()


def test_words_leave_the_file_when_a_run_was_cut_off_before_that(tmp_path: Path) -> None:
    office = Office(tmp_path / "chatd.sqlite3")
    run, store = office.run, office.store
    assert run(finds(store, "rumpelstilzchen"))

    async def killed() -> None:
        raise StoreFailed("killed")

    store.tidy, tidy = killed, store.tidy  # type: ignore[method-assign]  # this test's own in its place
    assert office.erases() == 1
    store.tidy = tidy  # type: ignore[method-assign]  # this test's own
    assert office.erases() == 0
    office.close()
    assert b"rumpel" not in office.path.read_bytes()


def test_the_account_cannot_be_logged_into_and_its_name_is_free(office: Office) -> None:
    office.erases()
    assert office.run(office.store.account("zebulon")) is None
    assert office.run(office.store.token(b"d" * 32)) is None
    assert office.run(office.store.look_alike([skeleton("zebulon")])) == Alike()


def test_its_messages_are_deleted_in_the_log_so_that_all_hear_of_it(office: Office) -> None:
    office.erases()
    entries = office.run(office.store.read(office.lobby, 9, 10))
    assert [(each.kind, each.target, each.author.name) for each in entries] == [
        ("deleted", 1, NAME)
    ]
    first = office.page()[1]
    assert (first.author.name, first.text, first.deleted, first.reactions) == (NAME, "", True, {})


def test_nothing_of_it_is_found_any_more(office: Office) -> None:
    assert office.run(finds(office.store, "rumpelstilzchen"))
    office.erases()
    assert office.run(finds(office.store, "rumpelstilzchen")) == []
    if sqlite3.sqlite_version_info >= (3, 40):  # 3.26 cannot check an index without a content
        with closing(sqlite3.connect(office.path)) as connection:
            connection.execute("INSERT INTO found (found) VALUES ('integrity-check')")


def test_open_sessions_hear_of_it_at_the_beginning_and_at_the_end(office: Office) -> None:
    office.erases()
    told = office.run(office.store.revocations(0))
    assert [(each.user_id, each.token_id) for each in told] == [(ZEB.user_id, "")] * 2


def test_it_is_known_of_every_table_whether_it_names_people(office: Office) -> None:
    with closing(sqlite3.connect(office.path)) as connection:
        rows = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'found%'"
        )
        tables = {name for (name,) in rows}
    assert tables == NAMING_PEOPLE | NAMING_NOBODY, (
        "say in chatd/store/sqlite/erase.py what becomes of the people in a new table, leave "
        "traces of one in it above, and then list it here"
    )


def test_the_daemon_hears_that_nothing_is_laid_on_them_any_more(office: Office) -> None:
    before = office.run(office.store.sanctions_version())
    office.erases()
    assert office.run(office.store.sanctions_version()) > before
    told = [(s.subject.shown, s.by) for s in office.run(office.store.sanctions(NOW))]
    assert told == [("bob", NAME)]


# --- what stays ---


def test_the_audit_log_stays_whole_and_says_who_did_it(office: Office) -> None:
    assert office.erases() == 0
    records = office.run(office.store.audit(0, 9))
    walk = Walk()
    walk.take(records)
    assert walk.end(office.run(office.store.audit_head())).flaws == ()
    told = [(r.verb, r.told_who.name, r.told_what.get("user")) for r in records]
    assert told == [
        ("kick", f"{NAME} {ZEB.user_id}", "bob"),
        ("kick", "bob", f"{NAME} {ZEB.user_id}"),
        ("kick", "", f"{NAME} {ZEB.user_id}"),
        ("user_erase", "root", None),
    ]


def test_the_audit_log_still_says_who_did_it_on_the_host(office: Office) -> None:
    """They have a name and no id, unlike somebody who failed to log in."""
    run, store = office.run, office.store
    done = Deed(
        ts=2, verb="user_disable", actor="root", address="host", target_id=ZEB.user_id,
        facts={"user": ZEB.name},
    )  # fmt: skip
    run(store.record(done))
    office.erases()
    (found,) = run(store.audit_found(Wanted(verb="user_disable"), None, 9))
    assert (found.told_who.name, found.told_who.address) == ("root", "host")
    assert found.told_what == {"user": f"{NAME} {ZEB.user_id}"}
    assert traces(office.path, ZEB.name) == []


def test_an_audit_log_that_was_spoilt_is_no_hindrance(office: Office) -> None:
    with closing(sqlite3.connect(office.path)) as connection, connection:
        connection.execute("DROP TRIGGER audit_holds")
        connection.execute("UPDATE audit SET who = 'no JSON' WHERE actor_id = ''")
    assert office.erases() == 0
    assert traces(office.path, ZEB.name, "no JSON") == []


def test_what_others_said_stays_readable(office: Office) -> None:
    before = office.page()
    office.erases()
    answer = office.page()[2]
    assert (answer.text, answer.author, answer.key) == ("an answer", BOB, "bk1")
    assert answer.reply_to == 1
    assert before[2].reactions == {"+1": ["zebulon", "bob"]}
    assert answer.reactions == {"+1": [NAME, "bob"]}
    found = office.run(office.store.room("lobby"))
    assert found is not None
    assert found.topic == "A topic"


def test_no_log_gets_a_gap(office: Office) -> None:
    office.erases()
    for room in (office.lobby, office.direct):
        seqs = office.seqs(room)
        assert seqs == list(range(1, len(seqs) + 1))


def test_the_other_one_keeps_a_direct_room(office: Office) -> None:
    office.erases()
    (membership,) = office.run(office.store.memberships(BOB.user_id))
    assert membership.room.title == f"{NAME}, bob"
    assert office.page(office.direct)[2].text == "my side"
    assert office.run(office.store.memberships(ZEB.user_id)) == []


def test_a_new_account_of_that_name_gets_a_direct_room_of_its_own(office: Office) -> None:
    office.erases()
    again = Author(UserId("u-another"), "zebulon", False)
    fresh = office.run(office.store.direct_room("@2", member(again), member(BOB), 9))
    assert fresh.room_id != office.direct


def test_with_keep_texts_only_the_name_goes(office: Office) -> None:
    before = office.page()
    assert office.erases(keep_texts=True) == 0
    after = office.page()
    assert [m.text for m in after.values()] == [m.text for m in before.values()]
    assert after[1].author.name == NAME
    assert set(traces(office.path, "zebulon", "u-zebra", "zk1")) == IDS
    assert office.run(finds(office.store, "rumpelstilzchen")) == ["rumpelstilzchen edited"]
    assert office.seqs(office.lobby) == list(range(1, 10))


def test_two_that_were_erased_are_not_one(office: Office) -> None:
    office.erases()
    office.erases("bob")
    assert office.page()[2].deleted
    with closing(sqlite3.connect(office.path)) as connection:
        ids = connection.execute("SELECT DISTINCT user_id FROM messages").fetchall()
    assert len(ids) == 2


def test_those_who_are_left_can_go_on(office: Office) -> None:
    office.erases()
    fresh = office.run(office.store.append(office.lobby, draft("on we go", by=BOB)))
    assert fresh.entry.seq == 11
    with pytest.raises(NoSuchTarget):
        office.run(office.store.append(office.lobby, draft("+1", kind="reacted", target=1, by=BOB)))
    again = office.run(office.store.append(office.lobby, draft("", kind="deleted", target=1)))
    assert again.again


# --- many, and cut off ---


def test_many_rows_are_taken_some_at_a_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "ROWS", 2)
    for number in range(7):
        office.run(office.store.append(office.lobby, draft(f"word{number}", by=ZEB)))
        reaction = draft(f"{number}", kind="reacted", by=ZEB, target=2)
        office.run(office.store.append(office.lobby, reaction))
    assert office.erases() == 0
    assert set(traces(office.path, "zebulon", "u-zebra")) == IDS
    assert "10 messages, 8 reactions" in office.out.getvalue()


def test_one_that_was_cut_off_is_taken_up_again(office: Office) -> None:
    erasing = Erasing(user_id=ZEB.user_id, alias=UserId("e1"), keep_texts=False, ts=NOW)
    rows = office.run(office.store.rows_of(ZEB.user_id, Place()))
    office.run(office.store.set_disabled(ZEB.user_id, True, NOW))
    office.run(office.store.erase_rows(erasing, rows))
    assert office.erases() == 0
    assert set(traces(office.path, "zebulon", "u-zebra")) == IDS


def test_what_is_said_while_it_goes_on_is_refused(office: Office) -> None:
    erase_rows = office.store.erase_rows

    async def meanwhile(erasing: Erasing, rows: erase.Rows) -> int:
        for late in (draft("one more", by=ZEB), draft("Two", kind="topic", by=ZEB)):
            with pytest.raises(AccountGone):
                await office.store.append(office.lobby, late)
        return await erase_rows(erasing, rows)

    office.store.erase_rows = meanwhile  # type: ignore[method-assign]  # this test's own in its place
    assert office.erases() == 0
    assert set(traces(office.path, "zebulon", "u-zebra", "one more", "Two")) == IDS


def test_what_is_said_when_it_was_let_in_again_meanwhile_is_found_too(office: Office) -> None:
    erase_rows, late = office.store.erase_rows, iter(["one more"])

    async def meanwhile(erasing: Erasing, rows: erase.Rows) -> int:
        done = await erase_rows(erasing, rows)
        for text in late:
            await office.store.set_disabled(ZEB.user_id, False, NOW)
            await office.store.append(office.lobby, draft(text, by=ZEB))
        return done

    office.store.erase_rows = meanwhile  # type: ignore[method-assign]  # this test's own in its place
    assert office.erases() == 0
    assert set(traces(office.path, "zebulon", "u-zebra", "one more")) == IDS


@pytest.mark.parametrize("barred", [False, True])
def test_what_is_said_while_the_words_are_merged_is_found_too(office: Office, barred: bool) -> None:
    tidy, late = office.store.tidy, iter(["one more"])

    async def meanwhile() -> None:
        await tidy()
        for text in late:
            await office.store.set_disabled(ZEB.user_id, False, NOW)
            await office.store.append(office.lobby, draft(text, by=ZEB))
            await office.store.set_disabled(ZEB.user_id, barred, NOW)

    office.store.tidy = meanwhile  # type: ignore[method-assign]  # this test's own in its place
    assert office.erases() == 0
    assert set(traces(office.path, "zebulon", "u-zebra", "one more")) == IDS


def test_an_account_that_may_speak_is_not_taken_away(office: Office) -> None:
    erasing = Erasing(user_id=ZEB.user_id, alias=UserId("e1"), keep_texts=False, ts=NOW)
    assert office.run(office.store.erase_account(erasing)) is None
    assert office.run(office.store.account_by_id(ZEB.user_id)) is not None


def test_what_retention_took_meanwhile_is_no_hindrance(office: Office) -> None:
    rows = office.run(office.store.rows_of(ZEB.user_id, Place()))
    office.run(office.store.trim(office.lobby, 2, 0))
    erasing = Erasing(user_id=ZEB.user_id, alias=UserId("e1"), keep_texts=False, ts=NOW)
    assert office.run(office.store.erase_rows(erasing, rows)) == 1  # the one in the direct room


def test_a_daemon_that_has_not_heard_of_it_writes_nothing_more(tmp_path: Path) -> None:
    """It may be stalled for longer than anybody would wait for it."""
    daemon = Office(tmp_path / "chatd.sqlite3", exclusive=True)
    run, store, lobby = daemon.run, daemon.store, daemon.lobby
    run(store.append(lobby, draft("rumpelstilzchen at once", by=ZEB)))
    beside = SqliteStore(daemon.path, run.deliver, exclusive=False)
    daemon.desk = daemon.desk_of(beside)
    assert daemon.erases() == 0
    run(beside.close())
    new = Author(UserId("u-new"), "newcomer", False)
    about = Subject("user", ZEB.user_id, ZEB.name)
    laid: dict[str, Any] = {"reason": "", "by": BOB.name, "ts": 1, "until": None}
    for late in (
        lambda: store.append(lobby, draft("rumpelstilzchen late", by=ZEB)),
        lambda: store.append(lobby, draft("rumpelstilzchen late", by=ZEB)),  # by the short way
        lambda: store.append(lobby, draft("rumpelstilzchen", by=ZEB, reply_to=2)),
        lambda: store.append(lobby, draft("+1", kind="reacted", by=ZEB, target=2)),
        lambda: store.direct_room("@9", member(new), member(ZEB), 9),
        lambda: store.direct_room("@9", member(ZEB), member(new), 9),
        lambda: store.set_member(lobby, member(ZEB)),
        lambda: store.create_room(
            "den", "private", skeleton="den", topic="", owner=member(ZEB), ts=9
        ),
        lambda: store.mark(ZEB.user_id, lobby, 4),
        lambda: store.report(lobby, 2, by=ZEB, reason="rumpelstilzchen", ts=9),
        lambda: store.sanction("ban", about, None, **laid),
    ):
        with pytest.raises(AccountGone):
            run(late())
    run(store.record(deed(ZEB, BOB), deed(BOB, ZEB)))
    assert set(traces(daemon.path, "zebulon", "u-zebra", "rumpel")) == IDS
    walk = Walk()
    walk.take(run(store.audit(0, 99)))
    assert walk.end(run(store.audit_head())).flaws == ()
    assert run(store.append(lobby, draft("we go on", by=BOB))).entry.author == BOB
    daemon.close()


# --- what is said ---


def test_it_says_what_it_did(office: Office) -> None:
    office.erases()
    assert office.out.getvalue() == (
        "erased the account zebulon with 1 token and 2 memberships; 1 direct room left to the "
        "other one\n"
        'by "erased user" are now: 3 messages, 1 reaction, 4 changes\n'
        "removed: 2 texts, from the log and from search\n"
        "open sessions end in a moment; backups keep what they have until they go\n"
    )


def test_it_names_the_rooms_that_nobody_owns_now(office: Office) -> None:
    """Not those that somebody else owns as well, unless they cannot act."""
    run, store = office.run, office.store
    disabled = Author(UserId("u9"), "dis", False)
    run(store.add_account(account(disabled.name, disabled.user_id), "dis", 1))
    run(store.set_disabled(disabled.user_id, True, 1))
    for name, other in (("den", None), ("hall", disabled), ("shared", BOB)):
        room = run(make_room(store, name))
        for who in filter(None, (ZEB, other)):
            run(store.set_member(room, member(who, Rank.OWNER)))
    office.erases()
    assert office.out.getvalue().endswith(
        "without an owner now: den, hall; an operator in the room makes somebody one "
        "(/role PERSON owner)\n"
    )


def test_nobody_is_erased_without_a_word(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("zebulon\n"))
    assert office.erases(yes=False) == 1
    assert "say so with --yes" in office.err.getvalue()
    assert office.run(office.store.account("zebulon"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "code"), [("zebulon\n", 0), ("bob\n", 1), ("y\n", 1), ("", 1)])
def test_at_a_terminal_the_name_must_be_typed_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert office.erases(yes=False) == code
    assert "removes all messages of zebulon" in office.err.getvalue()
    assert (office.run(office.store.account("zebulon")) is None) is (code == 0)


@pytest.mark.parametrize(
    ("name", "says"), [("nobody", "there is no user nobody"), ("a b", "user name 'a b'")]
)
def test_who_is_not_there_is_told(office: Office, name: str, says: str) -> None:
    assert office.erases(name) == 1
    assert says in office.err.getvalue()


def test_a_store_that_refuses_is_told_with_what_to_do(office: Office) -> None:
    async def fails(*_: object) -> int:
        raise StoreFailed("the disk sleeps")

    office.store.erase_rows = fails  # type: ignore[assignment,method-assign]  # this test's own in its place
    assert office.erases() == 1
    assert "zebulon is erased in part: run this again" in office.err.getvalue()


def test_only_a_store_that_can_is_asked(office: Office) -> None:
    office.desk = office.desk_of(MemoryStore())
    office.desk = Desk(
        MemoryStore(), at_once, office.out, office.err, asking(io.StringIO()), 10, lambda: NOW
    )
    assert office.erases() == 1
    assert "a MemoryStore cannot erase users" in office.err.getvalue()
