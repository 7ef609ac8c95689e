"""The arguments of `chatd doctor`, which is in doctor. Imports nothing heavy: every run of chatd
reads this."""

from __future__ import annotations

from argparse import ArgumentParser


def doctor(parser: ArgumentParser) -> None:
    """See doctor.doctor."""
    parser.epilog = "It changes nothing. Exits with 0 when all is well, 1 with warnings, 2 else."
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--withhold",
        action="store_true",
        help="leave out addresses and refused values, for whoever is to help",
    )
    parser.add_argument(
        "--full", action="store_true", help="read all of the database; may take minutes"
    )
    parser.add_argument(
        "--certificate",
        metavar="FILE",
        action="append",
        default=[],
        help="see when its certificates end, such as nginx's; may be repeated",
    )
    parser.add_argument(
        "--backups",
        metavar="DIR",
        action="append",
        default=[],
        help="see how old the newest backup in it is; may be repeated",
    )
