"""Schema files: applied in order and whole, backed up before, never from the future."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from chatd.store import CannotOpen
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import ForeignFile, Plan, SchemaTooNew, SqliteStore, opened, plan, schema
from chatd.store.sqlite.blocking import Run
from tests.unit.store.conftest import at_once
from tests.unit.store.sample import read_sample, released, unpack, write_sample

NEWEST = max(released())
EPOCH = "SELECT value FROM meta WHERE name = 'epoch'"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chatd.sqlite3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A later chatd's schema files."""
    folder = tmp_path / "schema"
    shutil.copytree(schema.FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    add(folder, "flags", "CREATE TABLE flags (name TEXT); INSERT INTO flags VALUES ('new');")
    return folder


def add(folder: Path, name: str, script: str) -> None:
    number = len(list(folder.iterdir())) + 1
    (folder / f"{number:04d}_{name}.sql").write_text(script)


def make(path: Path, folder: Path = schema.FOLDER) -> tuple[str, int]:
    run = Run()
    store = SqliteStore(path, run.deliver, folder=folder)
    run(store.close())
    return store.epoch, store.schema_version


def ask(path: Path, statement: str) -> object:
    connection = sqlite3.connect(path)
    row = connection.execute(statement).fetchone()
    connection.close()
    return row[0] if row else None


def shape(path: Path) -> list[tuple[str, str]]:
    """What is declared in a database."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, ifnull(sql, '') FROM sqlite_master").fetchall()
    connection.close()
    return sorted(rows)


def test_a_new_store_is_made_whole(path: Path) -> None:
    files = tuple(sorted(file.name for file in schema.FOLDER.glob("*.sql")))
    assert plan(path) == Plan(now=0, newest=NEWEST, files=files, backup=None)
    assert not path.exists()
    epoch, version = make(path)
    assert (version, len(epoch)) == (NEWEST, 16)
    assert plan(path) == Plan(now=NEWEST, newest=NEWEST, files=(), backup=None)
    assert make(path) == (epoch, version)


def test_each_store_has_its_own_epoch_and_secret(tmp_path: Path) -> None:
    secrets = set()
    for name in ("one", "other"):
        with opened(tmp_path / name) as (store, run):
            secrets |= {store.epoch, run(store.secret())}
    assert len(secrets) == 4


@pytest.mark.parametrize("number", released())
def test_every_released_schema_is_brought_up_to_date_with_all_it_holds(
    path: Path, number: int
) -> None:
    unpack(number, path)
    reference = MemoryStore()
    at_once(write_sample(reference, number))
    with opened(path) as (store, run):
        assert store.schema_version == NEWEST
        assert run(read_sample(store)) == at_once(read_sample(reference))


@pytest.mark.parametrize("number", released())
def test_an_upgraded_database_is_like_a_new_one(tmp_path: Path, number: int) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    unpack(number, old)
    make(old)
    make(new)
    assert shape(old) == shape(new)


@pytest.mark.parametrize("number", released())
def test_a_released_schema_file_was_not_changed(tmp_path: Path, number: int) -> None:
    stored, today, folder = tmp_path / "stored", tmp_path / "today", tmp_path / "schema"
    unpack(number, stored)
    folder.mkdir()
    for file in sorted(schema.FOLDER.glob("*.sql"))[:number]:
        shutil.copy(file, folder)
    make(today, folder)
    assert shape(today) == shape(stored)


def test_every_schema_has_a_stored_database() -> None:
    numbers = {int(file.name[:4]) for file in schema.FOLDER.glob("*.sql")}
    assert set(released()) == numbers, "run python -m tests.unit.store.sample"


def test_an_upgrade_keeps_the_data_the_epoch_and_a_backup(path: Path, folder: Path) -> None:
    before = make(path)
    steps = plan(path, folder)
    assert steps.files == (f"{NEWEST + 1:04d}_flags.sql",)
    assert steps.backup == Path(f"{path}.before-{NEWEST + 1:04d}")
    assert make(path, folder) == (before[0], NEWEST + 1)
    assert ask(path, "SELECT name FROM flags") == "new"
    assert ask(steps.backup, "PRAGMA user_version") == NEWEST
    assert steps.backup.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("number", sorted(released())[:-1])
def test_what_is_put_back_after_an_upgrade_begins_an_epoch_of_its_own(
    path: Path, number: int
) -> None:
    """What was said after the upgrade is not in it, and the numbers become other messages'."""
    unpack(number, path)
    old = ask(path, EPOCH)
    assert make(path)[0] == old
    backup = Path(f"{path}.before-{number + 1:04d}")
    assert not [*path.parent.glob("*.partial*"), *path.parent.glob("*.before-*-*")]
    assert ask(backup, "PRAGMA user_version") == number
    assert ask(backup, "PRAGMA journal_mode") == "wal"
    new = ask(backup, EPOCH)
    assert isinstance(new, str)
    assert (len(new), new != old) == (16, True)
    for left in ("", "-wal", "-shm"):
        Path(f"{path}{left}").unlink(missing_ok=True)
    backup.rename(path)
    assert make(path)[0] == new


def test_what_a_copy_left_that_was_killed_is_not_in_the_next(path: Path, folder: Path) -> None:
    make(path)
    left = [Path(f"{path}.before-{NEWEST + 1:04d}.partial{each}") for each in ("", "-wal", "-shm")]
    for each in left:
        each.write_bytes(b"half of something" * 1000)
    make(path, folder)
    assert not [each for each in left if each.exists()]
    assert ask(Path(f"{path}.before-{NEWEST + 1:04d}"), "PRAGMA integrity_check") == "ok"


def test_the_last_two_backups_are_kept(path: Path, folder: Path) -> None:
    make(path)
    for name in ("two", "three", "four"):
        make(path, folder)
        add(folder, name, f"CREATE TABLE {name} (x);")
    make(path, folder)
    kept = sorted(file.name for file in path.parent.glob("*.before-*"))
    assert kept == [f"chatd.sqlite3.before-{NEWEST + n:04d}" for n in (3, 4)]


def test_a_later_schema_is_refused_and_told_what_to_do(path: Path, folder: Path) -> None:
    make(path, folder)
    with pytest.raises(SchemaTooNew, match=rf"schema {NEWEST + 1}.*up to {NEWEST}: install"):
        make(path)
    with pytest.raises(SchemaTooNew):
        plan(path)
    assert make(path, folder)[1] == NEWEST + 1


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE extra (x); INSERT INTO nowhere VALUES (1);",
        "CREATE TABLE extra (x); INSERT INTO marks VALUES ('u1', 99, 1);",
    ],
)
def test_an_upgrade_that_fails_changes_nothing(path: Path, folder: Path, script: str) -> None:
    make(path)
    add(folder, "broken", script)
    with pytest.raises(CannotOpen):
        make(path, folder)
    assert ask(path, "PRAGMA user_version") == NEWEST + 1
    assert ask(path, "SELECT count(*) FROM sqlite_master WHERE name = 'extra'") == 0
    (folder / f"{NEWEST + 2:04d}_broken.sql").write_text("CREATE TABLE extra (x);")
    assert make(path, folder)[1] == NEWEST + 2


