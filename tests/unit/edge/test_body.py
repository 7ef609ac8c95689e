"""The body of a request: its end is where it is said, and what could be read in two ways is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.edge.body import Body
from chatd.edge.head import BadHead, parse

MOST = 100


def body(*fields: str, version: str = "1.1") -> Body:
    text = "\r\n".join([f"POST /hooks/x HTTP/{version}", "Host: h", *fields])
    return Body(parse(text.encode()), MOST)


def fed(reader: Body, data: bytes, cuts: list[int]) -> bytes | None:
    """In pieces that end at these places."""
    begin, found = 0, None
    for end in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        found = reader.feed(data[begin:end])
        if found is not None:
            return found
        begin = end
    return found


@given(st.binary(max_size=MOST), st.lists(st.integers(0, 1000), max_size=5))
def test_a_body_of_a_length_comes_in_whatever_pieces(sent: bytes, cuts: list[int]) -> None:
    reader = body(f"Content-Length: {len(sent)}")
    assert fed(reader, sent + b"more", cuts) == sent


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=5), st.lists(st.integers(0, 1000)))
def test_a_body_in_chunks_comes_in_whatever_pieces(chunks: list[bytes], cuts: list[int]) -> None:
    data = b"".join(b"%x;a=b\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    whole = data + b"0\r\nTrailer: x\r\n\r\n"
    assert fed(body("Transfer-Encoding: chunked"), whole + b"more", cuts) == b"".join(chunks)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ((), 411),
        (("Content-Length: 101",), 413),
        (("Content-Length: -1",), 400),
        (("Content-Length: 1_0",), 400),
        (("Content-Length: 1", "Content-Length: 1"), 400),
        (("Content-Length: 1", "Transfer-Encoding: chunked"), 400),
        (("Transfer-Encoding: gzip, chunked",), 501),
        (("Transfer-Encoding: chunked, chunked",), 501),
        (("Transfer-Encoding: ",), 400),
    ],
)
def test_a_body_of_no_clear_length_is_refused(fields: tuple[str, ...], status: int) -> None:
    with pytest.raises(BadHead) as bad:
        body(*fields)
    assert bad.value.status == status


def test_chunks_are_for_http_1_1() -> None:
    with pytest.raises(BadHead):
        body("Transfer-Encoding: chunked", version="1.0")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"x\r\n", 400),
        (b"-1\r\n", 400),
        (b"0x1\r\n", 400),
        (b" 1\r\n", 400),
        (b"000000001\r\n", 400),
        (b"1\nx", 400),
        (b"1\r\nxyz", 400),
        (b"1" * 300, 400),
        (b"65\r\n", 413),
        (b"64\r\n" + b"x" * 100 + b"\r\n1\r\n", 413),
        (b"0\r\n" + b"a: b\r\n" * 300, 431),
    ],
)
def test_chunks_that_are_none_are_refused(data: bytes, status: int) -> None:
    with pytest.raises(BadHead) as bad:
        body("Transfer-Encoding: chunked").feed(data)
    assert bad.value.status == status
