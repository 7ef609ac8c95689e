"""The real host, where it can be compared with what the test itself has made."""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from chatd.ops.config import Tcp, Unix
from chatd.ops.doctor.host import Answer, Entry, Header, Host, Unreadable
from chatd.ops.doctor.linux import Linux
from chatd.store.sqlite import plan
from chatd.store.sqlite.opening import make_file
from chatd.store.sqlite.schema import APPLICATION_ID, migrate

HOST: Host = Linux()


# --- files and disks ---


def test_what_stands_at_a_path_is_told_apart(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"12345")
    file.chmod(0o640)
    link.symlink_to(file)
    os.utime(file, (1, 1000.5))
    seen = HOST.entry(link)
    assert seen == Entry(link, "file", 0o640, os.getuid(), file.stat().st_gid, 5, 1000.5)
    assert HOST.entry(tmp_path).kind == "folder"
    assert HOST.entry(Path("/dev/null")).kind == "other"
    for nothing in (tmp_path / "nothing", file / "below"):
        assert not HOST.entry(nothing).there


def test_a_socket_is_a_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "sock"))
        assert HOST.entry(tmp_path / "sock").kind == "socket"


def test_the_names_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    (tmp_path / "a").touch()
    assert HOST.names(tmp_path) == ("a", "b")
    assert HOST.names(tmp_path / "nothing") == ()
    assert HOST.names(tmp_path / "a") == ()


def test_a_disk_has_room_within_bounds(tmp_path: Path) -> None:
    disk = HOST.disk(tmp_path)
    assert 0 < disk.free <= disk.total
    assert disk.free_inodes <= disk.inodes
    assert (disk.device, disk.read_only) == (tmp_path.stat().st_dev, False)
    assert HOST.disk(Path("/proc")).device != disk.device


# --- users, kernel, clock ---


def test_users_and_groups_have_names_and_strangers_numbers() -> None:
    assert (HOST.user_name(0), HOST.group_name(0)) == ("root", "root")
    assert HOST.user_name(3_999_999_999) == HOST.group_name(3_999_999_999) == "3999999999"
    assert 0 in HOST.groups(0)
    assert HOST.groups(3_999_999_999) == frozenset()


def test_the_kernel_tells_its_settings_and_its_clock() -> None:
    told = subprocess.run(["cat", "/proc/sys/net/core/somaxconn"], capture_output=True, check=True)  # noqa: S607  # any cat will do
    assert HOST.setting("net.core.somaxconn") == int(told.stdout)
    assert 0 <= HOST.clock().error < 3600


def test_the_interpreter_is_the_one_that_runs() -> None:
    assert HOST.interpreter().version == tuple(sys.version_info[:3])
    assert ".".join(map(str, HOST.sqlite().version)) == sqlite3.sqlite_version
    assert HOST.sqlite().fts5  # the store's own tests need it


# --- processes ---


def test_who_holds_a_lock_file_is_found(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert HOST.holder(lock) == 0
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write(f"{os.getpid()}\n")
        held.flush()
        assert HOST.holder(lock) == os.getpid()
    assert HOST.holder(lock) == 0  # this process has let go of it


@pytest.mark.parametrize("text", ["", "nobody", "-1", "4194305", "9" * 30, "²"])
def test_a_lock_file_that_names_no_process_is_held_by_none(tmp_path: Path, text: str) -> None:
    lock = tmp_path / "lock"
    lock.write_text(text)
    assert HOST.holder(lock) == 0


def test_a_process_has_a_user_and_files() -> None:
    assert HOST.runs_as(os.getpid()) == os.geteuid()
    before = HOST.files(os.getpid())
    with Path("/dev/null").open():
        assert HOST.files(0).used == before.used + 1
    assert before.limit >= before.used


# --- the database ---


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "chatd.sqlite3"
    make_file(path)
    migrate(path)
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_sound_database_is_read_and_not_one_byte_of_it_changes(database: Path) -> None:
    before = digest(database)
    header = HOST.header(database)
    assert header == Header(APPLICATION_ID, HOST.newest_schema(), header.tables)
    assert header.tables > 5
    assert HOST.integrity(database, full=False) == HOST.integrity(database, full=True) == ()
    assert digest(database) == before
    assert plan(database).files == ()


def test_what_a_killed_daemon_left_in_the_log_is_read_and_stays(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("PRAGMA user_version = 77")
        log = Path(f"{database}-wal")
        before = digest(database), digest(log)
        assert HOST.header(database).schema == 77
        assert HOST.integrity(database, full=True) == ()
        assert (digest(database), digest(log)) == before


def overwrite(path: Path, at: int, octets: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(octets)


def test_each_damage_is_a_line(database: Path) -> None:
    overwrite(database, 36, (7).to_bytes(4, "big"))  # how many pages are free, as the header says
    [line] = HOST.integrity(database, full=False)
    assert "free" in line.lower()
    assert "\n" not in line


def test_a_damage_beyond_which_sqlite_cannot_read_is_told_too(database: Path) -> None:
    with closing(sqlite3.connect(database)) as reader:
        asked = reader.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'")
        (page,) = asked.fetchone()
        (size,) = reader.execute("PRAGMA page_size").fetchone()
    overwrite(database, (page - 1) * size, b"\xff" * size)
    with pytest.raises(Unreadable, match="malformed") as raised:
        HOST.integrity(database, full=False)
    assert raised.value.trouble == "damaged"


def test_a_reference_to_nothing_is_found_when_all_is_read(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("INSERT INTO changes VALUES (99, 1, 'topic', 1, 'u', 'ann', 0, NULL, '')")
    assert HOST.integrity(database, full=False) == ()
    assert HOST.integrity(database, full=True) == ("row None of changes points to none of rooms",)


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "chatd.sqlite3"
    file.write_bytes(b"Dear diary, " * 1000)
    for look in (HOST.header, lambda path: HOST.integrity(path, full=False)):
        with pytest.raises(Unreadable, match="file is not a database") as raised:
            look(file)
        assert raised.value.trouble == "damaged"


def test_a_missing_database_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as raised:
        HOST.header(tmp_path / "none")
    assert raised.value.trouble == "other"
    assert list(tmp_path.iterdir()) == []


# --- asking ---


def answering(listening: socket.socket, answer: bytes) -> threading.Thread:
    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(answer)

    listening.listen()
    thread = threading.Thread(target=serve)
    thread.start()
    return thread


ANSWER = b"HTTP/1.1 503 Busy\r\nContent-Length: 6\r\n\r\nlater\n"


@pytest.mark.parametrize("anywhere", ["127.0.0.1", "0.0.0.0"])  # noqa: S104  # an address to judge; nobody listens
def test_a_tcp_listener_is_asked(anywhere: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = answering(listening, ANSWER)
        answer = HOST.ask(Tcp(anywhere, listening.getsockname()[1]), "/readyz")
        thread.join()
    assert answer == Answer(503, "later\n")


def test_a_unix_listener_is_asked(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "sock"))
        thread = answering(listening, ANSWER)
        answer = HOST.ask(Unix(str(tmp_path / "sock")), "/")
        thread.join()
    assert answer == Answer(503, "later\n")


@pytest.mark.parametrize("nonsense", [b"SSH-2.0-nope\r\n", b""])
def test_what_speaks_no_http_is_an_error_of_the_connection(nonsense: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = answering(listening, nonsense)
        with pytest.raises(ConnectionError):
            HOST.ask(Tcp("127.0.0.1", listening.getsockname()[1]), "/")
        thread.join()


def test_nobody_behind_an_address_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        HOST.ask(Unix(str(tmp_path / "none")), "/")
