"""How `chatd connect` ends: what went wrong, as an exit code of sysexits.h and a line.
What went wrong is told by chatd.client as exceptions."""

from __future__ import annotations

import os
from collections.abc import Iterator

from chatd.client import ChatError, Interrupted, Refused, Stopped, TimedOut, Unreachable

INTERRUPTED = 130
"""As shells say it of a program that SIGINT ended."""
UNSAID = frozenset({"too_long", "empty", "bad_field", "bad_frame", "key_reused"})
UNNAMED = frozenset({"bad_name", "unknown_command"})


class Unusable(Exception):
    """What the arguments or the environment say cannot be used; ``code`` is the exit code."""

    def __init__(self, text: str, code: int = os.EX_USAGE) -> None:
        super().__init__(text)
        self.code = code


def advice(error: ChatError) -> Iterator[str]:
    """What one may do here, besides what the server says."""
    if isinstance(error, Refused) and error.code == "name_taken":
        yield "if it was you whose line broke, it is free in half a minute"


def exit_code(error: ChatError) -> int:
    """What a script should see of it."""
    match error:
        case Refused() if error.retry:
            return os.EX_TEMPFAIL
        case Refused() if error.code in UNSAID:
            return os.EX_DATAERR
        case Refused() if error.code in UNNAMED:
            return os.EX_USAGE
        case Refused() | Stopped():
            return os.EX_NOPERM
        case TimedOut() | Interrupted():
            return os.EX_TEMPFAIL
        case Unreachable():
            return os.EX_UNAVAILABLE
    return os.EX_SOFTWARE
