"""Whose pages may open a session."""

import pytest

from chatd.edge.origins import may_open

SAME = ("same-host",)
LISTED = ("https://chat.example", "http://localhost:3000", "app://phone")

TABLE = [
    # origin, host, allowed, may
    ("http://chat.example", "chat.example", SAME, True),
    ("http://chat.example", "chat.example:80", SAME, True),
    ("http://chat.example:80", "chat.example", SAME, True),
    ("https://chat.example", "chat.example", SAME, True),
    ("https://chat.example", "chat.example:443", SAME, True),
    ("https://chat.example:8443", "chat.example:8443", SAME, True),
    ("HTTP://Chat.Example", "chat.example", SAME, True),
    ("http://chat.example", "CHAT.example", SAME, True),
    ("http://[::1]:8765", "[::1]:8765", SAME, True),
    ("http://127.0.0.1:8765", "127.0.0.1:8765", SAME, True),
    ("http://chat.example", "chat.example:8765", SAME, False),
    ("https://chat.example", "chat.example:80", SAME, False),
    ("http://chat.example:8765", "chat.example", SAME, False),
    ("http://evil.example", "chat.example", SAME, False),
    ("http://chat.example.evil", "chat.example", SAME, False),
    ("http://evilchat.example", "chat.example", SAME, False),
    ("http://chat.example", "", SAME, False),
    ("http://", "", SAME, False),
    ("null", "chat.example", SAME, False),
    ("null", "null", SAME, False),
    ("", "", SAME, False),
    ("app://chat.example", "chat.example", SAME, False),
    ("file://", "chat.example", SAME, False),
    ("http://chat.example/", "chat.example", SAME, False),
    ("http://a@chat.example", "chat.example", SAME, False),
    ("chat.example", "chat.example", SAME, False),
    ("https://chat.example", "other", LISTED, True),
    ("https://chat.example:443", "other", LISTED, True),
    ("HTTPS://CHAT.example", "other", LISTED, True),
    ("http://localhost:3000", "other", LISTED, True),
    ("app://phone", "other", LISTED, True),
    ("http://chat.example", "other", LISTED, False),
    ("https://chat.example:8443", "other", LISTED, False),
    ("http://localhost", "other", LISTED, False),
    ("http://other", "other", LISTED, False),
    ("http://other", "other", (*LISTED, *SAME), True),
    ("null", "other", LISTED, False),
    ("http://other", "other", (), False),
    ("http://anything", "other", ("*",), True),
    ("null", "other", ("*",), True),
]


@pytest.mark.parametrize(("origin", "host", "allowed", "may"), TABLE)
def test_a_page_may_open_a_session(
    origin: str, host: str, allowed: tuple[str, ...], may: bool
) -> None:
    assert may_open(origin, host, allowed, {"chat.example", "other"}) is may
