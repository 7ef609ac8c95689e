"""Whose connection it is, with proxies between."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.edge.forwarded import client_address, plain_address
from chatd.edge.head import BadHead, Head


class Trusted:
    """Networks of proxies."""

    def __init__(self, *networks: str) -> None:
        self.networks = [ip_network(each) for each in networks if each != "unix"]
        self.unix = "unix" in networks

    def believes(self, peer: str, /) -> bool:
        if peer == "unix":
            return self.unix
        return any(ip_address(peer) in network for network in self.networks)


NOBODY = Trusted()
ONE = Trusted("10.0.0.1/32")
CHAIN = Trusted("10.0.0.0/8", "2001:db8::/32", "unix")


def head(*fields: tuple[str, str]) -> Head:
    named: dict[str, list[str]] = {}
    for name, value in fields:
        named.setdefault(name, []).append(value)
    return Head("GET", "/", "", "chat", 1, named)


def custom(*values: str) -> Head:
    return head(*(("x-forwarded-for", value) for value in values))


def standard(*values: str) -> Head:
    return head(*(("forwarded", value) for value in values))


TABLE = [
    # head, peer, trusted, address
    (head(), "192.0.2.1", CHAIN, "192.0.2.1"),
    (head(), "10.0.0.1", CHAIN, "10.0.0.1"),
    (custom("198.51.100.7"), "192.0.2.1", NOBODY, "192.0.2.1"),
    (custom("198.51.100.7"), "192.0.2.1", CHAIN, "192.0.2.1"),
    (custom("198.51.100.7"), "10.0.0.1", ONE, "198.51.100.7"),
    (custom("198.51.100.7"), "unix", CHAIN, "198.51.100.7"),
    (custom("198.51.100.7"), "unix", ONE, "unix"),
    # only the rightmost one whom no proxy of ours is behind: what is left of it can be a lie
    (custom("1.1.1.1, 198.51.100.7"), "10.0.0.1", ONE, "198.51.100.7"),
    (custom("1.1.1.1", "198.51.100.7"), "10.0.0.1", ONE, "198.51.100.7"),
    (custom("1.1.1.1, 198.51.100.7, 10.2.3.4"), "10.0.0.1", CHAIN, "198.51.100.7"),
    (custom("10.9.9.9, 10.2.3.4"), "10.0.0.1", CHAIN, "10.9.9.9"),
    (custom("198.51.100.7, 10.2.3.4"), "10.0.0.1", ONE, "10.2.3.4"),
    (custom("198.51.100.7:4711"), "10.0.0.1", ONE, "198.51.100.7"),
    (custom("[2001:db9::1]:4711"), "10.0.0.1", ONE, "2001:db9::1"),
    (custom("2001:DB9::0001"), "10.0.0.1", ONE, "2001:db9::1"),
    (custom("::ffff:198.51.100.7"), "10.0.0.1", ONE, "198.51.100.7"),
    (custom("198.51.100.7, 2001:db8::5"), "unix", CHAIN, "198.51.100.7"),
    (custom("unknown"), "10.0.0.1", ONE, "10.0.0.1"),
    (custom("198.51.100.7, garbage"), "10.0.0.1", ONE, "10.0.0.1"),
    (custom("198.51.100.7, _hidden, 10.1.1.1"), "10.0.0.1", CHAIN, "10.1.1.1"),
    (custom(""), "10.0.0.1", ONE, "10.0.0.1"),
    (standard("for=198.51.100.7"), "10.0.0.1", ONE, "198.51.100.7"),
    (standard("for=198.51.100.7"), "192.0.2.1", ONE, "192.0.2.1"),
    (standard('For="[2001:db9::1]:4711";proto=https'), "10.0.0.1", ONE, "2001:db9::1"),
    (standard("proto=http; by=10.0.0.1; for=198.51.100.7"), "10.0.0.1", ONE, "198.51.100.7"),
    (standard("for=1.1.1.1, for=198.51.100.7"), "10.0.0.1", ONE, "198.51.100.7"),
    (standard("for=1.1.1.1", "for=198.51.100.7"), "10.0.0.1", ONE, "198.51.100.7"),
    (standard("for=198.51.100.7, for=10.3.3.3"), "10.0.0.1", CHAIN, "198.51.100.7"),
    (standard("for=unknown"), "10.0.0.1", ONE, "10.0.0.1"),
    (standard("for=_secret"), "10.0.0.1", ONE, "10.0.0.1"),
    (standard("proto=https"), "10.0.0.1", ONE, "10.0.0.1"),
    (standard('host="a, b; c";for=198.51.100.7'), "10.0.0.1", ONE, "198.51.100.7"),
    (standard(r'host="a\"b";for=198.51.100.7'), "10.0.0.1", ONE, "198.51.100.7"),
]


@pytest.mark.parametrize(("asked", "peer", "trusted", "address"), TABLE)
def test_the_address_of_a_client(asked: Head, peer: str, trusted: Trusted, address: str) -> None:
    assert client_address(asked, peer, trusted) == address


def test_two_headers_that_agree_are_one() -> None:
    both = head(("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=198.51.100.7"))
    assert client_address(both, "10.0.0.1", ONE) == "198.51.100.7"


def test_two_headers_that_disagree_are_refused() -> None:
    both = head(("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=1.1.1.1"))
    with pytest.raises(BadHead, match="different clients"):
        client_address(both, "10.0.0.1", ONE)
    assert client_address(both, "192.0.2.1", ONE) == "192.0.2.1", "whom nobody believes anyway"


@pytest.mark.parametrize("value", ["for=1.1.1.1 for=2.2.2.2", '"', "for=[::1]x y", "=", "a b"])
def test_a_forwarded_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(BadHead, match="RFC 7239"):
        client_address(standard(value), "10.0.0.1", ONE)


@given(st.text(alphabet='for=;, "\\[]:.0123456789abcdef', max_size=60))
def test_any_forwarded_gives_an_address_or_a_refusal(value: str) -> None:
    try:
        address = client_address(standard(value), "10.0.0.1", CHAIN)
    except BadHead:
        return
    assert ip_address(address).version in {4, 6}


@given(st.lists(st.text(max_size=20), max_size=4))
def test_any_custom_header_gives_an_address(values: list[str]) -> None:
    address = client_address(custom(*values), "10.0.0.1", CHAIN)
    assert ip_address(address).version in {4, 6}


def test_an_address_is_one_however_it_is_written() -> None:
    assert plain_address("::FFFF:10.0.0.1") == "10.0.0.1"
    assert plain_address("fe80::1%eth0") == "fe80::1%eth0"
    assert plain_address("10.0.0.256") is None
