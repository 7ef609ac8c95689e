"""TLS sans I/O, against the standard library's own other end: which certificates are believed."""

from __future__ import annotations

import itertools
import ssl

import pytest

from chatd.client.tls import Broken, Open, Tls
from tests.unit.client.certificates import Authority

HOST = "chat.example"


class Server:
    """The other end, in memory."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._agreed = False
        self.heard = b""

    def receive(self, data: bytes) -> bytes:
        """Bytes of the client; gives those for it."""
        self._in.write(data)
        try:
            if not self._agreed:
                self._tls.do_handshake()
                self._agreed = True
            while chunk := self._tls.read(65536):
                self.heard += chunk
        except ssl.SSLWantReadError:
            pass
        return self._out.read()

    def send(self, data: bytes) -> bytes:
        """Bytes that say this."""
        self._tls.write(data)
        return self._out.read()


def meet(client: Tls, server: Server, piece: int = 1 << 20) -> None:
    """Carry bytes both ways, in pieces, until both are silent."""
    while client.out:
        data = bytes(client.out)
        client.out.clear()
        answer = server.receive(data)
        for start in range(0, len(answer), piece):
            client.receive(answer[start : start + piece])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("piece", [1 << 20, 100, 1])
def test_what_is_said_before_and_after_the_handshake_arrives(
    authority: Authority, piece: int
) -> None:
    client, server = Tls(authority.trust, HOST), Server(authority.server(HOST))
    client.send(b"early ")
    meet(client, server, piece)
    client.send(b"and late")
    meet(client, server, piece)
    assert server.heard == b"early and late"
    data = server.send(b"x" * 100_000)
    pieces = itertools.pairwise([*range(0, len(data), 9999), len(data)])
    assert b"".join(client.receive(data[a:b]) for a, b in pieces) == b"x" * 100_000


def test_nothing_is_said_in_the_open(authority: Authority) -> None:
    client, server = Tls(authority.trust, HOST), Server(authority.server(HOST))
    client.send(b"a secret")
    wire = bytes(client.out)
    meet(client, server)
    client.send(b"a secret")
    assert b"a secret" not in wire + bytes(client.out)


@pytest.mark.parametrize(
    ("shown", "asked", "why"),
    [
        ("other.example", HOST, "Hostname mismatch"),
        (HOST, "127.0.0.1", "IP address mismatch"),
        ("expired", "expired", "expired"),
    ],
)
def test_a_certificate_that_is_not_good_is_not_believed(
    authority: Authority, shown: str, asked: str, why: str
) -> None:
    server = Server(authority.server(shown, expired=shown == "expired"))
    with pytest.raises(Broken, match=f"certificate is not believed: .*{why}") as broken:
        meet(Tls(authority.trust, asked), server)
    assert broken.value.final


def test_nobody_is_believed_whom_the_system_does_not_know(authority: Authority) -> None:
    with pytest.raises(Broken, match="not believed"):
        meet(Tls(ssl.create_default_context(), HOST), Server(authority.server(HOST)))


def test_a_server_without_tls_is_no_reason_to_stop_trying(authority: Authority) -> None:
    with pytest.raises(Broken) as broken:
        Tls(authority.trust, HOST).receive(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert not broken.value.final


def test_garbage_in_the_middle_ends_it(authority: Authority) -> None:
    client, server = Tls(authority.trust, HOST), Server(authority.server(HOST))
    meet(client, server)
    with pytest.raises(Broken):
        client.receive(b"\x17\x03\x03\x00\x05hello")
    client.send(b"to nobody")
    client.close()


def test_closing_says_so(authority: Authority) -> None:
    client, server = Tls(authority.trust, HOST), Server(authority.server(HOST))
    meet(client, server)
    client.close()
    assert client.out


def test_without_tls_bytes_are_bytes() -> None:
    cover = Open()
    cover.send(b"hello")
    cover.close()
    assert (bytes(cover.out), cover.receive(b"hi")) == (b"hello", b"hi")
