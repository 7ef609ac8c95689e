"""`chatd connect` from its arguments to its exit: whether somebody looks, who that is, and the end.
What happens in between is script.py and screen.py."""

from __future__ import annotations

import argparse
import os
import sys
import time
from getpass import getpass

from chatd.client import ChatError, Refused
from chatd.core.text import one_line
from chatd.terminal import ending, script
from chatd.terminal.exits import INTERRUPTED, Unusable, advice, exit_code
from chatd.terminal.local import Local
from chatd.terminal.who import Prompts, Who, who

TRIES = 3


def connect(args: argparse.Namespace) -> int:
    """Chat; gives the exit code."""
    try:
        return _connect(args)
    except Unusable as error:
        _complain(str(error))
        return error.code
    except ChatError as error:
        notes = "".join(f"; {note}" for note in (*getattr(error, "__notes__", ()), *advice(error)))
        _complain(f"{error}{notes}")
        return exit_code(error)
    except (KeyboardInterrupt, EOFError):
        return INTERRUPTED
    except ending.Terminated:
        return ending.die()


def _connect(args: argparse.Namespace) -> int:
    if sys.stdin is None:  # as Python has what a shell closed with <&-
        raise Unusable("standard input is closed; </dev/null is an empty one", os.EX_NOINPUT)
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if args.one and args.follow:
        raise Unusable("--one says all of standard input and ends; --follow does not end")
    if not at_terminal or args.follow or args.json or args.one or _dumb():
        return _script(args)
    return _screen(args)


def _dumb() -> bool:
    return os.environ.get("TERM", "dumb") in {"", "dumb"}


def _script(args: argparse.Namespace) -> int:
    typed = sys.stdin.isatty()
    prompts = Prompts(input, getpass) if typed and sys.stderr.isatty() else None
    stdin = sys.stdin.fileno() if not typed or _dumb() or args.one else None
    plan = script.Script(
        who=who(args, os.environ, prompts),
        rooms=tuple(args.room),
        stdin=stdin,
        out=sys.stdout,
        err=sys.stderr,
        zone=Local(),
        now=lambda: time.time_ns() // 1_000_000,
        timeout=args.timeout,
        follow=args.follow or (typed and not args.one),
        json=args.json,
        one=args.one,
        person=typed and _dumb() and not args.one,
    )
    ending.run(script.run(plan))
    return os.EX_OK


def _screen(args: argparse.Namespace) -> int:
    """A mistyped password is asked for again."""
    from chatd.terminal import screen  # noqa: PLC0415  # brings prompt_toolkit in

    prompts = Prompts(input, getpass)
    for left in reversed(range(TRIES)):
        me: Who = who(args, os.environ, prompts)
        try:
            ending.run(screen.run(me, tuple(args.room), args.timeout, Local()))
        except Refused as no:
            if no.code != "login_failed" or not me.asked or not left:
                raise
            _complain(no.message)
        else:
            break
    return os.EX_OK


def _complain(text: str) -> None:
    sys.stderr.write(f"chatd connect: {one_line(text)}\n")
