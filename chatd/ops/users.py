"""The verbs `chatd user ...` and `chatd token ...`: each takes its arguments and a Desk, and gives
the exit code, 0 done or 1 refused. The arguments' syntax is cli.py's; log-ins are chatd/auth."""

from __future__ import annotations

import json
import re
import secrets
from argparse import Namespace
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from getpass import getpass
from typing import Any, Protocol, TextIO, TypeVar

from chatd.auth import passwords, tokens
from chatd.auth.passwords import BadPassword
from chatd.core.audit import Deed
from chatd.core.log import Account, Token, UserId
from chatd.core.names import BadName, account_name, skeleton
from chatd.core.ports import NameTaken, Store, StoreFailed, StoreFull
from chatd.ops import audit

T = TypeVar("T")

LONGEST_LABEL = 64
_TOKEN_ID = re.compile("[0-9a-f]{12}")


class Run(Protocol):
    """Runs a coroutine of the store to its end."""

    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> T: ...


Ask = Callable[[str], str]
"""Gives a new password for the account of this name. Raises Denied."""


class Denied(Exception):
    """A verb that is not carried out; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the verbs work with. ``iterations`` are those of new passwords; ``now``: milliseconds
    since 1970 UTC."""

    store: Store
    run: Run
    out: TextIO
    err: TextIO
    ask: Ask
    iterations: int
    now: Callable[[], int]
    by: str = ""

    def deed(self, verb: str, account: Account, **facts: object) -> Deed:
        """What the one at this desk, ``by``, does to an account, for the audit log."""
        target = account.user_id
        return audit.deed(verb, self.by, self.now(), target, user=account.name, **facts)


Verb = Callable[[Namespace, Desk], None]


def asking(stdin: TextIO, hidden: Callable[[str], str] = getpass) -> Ask:
    """At a terminal twice and unseen, else one line of standard input. Never an argument: those are
    in the shell's history, and for everybody in the list of processes."""

    def ask(name: str) -> str:
        if not stdin.isatty():
            line = stdin.readline()
            if not line:
                raise Denied("no password on standard input: write it there, as one line")
            return line.rstrip("\r\n")
        password = hidden(f"New password for {name}: ")
        if password and hidden("The same again: ") != password:
            raise Denied("the two passwords differ: nothing was changed")
        return password

    return ask


def refusing(verb: Verb) -> Callable[[Namespace, Desk], int]:
    """A verb that says why it is not carried out, and gives 1 then."""

    @wraps(verb)
    def carry_out(args: Namespace, desk: Desk) -> int:
        try:
            verb(args, desk)
        except (Denied, BadName, BadPassword) as no:
            desk.err.write(f"chatd: {no}\n")
        except (StoreFull, StoreFailed) as no:
            desk.err.write(f"chatd: the store refused: {no}; nothing was changed\n")
        else:
            return 0
        return 1

    return carry_out


# --- accounts ---


@refusing
def add(args: Namespace, desk: Desk) -> None:
    """``args.name``, ``args.operator``: make an account."""
    name = account_name(args.name)
    _check_free(name, desk)
    account = Account(
        user_id=UserId("u" + secrets.token_urlsafe(16)),
        name=name,
        password=_new_password(name, desk),
        operator=args.operator,
    )
    try:
        deed = desk.deed("user_add", account, operator="yes" if args.operator else "no")
        desk.run(desk.store.add_account(account, skeleton(name), desk.now(), deed=deed))
    except NameTaken as taken:  # by somebody else, while the password was typed
        _check_free(name, desk)
        raise Denied(f"{name} looks like {taken}, who came just now: try again") from None
    desk.out.write(f"made {'operator' if args.operator else 'user'} {name}\n")


def _check_free(name: str, desk: Desk) -> None:
    taken = desk.run(desk.store.look_alike([skeleton(name)]))
    if taken.account == name:
        raise Denied(f"there is a user {name} already: `chatd user passwd` sets a new password")
    if taken.account is not None:
        who = f"{taken.account}, who is there already"
        raise Denied(f"{name} looks like {who}: choose another name")
    if taken.hook is not None:
        raise Denied(f"{name} is, or looks like, the hook {taken.hook}: choose another name")


def _new_password(name: str, desk: Desk) -> str:
    prepared = passwords.prepare_new(desk.ask(name))
    return str(passwords.encode(prepared, desk.iterations))


@refusing
def passwd(args: Namespace, desk: Desk) -> None:
    """``args.name``: set a new password."""
    account = _account(args.name, desk)
    password = _new_password(account.name, desk)
    deed = desk.deed("user_passwd", account)
    desk.run(desk.store.set_password(account.user_id, password, desk.now(), deed=deed))
    desk.out.write(f"{account.name} has a new password; open sessions end in a moment\n")


