"""What keeps chatd from starting: one clear word about it, an exit code, nothing left behind."""

from __future__ import annotations

import os
import socket
import sqlite3
from contextlib import closing

import pytest

from tests.process.conftest import MakeDaemon
from tests.process.harness import Daemon

EX_UNAVAILABLE, EX_CONFIG = 69, 78  # sysexits.h


def reason(daemon: Daemon) -> str:
    """Start it: it ends by itself, with one error in the log, and says the reason."""
    daemon.may_fault = True
    daemon.start(ready=False)
    assert daemon.exit_code() == EX_UNAVAILABLE
    [entry] = [each for each in daemon.logged() if each["level"] == "error"]
    assert all("READY" not in said for said in daemon.notified.all())
    return str(entry["reason"])


def test_all_errors_of_a_configuration_are_told_at_once_and_the_code_is_78(
    make_daemon: MakeDaemon,
) -> None:
    daemon = make_daemon(
        limits={"burst": "plenty", "inbox": 0},
        server={"nme": "typing error"},
        log={"level": "loud"},
    )
    daemon.may_fault = True
    daemon.start(ready=False)
    assert daemon.exit_code() == EX_CONFIG
    said = daemon.tail()
    wanted = ("limits.burst", "plenty", "limits.inbox", "nme", "log.level", "loud", "warning")
    assert [word for word in wanted if word not in said] == []
    assert "Traceback" not in said
    checked = daemon.verb("check", str(daemon.config))
    assert checked.returncode == EX_CONFIG
    assert checked.stdout + checked.stderr == said
    assert not daemon.database.exists()


def test_a_file_that_is_not_there_is_told_with_code_78(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon()
    daemon.may_fault = True
    daemon.config.unlink()
    daemon.start(ready=False)
    assert daemon.exit_code() == EX_CONFIG
    assert str(daemon.config) in daemon.tail()
    assert len(daemon.tail().splitlines()) == 1


def test_an_address_in_use_is_told_in_one_line(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon()
    with socket.create_server(("127.0.0.1", daemon.port)):
        said = reason(daemon)
    assert f"tcp:127.0.0.1:{daemon.port}" in said
    assert "another process has it" in said
    assert said.endswith("stop that, or name another in listen.public")
    daemon.start()  # nothing stands in the way of another try


def test_an_address_of_another_machine_is_told(make_daemon: MakeDaemon) -> None:
    said = reason(make_daemon(listen={"public": ["tcp:192.0.2.1:8765"]}))
    assert "192.0.2.1" in said
    assert "no interface" in said


def test_a_folder_that_is_not_there_is_told(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(store={"path": "/nowhere/at/all/chatd.sqlite3"})
    assert "/nowhere/at/all" in reason(daemon)


def test_two_daemons_never_share_a_store(make_daemon: MakeDaemon) -> None:
    one = make_daemon().start()
    two = make_daemon(store={"path": str(one.database)})
    said = reason(two)
    assert f"process {one.pid}" in said
    assert str(one.database) in said
    assert one.get("/readyz") == (200, "ready\n")
    one.kill()
    two.start()  # a lock dies with its holder


def test_a_store_of_a_later_chatd_is_refused_and_left_as_it_is(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon().start()
    assert daemon.stop() == 0
    with closing(sqlite3.connect(daemon.database)) as database:
        (newest,) = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version = {newest + 7}")
    before = daemon.database.read_bytes()
    said = reason(daemon)
    assert f"has schema {newest + 7}" in said
    assert f"up to {newest}" in said
    assert daemon.database.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"this is a letter, and no database at all\n" * 100, b"\x00" * 4096]
)
def test_a_file_of_somebody_else_is_refused_and_left_as_it_is(
    make_daemon: MakeDaemon, content: bytes
) -> None:
    daemon = make_daemon()
    daemon.database.write_bytes(content)
    assert str(daemon.database) in reason(daemon)
    assert daemon.database.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_left_as_it_is(
    make_daemon: MakeDaemon,
) -> None:
    daemon = make_daemon()
    with closing(sqlite3.connect(daemon.database)) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
        database.commit()
    before = daemon.database.read_bytes()
    assert "another program's" in reason(daemon)
    assert daemon.database.read_bytes() == before


def test_sockets_that_systemd_did_not_hand_over_are_named(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(listen={"public": ["systemd:chat"]})
    said = reason(daemon)
    assert "systemd:chat" in said
    assert "FileDescriptorName=chat" in said


def test_a_handover_that_cannot_be_used_is_told(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(listen={"public": ["systemd:chat"]})
    daemon.may_fault = True
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        daemon.start(ready=False, sockets={"chat": [datagrams]})
        assert daemon.exit_code() == os.EX_OSERR
    assert "not a listening stream socket" in daemon.tail()
    assert "Traceback" not in daemon.tail()
