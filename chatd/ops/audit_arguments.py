"""The arguments of `chatd audit`, which is in audit. Imports nothing heavy: every run of chatd
reads this."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime

A_BACKUP = "the log in this backup instead, or in the newest of a folder of them"
END = 2**62
"""Behind all times."""


def audit(parser: ArgumentParser) -> None:
    """See audit.audit_list and audit.audit_verify."""
    parser.epilog = (
        "It reads the database itself, also of a daemon that runs. `chatd audit verify` exits with "
        "1 when the log is not whole."
    )
    parser.add_argument(
        "verify",
        nargs="?",
        choices=["verify"],
        help="walk along the whole chain, and name what was changed, taken out or moved",
    )
    parser.add_argument("--json", action="store_true", help="for programs; one record a line")
    parser.add_argument(
        "--head",
        metavar="HASH",
        type=_hash,
        default="",
        help="verify: this hash, or its first 12 digits, must be in the log",
    )
    parser.add_argument("--by", metavar="NAME", default="", help="what this one did")
    parser.add_argument("--user", metavar="NAME", default="", help="what was done to this one")
    parser.add_argument("--verb", metavar="VERB", default="", help="ban, login_failed, reload, ...")
    parser.add_argument("--since", metavar="TIME", type=moment, default=0, help="from then on")
    parser.add_argument("--until", metavar="TIME", type=moment, default=END, help="before then")
    parser.add_argument(
        "--limit", metavar="N", type=_at_least_one, default=100, help="the newest N (100)"
    )
    parser.add_argument("--backup", metavar="DIR", help=A_BACKUP)


def _hash(text: str) -> str:
    if text and not re.fullmatch("[0-9a-fA-F]{12,64}", text):
        raise ArgumentTypeError(f"{text!r} is no hash: give at least 12 hexadecimal digits")
    return text


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def moment(text: str) -> int:
    """A time as it is typed, ISO 8601, in UTC unless it says otherwise; milliseconds since 1970."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is no time: write 2026-01-31, or 2026-01-31T12:00"
        ) from None
    aware = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)
