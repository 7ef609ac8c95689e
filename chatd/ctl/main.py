"""The entry of chatctl: arguments in, exit code out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from chatd.ctl.arguments import read
from chatd.ctl.verbs import RUN
from chatd.ctl.wire import Line, Trouble, place


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; gives the exit code."""
    args = read(argv)
    try:
        line = Line(place(args.socket, args.config, args.dev), args.timeout)
        try:
            return RUN[args.verb](args, line)
        finally:
            line.close()
    except Trouble as trouble:
        sys.stderr.write(f"chatctl: {trouble}\n")
        return trouble.code
    except BrokenPipeError:  # `chatctl watch | head` is no error
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return os.EX_OK
    except KeyboardInterrupt:
        return 130
