"""Backups: whole or not there at all, checked before they get their name, and tested by damage."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from chatd.store import CannotOpen
from chatd.store.sqlite import backup_manifest, backup_verify, opened
from chatd.store.sqlite.backup import Backup, BackupFailed, back_up, backups, chosen
from chatd.store.sqlite.backup_manifest import BadBackup, Manifest
from chatd.store.sqlite.backup_verify import verify
from chatd.store.sqlite.opening import Lock
from tests.unit.store.sample import write_sample
from tests.unit.store.sqlites import Bench

NOON = 1_795_435_200_123


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "chatd.sqlite3"
    with opened(path) as (store, run):
        run(write_sample(store))
    return path


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def make(database: Path, into: Path, *, at: int = 0, keep: int = 0) -> Backup:
    return back_up(database, into, version="9.9", now=NOON + at, keep=keep)


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that is in a database, by table."""
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        return {
            name: connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608  # own names of tables
            for name, sql in names.fetchall()
            if "VIRTUAL" not in sql
        }


# --- what a backup is ---


def test_a_backup_is_a_folder_named_by_its_time_with_all_that_the_database_holds(
    database: Path, into: Path
) -> None:
    made = make(database, into)
    assert made.folder == into / "20261123T120000.123Z"
    assert rows(made.folder / "chatd.sqlite3") == rows(database)
    assert verify(made.folder).problems == ()
    assert made.manifest == verify(made.folder).manifest


def test_a_backup_is_two_files_that_only_their_owner_may_read(database: Path, into: Path) -> None:
    folder = make(database, into).folder
    assert sorted(os.listdir(folder)) == ["chatd.sqlite3", "manifest.json"]
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == into.stat().st_mode & 0o777 == 0o700


def test_the_manifest_counts_rows_and_seqs(database: Path, into: Path) -> None:
    told = json.loads((make(database, into).folder / "manifest.json").read_bytes())["manifest"]
    with opened(database) as (store, run):
        lobby = run(store.room("lobby"))
        assert told["epoch"] == store.epoch
    assert lobby is not None
    assert told["last_seqs"][str(lobby.room_id)] == lobby.last > 0
    assert told["rows"]["messages"] > 0
    assert set(told["rows"]) >= {"accounts", "changes", "members", "rooms", "tokens"}
    assert (told["chatd"], told["created"]) == ("9.9", "2026-11-23T12:00:00.123+00:00")


def test_a_backup_beside_an_open_store_holds_what_was_acknowledged(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "chatd.sqlite3")
    go = bench.hold()  # a transaction is under way, and must not be in it
    made = make(bench.path, tmp_path / "backups")
    go.set()
    bench.close()
    assert made.manifest.rows["rooms"] == 1
    assert verify(made.folder).problems == ()


