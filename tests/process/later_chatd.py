"""A chatd of later: this one, with more schema files. `later_chatd.py FOLDER ARGUMENTS...`"""

from __future__ import annotations

import sys
from pathlib import Path

from chatd import cli
from chatd.store.sqlite.store import SqliteStore


def main(folder: str, *arguments: str) -> int:
    """Where the store finds its schema is its default, and nothing that the daemon says."""
    defaults = SqliteStore.__init__.__kwdefaults__
    if defaults is None or "folder" not in defaults:
        raise LookupError("the store takes its schema from elsewhere now")
    defaults["folder"] = Path(folder)
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
