"""What waits in a session's inbox: commands, refusals that wait their turn, frames that are answers
already. In which order they are served is session.py's."""

from __future__ import annotations

from typing import NamedTuple

from chatd.commands import COMMANDS, Row
from chatd.core.commands import Command
from chatd.core.events import Error
from chatd.core.ports import Frame


class No(NamedTuple):
    """A refusal that waits its turn; ``command`` is None when the frame was none."""

    command: Command | None
    error: Error


Item = Command | No | Frame
"""What waits."""

ROWS: dict[type, Row] = {**COMMANDS}
"""By the type of whatever is in an inbox; what is no command has none. To ask this is quicker than
whether something is a Command: isinstance takes its time with structs."""


def is_pipelined(item: Item) -> bool:
    """Whether it may start before what came ahead of it is answered."""
    row = ROWS.get(type(item))
    return row is not None and row.pipelined(item)


def too_fast(command: Command, pace: str, wait: float) -> No:
    """The refusal of what comes faster than ``pace``; ``wait``: seconds until it may."""
    after = int(wait * 1000) + 1
    message = f"over {pace}; wait {after} ms and send it again"
    return No(
        command,
        Error(id=command.id, code="rate_limited", message=message, retry_after_ms=after),
    )