def test_a_writer_between_two_steps_does_not_make_the_copy_begin_anew(
    database: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.store.sqlite.backup.PAGES", 1)
    steps = 0

    class Source(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, *, pages: int = -1, **_: object) -> None:
            def step(_status: int, _remaining: int, _total: int) -> None:
                nonlocal steps
                steps += 1
                with closing(sqlite3.connect(database)) as other, other:
                    other.execute("UPDATE meta SET value = value + 1 WHERE name = 'probe'")

            super().backup(target, pages=pages, progress=step)

    def connect(path: Path, *, write: bool) -> sqlite3.Connection:
        return sqlite3.connect(path, factory=Source, isolation_level=None)

    before = rows(database)
    monkeypatch.setattr("chatd.store.sqlite.backup.connect", connect)
    made = make(database, into)
    pages = made.manifest.size // 4096
    assert pages <= steps <= pages + 1
    assert rows(made.folder / "chatd.sqlite3") == before != rows(database)


# --- what is refused, and what is left ---


def test_a_backup_is_never_overwritten(database: Path, into: Path) -> None:
    first = make(database, into)
    with pytest.raises(BackupFailed, match=r"there is a backup .* already"):
        make(database, into)
    assert verify(first.folder).problems == ()


def test_no_database_is_nothing_to_back_up(tmp_path: Path, into: Path) -> None:
    with pytest.raises(CannotOpen, match="there is no database"):
        make(tmp_path / "nothing", into)
    assert not into.exists()


def test_two_do_not_write_into_a_folder_at_the_same_time(database: Path, into: Path) -> None:
    make(database, into)
    other = Lock(into / ".backup")
    with pytest.raises(BackupFailed, match="another `chatd backup`"):
        make(database, into, at=1)
    other.release()
    make(database, into, at=1)


def test_a_copy_that_is_not_good_gets_no_name(
    database: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("INSERT INTO marks VALUES ('u1', 999, 1)")
    with pytest.raises(BackupFailed, match="a row of marks points to one that is missing"):
        make(database, into)
    assert not into.exists()


def test_a_full_disk_leaves_nothing_behind(
    database: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chatd.store.sqlite.backup._write", full)
    with pytest.raises(BackupFailed, match=r"no room in .*: the database has \d+ MiB"):
        make(database, into)
    assert not into.exists()


def test_a_failed_one_takes_away_the_folders_that_it_made_and_no_others(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.store.sqlite.backup.good", _bad)
    here = tmp_path / "here"
    here.mkdir()
    for into in (here / "two" / "three", here):
        with pytest.raises(BackupFailed, match="the copy is not good"):
            make(database, into)
        assert here.is_dir()
        assert not (here / "two").exists()
        assert [name for name in os.listdir(here) if name != ".backup.lock"] == []


def test_what_a_killed_backup_left_is_removed_by_the_next(database: Path, into: Path) -> None:
    left = into / ".20261123T110000.000Z.partial"
    left.mkdir(parents=True)
    (left / "chatd.sqlite3").write_bytes(b"half")
    make(database, into)
    assert not left.exists()


# --- keeping some ---


def test_the_oldest_go_when_there_is_a_new_one(database: Path, into: Path) -> None:
    made = [make(database, into, at=at).folder for at in range(3)]
    last = make(database, into, at=3, keep=2)
    assert last.removed == tuple(made[:2])
    assert backups(into) == [made[2], last.folder]


def test_none_goes_when_the_new_one_failed(
    database: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [make(database, into, at=at).folder for at in range(2)]
    monkeypatch.setattr("chatd.store.sqlite.backup.good", _bad)
    with pytest.raises(BackupFailed, match="the copy is not good"):
        make(database, into, at=2, keep=1)
    assert backups(into) == made


def _bad(_: Path) -> Manifest:
    raise BadBackup("made up")


def test_a_damaged_one_neither_counts_nor_goes(database: Path, into: Path) -> None:
    made = [make(database, into, at=at).folder for at in range(3)]
    (made[1] / "manifest.json").write_text("{}")
    last = make(database, into, at=3, keep=2)
    assert last.removed == (made[0],)
    assert backups(into) == [made[1], made[2], last.folder]


def test_foreign_files_in_the_folder_stay(database: Path, into: Path) -> None:
    make(database, into)
    (into / "README").write_text("mine")
    make(database, into, at=1, keep=1)
    assert (into / "README").read_text() == "mine"


def test_a_clock_that_was_set_back_takes_no_backup_away(database: Path, into: Path) -> None:
    ahead = tuple(make(database, into, at=at).folder for at in (1000, 1001))
    made = [make(database, into, at=at, keep=2) for at in range(3)]
    assert [each.ahead for each in made] == [ahead] * 3
    assert [each.removed for each in made] == [(), (), (made[0].folder,)]
    assert backups(into) == [made[1].folder, made[2].folder, *ahead]
    last = make(database, into, at=2000, keep=2)
    assert (last.ahead, backups(into)) == ((), [ahead[1], last.folder])


# --- which one is meant ---


def test_a_folder_of_backups_means_the_newest(database: Path, into: Path) -> None:
    one, other = make(database, into), make(database, into, at=1)
    assert chosen(into, NOON + 1) == other.folder
    assert chosen(one.folder, NOON + 1) == one.folder


def test_what_is_ahead_of_the_clock_is_meant_only_where_nothing_else_is(
    database: Path, into: Path
) -> None:
    one, other = make(database, into), make(database, into, at=9)
    assert chosen(into, NOON + 8) == one.folder
    assert chosen(other.folder, NOON + 8) == other.folder
    assert chosen(into, NOON - 1) == other.folder


def test_a_folder_without_a_backup_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadBackup, match="there is no backup in"):
        chosen(tmp_path, NOON)
    with pytest.raises(BadBackup, match="there is no backup in"):
        chosen(tmp_path / "nowhere", NOON)


# --- damage ---


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backup")
    with opened(folder / "chatd.sqlite3") as (store, run):
        run(write_sample(store))
    return make(folder / "chatd.sqlite3", folder / "backups").folder


@pytest.fixture
def file(good: Path) -> Iterator[Path]:
    """The database in the backup, mended afterwards."""
    path = good / "chatd.sqlite3"
    content = path.read_bytes()
    yield path
    path.write_bytes(content)


def flip(path: Path, place: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 1 << bit]))


def test_a_flipped_bit_anywhere_in_the_database_is_found(good: Path) -> None:
    path = good / "chatd.sqlite3"
    size = path.stat().st_size
    for place in (0, 18, 27, 100, size - 1, *range(50, size, 997)):
        flip(path, place, place % 8)
        assert "chatd.sqlite3 was changed" in "; ".join(verify(good).problems), place
        flip(path, place, place % 8)
    assert verify(good).problems == ()


def test_a_flipped_bit_anywhere_in_the_manifest_is_found(good: Path) -> None:
    text = (good / "manifest.json").read_bytes()
    for place in range(len(text)):
        for bit in range(8):
            changed = bytearray(text)
            changed[place] ^= 1 << bit
            with pytest.raises(BadBackup, match="its manifest"):
                backup_manifest.decode(bytes(changed))
    assert backup_manifest.decode(text) == verify(good).manifest


def test_a_cut_off_file_is_found(good: Path, file: Path) -> None:
    os.truncate(file, 5000)
    assert "chatd.sqlite3 has 5000 bytes, and had" in verify(good).problems[0]


def test_a_missing_and_a_foreign_file_are_found(good: Path, file: Path) -> None:
    (good / "chatd.sqlite3-wal").write_bytes(b"")
    file.rename(good / "other")
    told = "; ".join(verify(good).problems)
    (good / "chatd.sqlite3-wal").unlink()
    (good / "other").rename(file)
    assert "chatd.sqlite3 is missing" in told
    assert "chatd.sqlite3-wal does not belong to it" in told


def seal_anew(folder: Path, **changes: object) -> None:
    """A manifest that fits the files, whatever they are."""
    manifest = backup_manifest.read(folder)
    files = {"chatd.sqlite3": backup_manifest.summed(folder / "chatd.sqlite3")}
    changed = structs.replace(manifest, **{"files": files, **changes})
    (folder / "manifest.json").write_bytes(backup_manifest.encode(changed))


@pytest.fixture
def forged(database: Path, into: Path) -> Path:
    return make(database, into).folder


def test_fewer_rows_than_the_manifest_counts_are_found(forged: Path) -> None:
    with closing(sqlite3.connect(forged / "chatd.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM revocations")
    seal_anew(forged)
    assert verify(forged).problems == ("rows in chatd.sqlite3 and in the manifest differ",)


def test_damage_that_was_copied_is_found(forged: Path) -> None:
    path = forged / "chatd.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'messages_id'"
        ).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(4096))
    seal_anew(forged)
    assert any("damaged" in told or "cannot be read" in told for told in verify(forged).problems)


def test_another_programs_database_is_no_backup(forged: Path) -> None:
    with closing(sqlite3.connect(forged / "chatd.sqlite3")) as connection:
        connection.execute("PRAGMA application_id = 7")
    seal_anew(forged)
    assert verify(forged).problems == ("chatd.sqlite3 is another program's database",)


def test_a_later_schema_and_a_later_format_are_told_apart_from_damage(forged: Path) -> None:
    seal_anew(forged, schema=99)
    assert "use chatd 9.9 or a later one" in verify(forged).problems[0]
    seal_anew(forged, format=2)
    assert "has format 2, and this chatd knows 1" in verify(forged).problems[0]


def test_verifying_leaves_nothing_behind(forged: Path) -> None:
    before = sorted(os.listdir(forged))
    backup_verify.good(forged)
    assert sorted(os.listdir(forged)) == before
