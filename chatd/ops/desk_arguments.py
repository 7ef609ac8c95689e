"""The arguments of the verbs that work at a Desk: accounts, tokens, rooms, hooks. Light, for the
command line reads them whatever the verb is. What the verbs do is users.py, rooms.py, hooks.py."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chatd.ops import data_arguments


class Verb(Protocol):
    """Makes the parser of a verb: its function in the module ``room``, what it says of itself."""

    def __call__(
        self, group: Any, call: str, says: str, /, *, room: str = ...
    ) -> argparse.ArgumentParser: ...


def user(group: Any, verb: Verb) -> None:
    """`chatd user ...`."""
    add = verb(group, "add", "make an account; asks for its password")
    add.add_argument("name", metavar="NAME")
    says = "operates the server; moderates all rooms but those of two, and may enter private ones"
    add.add_argument("--operator", action="store_true", help=says)
    for name, says in (
        ("passwd", "set a new password; ends the account's sessions"),
        ("disable", "bar an account; ends its sessions"),
        ("enable", "let a barred account in again"),
    ):
        verb(group, name, says).add_argument("name", metavar="NAME")
    _json(verb(group, "list_", "list the accounts"))
    says = "remove an account and what it said"
    data_arguments.erase(verb(group, "erase", says, room="data_erase"))


def token(group: Any, verb: Verb) -> None:
    """`chatd token ...`."""
    add = verb(group, "token_add", "make a token for an account; it is shown once")
    add.add_argument("name", metavar="USER")
    add.add_argument("--label", default="", help="what it is for")
    listing = verb(group, "token_list", "list an account's tokens")
    listing.add_argument("name", metavar="USER")
    _json(listing)
    revoke = verb(group, "token_revoke", "end a token, and its sessions, at once")
    revoke.add_argument("token_id", metavar="ID", help="as listed, or the whole token")


def room(group: Any, verb: Verb) -> None:
    """`chatd room ...`."""
    add = verb(group, "add", "make a public room", room="rooms")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--topic", default="", help="what it is for")
    add.add_argument("--owner", metavar="USER", help="the account that may do all in it")
    add.add_argument("--no-history", action="store_true", help="nothing said in it is ever stored")
    _json(verb(group, "list_", "list the public rooms", room="rooms"))


def hook(group: Any, verb: Verb) -> None:
    """`chatd hook ...`."""
    add = verb(group, "add", "make a hook; its token is shown once", room="hooks")
    add.add_argument("room", metavar="ROOM", help="where it speaks")
    add.add_argument("name", metavar="NAME", help="under which name")
    _json(verb(group, "list_", "list the hooks", room="hooks"))
    revoke = verb(group, "revoke", "end a hook at once", room="hooks")
    revoke.add_argument("hook_id", metavar="ID", help="as listed, or the whole token")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


GROUPS: Mapping[str, tuple[str, Callable[[Any, Verb], None]]] = {
    "user": ("add, list and bar accounts", user),
    "token": ("make and revoke the tokens of bots", token),
    "room": ("add and list public rooms", room),
    "hook": ("let programs say something by HTTP", hook),
}
"""The verbs' groups: what each says of itself, and its arguments."""
