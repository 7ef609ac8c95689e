"""What chatctl can be asked: its verbs, their arguments, help and examples. The parser is made by
`parser`, for the man page and for shells too; what verbs do is verbs, what they print told."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

Verbs = Any  # argparse's type of subparsers is private

KINDS = (
    *("session_opened", "session_closed", "logged_in", "login_refused", "joined", "left"),
    *("renamed", "message", "edited", "deleted", "reacted", "unreacted", "topic"),
    *("done", "refused"),
)
STEPS = ("off", "no_guests", "no_new", "members", "operators")
LEVELS = ("debug", "info", "warning", "error")
WHERE = ("socket", "config", "dev")
"""Each of them says which chatd is meant."""
_UNTOLD = argparse.SUPPRESS
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
EXITS = """\
exit codes (sysexits.h):
   0  done; for explain: they may
   1  explain: they may not; audit verify: the log is not whole
  64  these are no arguments of chatctl
  65  chatd refused what was given; the message says why
  66  a file that was named is not there
  67  there is no such user, room, report or message
  69  no chatd listens there, or the connection broke
  70  a fault of chatd; its log has the number
  73  the file of the support bundle cannot be written
  75  not now: stopping, a full disk, or no answer in time
  77  you are not allowed to
  78  the configuration is wrong, and the old one holds
"""


class Parser(argparse.ArgumentParser):
    """Exits with EX_USAGE, as sysexits.h has it."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and how it is right."""
        self.print_usage(sys.stderr)
        self.exit(os.EX_USAGE, f"{self.prog}: {message}\n")


def seconds(text: str) -> int:
    """A span of time: a number of seconds, or with s, m, h, d or w behind it."""
    found = re.fullmatch(r"([0-9]{1,10})([smhdw]?)", text)
    if found is None or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no span of time such as 90, 15m, 2h or 7d")
    return int(found[1]) * UNITS[found[2]]


def named(text: str) -> str:
    """A file or folder; an unset variable of a script names none. As in ops/plain.py, of which
    chatctl knows nothing."""
    if not text:
        raise argparse.ArgumentTypeError("this is empty; name one")
    return text


def patience(text: str) -> float:
    """How long to wait, in seconds: over none, and at most a day."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= UNITS["d"]:  # nor what is no number
        raise argparse.ArgumentTypeError(f"{text!r} is no time in seconds, over 0 and up to 86400")
    return found


def parser() -> argparse.ArgumentParser:
    """Made anew at each call."""
    top = Parser(
        prog="chatctl",
        description="Operates a running chatd over its control socket.",
        epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _anywhere(top)
    top.set_defaults(socket=None, config=None, dev=None, timeout=30.0, json=False)
    verbs = top.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    for group in (_looking, _moderating, _ruling, _reporting, _running, _asking):
        group(verbs)
    return top


def read(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments of one call. Exits when they are none."""
    top = parser()
    args = top.parse_args(argv)
    # argparse sees two of these only where both stand on the same side of the verb.
    given = [f"--{name}" for name in WHERE if getattr(args, name) is not None]
    if len(given) > 1:
        top.error(f"{' and '.join(given)} name a chatd each; give one of them")
    return args


def _anywhere(made: argparse.ArgumentParser) -> None:
    """What may stand before the verb and after it. What is not given there leaves no trace, so that
    a verb does not undo what stood before it."""
    group = made.add_argument_group("before the verb or after it", argument_default=_UNTOLD)
    where = group.add_mutually_exclusive_group()
    where.add_argument("--socket", metavar="PATH", type=named, help="the control socket")
    where.add_argument(
        "--config", metavar="FILE", type=named, help="the configuration that names it"
    )
    says = "the folder of chatd serve --dev, or make run"
    where.add_argument("--dev", metavar="DIR", type=named, help=says)
    group.add_argument(
        "--timeout", metavar="SECONDS", type=patience, help="how long to wait for an answer (30)"
    )
    group.add_argument(
        "--json", action="store_true", default=_UNTOLD, help="the answer as JSON, for programs"
    )


