"""What names a file, and which are files to read: opening a named pipe may wait for ever.
What is in them is the business of whoever reads them."""

from __future__ import annotations

import errno
import os
import stat
from argparse import ArgumentTypeError
from pathlib import Path

_OTHERS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def named(path: str) -> str:
    """A path, as an argument of a command line. An unset variable of a script is none: it would
    else mean the folder that one happens to be in, or that nothing was asked for."""
    if not path:
        raise ArgumentTypeError("this is empty; name one")
    return path


def plain(path: Path) -> Path:
    """The same path, to be read. Raises OSError where that would wait or never end. A pipe that is
    open already, as of a shell's `<(command)`, is as good as a file; so is /dev/null. A folder is
    left to whoever opens it, who says so."""
    mode = path.stat().st_mode
    what = next((name for is_one, name in _OTHERS if is_one(mode)), "")
    if what and not _is_open(path) and not path.samefile(os.devnull):
        raise OSError(errno.EINVAL, f"this is {what}; name a file", str(path))
    return path


def told(error: Exception) -> str:
    """One sentence for whom it stops; of a file that one may not use it names who and which."""
    if isinstance(error, PermissionError) and error.filename:
        return f"user {os.geteuid()} may not use {error.filename}: {error.strerror}"
    return str(error)


def _is_open(path: Path) -> bool:
    """Whether the path leads to something without a name, which this process has open."""
    return not os.path.exists(os.path.realpath(path))
