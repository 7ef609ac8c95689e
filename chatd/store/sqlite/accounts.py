"""Accounts, tokens, revocations, and what belongs to the store as a whole. Functions that take a
Transaction write; the others read through a connection. Who may log in is auth's to say."""

from __future__ import annotations

import sqlite3

from chatd.core.audit import Deed
from chatd.core.log import Account, Alike, Revocation, Token, UserId
from chatd.core.ports import NameTaken, StoreFailed
from chatd.store.sqlite import audit
from chatd.store.sqlite.transaction import Transaction

_EPOCH = "SELECT value FROM meta WHERE name = 'epoch'"
_SECRET = "SELECT value FROM meta WHERE name = 'secret'"  # noqa: S105  it is not in the statement
# As much as a long message takes with its index: a disk that has a page left can store nothing.
# Random, because SQLite does not write a page whose bytes stay the same.
_PROBE = "UPDATE meta SET value = randomblob(32768) WHERE name = 'probe'"
_ACCOUNT = "SELECT user_id, name, password, operator, disabled FROM accounts"
_BY_NAME = f"{_ACCOUNT} WHERE name = ?"
_BY_ID = f"{_ACCOUNT} WHERE user_id = ?"
_ALL = f"{_ACCOUNT} ORDER BY name"
_LOOK_ALIKE = "SELECT name FROM accounts WHERE skeleton = ?"
_HOOK_ALIKE = "SELECT name FROM hooks WHERE skeleton = ? ORDER BY name LIMIT 1"
_ADD = """INSERT INTO accounts (user_id, name, password, operator, disabled, skeleton, created_ts)
VALUES (?, ?, ?, ?, ?, ?, ?)"""
_SET_PASSWORD = "UPDATE accounts SET password = ? WHERE user_id = ?"  # noqa: S105  a column
_REHASH = "UPDATE accounts SET password = ? WHERE user_id = ? AND password = ?"
_SET_DISABLED = "UPDATE accounts SET disabled = ? WHERE user_id = ?"
_TOKEN = "SELECT token_id, user_id, label, created_ts FROM tokens"  # noqa: S105  a column
_BY_DIGEST = f"{_TOKEN} WHERE digest = ?"
_OF_USER = f"{_TOKEN} WHERE user_id = ? ORDER BY created_ts, token_id"
_OWNER = "SELECT user_id FROM tokens WHERE token_id = ?"
_ADD_TOKEN = """INSERT INTO tokens (token_id, user_id, label, created_ts, digest)
VALUES (?, ?, ?, ?, ?)"""  # noqa: S105  a column
_DROP_TOKEN = "DELETE FROM tokens WHERE token_id = ?"  # noqa: S105  a column
_REVOKE = "INSERT INTO revocations (user_id, token_id, ts) VALUES (?, ?, ?)"
_REVOCATIONS = "SELECT number, user_id, ts, token_id FROM revocations"
_LATER = f"{_REVOCATIONS} WHERE number > ? ORDER BY number"
_NEWEST = f"{_REVOCATIONS} WHERE number = (SELECT max(number) FROM revocations)"  # noqa: S608  own constants


def epoch(connection: sqlite3.Connection) -> str:
    """See the port."""
    return str(connection.execute(_EPOCH).fetchone()[0])


def secret(connection: sqlite3.Connection) -> bytes:
    """See the port."""
    return bytes(connection.execute(_SECRET).fetchone()[0])


def probe(transaction: Transaction) -> None:
    """See the port."""
    transaction.execute(_PROBE)


def add_account(
    transaction: Transaction, account: Account, skeleton: str, ts: int, deed: Deed
) -> None:
    """See the port."""
    must_be_free(transaction, skeleton)
    taken = transaction.execute(_HOOK_ALIKE, (skeleton,)).fetchone()
    if taken is not None:
        raise NameTaken(taken[0])
    flags = (account.operator, account.disabled)
    row = (account.user_id, account.name, account.password, *flags, skeleton, ts)
    transaction.execute(_ADD, row)
    audit.record(transaction, deed)