def _verb(verbs: Verbs, name: str, says: str, example: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=says,
        description=f"{says[0].upper()}{says[1:]}.",
        epilog=f"example:\n  chatctl {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _anywhere(made)
    return made


def _looking(verbs: Verbs) -> None:
    _verb(verbs, "status", "see how the server is", "status")
    who = _verb(verbs, "who", "list who is connected, or who is in a room", "who lobby")
    who.add_argument("room", metavar="ROOM", nargs="?")
    _verb(verbs, "rooms", "list the public rooms", "rooms")


def _room(made: argparse.ArgumentParser) -> None:
    made.add_argument("--room", metavar="ROOM", help="in this room; else on the whole server")


def _hit(made: argparse.ArgumentParser, *, lasts: bool = True) -> None:
    _room(made)
    made.add_argument("--reason", metavar="TEXT", default="", help="is told to whom it hits")
    if lasts:
        made.add_argument(
            "--for", metavar="TIME", dest="seconds", type=seconds, help="such as 15m, 2h, 7d"
        )


def _moderating(verbs: Verbs) -> None:
    kick = _verb(
        verbs, "kick", "put somebody out; they may come back", 'kick ann --reason "calm down"'
    )
    kick.add_argument("user", metavar="USER")
    _hit(kick, lasts=False)
    ban = _verb(verbs, "ban", "keep a user, address or network out", "ban 192.0.2.0/24 --for 7d")
    ban.add_argument("who", metavar="WHO")
    _hit(ban)
    unban = _verb(verbs, "unban", "lift a ban", "unban 192.0.2.0/24")
    unban.add_argument("who", metavar="WHO")
    _room(unban)
    _room(_verb(verbs, "bans", "list bans and mutes in force", "bans"))
    mute = _verb(verbs, "mute", "let somebody listen only", "mute ann --room lobby --for 15m")
    mute.add_argument("user", metavar="USER")
    _hit(mute)
    unmute = _verb(verbs, "unmute", "lift a mute", "unmute ann --room lobby")
    unmute.add_argument("user", metavar="USER")
    _room(unmute)


def _ruling(verbs: Verbs) -> None:
    slow = _verb(
        verbs, "slow", "let each member say one message in so many seconds", "slow lobby 30"
    )
    slow.add_argument("room", metavar="ROOM")
    slow.add_argument("pause", metavar="SECONDS", type=int, help="0 ends it")
    read_only = _verb(verbs, "read-only", "let moderators only speak in a room", "read-only lobby")
    read_only.add_argument("room", metavar="ROOM")
    read_only.add_argument("on", nargs="?", choices=("on", "off"), default="on")
    announce = _verb(verbs, "announce", "tell everybody something", 'announce "Back at ten past."')
    announce.add_argument("text", metavar="TEXT")
    emergency = _verb(
        verbs, "emergency", "see or enter a step of the emergency mode", "emergency no_guests"
    )
    emergency.add_argument("step", metavar="STEP", nargs="?", choices=STEPS, help=", ".join(STEPS))


def _reporting(verbs: Verbs) -> None:
    reports = _verb(verbs, "reports", "list what was reported", "reports")
    reports.add_argument("--settled", action="store_true", help="those that are settled")
    settle = _verb(verbs, "settle", "close a report", 'settle 7 "talked to ann"')
    settle.add_argument("number", metavar="NUMBER", type=int)
    settle.add_argument("outcome", metavar="OUTCOME")


def _running(verbs: Verbs) -> None:
    drain = _verb(
        verbs, "drain", "send everybody home and let nobody in, but go on running", "drain --wait"
    )
    drain.add_argument("--wait", action="store_true", help="until all have gone, or --timeout")
    _verb(verbs, "undrain", "let people in again", "undrain")
    _verb(verbs, "reload", "read the configuration anew, all or nothing", "reload")
    level = _verb(
        verbs, "loglevel", "see or set what is logged, until the next reload", "loglevel debug"
    )
    level.add_argument("level", metavar="LEVEL", nargs="?", choices=LEVELS, help=", ".join(LEVELS))


def _asking(verbs: Verbs) -> None:
    watch = _verb(
        verbs, "watch", "see what happens as it happens, never what is said", "watch --room lobby"
    )
    watch.add_argument(
        "--kind", metavar="KIND", dest="kinds", action="append", choices=KINDS,
        help=f"these only; may be repeated: {', '.join(KINDS)}",
    )  # fmt: skip
    watch.add_argument("--room", metavar="ROOM", help="in this room only")
    watch.add_argument("--user", metavar="USER", help="by or about this user only")
    explain = _verb(
        verbs, "explain", "see which rule lets somebody do something, or not",
        "explain alice send lobby",
    )  # fmt: skip
    explain.add_argument("user", metavar="USER")
    explain.add_argument("what", metavar="VERB", help="such as send, join, create, kick, login")
    explain.add_argument("room", metavar="ROOM", nargs="?")
    explain.add_argument("--target", metavar="USER", help="whom they would hit, or whose message")
    audit = _verb(
        verbs, "audit", "read the audit log, or verify that nobody changed it",
        "audit --by olga --limit 20",
    )  # fmt: skip
    audit.add_argument("check", nargs="?", choices=("verify",), help="walk along the whole chain")
    audit.add_argument("--head", metavar="HASH", help="verify: this hash must be in the log")
    audit.add_argument("--by", metavar="NAME", help="what this one did")
    audit.add_argument("--user", metavar="NAME", help="what was done to this one")
    audit.add_argument("--verb", metavar="VERB", dest="done", help="ban, login_failed, reload, ...")
    audit.add_argument("--limit", metavar="N", type=int, default=50, help="the newest N (50)")
    bundle = _verb(
        verbs, "support-bundle", "write a tar.gz for who helps, without names or secrets",
        "support-bundle /tmp/chatd-support.tar.gz",
    )  # fmt: skip
    bundle.add_argument("file", metavar="FILE")
