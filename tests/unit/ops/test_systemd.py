"""systemd's side played by real sockets: what it hears from chatd, and what it hands over."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chatd.ops.systemd import HandoverError, Nobody, Systemd, inherited, notifier

PID = 4242
HIGH = 200  # descriptors that nobody else in a test run has


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def heard(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().split("\n")


def told(manager: socket.socket, **more: str) -> Systemd:
    name = manager.getsockname()
    address = name if isinstance(name, str) else "@" + name[1:].decode()
    made = notifier({"NOTIFY_SOCKET": address, **more}, PID)
    assert isinstance(made, Systemd)
    return made


def test_systemd_hears_each_state(manager: socket.socket) -> None:
    systemd = told(manager)
    assert systemd.ready("serving")
    assert heard(manager) == ["READY=1", "STATUS=serving"]
    assert systemd.stopping("12 sessions left")
    assert heard(manager) == ["STOPPING=1", "STATUS=12 sessions left"]
    assert systemd.status("12 sessions")
    assert heard(manager) == ["STATUS=12 sessions"]
    assert systemd.alive()
    assert heard(manager) == ["WATCHDOG=1"]
    assert systemd.extend(1.5)
    assert heard(manager) == ["EXTEND_TIMEOUT_USEC=1500000"]


def test_reloading_says_when_in_microseconds(manager: socket.socket) -> None:
    systemd = Systemd(manager.getsockname(), 0.0, monotonic=lambda: 7_654_321_999)
    assert systemd.reloading()
    assert heard(manager) == ["RELOADING=1", "MONOTONIC_USEC=7654321"]


def test_a_status_cannot_say_more_than_a_status(manager: socket.socket) -> None:
    assert told(manager).status("a\nREADY=1\r\x0b\udc80")
    assert heard(manager) == ["STATUS=a READY=1 ?"]


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0chatd-test-{os.getpid()}")
        listening.settimeout(5)
        assert told(listening).ready("up")
        assert heard(listening) == ["READY=1", "STATUS=up"]


def test_systemd_that_went_away_is_no_exception(tmp_path: Path) -> None:
    systemd = Systemd(str(tmp_path / "gone"), 0.0)
    assert not systemd.ready("up")
    assert not systemd.alive()
    assert not Systemd("/" + "x" * 300, 0.0).alive()


def test_a_full_queue_does_not_hold_up_the_watchdog(manager: socket.socket) -> None:
    systemd = told(manager)
    sent = 0
    while systemd.alive():
        sent += 1
    assert sent > 0
    assert not systemd.status("unheard")
    assert heard(manager) == ["WATCHDOG=1"]
    assert systemd.alive()


ALONE: list[dict[str, str]] = [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}]


@pytest.mark.parametrize("environ", ALONE)
def test_without_a_socket_nobody_is_told(environ: dict[str, str]) -> None:
    nobody = notifier({**environ, "WATCHDOG_USEC": "5"}, PID)
    assert isinstance(nobody, Nobody)
    assert nobody.watchdog == 0.0
    assert nobody.ready("")
    assert nobody.reloading()
    assert nobody.stopping("")
    assert nobody.status("")
    assert nobody.alive()
    assert nobody.extend(1)


def test_the_watchdog_is_fed_after_half_its_time(manager: socket.socket) -> None:
    assert told(manager, WATCHDOG_USEC="30000000").watchdog == 15.0
    assert told(manager, WATCHDOG_USEC="30000000", WATCHDOG_PID=str(PID)).watchdog == 15.0


def test_a_watchdog_for_another_process_is_not_ours(manager: socket.socket) -> None:
    assert told(manager, WATCHDOG_USEC="30000000", WATCHDOG_PID="1").watchdog == 0.0
    assert told(manager).watchdog == 0.0


@pytest.mark.parametrize("usec", ["0", "-5", "x", "1.5", "٣"])
def test_a_watchdog_time_that_is_none_is_refused(manager: socket.socket, usec: str) -> None:
    with pytest.raises(HandoverError, match=f"WATCHDOG_USEC='{usec}'"):
        told(manager, WATCHDOG_USEC=usec)


def test_children_learn_nothing_of_the_service_manager() -> None:
    environ = {
        "NOTIFY_SOCKET": "/run/x",
        "WATCHDOG_USEC": "1",
        "WATCHDOG_PID": "1",
        "LISTEN_FDS": "1",
        "LISTEN_PID": "1",
        "LISTEN_FDNAMES": "chatd",
        "HOME": "/",
    }
    notifier(environ, PID)
    inherited(environ, PID)
    assert environ == {"HOME": "/"}


@pytest.fixture
def handed() -> Iterator[list[int]]:
    """Three listening sockets on adjacent descriptors that a child would inherit."""
    with ExitStack() as stack:
        numbers = [HIGH, HIGH + 1, HIGH + 2]
        for number in numbers:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            os.dup2(listening.fileno(), number, inheritable=True)
            stack.callback(os.close, number)
        yield numbers


def environ(count: int, **more: str) -> dict[str, str]:
    return {"LISTEN_PID": str(PID), "LISTEN_FDS": str(count), **more}


def test_sockets_come_by_name_and_a_name_may_have_several(handed: list[int]) -> None:
    one, two, three = handed
    given = environ(3, LISTEN_FDNAMES="chatd:operations:chatd")
    assert inherited(given, PID, first=one) == {"chatd": [one, three], "operations": [two]}


def test_sockets_without_names_are_unknown(handed: list[int]) -> None:
    assert inherited(environ(3), PID, first=handed[0]) == {"unknown": handed}


def test_no_child_inherits_a_socket(handed: list[int]) -> None:
    assert all(map(os.get_inheritable, handed))
    inherited(environ(3), PID, first=handed[0])
    assert not any(map(os.get_inheritable, handed))


def test_sockets_stay_open_and_listening(handed: list[int]) -> None:
    inherited(environ(3), PID, first=handed[0])
    with socket.socket(fileno=os.dup(handed[0])) as listening:
        socket.create_connection(listening.getsockname(), timeout=5).close()


def test_sockets_for_another_process_are_left_alone(handed: list[int]) -> None:
    assert inherited(environ(3), PID + 1, first=handed[0]) == {}
    assert all(map(os.get_inheritable, handed))


def test_nothing_handed_over_is_nothing() -> None:
    assert inherited({}, PID) == {}
    assert inherited({"LISTEN_PID": str(PID)}, PID) == {}


@pytest.mark.parametrize("count", ["0", "-1", "two", "1 "])
def test_a_count_that_is_none_is_refused(count: str) -> None:
    with pytest.raises(HandoverError, match=f"LISTEN_FDS='{count}'"):
        inherited({"LISTEN_PID": str(PID), "LISTEN_FDS": count}, PID)


def test_names_must_be_as_many_as_sockets(handed: list[int]) -> None:
    with pytest.raises(HandoverError, match="names 2 sockets, LISTEN_FDS 3"):
        inherited(environ(3, LISTEN_FDNAMES="a:b"), PID, first=handed[0])


def test_what_is_no_listening_stream_socket_is_refused(tmp_path: Path) -> None:
    with ExitStack() as stack:
        file = stack.enter_context((tmp_path / "file").open("w"))
        idle = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        datagram = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        wrong = {file.fileno(): "is no socket", idle.fileno(): "listening"}
        for number, why in {**wrong, datagram.fileno(): "listening"}.items():
            with pytest.raises(HandoverError, match=rf"descriptor {number} \(web\).*{why}"):
                inherited(environ(1, LISTEN_FDNAMES="web"), PID, first=number)
        os.fstat(idle.fileno())


def test_a_closed_descriptor_is_refused() -> None:
    with pytest.raises(HandoverError, match="Bad file descriptor"):
        inherited(environ(1), PID, first=HIGH + 50)


CHILD = """
import os, sys
from chatd.ops.systemd import inherited
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="chatd")
print(inherited(os.environ, os.getpid()), [n for n in os.environ if n.startswith("LISTEN")])
"""


def test_a_process_finds_its_sockets_from_descriptor_three() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ran = subprocess.run(
            [sys.executable, "-c", CHILD, str(listening.fileno())],
            pass_fds=[listening.fileno()],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    assert ran.stdout == "{'chatd': [3]} []\n"
