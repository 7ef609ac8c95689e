"""What people type and read, for a client that has a screen of its own: the slash commands and the
lines of the text dialect. It is no dialect itself; how a line looks is the modules beside it."""

from __future__ import annotations

from datetime import tzinfo

from chatd.core.events import Event
from chatd.core.text import for_terminal
from chatd.dialects._text_answers import answered as answered
from chatd.dialects._text_answers import refusal as refusal
from chatd.dialects._text_commands import TABLE as TABLE
from chatd.dialects._text_commands import TOPIC as TOPIC
from chatd.dialects._text_commands import Meaning as Meaning
from chatd.dialects._text_commands import meaning as meaning
from chatd.dialects._text_control import NEWS as CONTROL
from chatd.dialects._text_lines import NEWS, clock
from chatd.dialects._text_memory import Aim as Aim
from chatd.dialects._text_memory import Memory as Memory
from chatd.dialects._text_memory import called
from chatd.dialects._text_memory import called_as as called_as

_NEWS = {**NEWS, **CONTROL}


def line(event: Event, label: str, now: int, zone: tzinfo) -> str:
    """An event as one line, `HH:MM #room ...`, or an empty one where people need none. ``label``
    and ``now`` as in ports.Dialect."""
    told = news(event)
    if not told:
        return ""
    where = f"{called(label)} " if label else ""
    return for_terminal(f"{clock(getattr(event, 'ts', now), zone)} {where}{told}")


def news(event: Event) -> str:
    """The same without time and room."""
    tell = _NEWS.get(type(event))
    return tell(event) if tell else ""
