"""`python -m dashboards FOLDER` writes all of them into it.
A test keeps what is committed equal to what is made here."""

from __future__ import annotations

import sys
from pathlib import Path

from dashboards import connections, delivery, overview, runtime, store
from dashboards.drawing import draw

BOARDS = (overview.BOARD, connections.BOARD, delivery.BOARD, runtime.BOARD, store.BOARD)


def main(folder: Path) -> None:
    """Write the files anew, and take away those of boards that are no more."""
    made = {f"chatd-{board.name}.json": draw(board) for board in BOARDS}
    for old in folder.glob("*.json"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
