"""The command line: verbs and their arguments, nothing of what they do.
Heavy imports wait until the verb is known, so that `chatd check` and `--help` answer at once."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from chatd import __version__
from chatd.bench.arguments import arguments as bench_arguments
from chatd.canary.arguments import arguments as canary_arguments
from chatd.ops import audit_arguments, desk_arguments, doctor_arguments, systemd
from chatd.ops import data_arguments as arguments
from chatd.ops.config import Config, Invalid, load, parse
from chatd.ops.config import verbs as configuration
from chatd.ops.plain import named, told
from chatd.terminal.arguments import arguments as connect_arguments

CONFIG = "/etc/chatd/chatd.toml"
DEV_FILE = "chatd.toml"
DEV_TEXT = """\
# For trying chatd out; `chatd config example` shows every key.
[store]
path = "chatd.sqlite3"
"""


class Unusable(Exception):
    """What the arguments name is not there, or not for us; the text says what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; gives the exit code (0 done, 1 refused, 2 usage, 78 configuration)."""
    args, unknown = parser().parse_known_args(argv)
    if unknown:
        args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except (Unusable, PermissionError) as error:
        sys.stderr.write(f"chatd: {told(error)}\n")
        return 1
    except Invalid as invalid:
        sys.stderr.write(f"{invalid}\n")
        return os.EX_CONFIG
    except BrokenPipeError:  # `chatd config describe | head` is no error
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return code


class Parser(argparse.ArgumentParser):
    """``usage_code``: with which it ends when it is called wrongly."""

    usage_code = 2

    def error(self, message: str) -> NoReturn:
        """Say so, and end."""
        self.print_usage(sys.stderr)
        self.exit(self.usage_code, f"{self.prog}: error: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line; manual pages are made of it, too."""
    parser = Parser(
        prog="chatd", description="A team's own chat on its own hosts.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"chatd {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _serve(verbs)
    _check(verbs)
    _config(verbs)
    _doctor(verbs)
    _desk(verbs)
    _data(verbs)
    _audit(verbs)
    _canary(verbs)
    _connect(verbs)
    _bench(verbs)
    return parser


Verbs = Any  # argparse's type of subparsers is private


def _verb(verbs: Verbs, name: str, says: str, run: Callable[..., int]) -> Parser:
    parser: Parser = verbs.add_parser(
        name, help=says, description=says[0].upper() + says[1:] + ".", allow_abbrev=False
    )
    parser.set_defaults(run=run, parser=parser)
    return parser


def _where(parser: argparse.ArgumentParser, file: str = f"the configuration ({CONFIG})") -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--config", metavar="FILE", type=named, help=file)
    says = "a folder with all of it, for trying chatd out"
    group.add_argument("--dev", metavar="DIR", type=named, help=says)


# --- the daemon ---


def _serve(verbs: Verbs) -> None:
    _where(_verb(verbs, "serve", "run the daemon", _run_serve))


def _run_serve(args: argparse.Namespace) -> int:
    # A reload that is asked for while the daemon boots waits; unasked, SIGHUP ends a process.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    manager = systemd.said(os.environ)
    from chatd import daemon  # noqa: PLC0415  # brings Twisted in

    if args.dev is not None:
        _make_dev(_file(args))
    return daemon.serve(_file(args), manager, dev=args.dev is not None)


def _file(args: argparse.Namespace) -> Path:
    """The configuration file that the arguments name."""
    return Path(args.config or CONFIG) if args.dev is None else Path(args.dev) / DEV_FILE


def _loaded(args: argparse.Namespace) -> Config:
    """The configuration that the arguments name. Only `serve` and `restore` make a --dev folder."""
    file = _file(args)
    if args.dev is not None and not file.exists():
        return parse(DEV_TEXT, str(file), file.absolute().parent).config
    return load(file).config


def _make_dev(file: Path) -> None:
    """A folder for trying chatd out, with the least configuration, unless it is there."""
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(DEV_TEXT, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{file.parent} cannot be used: {error.strerror}; name another") from None


# --- the configuration ---


def _check(verbs: Verbs) -> None:
    parser = _verb(
        verbs, "check", "check a configuration file, all of it at once", _on(configuration.check)
    )
    parser.add_argument("file", metavar="FILE")


def _config(verbs: Verbs) -> None:
    parser = verbs.add_parser("config", help="show what can be configured, and what is")
    inner = parser.add_subparsers(metavar="VERB", required=True)
    _verb(inner, "example", "print a commented example file", _on(configuration.example))
    _verb(inner, "describe", "print the reference in Markdown", _on(configuration.describe))
    says = "say what a reload or a restart would change"
    changed = _verb(inner, "changes", says, _on(configuration.changed))
    changed.add_argument("old", metavar="OLD")
    changed.add_argument("new", metavar="NEW")
    changed.add_argument("--json", action="store_true", help="for programs")
    show = _verb(inner, "show", "print a configuration as chatd reads it", _run_show)
    _where(show, "the file; without one, the defaults")
    show.add_argument(
        "--effective", action="store_true", help="also the keys left at their default"
    )
    show.add_argument("--origin", action="store_true", help="where each value comes from")


def _run_show(args: argparse.Namespace) -> int:
    if args.dev is not None:
        args.config = str(_file(args))
    return configuration.show(args, sys.stdout, sys.stderr)


def _on(call: Callable[..., int]) -> Callable[[argparse.Namespace], int]:
    return lambda args: call(args, sys.stdout, sys.stderr)


# --- the host ---


def _doctor(verbs: Verbs) -> None:
    parser = _verb(verbs, "doctor", "look for what is wrong with this host", _run_doctor)
    doctor_arguments.doctor(parser)
    _where(parser)


def _run_doctor(args: argparse.Namespace) -> int:
    from chatd.ops.doctor import doctor  # noqa: PLC0415  # brings the store in

    return doctor(_file(args), args, sys.stdout)


# --- accounts, tokens, rooms, hooks ---


def _desk(verbs: Verbs) -> None:
    for name, (says, of_group) in desk_arguments.GROUPS.items():
        of_group(_group(verbs, name, says), _at_desk)


def _group(verbs: Verbs, name: str, says: str) -> Verbs:
    return verbs.add_parser(name, help=says).add_subparsers(metavar="VERB", required=True)


def _at_desk(inner: Verbs, call: str, says: str, *, room: str = "users") -> argparse.ArgumentParser:
    """A verb of chatd/ops/ROOM.py, which works on the store that --config or --dev names."""
    name = call.removeprefix("token_").rstrip("_")
    parser = _verb(inner, name, says, lambda args: _run_at_desk(args, room, call))
    _where(parser)
    return parser


def _run_at_desk(args: argparse.Namespace, room: str, call: str) -> int:
    from chatd.ops import users  # noqa: PLC0415  # brings the store and the hashes in
    from chatd.ops.audit import person  # noqa: PLC0415  # as above
    from chatd.store import CannotOpen  # noqa: PLC0415  # as above
    from chatd.store.sqlite import opened  # noqa: PLC0415  # as above

    try:
        config = _loaded(args)
        if call != "add" and not config.store.path.exists():
            raise Unusable(f"there is no database {config.store.path}: see store.path")
        with opened(config.store.path) as (store, run):
            desk = users.Desk(
                store,
                run,
                sys.stdout,
                sys.stderr,
                users.asking(sys.stdin),
                config.auth.iterations,
                lambda: time.time_ns() // 1_000_000,
                person(),
            )
            code: int = getattr(import_module(f"chatd.ops.{room}"), call)(args, desk)
            return code
    except CannotOpen as error:
        sys.stderr.write(f"chatd: {error}\n")
        return 1


# --- the data ---


def _data(verbs: Verbs) -> None:
    arguments.backup(_on_data(verbs, "backup", "copy the database beside a running daemon"))
    arguments.verify(_verb(verbs, "verify", "say whether a backup is good", _run_verify))
    arguments.restore(_on_data(verbs, "restore", "put a backup in the place of the database"))
    arguments.migrate(_on_data(verbs, "migrate", "bring the database to this chatd's schema"))
    arguments.export(_at_desk(verbs, "export", "write a room's log", room="data_export"))


def _on_data(verbs: Verbs, name: str, says: str) -> argparse.ArgumentParser:
    """A verb of ops/data.py on the database that --config or --dev names."""
    parser = _verb(verbs, name, says, lambda args: _run_on_data(args, name))
    _where(parser)
    return parser


def _run_on_data(args: argparse.Namespace, name: str) -> int:
    if name == "restore" and args.dev is not None and not args.dry_run:
        _make_dev(_file(args))
    return _run_data(args, name, _loaded(args).store.path)


def _run_verify(args: argparse.Namespace) -> int:
    return _run_data(args, "verify", Path())


def _now() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def _run_data(args: argparse.Namespace, name: str, database: Path) -> int:
    from chatd.ops import data  # noqa: PLC0415  # brings the store in
    from chatd.ops.audit import person  # noqa: PLC0415  # as above

    place = data.Place(database, sys.stdout, sys.stderr, _now, person())
    code: int = getattr(data, name)(args, place)
    return code


# --- the audit log ---


def _audit(verbs: Verbs) -> None:
    parser = _verb(verbs, "audit", "read the audit log, or verify it", _run_audit)
    audit_arguments.audit(parser)
    _where(parser)


def _run_audit(args: argparse.Namespace) -> int:
    from chatd.ops import audit  # noqa: PLC0415  # brings the store in

    run = audit.audit_verify if args.verify else audit.audit_list
    return run(args, _loaded(args).store.path, _now(), sys.stdout, sys.stderr)


# --- the canary, the terminal client and the crowd ---


def _canary(verbs: Verbs) -> None:
    says = "chat with a chatd all the time, and count how it went"
    canary_arguments(_verb(verbs, "canary", says, _run_canary))


def _run_canary(args: argparse.Namespace) -> int:
    from chatd.canary.verb import canary  # noqa: PLC0415  # brings the client in

    return canary(args)


def _connect(verbs: Verbs) -> None:
    parser = _verb(verbs, "connect", "chat from a terminal or a script", _run_connect)
    parser.usage_code = os.EX_USAGE
    connect_arguments(parser)


def _run_connect(args: argparse.Namespace) -> int:
    from chatd.terminal.verb import connect  # noqa: PLC0415  # brings the client in

    return connect(args)


def _bench(verbs: Verbs) -> None:
    says = "measure what a chatd bears, by a crowd of guests"
    bench_arguments(_verb(verbs, "bench", says, _run_bench))


def _run_bench(args: argparse.Namespace) -> int:
    from chatd.bench.verb import bench  # noqa: PLC0415  # brings the client in

    return bench(args)
