"""The arguments of `chatd canary`; light, for the command line reads them before it knows the verb.
What is made of them is verb.py."""

from __future__ import annotations

import argparse

from chatd.ops.config.kinds import Unfit
from chatd.ops.config.measures import duration
from chatd.ops.plain import named


def arguments(parser: argparse.ArgumentParser) -> None:
    """All of them."""
    parser.add_argument("--url", metavar="URL", required=True, help="such as wss://chat.example/")
    parser.add_argument("--room", metavar="ROOM", default="canary", help="its own (canary)")
    parser.add_argument(
        "--interval", metavar="TIME", type=_time, default=5.0, help="between two messages (5s)"
    )
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--guest", metavar="NAME", default="canary", help="how guests' names begin")
    who.add_argument(
        "--token-file", metavar="FILE", type=named, help="with a bot's token, instead of guests"
    )
    parser.add_argument(
        "--metrics",
        metavar="WHERE",
        action="append",
        default=[],
        help="tcp:HOST:PORT, or a file for node_exporter's textfile collector; may be repeated",
    )
    parser.add_argument(
        "--ca", metavar="FILE", type=named, help="the authority that signed the certificate"
    )
    parser.add_argument(
        "--once", action="store_true", help="end with 0 when one message was heard, for scripts"
    )
    parser.add_argument(
        "--within", metavar="TIME", type=_time, default=30.0, help="else end with 1 (30s)"
    )
    parser.add_argument("--log", choices=["text", "json"], default="text", help="text")


def _time(text: str) -> float:
    try:
        return duration(0.1, 3600).read(text)
    except Unfit as unfit:
        raise argparse.ArgumentTypeError(f"{unfit.why}; allowed: 100ms to 1h") from None
