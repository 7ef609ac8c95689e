"""Hashing and comparing passwords, and what may be one."""

import hashlib
from base64 import b64encode

import pytest

from chatd.auth import passwords
from chatd.auth.passwords import BadPassword, Encoded, Passwords, encode, matches, parse
from tests.unit.auth.hops import finish, here

HORSE = "correct horse"


class Rounds:
    """Counts the iterations that were paid for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.spent = 0
        derive = hashlib.pbkdf2_hmac

        def counted(name: str, text: bytes, salt: bytes, rounds: int, length: int) -> bytes:
            self.spent += rounds
            return derive(name, text, salt, rounds, length)

        monkeypatch.setattr(hashlib, "pbkdf2_hmac", counted)


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Rounds:
    return Rounds(monkeypatch)


def stored(password: str, iterations: int = 10) -> Encoded:
    return encode(passwords.prepare(password), iterations)


def test_the_encoded_form_is_scheme_cost_salt_and_hash() -> None:
    salt = bytes(range(16))
    digest = hashlib.pbkdf2_hmac("sha512", b"correct horse", salt, 1000, 64)
    text = f"pbkdf2-sha512$1000${b64encode(salt).decode()}${b64encode(digest).decode()}"
    assert str(Encoded(1000, salt, digest)) == text
    assert parse(text) == Encoded(1000, salt, digest)
    assert matches(parse(text), HORSE, 1000)


def test_a_known_vector_of_another_implementation_matches() -> None:
    # PBKDF2-HMAC-SHA-512, "password", "salt", 4096 iterations: published with Python's own tests.
    digest = bytes.fromhex(
        "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5"
        "143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5"
    )
    assert matches(Encoded(4096, b"salt", digest), "password", 4096)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "pbkdf2-sha512$0$" + "A" * 22 + "==$" + "A" * 86 + "==",
        "pbkdf2-sha512$100000000$" + "A" * 22 + "==$" + "A" * 86 + "==",
        "pbkdf2-sha256$10$" + "A" * 22 + "==$" + "A" * 86 + "==",
        "pbkdf2-sha512$10$" + "A" * 21 + "===$" + "A" * 86 + "==",
        "pbkdf2-sha512$10$" + "A" * 22 + "==$" + "A" * 86 + "==\n",
        "pbkdf2-sha512$\u0661\u0660$" + "A" * 22 + "==$" + "A" * 86 + "==",
    ],
)
def test_what_is_no_hash_of_ours_is_not_read(text: str) -> None:
    assert parse(text) is None


def test_two_hashes_of_one_password_differ() -> None:
    assert str(stored(HORSE)) != str(stored(HORSE))


def test_another_password_does_not_match() -> None:
    assert not matches(stored(HORSE), "correct horsf", 10)


def test_spaces_and_composed_letters_are_the_same_however_they_are_typed() -> None:
    assert matches(stored("caf\u00e9 noir"), "cafe\u0301\u00a0noir", 10)


def test_case_and_width_are_not_folded() -> None:
    assert not matches(stored(HORSE), HORSE.upper(), 10)
    assert not matches(stored("password"), "\uff50assword", 10)


@pytest.mark.parametrize("wrong", ["", "a\x00b", "\u202eabc", "\ud800", "\u0378"])
def test_what_cannot_be_a_password_does_not_match_anything(wrong: str) -> None:
    assert not matches(stored(HORSE), wrong, 10)
    assert not matches(Encoded(10, b"s" * 16, encode(b"", 10).digest), wrong, 10)


@pytest.mark.parametrize("guess", ["wrong horse", "a\x00b", ""])
@pytest.mark.parametrize("known", [stored(HORSE, 50), stored(HORSE, 20), None])
def test_a_no_costs_the_same_whoever_it_was(
    known: Encoded | None, guess: str, rounds: Rounds
) -> None:
    assert not matches(known, guess, 50)
    assert rounds.spent == 50


def test_a_dearer_hash_than_asked_for_now_costs_its_own(rounds: Rounds) -> None:
    assert not matches(Encoded(80, b"s" * 16, b""), "x", 50)
    assert rounds.spent == 80


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("", "has 0 characters; use 8 to 1024"),
        ("1234567", "has 7 characters; use 8 to 1024"),
        ("x" * 1025, "has 1025 characters; use 8 to 1024"),
        ("e\u0301" * 6 + "a", "has 7 characters; use 8 to 1024"),
        ("four\x00four", r"character 5 of the password is not allowed \(controls\)"),
        ("\u200bhidden one", "character 1 of the password is not allowed"),
    ],
)
def test_a_new_password_that_will_not_do_is_told_why(password: str, says: str) -> None:
    with pytest.raises(BadPassword, match=says) as refused:
        passwords.prepare_new(password)
    assert password not in str(refused.value) or password == ""


@pytest.mark.parametrize("password", ["12345678", "x" * 1024, "пароль \U0001f600"])
def test_a_new_password_of_fitting_length_is_taken(password: str) -> None:
    assert passwords.prepare_new(password) == password.encode()


def test_it_hashes_and_compares_by_way_of_the_hop() -> None:
    ours = Passwords(here, 10)
    encoded = finish(ours.encode(HORSE))
    assert finish(ours.matches(encoded, HORSE))
    assert not finish(ours.matches(encoded, "wrong horse"))
    assert not finish(ours.matches("", HORSE))


def test_a_hash_of_another_cost_is_due_for_a_new_one() -> None:
    ours = Passwords(here, 10)
    assert not ours.needs_rehash(str(stored(HORSE, 10)))
    assert ours.needs_rehash(str(stored(HORSE, 9)))
    ours.iterations = 9
    assert not ours.needs_rehash(str(stored(HORSE, 9)))
    assert ours.needs_rehash("not a hash")
