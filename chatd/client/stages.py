"""The stages of a conversation, what it asks to be done, and its deadlines: the words of its code.
What leads from one stage to the next is conversation.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

LOGIN, QUIT = "login", "quit"
"""The ids of the commands that a connection begins and ends with; all others are numbers."""
OPENING = 30.0
"""Seconds from the wish for a connection to the end of its log-in."""
STEADY = 10.0
"""Seconds for which a connection must have held to count as a good one."""
GOODBYE = 2.0
"""Seconds that the server has to answer `quit`."""

BYE = 1000  # RFC 6455 section 7.4.1
BROKEN = 1002
LOST = 1006  # section 7.1.5: there was no close frame
RESUMING = 4000  # ours: neither 1000 nor 1001, by which a guest would give up name and rooms


class Stage(Enum):
    """Where a conversation is: off the line, getting on it, logged in, saying goodbye, gone."""

    AWAY = "away"
    OPENING = "opening"
    ONLINE = "online"
    LEAVING = "leaving"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Connect:
    """Effect: open a connection; its frames are for ``heard``, its end for ``lost``."""


@dataclass(frozen=True, slots=True)
class Write:
    """Effect: send this frame."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class HangUp:
    """Effect: close the connection, if there is one, and forget it: what it still brings is not
    for this conversation, and its end need not be told."""

    code: int
    reason: str


Effect = Connect | Write | HangUp