def test_a_backup_that_fails_stops_the_upgrade(path: Path, folder: Path) -> None:
    make(path)
    Path(f"{path}.before-{NEWEST + 1:04d}").mkdir()
    with pytest.raises(CannotOpen, match="cannot prepare"):
        make(path, folder)
    assert ask(path, "PRAGMA user_version") == NEWEST
    assert not list(path.parent.glob("*.partial*"))


def test_files_must_be_numbered_without_gaps(path: Path, folder: Path) -> None:
    (folder / f"{NEWEST + 3:04d}_later.sql").write_text("SELECT 1;")
    with pytest.raises(CannotOpen, match="without gaps"):
        make(path, folder)


def test_statements_are_split_where_they_end() -> None:
    script = (
        "-- a; comment\nCREATE TABLE t (x);\nCREATE TRIGGER g AFTER INSERT ON t BEGIN\n"
        "  SELECT 1;\n  SELECT 2;\nEND;\n"
    )
    assert [part.split()[-1] for part in schema.statements(script)] == ["(x);", "END;"]


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ForeignFile, match="another program"):
        make(path)
    with pytest.raises(ForeignFile):
        plan(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"my shopping list\n" * 100)
    with pytest.raises(ForeignFile, match="no database"):
        make(path)
    assert path.read_bytes() == b"my shopping list\n" * 100
