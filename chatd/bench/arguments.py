"""The arguments of `chatd bench`; light, for the command line reads them before it knows the verb.
What is made of them is verb.py."""

from __future__ import annotations

import argparse

from chatd.ops.config.kinds import Unfit
from chatd.ops.config.measures import duration
from chatd.ops.plain import named

MOST = 20_000
"""Connections of one program; more are another one's."""
EXAMPLE = """\
example, on a server that is not yet in use:

  chatd bench wss://chat.example/ --connections 200 --rooms 20 --rate 100 --duration 30s

The server's limits hold for this program as for everybody else: name the host that it runs on in
limits.exempt, and keep --rate within limits.rate (a session) times --connections. The rooms are
made when they are not there, and stay; with --no-history nothing that is said in new ones does."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """All of them."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("url", metavar="URL", help="such as wss://chat.example/")
    numbers = (
        ("--connections", 100, MOST, "guests who come (100)"),
        ("--rooms", 10, MOST, "rooms over which they spread (10)"),
        ("--size", 64, 16_384, "bytes of a message (64)"),
    )
    for name, usual, most, says in numbers:
        parser.add_argument(name, metavar="N", type=_whole(most), default=usual, help=says)
    parser.add_argument(
        "--rate", metavar="N", type=_rate, default=50.0, help="messages a second, in all (50)"
    )
    parser.add_argument(
        "--arrivals", metavar="N", type=_rate, default=50.0, help="connections a second (50)"
    )
    parser.add_argument(
        "--duration", metavar="TIME", type=_time, default=10.0, help="how long they talk (10s)"
    )
    parser.add_argument("--prefix", metavar="NAME", default="bench", help="of the rooms (bench)")
    parser.add_argument(
        "--no-history", action="store_true", help="rooms that are made keep nothing"
    )
    parser.add_argument(
        "--ca", metavar="FILE", type=named, help="the authority that signed the certificate"
    )
    parser.add_argument("--json", action="store_true", help="for programs")


class _Whole:
    def __init__(self, most: int) -> None:
        self._most = most

    def __call__(self, text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= self._most:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {self._most}")
        return int(text)


_whole = _Whole


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.01 <= rate <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0.01 to 100000")
    return rate


def _time(text: str) -> float:
    try:
        return duration(0.1, 3600).read(text)
    except Unfit as unfit:
        raise argparse.ArgumentTypeError(f"{unfit.why}; allowed: 100ms to 1h") from None
