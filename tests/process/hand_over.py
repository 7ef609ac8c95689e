"""What systemd does for a service with socket units: hands listening sockets over, and becomes it.
Usage: hand_over.py FD:NAME... -- COMMAND..."""

from __future__ import annotations

import os
import sys

FIRST = 3


def main(arguments: list[str]) -> None:
    """Descriptors from 3 on, in the order of the words; LISTEN_PID is ours, which exec keeps."""
    end = arguments.index("--")
    words, command = arguments[:end], arguments[end + 1 :]
    given = [word.split(":", 1) for word in words]
    # First out of the way: one of them may have the number that another is about to get.
    aside = [os.dup2(int(fd), 100 + at) for at, (fd, _) in enumerate(given)]
    for at, fd in enumerate(aside):
        os.dup2(fd, FIRST + at)
        os.close(fd)
    os.environ["LISTEN_FDS"] = str(len(given))
    os.environ["LISTEN_FDNAMES"] = ":".join(name for _, name in given)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.execv(command[0], command)  # noqa: S606  # no shell, and nothing of this process remains


if __name__ == "__main__":
    main(sys.argv[1:])
