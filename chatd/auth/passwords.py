"""Passwords: how they are prepared, judged, hashed and compared. Blocking work goes through a Hop.
Whose they are is accounts; the threads are threads."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import precis_i18n

T = TypeVar("T")

SHORTEST, LONGEST = 8, 1024
"""Characters of a new password."""

_SCHEME = "pbkdf2-sha512"
_SALT_BYTES, _DIGEST_BYTES = 16, 64
_FORM = re.compile(
    r"pbkdf2-sha512\$([1-9][0-9]{0,7})\$([A-Za-z0-9+/]{22}==)\$([A-Za-z0-9+/]{86}==)"
)
_OPAQUE = precis_i18n.get_profile("OpaqueString")


class BadPassword(ValueError):
    """A password that may not be set; the message says which rule it breaks, never what it is."""


class Hop(Protocol):
    """Carries blocking work out of the reactor's thread and its outcome back."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Run ``work`` elsewhere. May raise core.errors.Refused when too much waits."""
        ...


@dataclass(frozen=True, slots=True)
class Encoded:
    """A hash as it is stored: ``pbkdf2-sha512$ITERATIONS$SALT$HASH``, the last two in base64."""

    iterations: int
    salt: bytes
    digest: bytes

    def __str__(self) -> str:
        salt, digest = b64encode(self.salt).decode(), b64encode(self.digest).decode()
        return f"{_SCHEME}${self.iterations}${salt}${digest}"


def parse(text: str) -> Encoded | None:
    """Read a stored hash; None for anything else."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return Encoded(int(found[1]), b64decode(found[2]), b64decode(found[3]))


def prepare(password: str) -> bytes:
    """What is hashed: the password under RFC 8265 section 4.2 (OpaqueString), as UTF-8.

    Raises BadPassword where that profile forbids it (nothing at all, control characters, ...).
    """
    try:
        return _OPAQUE.enforce(password).encode()
    except UnicodeEncodeError as no:
        rule = no.reason.removeprefix("DISALLOWED/").replace("_", " ")
        raise BadPassword(
            f"character {no.start + 1} of the password is not allowed ({rule}); use another"
        ) from None


def prepare_new(password: str) -> bytes:
    """The same for a password that somebody chooses: 8 to 1024 characters, before and after."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadPassword(_length(len(password)))
    prepared = prepare(password)
    length = len(prepared.decode())
    if not SHORTEST <= length <= LONGEST:
        raise BadPassword(_length(length))
    return prepared


def _length(count: int) -> str:
    return f"the password has {count} characters; use {SHORTEST} to {LONGEST}"


def encode(prepared: bytes, iterations: int) -> Encoded:
    """Hash under a fresh salt. Blocks for as long as ``iterations`` take."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return Encoded(iterations, salt, _derive(prepared, salt, iterations))


def _derive(prepared: bytes, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", prepared, salt, iterations, _DIGEST_BYTES)


def matches(encoded: Encoded | None, password: str, iterations: int) -> bool:
    """Whether it is the password behind ``encoded``. Blocks.

    A no costs ``iterations`` at least, whether there was a hash to compare with (None: there was
    not) and however cheaply that one was made, so that time does not tell who has an account.
    """
    stored = encoded or Encoded(iterations, bytes(_SALT_BYTES), b"")
    try:
        prepared = prepare(password)
    except BadPassword:
        prepared, stored = b"", Encoded(iterations, stored.salt, b"")
    same = hmac.compare_digest(_derive(prepared, stored.salt, stored.iterations), stored.digest)
    if not same and stored.iterations < iterations:
        _derive(prepared, stored.salt, iterations - stored.iterations)
    return same


class Passwords:
    """Makes and compares hashes elsewhere than in the reactor's thread.

    ``iterations`` is what new hashes cost; a reload may change it, and each log-in with an older
    hash then asks for a new one.
    """

    def __init__(self, hop: Hop, iterations: int) -> None:
        self._hop = hop
        self.iterations = iterations

    async def encode(self, password: str) -> str:
        """Hash a password that was right a moment ago. Raises BadPassword, Refused."""
        iterations = self.iterations
        return await self._hop(lambda: str(encode(prepare(password), iterations)))

    async def matches(self, encoded: str, password: str) -> bool:
        """Compare; a no takes the same time whatever ``encoded`` is. Raises Refused."""
        stored, iterations = parse(encoded), self.iterations
        return await self._hop(lambda: matches(stored, password, iterations))

    def needs_rehash(self, encoded: str) -> bool:
        """Whether a hash costs other than what new ones cost."""
        stored = parse(encoded)
        return stored is None or stored.iterations != self.iterations
