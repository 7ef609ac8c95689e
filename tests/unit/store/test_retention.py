"""The oldest entries go, with all that was kept because of them; what stays is as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatd.core.log import Draft, Entry, RoomId
from chatd.core.ports import NoSuchTarget
from chatd.store.sqlite import SqliteStore, opened, retention
from chatd.store.sqlite.blocking import Run
from chatd.store.sqlite.retention import Trimmed
from chatd.store.sqlite.transaction import Transaction
from tests.unit.store.examples import ANN, BOB, draft, finds, make_room, page, say

FOR_EVER, ANY = 0, 0


class Room:
    """A store with one room, and what is done to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = Run()
        self.store = SqliteStore(path, self.run.deliver)
        self.room = self.run(make_room(self.store))

    def append(self, *drafts: Draft) -> list[Entry]:
        return [self.run(self.store.append(self.room, each)).entry for each in drafts]

    def trim(self, *, below: int = 0, cutoff: int = FOR_EVER) -> Trimmed:
        return self.run(self.store.trim(self.room, below, cutoff))

    def overdue(self, *, cutoff: int = FOR_EVER, keep: int = ANY) -> list[tuple[RoomId, int]]:
        return self.run(self.store.overdue(RoomId(0), cutoff, keep)).rooms

    def log(self) -> list[tuple[int, str, str]]:
        entries = self.run(self.store.read(self.room, 0, 1000))
        return [(each.seq, each.kind, each.text) for each in entries]

    def first(self) -> int:
        found = self.run(self.store.room("lobby"))
        assert found is not None
        return found.first

    def close(self) -> None:
        self.run(self.store.close())


@pytest.fixture
def lobby(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path / "chatd.sqlite3")
    yield room
    room.close()


def ask(path: Path, statement: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(statement).fetchone()[0])


# --- which go ---


def test_entries_from_before_the_cutoff_go_and_the_room_begins_behind_them(lobby: Room) -> None:
    lobby.append(*(draft(f"at {ts}", ts=ts) for ts in (10, 20, 30, 40)))
    assert lobby.overdue(cutoff=30) == [(lobby.room, 0)]
    assert lobby.trim(cutoff=30) == Trimmed(2, 3)
    assert lobby.log() == [(3, "message", "at 30"), (4, "message", "at 40")]
    assert lobby.first() == 3
    assert lobby.overdue(cutoff=30) == []
    assert lobby.trim(cutoff=30) == Trimmed(0, 3)


def test_the_first_young_entry_ends_it_though_the_clock_was_set_back_behind_it(
    lobby: Room,
) -> None:
    lobby.append(*(draft(str(ts), ts=ts) for ts in (10, 99, 20, 30)))
    assert lobby.trim(cutoff=50) == Trimmed(1, 2)
    assert lobby.overdue(cutoff=50) == []


def test_the_newest_messages_stay_and_what_changed_them(lobby: Room) -> None:
    lobby.append(
        draft("one"),
        draft("two"),
        draft("Topic", kind="topic"),
        draft("three"),
        draft("THREE", kind="edited", target=4),
        draft("four"),
    )
    assert lobby.overdue(keep=4) == []
    assert lobby.overdue(keep=2) == [(lobby.room, 3)]
    assert lobby.trim(below=3) == Trimmed(2, 3)
    assert [each.text for each in lobby.run(page(lobby.store, lobby.room))] == ["THREE", "four"]
    assert lobby.log()[0] == (3, "topic", "Topic")
    assert lobby.overdue(keep=2) == []


def test_changes_alone_are_not_too_many_messages(lobby: Room) -> None:
    lobby.append(draft("one"), *(draft(str(n), kind="topic") for n in range(10)), draft("two"))
    assert lobby.overdue(keep=2) == []
    assert lobby.overdue(keep=1) == [(lobby.room, 2)]


def test_an_entry_goes_when_either_rule_says_so(lobby: Room) -> None:
    lobby.append(*(draft(str(ts), ts=ts) for ts in (10, 20, 30, 40)))
    assert lobby.trim(below=3, cutoff=20) == Trimmed(2, 3)
    assert lobby.trim(below=3, cutoff=40) == Trimmed(1, 4)


