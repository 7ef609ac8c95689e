"""Listening sockets: of unix, and those that systemd opens and hands over."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.process.client import Client
from tests.process.conftest import MakeDaemon
from tests.process.harness import Daemon
from tests.process.test_refusals import reason

URL = "ws://chat.example/"


@pytest.fixture
def nook() -> Iterator[Path]:
    """A folder whose path is short: a unix socket's may have 107 bytes (unix(7))."""
    with TemporaryDirectory(prefix="chatd-") as folder:
        yield Path(folder)


def client_at(path: Path) -> Client:
    """A JSON session over a unix socket."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(str(path))
    return Client(URL, sock=sock)


def chats(client: Client, name: str) -> None:
    """Log in, say something, and hear it."""
    with closing(client):
        client.login("lobby", guest=name)
        client.must("send", room="lobby", text=f"{name} was here")
        assert client.event("message")["text"] == f"{name} was here"


# --- unix sockets ---


def test_a_unix_socket_has_the_mode_of_the_configuration_and_is_gone_in_the_end(
    make_daemon: MakeDaemon, nook: Path
) -> None:
    path = nook / "chat.sock"
    daemon = make_daemon(listen={"public": [f"unix:{path}"], "unix_mode": "0620"}).start()
    assert stat.S_IMODE(path.stat().st_mode) == 0o620
    chats(client_at(path), "ann")
    assert daemon.logged("session_opened")[0]["address"] == "unix"
    assert daemon.stop() == 0
    assert not path.exists()


def test_a_socket_that_a_dead_daemon_left_is_replaced(make_daemon: MakeDaemon, nook: Path) -> None:
    path = nook / "chat.sock"
    daemon = make_daemon(listen={"public": [f"unix:{path}"]}).start()
    daemon.kill()
    assert path.is_socket()
    daemon.start()
    chats(client_at(path), "ann")


def test_a_socket_that_is_alive_is_left_alone(make_daemon: MakeDaemon, nook: Path) -> None:
    path = nook / "chat.sock"
    make_daemon(listen={"public": [f"unix:{path}"]}).start()
    assert "another process has it" in reason(make_daemon(listen={"public": [f"unix:{path}"]}))
    chats(client_at(path), "ann")


def test_a_file_that_is_no_socket_is_left_alone(make_daemon: MakeDaemon, nook: Path) -> None:
    path = nook / "chat.sock"
    path.write_text("precious")
    assert "no socket" in reason(make_daemon(listen={"public": [f"unix:{path}"]}))
    assert path.read_text() == "precious"


def test_one_daemon_listens_at_many_places(make_daemon: MakeDaemon, nook: Path) -> None:
    path = nook / "chat.sock"
    daemon = make_daemon()
    daemon.configure(listen={"public": [f"tcp:127.0.0.1:{daemon.port}", f"unix:{path}"]})
    daemon.start()
    ann, bob = client_at(path), Client(daemon.url())
    ann.login("lobby", guest="ann")
    bob.login("lobby", guest="bob")
    ann.must("send", room="lobby", text="hello over there")
    assert bob.event("message")["text"] == "hello over there"
    ann.close()
    bob.close()


# --- sockets of systemd ---


@pytest.fixture
def tcp() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def unix(nook: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(nook / "activated.sock"))
        (nook / "activated.sock").chmod(0o600)
        listening.listen()
        yield listening


def activated(make_daemon: MakeDaemon) -> Daemon:
    """A daemon that wants its sockets from systemd."""
    return make_daemon(listen={"public": ["systemd:chat"], "operations": ["systemd:ops"]})


def test_sockets_are_taken_by_their_names_whatever_their_order(
    make_daemon: MakeDaemon, tcp: socket.socket, unix: socket.socket
) -> None:
    daemon = activated(make_daemon)
    with socket.create_server(("127.0.0.1", daemon.operations_port)) as operations:
        daemon.start(sockets={"unused": [], "ops": [operations], "chat": [unix, tcp]})
        assert daemon.get("/readyz") == (200, "ready\n")
        chats(client_at(Path(unix.getsockname())), "ann")
        chats(Client(f"ws://127.0.0.1:{tcp.getsockname()[1]}/"), "bob")
        listening = {(each["service"], each["address"]) for each in daemon.logged("listening")}
        assert {each for each in listening if each[0] != "control"} == {
            ("operations", f"tcp:127.0.0.1:{daemon.operations_port}"),
            ("public", f"tcp:127.0.0.1:{tcp.getsockname()[1]}"),
            ("public", f"unix:{unix.getsockname()}"),
        }
        assert daemon.stop() == 0


def test_a_socket_of_systemd_outlives_the_daemon_as_it_was(
    make_daemon: MakeDaemon, unix: socket.socket
) -> None:
    path = Path(unix.getsockname())
    daemon = make_daemon(listen={"public": ["systemd:chat"]})
    for name in ("ann", "bob"):
        daemon.start(sockets={"chat": [unix]})
        chats(client_at(path), name)
        assert daemon.stop() == 0
        assert path.is_socket()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("family", ["tcp", "unix"])
def test_who_connects_while_no_daemon_runs_waits_and_is_served_by_the_next(
    make_daemon: MakeDaemon, request: pytest.FixtureRequest, family: str
) -> None:
    listening: socket.socket = request.getfixturevalue(family)
    daemon = make_daemon(listen={"public": ["systemd:chat"]}).start(sockets={"chat": [listening]})
    assert daemon.stop() == 0
    waiting = [knock(listening) for _ in range(20)]  # none is refused
    daemon.start(sockets={"chat": [listening]})
    for number, sock in enumerate(waiting):
        chats(Client(URL, sock=sock), f"guest{number}")


def knock(listening: socket.socket) -> socket.socket:
    """A connection that has not said anything yet."""
    sock = socket.socket(listening.family, socket.SOCK_STREAM)
    sock.connect(listening.getsockname())
    return sock


def test_who_connects_while_the_daemon_drains_is_served_by_the_next(
    make_daemon: MakeDaemon, tcp: socket.socket
) -> None:
    """Never refused, never reset: the kernel keeps them until somebody accepts."""
    daemon = make_daemon(listen={"public": ["systemd:chat"]})
    for round_ in range(2):
        daemon.start(sockets={"chat": [tcp]})
        client = Client(URL, sock=knock(tcp))
        client.login("lobby", guest=f"first{round_}")
        assert daemon.stop() == 0
        assert client.closed().code == 3000
        waiting = knock(tcp)
        daemon.start(sockets={"chat": [tcp]})
        chats(Client(URL, sock=waiting), f"second{round_}")
        assert daemon.stop() == 0
