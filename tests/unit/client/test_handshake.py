"""Addresses and the opening handshake: what is asked for, and which answers will do."""

from __future__ import annotations

import pytest

from chatd.client.address import Address, address
from chatd.client.handshake import MOST_HEAD, Handshake, NotOpened

YES = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",  # RFC 6455 section 1.3
    "Sec-WebSocket-Protocol": "chatd.v1",
}
NONCE = b"the sample nonce"


def answered(status: str = "101 Switching Protocols", body: bytes = b"", **fields: str) -> bytes:
    """An answer of a server, with these fields changed; an empty one is left out."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    lines = [f"{name}: {value}" for name, value in ({**YES, **named}).items() if value]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def shaken(data: bytes, *, ended: bool = False) -> bytes | None:
    return Handshake(address("ws://chat.example/"), NONCE).receive(data, ended=ended)


def refusal(data: bytes, *, ended: bool = False) -> NotOpened:
    with pytest.raises(NotOpened) as refused:
        shaken(data, ended=ended)
    return refused.value


@pytest.mark.parametrize(
    ("url", "read", "host"),
    [
        ("ws://127.0.0.1:8765/", Address("127.0.0.1", 8765, False, "/"), "127.0.0.1:8765"),
        ("wss://chat.example", Address("chat.example", 443, True, "/"), "chat.example"),
        ("wss://Chat.Example:443/", Address("chat.example", 443, True, "/"), "chat.example"),
        ("ws://chat.example:443/", Address("chat.example", 443, False, "/"), "chat.example:443"),
        ("http://chat.example/x?y=z", Address("chat.example", 80, False, "/x?y=z"), "chat.example"),
        (
            "https://[2001:db8::1]:8443",
            Address("2001:db8::1", 8443, True, "/"),
            "[2001:db8::1]:8443",
        ),
        ("ws://bücher.de/", Address("xn--bcher-kva.de", 80, False, "/"), "xn--bcher-kva.de"),
    ],
)
def test_an_address_is_read(url: str, read: Address, host: str) -> None:
    assert address(url) == read
    assert read.authority == host


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("chat.example", "begins with ws:// or wss://"),
        ("ftp://chat.example", "begins with ws:// or wss://"),
        ("ws://", "the host is missing"),
        ("ws://ann:secret@chat.example/", "log in with user="),
        ("ws://chat.example/#room", "fragment"),
        ("ws://chat.example:port/", "port"),
        ("ws://chat.example:99999/", "range"),
        ("ws://chat.example/ü", "with %"),
        ("ws://chat.example/a b", "with %"),
    ],
)
def test_what_is_no_address_is_explained(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        address(url)
    assert "secret" not in str(refused.value)


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    assert str(address("wss://chat.example/x?token=secret")) == "wss://chat.example/x"


def test_the_request_is_that_of_the_rfc() -> None:
    request = Handshake(address("ws://chat.example:8765/x?y=z"), NONCE).request().decode()
    first, *fields = request.split("\r\n")
    assert first == "GET /x?y=z HTTP/1.1"
    assert fields[-2:] == ["", ""]
    named = dict(field.split(": ", 1) for field in fields[:-2])
    assert named.pop("User-Agent").startswith("chatd/")
    assert named == {
        "Host": "chat.example:8765",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "chatd.v1",
    }


def test_a_yes_is_a_yes_and_what_follows_is_the_socket_s() -> None:
    assert shaken(answered(body=b"\x81\x00")) == b"\x81\x00"
    assert shaken(answered(Upgrade="WebSocket", Connection="keep-alive, upgrade")) == b""


def test_it_may_come_byte_by_byte() -> None:
    handshake = Handshake(address("ws://chat.example/"), NONCE)
    data = answered(body=b"rest")
    found = [handshake.receive(data[n : n + 1]) for n in range(len(data) - 4)]
    assert found[:-1] == [None] * (len(found) - 1)
    assert found[-1] == b""


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"Upgrade": "h2c"}, "Upgrade"),
        ({"Connection": "close"}, "Connection"),
        ({"Sec_WebSocket_Accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "Accept"),
        ({"Sec_WebSocket_Accept": ""}, "Accept"),
        ({"Sec_WebSocket_Extensions": "permessage-deflate"}, "Extensions"),
        ({"Sec_WebSocket_Protocol": "chat.v2"}, "does not speak chatd.v1"),
        ({"Sec_WebSocket_Protocol": ""}, "does not speak chatd.v1"),
    ],
)
def test_a_yes_to_something_else_is_a_no(fields: dict[str, str], why: str) -> None:
    refused = refusal(answered("101 x", b"", **fields))
    assert why in str(refused)
    assert refused.final


@pytest.mark.parametrize(
    ("status", "final"),
    [("400 Bad", True), ("403 No", True), ("404 Not Found", True), ("426 Upgrade", True),
     ("301 Moved", True), ("200 OK", True), ("429 Too Many", False), ("408 Timeout", False),
     ("502 Bad Gateway", False), ("503 Draining", False)],
)  # fmt: skip
def test_a_refusal_may_be_for_now_or_for_ever(status: str, final: bool) -> None:
    refused = refusal(answered(status, Content_Length="0"))
    assert refused.final is final
    assert str(refused).startswith(f"HTTP {status[:3]}: ")


def test_a_refusal_says_what_the_server_said_and_when_to_come_back() -> None:
    data = answered(
        "503 x", b"come back\nlater", Content_Type="text/plain; charset=utf-8",
        Content_Length="15", Retry_After="5",
    )  # fmt: skip
    assert shaken(data[:-1]) is None
    refused = refusal(data)
    assert str(refused) == "HTTP 503: come back later"
    assert refused.after == 5.0


def test_a_page_is_not_what_the_server_said() -> None:
    data = answered("502 x", b"<html>", Content_Type="text/html", Content_Length="6")
    assert str(refusal(data)) == "HTTP 502: no WebSocket is served at this address"


def test_a_reason_that_is_cut_off_is_a_reason() -> None:
    data = answered("404 x", b"nothing", Content_Type="text/plain", Content_Length="900")
    assert shaken(data) is None
    assert str(refusal(data, ended=True)) == "HTTP 404: nothing"


def test_a_reason_without_end_is_not_waited_for() -> None:
    data = answered("404 x", b"a" * 3000, Content_Type="text/plain")
    assert len(str(refusal(data))) < 2100


@pytest.mark.parametrize(
    "data",
    [b"SSH-2.0-x", b"HTTP/1.1 abc", b"HTTP/1.1", b"HTTP/2 200", b"HTTP/1.1 101 x\r\nno header"],
)
def test_what_is_no_http_is_refused(data: bytes) -> None:
    assert refusal(data + b"\r\n\r\n").final


def test_silence_and_chatter_are_no_answer() -> None:
    assert not refusal(b"", ended=True).final
    assert not refusal(b"HTTP/1.1 101 x\r\n", ended=True).final
    assert not refusal(b"x" * (MOST_HEAD + 1)).final
