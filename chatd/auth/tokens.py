"""Tokens as text: a bot's, of which the store keeps a digest, and a guest's, which is signed.
Whether one is still good is for accounts to say."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from chatd.core.log import Revocation, UserId

_BOT = re.compile(r"(chatd_([0-9a-f]{12})_[0-9a-f]{40})([0-9a-f]{8})")
_GUEST = re.compile(r"v1\.(g[A-Za-z0-9_-]{1,127})\.([A-Za-z0-9_-]{43})")
_RETURN = re.compile(r"r1\.([A-Za-z0-9_-]{1,128})\.([0-9]{1,15})\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Minted:
    """A new bot's token. ``text`` is shown once, to whom it is for; ``digest`` is what is kept."""

    token_id: str
    text: str = field(repr=False)
    digest: bytes


def mint() -> Minted:
    """``chatd_<id>_<160 random bits><CRC-32>``, in hexadecimal: one double click selects it, and
    the checksum lets a scanner for leaked secrets, and us, know one without asking the store."""
    token_id = secrets.token_hex(6)
    body = f"chatd_{token_id}_{secrets.token_hex(20)}"
    text = body + _checksum(body)
    return Minted(token_id, text, hashlib.sha256(text.encode()).digest())


def digest(text: str) -> bytes | None:
    """What the store knows a bot's token by (SHA-256, 32 bytes); None if it cannot be one."""
    if token_id(text) is None:
        return None
    return hashlib.sha256(text.encode()).digest()


def token_id(text: str) -> str | None:
    """The id within a bot's token; None if the text is not a whole one."""
    found = _BOT.fullmatch(text)
    if found is None or found[3] != _checksum(found[1]):
        return None
    return found[2]


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


def seal_guest(secret: bytes, user_id: UserId) -> str:
    """``v1.<user id>.<HMAC-SHA-256>``. It does not expire: whoever holds it may be that guest again
    for as long as the store lives, as somebody with a key may come home."""
    return f"v1.{user_id}.{_seal(secret, user_id)}"


def open_guest(secret: bytes, text: str) -> UserId | None:
    """The guest that a token of ours is about; None for anything else."""
    found = _GUEST.fullmatch(text)
    if found is None or not hmac.compare_digest(found[2], _seal(secret, found[1])):
        return None
    return UserId(found[1])


def _seal(secret: bytes, user_id: str) -> str:
    # The label keeps this use of the secret apart from any other that may come.
    return _mac(secret, b"chatd guest v1\0" + user_id.encode())


@dataclass(frozen=True, slots=True)
class Return:
    """What a return token says of itself. ``until``: milliseconds since 1970 UTC."""

    user_id: UserId
    until: int


def seal_return(secret: bytes, user_id: UserId, until: int, revoked: Revocation | None) -> str:
    """``r1.<user id>.<until>.<HMAC-SHA-256>``: the last revocation of all that the account had is
    under the seal as well, so that a new password or a bar ends all of them, and nothing has to be
    kept. Not the encoded password: a log-in encodes the same one anew. And not the epoch: a restore
    would ask everybody for their password. It need not: what was sealed after a revocation that
    the backup does not know is good for nothing there, also when another one gets its number, for
    that has another time."""
    last = f"{revoked.number}\0{revoked.ts}" if revoked else "0"
    said = f"{user_id}\0{until}\0{last}"
    return f"r1.{user_id}.{until}.{_mac(secret, b'chatd return v1' + bytes(1) + said.encode())}"


def read_return(text: str) -> Return | None:
    """What a return token says, before anybody has looked at its seal; None if it is none."""
    found = _RETURN.fullmatch(text)
    return Return(UserId(found[1]), int(found[2])) if found else None


def same(one: str, other: str) -> bool:
    """Whether two tokens are the same, in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())


def _mac(secret: bytes, said: bytes) -> str:
    mac = hmac.digest(secret, said, "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
