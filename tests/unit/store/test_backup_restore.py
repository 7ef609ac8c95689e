"""Restores: a new epoch, the old database kept, and nothing touched before all is checked."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatd.store import CannotOpen
from chatd.store.sqlite import InUse, opened
from chatd.store.sqlite.backup import back_up
from chatd.store.sqlite.backup_manifest import BadBackup
from chatd.store.sqlite.backup_restore import Refusal, Restore, leftovers, plan, restore
from chatd.store.sqlite.opening import Lock
from tests.unit.store.examples import finds, say
from tests.unit.store.sample import read_sample, write_sample

STAMP = "20261123T120000.000Z"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "chatd.sqlite3"
    with opened(path) as (store, run):
        run(write_sample(store))
    return path


@pytest.fixture
def backup(database: Path, tmp_path: Path) -> Path:
    return back_up(database, tmp_path / "backups", version="9.9", now=1, keep=0).folder


def put_back(backup: Path, database: Path, *, replace: bool = True) -> Restore:
    return restore(backup, database, replace=replace, stamp=STAMP)


def talk_on(database: Path) -> None:
    with opened(database) as (store, run):
        lobby = run(store.room("lobby"))
        assert lobby is not None
        run(say(store, lobby.room_id, "said after the backup"))


def state(folder: Path) -> dict[str, bytes]:
    """All files, but for the lock."""
    files = [file for file in folder.iterdir() if file.is_file() and file.suffix != ".lock"]
    return {file.name: file.read_bytes() for file in files}


def test_all_is_as_it_was_but_for_a_new_epoch(database: Path, backup: Path) -> None:
    with opened(database) as (store, run):
        told, secret, epoch = run(read_sample(store)), run(store.secret()), store.epoch
    talk_on(database)
    put_back(backup, database)
    with opened(database) as (store, run):
        assert run(read_sample(store)) == told
        assert run(store.secret()) == secret
        assert store.epoch != epoch
        assert len(store.epoch) == len(epoch)


def test_each_restore_has_an_epoch_of_its_own(backup: Path, tmp_path: Path) -> None:
    epochs = set()
    for name in ("one", "other"):
        put_back(backup, tmp_path / name, replace=False)
        with opened(tmp_path / name) as (store, _):
            epochs.add(store.epoch)
    assert len(epochs) == 2


def test_a_restored_database_is_one_to_write_to(database: Path, backup: Path) -> None:
    put_back(backup, database)
    talk_on(database)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.stat().st_mode & 0o777 == 0o600


def test_a_present_database_is_not_replaced_without_a_word(database: Path, backup: Path) -> None:
    before = state(database.parent)
    with pytest.raises(Refusal, match="--replace moves it aside"):
        put_back(backup, database, replace=False)
    assert state(database.parent) == before


def test_the_old_database_is_kept_with_all_it_had(database: Path, backup: Path) -> None:
    talk_on(database)
    steps = put_back(backup, database)
    assert steps.aside == Path(f"{database}.before-restore-{STAMP}")
    with opened(steps.aside) as (store, run):
        assert run(finds(store, "backup")) == ["said after the backup"]
    with opened(database) as (store, run):
        assert run(finds(store, "backup")) == []


def test_what_the_old_one_has_in_its_wal_goes_with_it(database: Path, backup: Path) -> None:
    talk_on(database)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("UPDATE meta SET value = 12345 WHERE name = 'probe'")
        killed = {name: Path(f"{database}{name}").read_bytes() for name in ("", "-wal")}
    for name, content in killed.items():  # as a kill -9 leaves them
        Path(f"{database}{name}").write_bytes(content)
    steps = put_back(backup, database)
    assert probed(steps.aside) == 12345
    assert probed(database) != 12345
    assert not Path(f"{database}-wal").exists()


def probed(path: Path | None) -> object:
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT value FROM meta WHERE name = 'probe'").fetchone()[0]


def test_a_damaged_database_is_moved_aside_as_it_is(database: Path, backup: Path) -> None:
    database.write_bytes(b"rubbish" * 1000)
    Path(f"{database}-wal").write_bytes(b"more rubbish")
    steps = put_back(backup, database)
    assert steps.aside is not None
    assert steps.aside.read_bytes() == b"rubbish" * 1000
    assert not Path(f"{database}-wal").exists()
    with opened(database) as (store, run):
        assert run(store.accounts())


def test_a_running_daemon_is_not_pulled_the_carpet_from_under(database: Path, backup: Path) -> None:
    before = state(database.parent)
    lock = Lock(database)
    for do in (plan, restore):
        with pytest.raises(InUse, match="stop that one first"):
            do(backup, database, replace=True, stamp=STAMP)
    lock.release()
    assert state(database.parent) == before


def test_by_a_link_it_is_the_same_database(database: Path, backup: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite3"
    link.symlink_to(database)
    lock = Lock(link)
    with pytest.raises(InUse, match="stop that one first"):
        Lock(database)
    for named in (database, link):
        with pytest.raises(InUse, match="stop that one first"):
            put_back(backup, named)
    lock.release()
    talk_on(database)
    steps = put_back(backup, link)
    assert link.is_symlink()
    assert steps.aside == Path(f"{database}.before-restore-{STAMP}")
    with opened(link) as (store, run):
        assert run(finds(store, "backup")) == []


def test_a_bad_backup_is_refused_before_anything_is_touched(database: Path, backup: Path) -> None:
    before = state(database.parent)
    with (backup / "chatd.sqlite3").open("r+b") as file:
        file.seek(5000)
        file.write(b"x")
    for do in (plan, restore):
        with pytest.raises(BadBackup, match="was changed"):
            do(backup, database, replace=True, stamp=STAMP)
    assert state(database.parent) == before


def test_a_backup_that_changes_while_it_is_read_is_refused(
    database: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = plan(backup, database, replace=True, stamp=STAMP)
    monkeypatch.setattr("chatd.store.sqlite.backup_restore.plan", lambda *_, **__: steps)
    with (backup / "chatd.sqlite3").open("r+b") as file:
        file.seek(5000)
        file.write(b"x")
    before = state(database.parent)
    with pytest.raises(BadBackup, match="changed while it was read"):
        put_back(backup, database)
    assert state(database.parent) == before


def test_a_dry_run_changes_nothing_at_all(database: Path, backup: Path) -> None:
    before = sorted(os.listdir(database.parent)), state(database.parent)
    steps = plan(backup, database, replace=True, stamp=STAMP)
    assert (sorted(os.listdir(database.parent)), state(database.parent)) == before
    assert steps.manifest.rows["accounts"] == 2


def test_a_missing_folder_and_too_little_room_are_told(
    database: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refusal, match=r"there is no folder .*nowhere"):
        put_back(backup, database.parent / "nowhere" / "chatd.sqlite3")
    monkeypatch.setattr("chatd.store.sqlite.backup_restore.free_bytes", lambda _: 100)
    with pytest.raises(Refusal, match="no room in"):
        put_back(backup, database)


@pytest.mark.parametrize("step", ["_copy", "belong", "sync"])
def test_a_step_that_fails_leaves_the_old_state(
    database: Path, backup: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    before = state(database.parent)
    monkeypatch.setattr(f"chatd.store.sqlite.backup_restore.{step}", fails)
    with pytest.raises(CannotOpen, match="Input/output error"):
        put_back(backup, database)
    assert state(database.parent) == before


@pytest.mark.parametrize("replace", [True, False])
def test_what_root_restores_belongs_to_whom_chatd_runs_as(
    database: Path, backup: Path, replace: bool
) -> None:
    folder = database.parent / "var"
    folder.mkdir()
    # Only root can give files away; of all others everything is their own.
    chatd = (4711, 4712) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    target = folder / "chatd.sqlite3"
    os.chown(folder, *chatd)
    if replace:
        target.write_bytes(database.read_bytes())
        os.chown(target, *chatd)
    put_back(backup, target, replace=replace)
    with opened(target) as (store, run):
        run(store.probe())  # its files are there, and have their owners
        owners = {(file.stat().st_uid, file.stat().st_gid) for file in folder.iterdir()}
    assert owners == {chatd}


def test_what_a_killed_restore_left_is_no_hindrance(database: Path, backup: Path) -> None:
    Path(f"{database}.restoring").write_bytes(b"half")
    Path(f"{database}.restoring-wal").write_bytes(b"half of a WAL")
    put_back(backup, database)
    assert not list(database.parent.glob("*.restoring*"))


def test_what_a_killed_restore_left_counts_as_room_for_the_next(
    database: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = Path(f"{database}.restoring")
    size = (backup / "chatd.sqlite3").stat().st_size
    left.write_bytes(b"h" * (size - 7))
    monkeypatch.setattr("chatd.store.sqlite.backup_restore.free_bytes", lambda _: 7)
    plan(backup, database, replace=True, stamp=STAMP)
    assert left in leftovers(database)
    left.write_bytes(b"h" * (size - 8))
    with pytest.raises(Refusal, match="no room"):
        plan(backup, database, replace=True, stamp=STAMP)


def test_a_second_name_that_a_killed_restore_left_goes_and_what_it_kept_stays(
    database: Path, backup: Path
) -> None:
    other = Path(f"{database}.before-restore-20251123T120000.000Z")
    other.write_bytes(b"of an earlier one")
    second = Path(f"{database}.before-restore-20261123T110000.000Z")
    second.hardlink_to(database)
    steps = put_back(backup, database)
    assert sorted(database.parent.glob("*.before-restore-*")) == [other, steps.aside]


def test_a_backup_of_a_restored_database_is_good(database: Path, backup: Path) -> None:
    put_back(backup, database)
    again = back_up(database, backup.parent, version="9.9", now=2, keep=0)
    assert (
        again.manifest.rows
        == plan(backup, Path(f"{database}2"), replace=False, stamp="").manifest.rows
    )
