"""Listening sockets, on the real kernel."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.task import Clock

from chatd.edge.acceptor import PAUSE, Acceptor
from chatd.edge.listen import CannotListen, Listeners
from tests.unit.edge.memory import Journal
from tests.unit.edge.real import Turning


class Greeter(Protocol):
    def __init__(self, greeting: bytes) -> None:
        self.greeting = greeting

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(self.greeting)
        transport.loseConnection()


class Greeting(ServerFactory):
    noisy = False

    def __init__(self, greeting: bytes = b"hello") -> None:
        self.greeting = greeting

    def buildProtocol(self, addr: IAddress | None) -> Greeter:
        return Greeter(self.greeting)


class Daemons:
    """Makes the listeners of one process after the other."""

    def __init__(self, turning: Turning) -> None:
        self.turning = turning
        self.made: list[Listeners] = []

    def start(self, greeting: bytes = b"hello") -> Listeners:
        made = Listeners(self.turning.reactor, Greeting(greeting), Journal(), "listen.public")
        self.made.append(made)
        return self.made[-1]

    def end(self) -> None:
        for listeners in self.made:
            self.turning.run(listeners.stop())
            listeners.close()


@pytest.fixture
def daemons(turning: Turning) -> Iterator[Daemons]:
    made = Daemons(turning)
    yield made
    made.end()


@pytest.fixture
def listeners(daemons: Daemons) -> Listeners:
    return daemons.start()


def dial(address: str) -> socket.socket:
    """Connect to a listener by its name."""
    form, _, rest = address.partition(":")
    if form == "unix":
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(rest)
        except OSError:
            client.close()
            raise
        return client
    host, _, port = rest.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)))


def greeted(turning: Turning, address: str) -> bytes:
    with dial(address) as client:
        return turning.read_all(client)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_tcp_listens_and_names_the_real_port(
    turning: Turning, listeners: Listeners, host: str
) -> None:
    address = listeners.tcp(host, 0, 10)
    assert not address.endswith(":0")
    assert listeners.addresses == [address]
    assert greeted(turning, address) == b"hello"


def test_several_listeners_are_one_service(
    turning: Turning, listeners: Listeners, tmp_path: Path
) -> None:
    listeners.tcp("127.0.0.1", 0, 10)
    listeners.tcp("::1", 0, 10)
    listeners.unix(str(tmp_path / "chatd.sock"), 0o660, 10)
    assert [greeted(turning, address) for address in listeners.addresses] == [b"hello"] * 3
    turning.run(listeners.stop())
    for address in listeners.addresses:
        with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
            dial(address)


def test_an_address_in_use_is_named_with_what_to_do(listeners: Listeners) -> None:
    address = listeners.tcp("127.0.0.1", 0, 10)
    with pytest.raises(CannotListen, match="another process has it") as error:
        listeners.tcp("127.0.0.1", int(address.rpartition(":")[2]), 10)
    assert str(error.value).startswith(f"{address}: Address already in use; ")
    assert str(error.value).endswith("name another in listen.public")
    assert listeners.addresses == [address]


def test_an_address_that_is_not_ours_is_named(listeners: Listeners) -> None:
    with pytest.raises(CannotListen, match=r"tcp:192\.0\.2\.1:0: .*no interface"):
        listeners.tcp("192.0.2.1", 0, 10)


def test_a_port_can_be_taken_again_at_once(turning: Turning, daemons: Daemons) -> None:
    first = daemons.start(b"first")
    address = first.tcp("127.0.0.1", 0, 10)
    assert greeted(turning, address) == b"first"
    turning.run(first.stop())
    daemons.start(b"second").tcp("127.0.0.1", int(address.rpartition(":")[2]), 10)
    assert greeted(turning, address) == b"second"


# --- unix ---


def test_a_unix_socket_has_its_mode_and_goes_with_us(
    turning: Turning, listeners: Listeners, tmp_path: Path
) -> None:
    path = tmp_path / "chatd.sock"
    address = listeners.unix(str(path), 0o660, 10)
    assert address == f"unix:{path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert greeted(turning, address) == b"hello"
    turning.run(listeners.stop())
    assert not path.exists()


def test_what_a_dead_process_left_is_removed(
    turning: Turning, listeners: Listeners, tmp_path: Path
) -> None:
    path = tmp_path / "chatd.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
    assert greeted(turning, listeners.unix(str(path), 0o660, 10)) == b"hello"


def test_a_socket_behind_which_somebody_listens_is_left_alone(
    listeners: Listeners, tmp_path: Path
) -> None:
    path = tmp_path / "chatd.sock"
    with socket.socket(socket.AF_UNIX) as alive:
        alive.bind(str(path))
        alive.listen(0)
        with pytest.raises(CannotListen, match="another process has it"):
            listeners.unix(str(path), 0o660, 10)
        with pytest.raises(CannotListen, match="another process has it"):
            listeners.unix(str(path), 0o660, 10)  # its queue is full by now
    assert path.exists()


def test_a_file_is_not_taken_for_a_socket(listeners: Listeners, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("precious")
    with pytest.raises(CannotListen, match=r"no socket; move .*notes away"):
        listeners.unix(str(path), 0o660, 10)
    assert path.read_text() == "precious"


def test_a_folder_that_is_missing_is_named(listeners: Listeners, tmp_path: Path) -> None:
    with pytest.raises(CannotListen, match="the folder does not exist"):
        listeners.unix(str(tmp_path / "none" / "chatd.sock"), 0o660, 10)


# --- inherited ---


class Systemd:
    """Opens sockets and hands copies of them over, again and again."""

    def __init__(self, path: Path) -> None:
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(str(path))
        path.chmod(0o600)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.unix.listen()

    def hand_over(self, form: str) -> int:
        return os.dup(getattr(self, form).fileno())

    def close(self) -> None:
        self.unix.close()
        self.tcp.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path / "systemd.sock")
    yield made
    made.close()


@pytest.mark.parametrize("form", ["tcp", "unix"])
def test_an_inherited_socket_is_named_and_served(
    turning: Turning, listeners: Listeners, systemd: Systemd, form: str
) -> None:
    address = listeners.inherited(systemd.hand_over(form))
    assert address.startswith(f"{form}:")
    assert [greeted(turning, address) for _ in range(3)] == [b"hello"] * 3


@pytest.mark.parametrize("form", ["tcp", "unix"])
def test_after_a_stop_connections_wait_for_the_next_process(
    turning: Turning, daemons: Daemons, systemd: Systemd, form: str
) -> None:
    first = daemons.start(b"first")
    address = first.inherited(systemd.hand_over(form))
    assert greeted(turning, address) == b"first"
    turning.run(first.stop())
    with dial(address) as waiting:
        first.close()
        daemons.start(b"second").inherited(systemd.hand_over(form))
        assert turning.read_all(waiting) == b"second"


def test_systemds_unix_socket_keeps_its_mode_and_its_place(
    turning: Turning, listeners: Listeners, systemd: Systemd, tmp_path: Path
) -> None:
    path = tmp_path / "systemd.sock"
    greeted(turning, listeners.inherited(systemd.hand_over("unix")))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    turning.run(listeners.stop())
    turning.reactor.iterate(0)
    assert path.exists()


def test_the_end_of_the_reactor_leaves_systemds_socket_alone(
    turning: Turning, listeners: Listeners, systemd: Systemd, tmp_path: Path
) -> None:
    listeners.inherited(systemd.hand_over("unix"))
    waker = turning.reactor.waker
    turning.reactor.removeReader(waker)
    turning.reactor.disconnectAll()
    turning.reactor.addReader(waker)
    assert (tmp_path / "systemd.sock").exists()


def test_a_descriptor_that_is_no_socket_is_refused(listeners: Listeners, tmp_path: Path) -> None:
    with (
        (tmp_path / "file").open("w") as file,
        pytest.raises(CannotListen, match=f"file descriptor {file.fileno()}: "),
    ):
        listeners.inherited(file.fileno())


def test_one_connection_that_is_gone_again_disturbs_no_other(
    turning: Turning, listeners: Listeners, systemd: Systemd
) -> None:
    address = listeners.inherited(systemd.hand_over("tcp"))
    gone = dial(address)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    gone.close()  # a reset
    assert greeted(turning, address) == b"hello"


# --- no file descriptor left ---


class Exhausted:
    """A socket that cannot accept, until it can."""

    family = socket.AF_INET

    def __init__(self, errors: list[int]) -> None:
        self.errors = errors
        self.asked = 0

    def accept(self) -> None:
        self.asked += 1
        raise OSError(self.errors.pop(0) if self.errors else errno.EAGAIN, "as the test wants it")

    def setblocking(self, on: bool) -> None: ...
    def set_inheritable(self, on: bool) -> None: ...
    def fileno(self) -> int:
        return 99


class Polling(Clock):
    """A reactor that remembers who wants to read."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: set[object] = set()
        self.addReader = self.readers.add
        self.removeReader = self.readers.discard


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_without_descriptors_it_pauses_instead_of_spinning(number: int) -> None:
    reactor, journal = Polling(), Journal()
    sock: Any = Exhausted([number])
    acceptor = Acceptor(reactor, sock, Greeting(), journal)
    acceptor.start()
    acceptor.doRead()
    assert (reactor.readers, journal.events, sock.asked) == (set(), ["accept_paused"], 1)
    reactor.advance(PAUSE)
    assert reactor.readers == {acceptor}


def test_a_pause_that_ends_after_the_stop_changes_nothing() -> None:
    reactor = Polling()
    exhausted: Any = Exhausted([errno.EMFILE])
    acceptor = Acceptor(reactor, exhausted, Greeting(), Journal())
    acceptor.start()
    acceptor.doRead()
    acceptor.stop()
    reactor.advance(PAUSE)
    assert reactor.readers == set()


def test_a_connection_that_broke_in_the_queue_is_skipped() -> None:
    reactor, journal = Polling(), Journal()
    sock: Any = Exhausted([errno.ECONNABORTED, errno.ECONNABORTED])
    acceptor = Acceptor(reactor, sock, Greeting(), journal)
    acceptor.start()
    acceptor.doRead()
    assert (sock.asked, journal.events) == (3, [])
    assert reactor.readers == {acceptor}
