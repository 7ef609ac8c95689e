"""The arguments of `chatd hook`; light, as data_arguments.py.
What the verbs do is hooks.py."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def arguments(verb: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Of each verb; ``verb`` makes one, by its function and what it says of itself."""
    add = verb("add", "make a hook; its token is shown once")
    add.add_argument("room", metavar="ROOM", help="where it speaks")
    add.add_argument("name", metavar="NAME", help="under which name")
    verb("list_", "list the hooks").add_argument("--json", action="store_true", help="for programs")
    revoke = verb("revoke", "end a hook at once")
    revoke.add_argument("hook_id", metavar="ID", help="as listed, or the whole token")
