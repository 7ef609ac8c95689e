"""The verb `chatd user erase`: everything of one account that chatd keeps, in an order that holds
at whatever point it is cut off. What each step does is chatd/store/sqlite/erase."""

from __future__ import annotations

import secrets
import sys
from argparse import Namespace
from dataclasses import dataclass
from typing import TextIO

from chatd.core.audit import ERASE
from chatd.core.log import Account, UserId
from chatd.core.names import BadName, account_name
from chatd.core.ports import StoreFailed, StoreFull
from chatd.ops import audit
from chatd.ops.data import counted
from chatd.ops.users import Denied, Desk
from chatd.store.sqlite import SqliteStore
from chatd.store.sqlite.erase import NAME, Erasing, Gone, Place


@dataclass(slots=True)
class Tally:
    """What was found and done."""

    messages: int = 0
    texts: int = 0
    changes: int = 0
    reactions: int = 0


def erase(args: Namespace, desk: Desk) -> int:
    """``args.name``, ``args.keep_texts``, ``args.yes``: gives 0 when it is done, else 1."""
    try:
        store, account = _store(desk), _account(args.name, desk)
        _confirm(account, args, sys.stdin, desk.err)
        _Erasure(store, desk, account, args).carry_out()
    except (Denied, BadName) as no:
        desk.err.write(f"chatd: {no}\n")
    except (StoreFull, StoreFailed) as no:
        desk.err.write(
            f"chatd: the store refused: {no}; {args.name} is erased in part: run this again\n"
        )
    else:
        return 0
    return 1


def _store(desk: Desk) -> SqliteStore:
    if not isinstance(desk.store, SqliteStore):
        raise Denied(f"a {type(desk.store).__name__} cannot erase users")
    return desk.store


def _account(name: str, desk: Desk) -> Account:
    name = account_name(name)
    account = desk.run(desk.store.account(name))
    if account is None:
        raise Denied(f"there is no user {name}: `chatd user list` shows all")
    return account


def _confirm(account: Account, args: Namespace, stdin: TextIO, err: TextIO) -> None:
    if args.yes:
        return
    if not stdin.isatty():
        raise Denied(f"this erases {account.name} for good: say so with --yes")
    texts = "keeps the texts of all messages" if args.keep_texts else "removes all messages"
    err.write(
        f"This {texts} of {account.name}, and erases the account for good.\n"
        f"Type the name again to do it: "
    )
    err.flush()
    if stdin.readline().strip() != account.name:
        raise Denied("that is another name: nothing was changed")


class _Erasure:
    """First nobody can be this user any more; then what the user did becomes nobody's; the account
    goes last, so that a run that was cut off can be taken up by its name.

    A daemon may not hear of any of this for a while. It need not: of an account that is disabled
    nothing that it says is stored, and of one that is gone nothing at all (see standing)."""

    def __init__(self, store: SqliteStore, desk: Desk, account: Account, args: Namespace) -> None:
        self._store, self._desk = store, desk
        self._account = account
        self._erasing = Erasing(
            user_id=account.user_id,
            alias=UserId("e" + secrets.token_urlsafe(16)),
            keep_texts=args.keep_texts,
            ts=desk.now(),
            deed=audit.deed(
                ERASE,
                desk.by,
                desk.now(),
                account.user_id,
                texts="kept" if args.keep_texts else "removed",
            ),
        )
        self._tally = Tally()

    def carry_out(self) -> None:
        """All of it."""
        run, store, user_id = self._desk.run, self._store, self._account.user_id
        gone = None
        while gone is None:  # an operator may have let it in again meanwhile
            run(store.set_disabled(user_id, True, self._erasing.ts))
            while self._once_through():
                pass
            # Words of those that were deleted by hand before are in the file as well. One that was
            # disabled already may have been erased up to here by a run that was cut off.
            if self._tally.messages or self._account.disabled:
                run(store.tidy())
            if not self._once_through():  # that may have taken minutes
                gone = run(store.erase_account(self._erasing))
        self._tell(gone)

    def _once_through(self) -> bool:
        """Whether there was anything."""
        place, found = Place(), False
        while (rows := self._desk.run(self._store.rows_of(self._account.user_id, place))).any:
            found = True
            self._tally.texts += self._desk.run(self._store.erase_rows(self._erasing, rows))
            self._tally.messages += len(rows.messages)
            self._tally.changes += len(rows.changes)
            self._tally.reactions += len(rows.reactions)
            place = rows.behind
        return found

    def _tell(self, gone: Gone) -> None:
        did = self._tally
        self._desk.out.write(
            f"erased the account {self._account.name} with {counted(gone.tokens, 'token')} and "
            f"{counted(gone.memberships, 'membership')}; {counted(gone.direct, 'direct room')} "
            "left to the other one\n"
            f'by "{NAME}" are now: {counted(did.messages, "message")}, '
            f"{counted(did.reactions, 'reaction')}, {counted(did.changes, 'change')}\n"
            f"removed: {counted(did.texts, 'text')}, from the log and from search\n"
            "open sessions end in a moment; backups keep what they have until they go\n"
        )
        if gone.ownerless:
            self._desk.out.write(
                f"without an owner now: {', '.join(gone.ownerless)}; an operator in the room makes "
                "somebody one (/role PERSON owner)\n"
            )
