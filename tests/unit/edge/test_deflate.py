"""Which offers of compression are agreed to (RFC 7692), and what a payload is then."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.edge import opening
from chatd.edge.admission import Admitted
from chatd.edge.deflate import FLAGS, LARGEST, SMALLEST, TAIL, Agreed, agreed, deflated, window_for
from chatd.edge.head import BadHead, Head, parse
from chatd.edge.ports import EdgeSettings
from tests.unit.edge.memory import UPGRADE, Client, World, request


def head(*offers: str) -> Head:
    lines = ["GET / HTTP/1.1", "Host: here", *(f"Sec-WebSocket-Extensions: {o}" for o in offers)]
    return parse("\r\n".join(lines).encode())


def named(window: int) -> Agreed:
    return Agreed(window, named=True)


GOOD = {
    "permessage-deflate": Agreed(),
    "permessage-deflate; client_max_window_bits": Agreed(),
    "permessage-deflate;client_max_window_bits=8": Agreed(),
    "permessage-deflate; client_max_window_bits=15 ; client_no_context_takeover": Agreed(),
    "permessage-deflate; server_no_context_takeover": Agreed(),
    "permessage-deflate; server_max_window_bits=9": named(9),
    "permessage-deflate; server_max_window_bits=15": named(15),
    'permessage-deflate; server_max_window_bits="12"': named(12),
    "permessage-deflate\t;\tserver_max_window_bits\t=\t12": named(12),
    "x-webkit-deflate-frame, permessage-deflate": Agreed(),
    'bbf-usp-protocol; eid="doc::a,;\\"b", permessage-deflate': Agreed(),
    "permessage-deflate; server_max_window_bits=8, permessage-deflate": Agreed(),
    "permessage-deflate; server_max_window_bits=10, permessage-deflate": named(10),
    "permessage-deflate; unheard_of, permessage-deflate; server_max_window_bits=11": named(11),
    ", ,permessage-deflate,": Agreed(),
}
DECLINED = [
    "",
    " , ",
    "permessage-bzip2",
    "x-permessage-deflate",
    "permessage-deflate; unheard_of",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=8",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=09",
    "permessage-deflate; server_max_window_bits=+9",
    "permessage-deflate; server_max_window_bits=1_2",
    "permessage-deflate; client_max_window_bits=7",
    "permessage-deflate; client_max_window_bits=16",
    "permessage-deflate; client_max_window_bits=015",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; client_no_context_takeover=true",
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
]
MALFORMED = [
    "permessage-deflate;",
    "permessage-deflate;;",
    "permessage-deflate; =12",
    "permessage-deflate; server_max_window_bits=",
    'permessage-deflate; server_max_window_bits="12',
    "permessage deflate",
    "=",
    "(x)",
]


@pytest.mark.parametrize(("offer", "found"), GOOD.items())
def test_the_first_good_offer_is_agreed_to(offer: str, found: Agreed) -> None:
    assert agreed(head(offer)) == found


@pytest.mark.parametrize("offer", DECLINED)
def test_a_bad_offer_is_declined(offer: str) -> None:
    assert agreed(head(offer)) is None


@pytest.mark.parametrize("offer", MALFORMED)
def test_what_is_no_list_of_extensions_is_a_bad_request(offer: str) -> None:
    with pytest.raises(BadHead):
        agreed(head(offer))


def test_offers_may_stand_in_several_headers() -> None:
    first = "permessage-deflate; server_max_window_bits=16"
    assert agreed(head(first, "permessage-deflate; server_max_window_bits=12")) == named(12)
    assert agreed(head()) is None


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60))
def test_no_header_breaks_the_server(offer: str) -> None:
    try:
        found = agreed(head(f"permessage-deflate; server_max_window_bits{offer}"))
    except BadHead:
        return
    assert found is None or found.window in range(SMALLEST, LARGEST + 1)


# --- the answer ---


@pytest.mark.parametrize("shortcuts", [True, False])
@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        (
            "permessage-deflate; client_max_window_bits",
            f"permessage-deflate; {FLAGS[0]}; {FLAGS[1]}",
        ),
        (
            "permessage-deflate; server_max_window_bits=10",
            f"permessage-deflate; {FLAGS[0]}; server_max_window_bits=10; {FLAGS[1]}",
        ),
        ("permessage-deflate; server_max_window_bits=8", None),
        ("permessage-bzip2", None),
    ],
)
def test_both_ways_to_open_a_line_answer_the_same(
    offer: str, answer: str | None, *, shortcuts: bool
) -> None:
    world = World(EdgeSettings(compression=True, shortcuts=shortcuts))
    response = Client(world).open(Sec_WebSocket_Extensions=offer)
    assert response.status_code == 101
    assert response.headers.get("Sec-WebSocket-Extensions") == answer
    assert world.meter.count["agreed"] == (answer is not None)


def test_a_malformed_offer_is_answered_with_words() -> None:
    world = World(EdgeSettings(compression=True))
    fields = (*UPGRADE, "Sec-WebSocket-Extensions: permessage-deflate;")
    reply = world.ask(request("/", *fields))
    assert (reply.status, b"Sec-WebSocket-Extensions" in reply.body) == (400, True)


def test_while_it_is_off_no_offer_is_looked_at() -> None:
    response = Client(World()).open(Sec_WebSocket_Extensions="permessage-deflate;")
    assert response.status_code == 101
    assert "Sec-WebSocket-Extensions" not in response.headers


def test_a_reload_turns_it_on_and_off_for_those_who_come_then() -> None:
    world = World()
    answers = []
    for on in (True, False):
        world.front.use(EdgeSettings(compression=on))
        response = Client(world).open(Sec_WebSocket_Extensions="permessage-deflate")
        answers.append("Sec-WebSocket-Extensions" in response.headers)
    assert answers == [True, False]


def test_the_answer_of_a_line_that_is_born_open_is_its_header() -> None:
    told = opening.accepted(Admitted("unix", opening.KEY, agreed=named(9)))
    assert f"\r\nSec-WebSocket-Extensions: {named(9).answer}\r\n".encode() in told


# --- payloads ---


@given(st.binary(max_size=5000), st.integers(SMALLEST, LARGEST))
def test_what_was_compressed_comes_out_again(payload: bytes, window: int) -> None:
    work = zlib.decompressobj(-window)
    assert work.decompress(deflated(payload, window) + TAIL) == payload


@pytest.mark.parametrize(
    ("size", "most", "window"),
    [(0, 15, 9), (512, 15, 9), (513, 15, 10), (4096, 15, 12), (1 << 20, 15, 15), (4096, 10, 10)],
)
def test_a_window_is_as_small_as_the_payload_allows(size: int, most: int, window: int) -> None:
    assert window_for(size, most) == window


def test_a_small_window_loses_nothing_for_a_payload_that_it_holds() -> None:
    text = b" ".join(b"%d bottles" % number for number in range(40))
    assert len(deflated(text, window_for(len(text), 15))) <= len(deflated(text, 15)) + 4
