"""The parser of request heads: what it takes, what it refuses, and that it is never surprised."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.edge.head import MOST_BYTES, MOST_FIELDS, BadHead, Head, HeadBuffer, parse

GOOD = b"GET /ws?format=json HTTP/1.1\r\nHost: Chat.example:8765\r\nAccept:  a , b \r\n"


def read(data: bytes) -> Head:
    complete = HeadBuffer().feed(data)
    assert complete is not None
    return complete[0]


def outcome(data: bytes, step: int) -> Head | int | None:
    """What comes of bytes that come in pieces: a head, the status of a refusal, or nothing yet."""
    buffer = HeadBuffer()
    try:
        for start in range(0, len(data), step):
            complete = buffer.feed(data[start : start + step])
            if complete is not None:
                return complete[0]
    except BadHead as bad:
        return bad.status
    return None


def refused(data: bytes) -> int:
    with pytest.raises(BadHead) as bad:
        HeadBuffer().feed(data)
    return bad.value.status


def test_a_head_becomes_a_value() -> None:
    head = read(GOOD + b"\r\n")
    assert (head.method, head.path, head.query) == ("GET", "/ws", "format=json")
    assert (head.host, head.minor) == ("chat.example:8765", 1)
    assert head.all("accept") == ["a , b"]
    assert head.items("accept") == ["a", "b"]
    assert head.asked == {"format": ["json"]}


def test_what_comes_behind_the_head_is_given_back() -> None:
    complete = HeadBuffer().feed(GOOD + b"\r\n\x81\n\r\n\r\n")
    assert complete
    assert complete[1] == b"\x81\n\r\n\r\n"


def test_a_head_may_come_byte_by_byte() -> None:
    buffer = HeadBuffer()
    whole = GOOD + b"\r\n"
    assert [buffer.feed(whole[n : n + 1]) for n in range(len(whole) - 1)] == [None] * (
        len(whole) - 1
    )
    complete = buffer.feed(whole[-1:] + b"rest")
    assert complete is not None
    assert complete[1] == b"rest"


@pytest.mark.parametrize("cut", range(1, len(GOOD) + 2))
def test_a_head_may_be_cut_anywhere(cut: int) -> None:
    buffer = HeadBuffer()
    whole = GOOD + b"\r\n"
    assert buffer.feed(whole[:cut]) is None
    complete = buffer.feed(whole[cut:])
    assert complete is not None
    assert complete[0] == read(whole)


def test_empty_lines_before_the_request_are_skipped() -> None:
    assert read(b"\r\n\r\n" + GOOD + b"\r\n") == read(GOOD + b"\r\n")


def test_an_absolute_target_overrides_host() -> None:
    head = read(b"GET http://Other:80/a?b HTTP/1.1\r\nHost: chat\r\n\r\n")
    assert (head.host, head.path, head.query) == ("other:80", "/a", "b")
    assert read(b"GET ws://other HTTP/1.1\r\nHost: chat\r\n\r\n").path == "/"
    assert read(b"GET http://other?x HTTP/1.1\r\nHost: chat\r\n\r\n").query == "x"


def test_http_1_0_needs_no_host() -> None:
    assert read(b"GET / HTTP/1.0\r\n\r\n").host == ""


@pytest.mark.parametrize("host", [b"chat", b"chat:1", b"[::1]:8765", b"10.0.0.1", b"", b"a_b"])
def test_hosts_that_are_one(host: bytes) -> None:
    assert read(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n").host == host.decode()


REFUSED = {
    "a bare LF": (400, b"GET / HTTP/1.1\nHost: chat\n\n"),
    "a bare LF within": (400, b"GET / HTTP/1.1\r\nHost: chat\nX: y\r\n\r\n"),
    "a bare LF before the end came": (400, b"GET / HTTP/1.1\nHo"),
    "a bare CR": (400, b"GET / HTTP/1.1\r\nHost: ch\rat\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01"),
    "noise": (400, b"\x00\xff\x10"),
    "HTTP/0.9": (400, b"GET /\r\n\r\n"),
    "HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "no method": (400, b" / HTTP/1.1\r\nHost: chat\r\n\r\n"),
    "two spaces": (400, b"GET  / HTTP/1.1\r\nHost: chat\r\n\r\n"),
    "a bad version": (400, b"GET / HTTP/x\r\nHost: chat\r\n\r\n"),
    "a version too long": (400, b"GET / HTTP/1.11\r\nHost: chat\r\n\r\n"),
    "a bad first line before the end came": (400, b"hello there\r\n"),
    "no Host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    "a Host that is none": (400, b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "a Host with a user": (400, b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a port that is none": (400, b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"),
    "a fragment": (400, b"GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a target that is no path": (400, b"GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a field without colon": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
    "a space before the colon": (400, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    "a folded field": (400, b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"),
    "a zero byte": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"),
    "too long, unfinished": (431, b"GET / HTTP/1.1\r\nX: " + b"x" * MOST_BYTES),
    "too long, finished": (431, b"GET /" + b"x" * MOST_BYTES + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    "too many": (431, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * MOST_FIELDS + b"\r\n"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_can_be_misunderstood_is_refused(what: str) -> None:
    status, data = REFUSED[what]
    assert refused(data) == status


@pytest.mark.parametrize("what", [what for what in REFUSED if "unfinished" not in what])
def test_it_is_refused_byte_by_byte_as_well(what: str) -> None:
    status, data = REFUSED[what]
    assert outcome(data, 1) == status


def test_the_longest_head_is_taken() -> None:
    frame = b"GET / HTTP/1.1\r\nHost: a\r\nX: "
    assert read(frame + b"x" * (MOST_BYTES - len(frame)) + b"\r\n\r\n").host == "a"
    assert refused(frame + b"x" * (MOST_BYTES - len(frame) + 1) + b"\r\n\r\n") == 431


def test_a_field_that_may_be_there_once_is_refused_twice() -> None:
    head = read(GOOD + b"Origin: a\r\nOrigin: a\r\n\r\n")
    with pytest.raises(BadHead, match="origin is there 2 times"):
        head.one("origin")
    assert head.one("host") == "Chat.example:8765"
    assert head.one("cookie") is None


@pytest.mark.parametrize(
    ("fields", "has"),
    [
        (b"", False),
        (b"Content-Length: 0\r\n", False),
        (b"Content-Length: 1\r\n", True),
        (b"Transfer-Encoding: chunked\r\n", True),
    ],
)
def test_whether_a_body_follows(fields: bytes, has: bool) -> None:
    assert read(GOOD + fields + b"\r\n").has_body is has


@pytest.mark.parametrize("length", [b"-1", b"x", b"1, 1", b"9" * 30])
def test_a_length_that_is_none_is_refused(length: bytes) -> None:
    with pytest.raises(BadHead):
        _ = read(GOOD + b"Content-Length: " + length + b"\r\n\r\n").has_body


def test_words_of_a_list_are_found_in_any_case() -> None:
    head = read(GOOD + b"Connection: keep-alive\r\nConnection: ,UPGRADE\r\n\r\n")
    assert head.has("connection", "upgrade")
    assert not head.has("connection", "up")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX:" + b" " * 16_000 + b"\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a" + b" " * 16_000 + b"\x01\r\n\r\n",
        b"GET http://" + b"a" * 16_000 + b"# HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://" + b"[" * 16_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: " + b"a:" * 8_000 + b"\r\n\r\n",
    ],
)
def test_no_head_costs_more_than_its_length(data: bytes) -> None:
    began = time.process_time()
    assert refused(data) in {400, 431}
    assert time.process_time() - began < 0.1


pieces = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"GET / HTTP/1.1\r\n", b"Host: a\r\n", b"\r\n", b"\n", b":", b" ", b"\r"]),
)


@given(data=st.lists(pieces, max_size=12).map(b"".join), cut=st.integers(1, 40))
def test_any_bytes_are_a_head_or_refused_however_they_are_cut(data: bytes, cut: int) -> None:
    assert outcome(data, cut) == outcome(data, max(1, len(data)))


@given(data=st.binary(max_size=200))
def test_parsing_any_bytes_gives_a_head_or_a_refusal(data: bytes) -> None:
    with suppress(BadHead):
        assert parse(data).path
