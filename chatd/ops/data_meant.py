"""Which backup is meant by a folder of them, and what somebody is told of those that are dated in
the future: no verb may choose between them and a clock without saying so."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from chatd.store.sqlite import backup as backups


def meant(folder: Path, now: int, err: TextIO) -> Path:
    """The backup to use. ``now``: milliseconds since 1970 UTC. Raises BadBackup."""
    taken = backups.chosen(folder, now)
    ahead = backups.ahead(folder, now) if taken != folder else ()
    if taken in ahead:
        tell_ahead(ahead, f"and no other is there, so the last is taken: {taken}", err)
    else:
        tell_ahead(ahead, f"passed over for {taken}; name the one to take, if it is another", err)
    return taken


def tell_ahead(ahead: tuple[Path, ...], so: str, err: TextIO) -> None:
    """Warn of these, if there are any; ``so`` says what comes of it."""
    if ahead:
        names = ", ".join(each.name for each in ahead)
        err.write(
            f"chatd: warning: the clock is wrong, or it was: dated in the future in "
            f"{ahead[0].parent} are {names}; {so}\n"
        )