def must_be_free(transaction: Transaction, skeleton: str) -> None:
    """Raise NameTaken where an account looks so."""
    taken = transaction.execute(_LOOK_ALIKE, (skeleton,)).fetchone()
    if taken is not None:
        raise NameTaken(taken[0])


def account(connection: sqlite3.Connection, name: str) -> Account | None:
    """See the port."""
    row = connection.execute(_BY_NAME, (name,)).fetchone()
    return _account(*row) if row else None


def account_by_id(connection: sqlite3.Connection, user_id: UserId) -> Account | None:
    """See the port."""
    row = connection.execute(_BY_ID, (user_id,)).fetchone()
    return _account(*row) if row else None


def accounts(connection: sqlite3.Connection) -> list[Account]:
    """See the port."""
    return [_account(*row) for row in connection.execute(_ALL)]


def look_alike(connection: sqlite3.Connection, looks: tuple[str, ...]) -> Alike:
    """See the port."""

    def first(statement: str) -> str | None:
        found = (connection.execute(statement, (look,)).fetchone() for look in looks)
        return min((str(row[0]) for row in found if row is not None), default=None)

    return Alike(first(_LOOK_ALIKE), first(_HOOK_ALIKE))


def set_password(
    transaction: Transaction, user_id: UserId, password: str, ts: int, deed: Deed
) -> None:
    """See the port."""
    if transaction.execute(_SET_PASSWORD, (password, user_id)).rowcount:
        transaction.execute(_REVOKE, (user_id, "", ts))
        audit.record(transaction, deed)


def rehash(transaction: Transaction, user_id: UserId, old: str, new: str) -> None:
    """See the port."""
    transaction.execute(_REHASH, (new, user_id, old))


def set_disabled(
    transaction: Transaction, user_id: UserId, disabled: bool, ts: int, deed: Deed
) -> None:
    """See the port."""
    if not transaction.execute(_SET_DISABLED, (disabled, user_id)).rowcount:
        return
    transaction.standing.discard(user_id)
    if disabled:
        transaction.execute(_REVOKE, (user_id, "", ts))
    audit.record(transaction, deed)


def add_token(transaction: Transaction, token: Token, digest: bytes, deed: Deed) -> None:
    """See the port."""
    if transaction.execute(_BY_ID, (token.user_id,)).fetchone() is None:
        raise StoreFailed(f"there is no account {token.user_id}")
    row = (token.token_id, token.user_id, token.label, token.created_ts, digest)
    transaction.execute(_ADD_TOKEN, row)
    audit.record(transaction, deed)


def token(connection: sqlite3.Connection, digest: bytes) -> Token | None:
    """See the port."""
    row = connection.execute(_BY_DIGEST, (digest,)).fetchone()
    return _token(*row) if row else None


def tokens(connection: sqlite3.Connection, user_id: UserId) -> list[Token]:
    """See the port."""
    return [_token(*row) for row in connection.execute(_OF_USER, (user_id,))]


def revoke_token(transaction: Transaction, token_id: str, ts: int, deed: Deed) -> bool:
    """See the port."""
    owner = transaction.execute(_OWNER, (token_id,)).fetchone()
    if owner is None:
        return False
    transaction.execute(_DROP_TOKEN, (token_id,))
    transaction.execute(_REVOKE, (owner[0], token_id, ts))
    audit.record(transaction, deed)
    return True


def revocations(connection: sqlite3.Connection, after: int) -> list[Revocation]:
    """See the port."""
    rows = connection.execute(_NEWEST) if after < 0 else connection.execute(_LATER, (after,))
    return [
        Revocation(number=number, user_id=UserId(user_id), ts=ts, token_id=token_id)
        for number, user_id, ts, token_id in rows
    ]


def _account(user_id: str, name: str, password: str, operator: int, disabled: int) -> Account:
    return Account(
        user_id=UserId(user_id),
        name=name,
        password=password,
        operator=bool(operator),
        disabled=bool(disabled),
    )


def _token(token_id: str, user_id: str, label: str, created_ts: int) -> Token:
    return Token(token_id=token_id, user_id=UserId(user_id), label=label, created_ts=created_ts)
