"""Who may open the SQLite store, and what is made on the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatd.core.ports import StoreFailed
from chatd.store import CannotOpen
from chatd.store.sqlite import InUse, SqliteStore, opened
from chatd.store.sqlite.blocking import Run
from tests.unit.store.examples import account, draft, finds, make_room
from tests.unit.store.sqlites import Bench


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chatd.sqlite3"


def test_its_files_are_its_owners_alone(path: Path) -> None:
    old = os.umask(0)
    bench = Bench(path)
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    bench.close()
    os.umask(old)
    assert modes == {f"chatd.sqlite3{suffix}": 0o600 for suffix in ("", "-wal", "-shm", ".lock")}


def test_a_file_that_all_can_read_is_remarked_on(path: Path) -> None:
    with opened(path) as (store, _):
        assert store.remarks == ()
    path.chmod(0o644)
    with opened(path) as (store, _):
        (remark,) = store.remarks
    assert "mode 0644" in remark
    assert "chmod 0600" in remark


def test_it_writes_ahead_and_syncs_every_commit(path: Path) -> None:
    bench = Bench(path)
    asked = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
    (told,) = bench.gather(
        bench.write(lambda tx: [tx.execute(f"PRAGMA {name}").fetchone()[0] for name in asked])
    )
    bench.close()
    assert told == ["wal", 2, 1, 1]


def test_a_second_daemon_is_refused_and_told_who_has_it(path: Path) -> None:
    bench = Bench(path)
    with pytest.raises(InUse, match=rf"in use by another chatd \(process {os.getpid()}\)"):
        Bench(path)
    bench.close()
    next_one = SqliteStore(path, bench.run.deliver)
    bench.run(next_one.close())


def test_a_command_may_work_beside_the_daemon(path: Path) -> None:
    bench = Bench(path)
    with opened(path) as (store, run):
        run(store.add_account(account(), "ann", 5))
        assert bench.run(bench.store.account("ann")) == account()
        run(store.append(bench.lobby, draft("from beside")))
        assert bench.run(bench.store.append(bench.lobby, draft("hello"))).entry.seq == 2
        assert bench.run(finds(bench.store, "hello")) == ["hello"]
        assert bench.run(finds(bench.store, "beside")) == ["from beside"]
    bench.close()


def test_a_command_may_be_the_first_to_open_it(path: Path) -> None:
    with opened(path) as (store, run):
        lobby = run(make_room(store))
    with opened(path) as (store, run):
        room = run(store.room("lobby"))
        assert room is not None
        assert room.room_id == lobby


def test_a_command_does_not_migrate_under_a_running_daemon(path: Path, tmp_path: Path) -> None:
    bench = Bench(path)
    folder = tmp_path / "schema"
    folder.mkdir()
    with pytest.raises(CannotOpen):
        SqliteStore(path, Run().deliver, exclusive=False, folder=folder)
    bench.close()


def test_a_folder_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(CannotOpen, match=r"there is no folder .*nowhere"):
        Bench(tmp_path / "nowhere" / "chatd.sqlite3")


def test_a_folder_in_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(CannotOpen, match="Is a directory"):
        Bench(path)


def test_a_lock_that_cannot_be_opened_is_told(path: Path) -> None:
    Path(f"{path}.lock").mkdir()
    with pytest.raises(CannotOpen, match=r"cannot open .*\.lock: Is a directory"):
        Bench(path)


def test_a_file_that_is_not_where_it_was_opened_is_told_by_the_probe(path: Path) -> None:
    bench = Bench(path)
    bench.run(bench.store.probe())
    moved = path.rename(path.with_name("moved"))
    with pytest.raises(StoreFailed, match=f"{path} is not the file that chatd has open"):
        bench.run(bench.store.probe())
    path.touch()
    with pytest.raises(StoreFailed, match="bring that one back"):
        bench.run(bench.store.probe())
    moved.rename(path)
    bench.run(bench.store.probe())
    bench.close()


def test_what_a_run_raises_reaches_its_caller() -> None:
    async def fail() -> None:
        raise ValueError("as it was")

    with pytest.raises(ValueError, match="as it was"):
        Run()(fail())


def test_a_deleted_text_is_gone_from_the_file(path: Path) -> None:
    bench = Bench(path)
    run, store, lobby = bench.run, bench.store, bench.lobby
    for n in range(300):
        run(store.append(lobby, draft(f"chatter number {n}")))
    long = "Kryptonite " + "x" * 20_000 + " Xylophone"
    run(store.append(lobby, draft(long)))
    run(store.append(lobby, draft("Zeppelin quagmire", kind="edited", target=301)))
    run(store.append(lobby, draft("", kind="deleted", target=301)))
    run(store.tidy())
    assert len(run(finds(store, "chatter", lobby))) == 100
    bench.close()
    content = path.read_bytes().lower()
    for word in (b"kryptonite", b"xylophone", b"zeppelin", b"quagmire", b"xxxxxxxx"):
        assert word not in content
    assert b"chatter" in content
