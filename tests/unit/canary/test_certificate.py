"""Until when a server's certificate is valid, seen by a line of its own."""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path

import pytest

from chatd.canary.certificate import valid_until
from chatd.client.address import Address
from tests.unit.client.certificates import Authority

DAY = 86400


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def seen(shown: ssl.SSLContext | None, trust: ssl.SSLContext) -> float | None:
    """What is seen of a server that shows this, or that has no TLS."""

    async def look() -> float | None:
        server = await asyncio.start_server(
            lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=shown
        )
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await valid_until(Address("localhost", port, True, "/"), trust)

    return asyncio.run(look())


def test_the_end_of_a_certificate_that_is_believed_is_seen(authority: Authority) -> None:
    ends = seen(authority.server("localhost"), authority.trust)
    assert ends is not None
    assert time.time() + DAY - 600 < ends < time.time() + DAY + 1


@pytest.mark.parametrize("fault", ["expired", "of another host", "of nobody known", "no TLS"])
def test_of_a_certificate_that_is_not_believed_nothing_is_said(
    authority: Authority, tmp_path: Path, fault: str
) -> None:
    shown: ssl.SSLContext | None
    match fault:
        case "expired":
            shown = authority.server("localhost", expired=True)
        case "of another host":
            shown = authority.server("other.example")
        case "of nobody known":
            shown = Authority(tmp_path).server("localhost")
        case _:
            shown = None
    assert seen(shown, authority.trust) is None


def test_where_nobody_listens_nothing_is_seen(authority: Authority) -> None:
    nowhere = Address("localhost", 1, True, "/")
    assert asyncio.run(valid_until(nowhere, authority.trust)) is None
