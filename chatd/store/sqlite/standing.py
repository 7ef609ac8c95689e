"""Whether an account still stands, asked in the very transaction that would write its id or name.
An erasure is another process's: who is asked to store something may be slow to hear of it, and what
is stored of the account after its erasure would stay for good."""

from __future__ import annotations

from chatd.core.audit import ERASE, Deed
from chatd.core.log import Author, UserId
from chatd.core.ports import AccountGone
from chatd.store.sqlite.transaction import Transaction

DISABLED, GONE = 1, 2
# Guests and hooks never had an account, so nothing of theirs was ever revoked.
_ASK = """SELECT ifnull((SELECT disabled FROM accounts WHERE user_id = ?1),
    2 * EXISTS (SELECT 1 FROM revocations WHERE user_id = ?1))"""


def speaks(transaction: Transaction, author: Author) -> bool:
    """Whether something may be stored of this author's. A disabled account's is not: an erasure
    begins with that, and what is said meanwhile would be behind it."""
    return knows(transaction, author) or _stands(transaction, author.user_id)


def knows(transaction: Transaction, author: Author) -> bool:
    """The same, as far as it is known without asking: another one that wrote since may have erased
    somebody, but then this is another transaction, which knows nobody."""
    return author.guest or author.user_id in transaction.standing


def must_be_there(transaction: Transaction, *users: str) -> None:
    """Raise AccountGone if one of these was erased; those who are only disabled may come back."""
    for user_id in users:
        if user_id and is_gone(transaction, user_id):
            raise AccountGone(user_id)


def is_gone(transaction: Transaction, user_id: str) -> bool:
    """Whether this was an account, and is none any more."""
    return user_id not in transaction.standing and _ask(transaction, user_id) == GONE


def of_the_gone(transaction: Transaction, deed: Deed) -> list[UserId]:
    """Those of a deed who were erased before it came to be recorded. That they were, tells their
    erasure itself."""
    if deed.verb == ERASE:
        return []
    return [UserId(x) for x in {deed.actor_id, deed.target_id} if x and is_gone(transaction, x)]


def _stands(transaction: Transaction, user_id: UserId) -> bool:
    stands = _ask(transaction, user_id) == 0
    if stands:
        transaction.standing.add(user_id)
    return stands


def _ask(transaction: Transaction, user_id: str) -> int:
    return int(transaction.execute(_ASK, (user_id,)).fetchone()[0])
