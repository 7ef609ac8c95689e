"""The audit log in the database file: it can be added to only, and whoever goes behind chatd's back
is found."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatd.core.audit import Deed, Record
from chatd.core.audit_walk import Verdict, Walk
from chatd.store.sqlite import audit, opened
from chatd.store.sqlite.opening import connect

KICK = Deed(ts=7, verb="kick", actor_id="u1", actor="olga", target_id="u2", facts={"user": "bob"})
FLIPS = 300
INTERIOR = 5
"""How a page begins that leads to pages of a table: https://www.sqlite.org/fileformat2.html"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a log of twenty records."""
    path = tmp_path / "chatd.sqlite3"
    with opened(path) as (store, run):
        run(store.record(*[KICK] * 20))
    return path


@pytest.fixture
def intruder(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody with the file who knows SQL."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def verified(path: Path) -> Verdict:
    walk = Walk()
    with closing(connect(path, write=False)) as connection:
        head = audit.head(connection)
        try:
            while walk.take(audit.after(connection, walk.last, 7)):
                pass
        except sqlite3.DatabaseError as error:
            walk.unreadable(str(error))
    return walk.end(head)


def named(path: Path) -> set[int]:
    return {flaw.number for flaw in verified(path).flaws}


def test_the_log_can_be_added_to_only(intruder: sqlite3.Connection) -> None:
    for statement in (
        "DELETE FROM audit WHERE number = 3",
        "UPDATE audit SET verb = 'ban' WHERE number = 3",
        "UPDATE audit SET what = '{}' WHERE number = 3",
        "UPDATE audit SET number = 99 WHERE number = 3",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            intruder.execute(statement)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM audit WHERE number = 3", {3}),
        ("DELETE FROM audit WHERE number > 17", {18, 19, 20}),
        ("UPDATE audit SET verb = 'ban' WHERE number = 3", {3}),
        ("UPDATE audit SET ts = 'then' WHERE number = 3", {3}),
        ("UPDATE audit SET what = NULL WHERE number = 3", {3}),
        ("UPDATE audit SET who = x'ff00' WHERE number = 3", {3}),
        ("UPDATE audit SET hash = NULL WHERE number = 3", {3}),
        ("UPDATE audit SET number = -3 WHERE number = 3", {3}),
        ("UPDATE audit SET number = 99 WHERE number = 20", {20, 98}),
    ],
)
def test_what_is_done_behind_its_back_is_found(
    path: Path, intruder: sqlite3.Connection, statement: str, found: set[int]
) -> None:
    without_guards(intruder)
    intruder.execute(statement)
    assert found <= named(path)


def without_guards(intruder: sqlite3.Connection) -> None:
    """What somebody does first who has the file, and lets columns be anything."""
    intruder.execute("DROP TRIGGER audit_stays")
    intruder.execute("DROP TRIGGER audit_holds")
    intruder.execute("CREATE TABLE loose AS SELECT * FROM audit")
    intruder.execute("DROP TABLE audit")
    intruder.execute(
        "CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, ts, verb, actor_id, "
        "target_id, who, what, who_seal, what_seal, hash)"
    )
    intruder.execute("INSERT INTO audit SELECT * FROM loose")


def test_after_a_cut_the_next_record_leaves_a_gap(path: Path, intruder: sqlite3.Connection) -> None:
    intruder.execute("DROP TRIGGER audit_stays")
    intruder.execute("DELETE FROM audit WHERE number > 17")
    with opened(path) as (store, run):
        run(store.record(KICK))
    assert named(path) >= {18, 19, 20}


def test_a_byte_of_the_file_that_changes_what_the_log_says_is_found(path: Path) -> None:
    """Anywhere in the file: what reads as it did is no change of the log."""
    clean = path.read_bytes()
    before = records(path)
    chance = random.Random(1)  # noqa: S311  # chance for a test, no secret
    places = [at for at in range(len(clean)) if clean[at]]
    changed = 0
    for at in chance.sample(places, FLIPS):
        path.write_bytes(flipped(clean, at, chance.randrange(8)))
        if records(path) not in (before, None):
            changed += 1
            assert verified(path).flaws, at
    assert changed > 10
    path.write_bytes(clean)
    assert verified(path).flaws == ()


def test_a_walk_ends_however_the_pages_are_led_astray(path: Path) -> None:
    """Each bit of the page that says where the records are: with some of them changed SQLite gives
    the same old records for ever."""
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'audit'")
    clean, before = path.read_bytes(), records(path)
    start = (root - 1) * size
    assert clean[start] == INTERIOR
    cells = start + int.from_bytes(clean[start + 5 : start + 7], "big")
    changed = 0
    for at in (*range(start, start + 12), *range(cells, start + size)):
        for bit in range(8):
            path.write_bytes(flipped(clean, at, bit))
            if records(path) not in (before, None):
                changed += 1
                assert verified(path).flaws, (at, bit)
    assert changed


def flipped(content: bytes, at: int, bit: int) -> bytes:
    return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]


def records(path: Path) -> list[Record] | None:
    """As it reads; None if SQLite itself says that the file is damaged."""
    try:
        return everything(path)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None


def everything(path: Path) -> list[Record]:
    with closing(connect(path, write=False)) as connection:
        return audit.after(connection, 0, 1000)