@refusing
def disable(args: Namespace, desk: Desk) -> None:
    """``args.name``: bar an account, and with it its tokens."""
    account = _account(args.name, desk)
    deed = desk.deed("user_disable", account)
    desk.run(desk.store.set_disabled(account.user_id, True, desk.now(), deed=deed))
    desk.out.write(
        f"{account.name} is disabled, and all tokens with it; open sessions end in a moment\n"
    )


@refusing
def enable(args: Namespace, desk: Desk) -> None:
    """``args.name``: let an account in again, and its tokens."""
    account = _account(args.name, desk)
    deed = desk.deed("user_enable", account)
    desk.run(desk.store.set_disabled(account.user_id, False, desk.now(), deed=deed))
    desk.out.write(f"{account.name} may log in; password and tokens are as they were\n")


@refusing
def list_(args: Namespace, desk: Desk) -> None:
    """``args.json``: all accounts, by name."""
    accounts = desk.run(desk.store.accounts())
    if args.json:
        write_json(
            ({"name": a.name, "operator": a.operator, "disabled": a.disabled} for a in accounts),
            desk,
        )
    elif not accounts:
        desk.err.write("there are no accounts yet: `chatd user add NAME` makes one\n")
    else:
        rows = [(a.name, _role(a), "disabled" if a.disabled else "active") for a in accounts]
        write_table([("NAME", "ROLE", "STATE"), *rows], desk)


def _role(account: Account) -> str:
    return "operator" if account.operator else "user"


def _account(name: str, desk: Desk) -> Account:
    name = account_name(name)
    account = desk.run(desk.store.account(name))
    if account is None:
        raise Denied(f"there is no user {name}: `chatd user list` shows all")
    return account


# --- tokens ---


@refusing
def token_add(args: Namespace, desk: Desk) -> None:
    """``args.name``, ``args.label``: make a token. Only it goes to standard output, for a pipe."""
    account = _account(args.name, desk)
    if account.disabled:
        raise Denied(f"{account.name} is disabled: `chatd user enable {account.name}` first")
    if len(args.label) > LONGEST_LABEL or not args.label.isprintable():
        raise Denied(f"a label has at most {LONGEST_LABEL} characters, all of them printable")
    minted = tokens.mint()
    token = Token(
        token_id=minted.token_id, user_id=account.user_id, label=args.label, created_ts=desk.now()
    )
    deed = desk.deed("token_add", account, token=token.token_id, label=token.label)
    desk.run(desk.store.add_token(token, minted.digest, deed=deed))
    desk.out.write(minted.text + "\n")
    desk.err.write(
        f"token {minted.token_id} logs in as {account.name}. It is shown this once; "
        f"`chatd token revoke {minted.token_id}` ends it\n"
    )


@refusing
def token_list(args: Namespace, desk: Desk) -> None:
    """``args.name``, ``args.json``: the tokens of an account, without their secrets."""
    account = _account(args.name, desk)
    found = desk.run(desk.store.tokens(account.user_id))
    if args.json:
        write_json(
            ({"id": t.token_id, "label": t.label, "created": time_of(t.created_ts)} for t in found),
            desk,
        )
    elif not found:
        desk.err.write(f"{account.name} has no tokens: `chatd token add` makes one\n")
    else:
        rows = [(t.token_id, time_of(t.created_ts), t.label) for t in found]
        write_table([("ID", "CREATED", "LABEL"), *rows], desk)


@refusing
def token_revoke(args: Namespace, desk: Desk) -> None:
    """``args.token_id``: end a token. Who found one where it should not be may give all of it."""
    token_id = tokens.token_id(args.token_id) or args.token_id
    if not _TOKEN_ID.fullmatch(token_id):
        raise Denied("that is no token's id: `chatd token list USER` shows them")
    now = desk.now()
    deed = audit.deed("token_revoke", desk.by, now, token=token_id)
    if not desk.run(desk.store.revoke_token(token_id, now, deed=deed)):
        raise Denied(f"there is no token {token_id}: it may be revoked already")
    desk.out.write(f"token {token_id} is revoked; its sessions end in a moment\n")


def time_of(ts: int) -> str:
    """A time as lists have it."""
    when = datetime.fromtimestamp(ts / 1000, UTC)
    return when.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


# --- how lists are written ---


def write_json(things: Iterable[dict[str, Any]], desk: Desk) -> None:
    """For programs."""
    json.dump(list(things), desk.out, ensure_ascii=False, indent=2)
    desk.out.write("\n")


def write_table(rows: list[tuple[str, ...]], desk: Desk) -> None:
    """For people: columns, the first row their names."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        desk.out.write("  ".join(cells).rstrip() + "\n")
