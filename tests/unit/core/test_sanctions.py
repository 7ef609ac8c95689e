"""Subjects as they are typed, and whom a sanction is about."""

from __future__ import annotations

import pytest

from chatd.core.log import UserId
from chatd.core.sanctions import Sanction, Subject, same_address, subject_of


def on(subject: Subject | None, until: int | None = None) -> Sanction:
    assert subject is not None
    return Sanction(
        number=1,
        kind="ban",
        subject=subject,
        room_id=None,
        reason="",
        by="olga",
        ts=0,
        until=until,
    )


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("192.0.2.7", "address", "192.0.2.7"),
        ("::ffff:192.0.2.7", "address", "192.0.2.7"),
        ("2001:DB8::0:1", "address", "2001:db8::1"),
        ("192.0.2.7/24", "network", "192.0.2.0/24"),
        ("::ffff:192.0.2.0/120", "network", "192.0.2.0/24"),
        ("2001:db8::/32", "network", "2001:db8::/32"),
    ],
)
def test_an_address_or_network_has_one_spelling(typed: str, kind: str, value: str) -> None:
    subject = subject_of(typed)
    assert subject is not None
    assert (subject.kind, subject.value) == (kind, value)


@pytest.mark.parametrize("typed", ["bob", "192.0.2", "1.2.3.4.5", "unix"])
def test_anything_else_is_a_name(typed: str) -> None:
    assert subject_of(typed) is None
    assert same_address(typed) == ""


@pytest.mark.parametrize("typed", ["192.0.2.0/99", "bob/24", "/", "192.0.2.0/x"])
def test_what_is_meant_as_a_network_must_be_one(typed: str) -> None:
    with pytest.raises(ValueError, match=r"not appear|Only one|permitted"):
        subject_of(typed)


@pytest.mark.parametrize(
    ("typed", "inside", "outside"),
    [
        ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"),
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
        ("192.0.2.0/24", "::ffff:192.0.2.1", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8:ffff::1", "192.0.2.1"),
        ("::ffff:192.0.2.0/120", "192.0.2.1", "unix"),
    ],
)
def test_a_sanction_is_about_addresses_inside(typed: str, inside: str, outside: str) -> None:
    sanction = on(subject_of(typed))
    assert sanction.concerns(UserId("u1"), inside)
    assert not sanction.concerns(UserId("u1"), outside)


def test_a_sanction_on_a_user_is_about_nobody_else() -> None:
    sanction = on(Subject("user", "u2", "bob"))
    assert sanction.concerns(UserId("u2"), "192.0.2.7")
    assert not sanction.concerns(UserId("u1"), "192.0.2.7")
    assert not sanction.concerns(None, "u2")


def test_a_sanction_ends_when_its_time_is_over() -> None:
    assert on(Subject("user", "u2", "bob")).holds(2**50)
    assert on(Subject("user", "u2", "bob")).left(5) is None
    short = on(Subject("user", "u2", "bob"), until=1000)
    assert (short.holds(999), short.holds(1000)) == (True, False)
    assert (short.left(400), short.left(1400)) == (600, 0)
