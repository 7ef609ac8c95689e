"""The arguments of `chatd connect`; light, for the command line reads them whatever the verb is.
What is made of them is verb.py."""

from __future__ import annotations

import argparse

from chatd.ops.config.kinds import Unfit
from chatd.ops.config.measures import duration
from chatd.ops.plain import named

EPILOG = """\
At a terminal it is a chat to look at; /help says what can be typed. Where standard input is none,
it says each line of it in the room and ends when all are stored.

Environment: CHATD_URL (the server), CHATD_TOKEN (a bot's token), NO_COLOR.
Exit codes: 0 done, 64 usage, 65 a text that cannot be said, 66 a file that cannot be read,
69 no server, 75 not now, 77 not permitted, 130 interrupted,
143 ended by SIGTERM.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """All of them."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument(
        "url", metavar="URL", nargs="?", help="such as wss://chat.example/ ($CHATD_URL)"
    )
    parser.add_argument(
        "--room",
        metavar="ROOM",
        action="append",
        default=[],
        help="where to talk (the lobby); @NAME for one person; may be repeated",
    )
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--guest", metavar="NAME", help="come as a guest of this name")
    who.add_argument("--user", metavar="NAME", help="log in with an account; asks for its password")
    who.add_argument("--token-file", metavar="FILE", type=named, help="log in with the token in it")
    parser.add_argument(
        "--ca", metavar="FILE", type=named, help="the authority that signed the certificate"
    )
    parser.add_argument(
        "--timeout",
        metavar="TIME",
        type=_time,
        default=5.0,
        help="until logged in, and for each message of a script (5s)",
    )
    script = parser.add_argument_group("for scripts")
    script.add_argument(
        "--follow", action="store_true", help="stay, and write what is heard to standard output"
    )
    script.add_argument("--json", action="store_true", help="write JSON lines, one an event")
    script.add_argument(
        "--one", action="store_true", help="say all of standard input as one message"
    )


def _time(text: str) -> float:
    try:
        return duration(0.1, 3600).read(text)
    except Unfit as unfit:
        raise argparse.ArgumentTypeError(f"{unfit.why}; allowed: 100ms to 1h") from None
