"""The arguments of the data verbs, which are in data and data_export. Imports nothing heavy: every
run of chatd reads this."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

from chatd.ops.plain import named

A_BACKUP = "a backup, or a folder of them: the newest"


def backup(parser: ArgumentParser) -> None:
    """See data.backup."""
    says = "the folder of backups; each gets its own in it"
    parser.add_argument("dir", metavar="DIR", type=named, help=says)
    parser.add_argument(
        "--keep", metavar="N", type=_at_least_one, default=0, help="keep N, remove older good ones"
    )
    says = "for node_exporter's textfile collector"
    parser.add_argument("--metrics", metavar="FILE", type=named, help=says)


def verify(parser: ArgumentParser) -> None:
    """See data.verify."""
    parser.add_argument("dir", metavar="DIR", type=named, help=A_BACKUP)
    parser.add_argument("--json", action="store_true", help="for programs")


def restore(parser: ArgumentParser) -> None:
    """See data.restore."""
    parser.add_argument("dir", metavar="DIR", type=named, help=A_BACKUP)
    parser.add_argument("--replace", action="store_true", help="move a present database aside")
    parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would be")


def migrate(parser: ArgumentParser) -> None:
    """See data.migrate."""
    parser.add_argument("--plan", action="store_true", help="only say what would be done")


def export(parser: ArgumentParser) -> None:
    """See data_export.export."""
    parser.add_argument("room", metavar="ROOM")
    parser.add_argument("--format", choices=["jsonl", "text"], default="jsonl", help="jsonl")


def erase(parser: ArgumentParser) -> None:
    """See data_erase.erase."""
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--keep-texts", action="store_true", help="only the name is removed")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)