def test_one_step_removes_some_and_the_next_goes_on(
    lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ENTRIES", 3)
    lobby.append(*(draft(str(n)) for n in range(7)))
    steps = [lobby.trim(below=99) for _ in range(4)]
    assert steps == [Trimmed(3, 4), Trimmed(3, 7), Trimmed(1, 8), Trimmed(0, 8)]


def test_long_texts_make_a_step_shorter(lobby: Room) -> None:
    lobby.append(*(draft("word " * 5000) for _ in range(9)))
    removed = lobby.trim(below=99).removed
    assert 0 < removed < 9


def test_rooms_are_looked_at_some_at_a_time(lobby: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROOMS", 2)
    rooms = [lobby.room] + [lobby.run(make_room(lobby.store, f"r{n}")) for n in range(4)]
    for room in rooms[::2]:
        lobby.run(lobby.store.append(room, draft(ts=5)))
    found, after = [], RoomId(0)
    while True:
        look = lobby.run(lobby.store.overdue(after, 10, ANY))
        found += [room for room, _ in look.rooms]
        if look.last is None:
            break
        after = look.last
    assert found == rooms[::2]


def test_a_room_that_is_not_there_is_trimmed_in_vain(lobby: Room) -> None:
    assert lobby.run(lobby.store.trim(RoomId(99), 5, 5)).removed == 0


# --- what goes with them ---


def test_their_words_reactions_and_edits_go_with_them(lobby: Room) -> None:
    lobby.append(
        draft("green apples"),
        draft("red apples", kind="edited", target=1),
        draft("+1", kind="reacted", target=1, by=BOB),
        draft("yellow pears"),
    )
    assert lobby.trim(below=4) == Trimmed(3, 4)
    assert lobby.run(finds(lobby.store, "apples")) == []
    assert lobby.run(finds(lobby.store, "pears")) == ["yellow pears"]
    for table in ("reactions", "changes"):
        assert ask(lobby.path, f"SELECT count(*) FROM {table}") == 0  # noqa: S608  # own names of tables
    assert ask(lobby.path, "SELECT count(*) FROM messages") == 1


def test_a_later_edit_of_one_that_goes_keeps_its_place_but_not_its_words(lobby: Room) -> None:
    lobby.append(
        draft("old", ts=10),
        draft("young", ts=50),
        draft("old, and wise", ts=60, kind="edited", target=1),
        draft("young, and wise", ts=60, kind="edited", target=2),
    )
    lobby.trim(cutoff=50)
    assert lobby.log() == [
        (2, "message", "young"),
        (3, "edited", ""),
        (4, "edited", "young, and wise"),
    ]
    assert lobby.run(finds(lobby.store, "wise")) == ["young, and wise"]
    with pytest.raises(NoSuchTarget):
        lobby.append(draft("again", kind="edited", target=1))


def test_a_reply_to_one_that_went_is_as_it_was(lobby: Room) -> None:
    lobby.append(draft("question"), draft("answer", reply_to=1, key="k"))
    lobby.trim(below=2)
    (answer,) = lobby.run(page(lobby.store, lobby.room))
    assert (answer.text, answer.reply_to) == ("answer", 1)


def test_the_index_of_words_is_whole_afterwards(lobby: Room) -> None:
    lobby.append(*(draft(f"word{n} and more") for n in range(90)))
    lobby.append(draft("", kind="deleted", target=3), draft("other", kind="edited", target=4))
    lobby.trim(below=80)
    assert lobby.run(finds(lobby.store, "word")) == [f"word{n} and more" for n in range(89, 78, -1)]
    if sqlite3.sqlite_version_info >= (3, 40):  # 3.26 cannot check an index without a content
        ask_all = "INSERT INTO found (found) VALUES ('integrity-check')"
        with closing(sqlite3.connect(lobby.path)) as connection:
            connection.execute(ask_all)


def test_no_word_of_theirs_is_left_in_the_file(tmp_path: Path) -> None:
    room = Room(tmp_path / "chatd.sqlite3")
    room.append(
        draft("rumpelstilzchen"),
        draft("schneewittchen"),
        draft("rumpelstilzchen again", kind="edited", target=1),
    )
    room.trim(below=2)
    room.run(room.store.tidy())
    room.close()
    content = room.path.read_bytes()
    assert b"rumpel" not in content
    assert b"schneew" in content


# --- what stays ---


def test_seqs_go_on_when_nothing_is_left(lobby: Room) -> None:
    lobby.append(draft("one"), draft("two"))
    assert lobby.trim(below=99) == Trimmed(2, 3)
    assert lobby.run(lobby.store.last_seq(lobby.room)) == 2
    assert lobby.append(draft("three"))[0].seq == 3
    assert lobby.log() == [(3, "message", "three")]


def test_seqs_go_on_after_a_restart_too(tmp_path: Path) -> None:
    room = Room(tmp_path / "chatd.sqlite3")
    room.append(draft("one"), draft("two"))
    room.trim(below=99)
    room.close()
    with opened(room.path) as (store, run):
        assert run(store.append(room.room, draft("three"))).entry.seq == 3
        assert run(finds(store, "three")) == ["three"]


def test_a_key_is_known_for_as_long_as_its_message_is_kept(lobby: Room) -> None:
    lobby.append(draft("one", key="k1"), draft("two", key="k2"))
    lobby.trim(below=2)
    again = lobby.run(lobby.store.append(lobby.room, draft("two, once more", key="k2")))
    assert (again.again, again.entry.seq) == (True, 2)
    fresh = lobby.run(lobby.store.append(lobby.room, draft("one, anew", key="k1")))
    assert (fresh.again, fresh.entry.seq) == (False, 3)


def test_other_rooms_are_left_alone(lobby: Room) -> None:
    other = lobby.run(make_room(lobby.store, "other"))
    lobby.run(say(lobby.store, other, "theirs"))
    lobby.append(draft("ours"))
    lobby.trim(below=99)
    assert lobby.run(finds(lobby.store, "theirs", other)) == ["theirs"]
    found = lobby.run(lobby.store.room("other"))
    assert found is not None
    assert found.first == 1


def test_appending_goes_on_between_the_steps(lobby: Room) -> None:
    lobby.append(*(draft(str(n)) for n in range(300)))
    seqs = []
    while lobby.trim(below=301).removed:
        seqs += [entry.seq for entry in lobby.append(draft("live", by=ANN))]
    assert seqs == [301, 302]
    assert [seq for seq, _, _ in lobby.log()] == seqs


# --- the disk ---


def test_the_disk_gets_its_room_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SLACK", 10)
    room = Room(tmp_path / "chatd.sqlite3")
    room.append(*(draft(f"{n} " * 1000, by=BOB) for n in range(200)))
    room.close()
    full = room.path.stat().st_size
    with opened(room.path) as (store, run):
        while run(store.trim(room.room, 200, FOR_EVER)).removed:
            pass
        run(store.tidy())
        while run(store.give_back()):
            pass
    assert room.path.stat().st_size < full / 3
    assert ask(room.path, "PRAGMA freelist_count") <= 10
    with closing(sqlite3.connect(room.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_little_slack_is_kept(lobby: Room) -> None:
    lobby.append(*(draft("x" * 2000) for _ in range(20)))
    lobby.trim(below=99)
    assert lobby.run(lobby.store.give_back()) is False
    assert ask(lobby.path, "PRAGMA freelist_count") > 0


def test_a_database_that_cannot_shrink_is_no_endless_work(lobby: Room) -> None:
    with closing(sqlite3.connect(lobby.path.with_name("plain"), isolation_level=None)) as plain:
        plain.execute("CREATE TABLE t (x)")
        plain.execute("INSERT INTO t VALUES (zeroblob(4000000))")
        plain.execute("DELETE FROM t")
        transaction = Transaction(plain)
        assert retention.give_back(transaction) is False
