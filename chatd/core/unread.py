"""What one has not read, as it is counted, and who is called in a text with an @.
The commands are in commands, all that is told of rooms and messages in events."""

from __future__ import annotations

import re

from msgspec import Struct

from chatd.core.events import Ok


def mentions(text: str, name: str) -> bool:
    """Whether ``text`` holds ``@name``, whatever its case, as a word of its own."""
    found = rf"(?<![\w@]){re.escape('@' + name)}(?!\w)"
    return re.search(found, text, re.IGNORECASE) is not None


class UnreadLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of `unread`: messages of others after one's marker, and how many of them name one
    with an @. Of more than were looked at, both are `more` than said."""

    room: str
    count: int
    mentions: int = 0
    more: bool = False


class UnreadCounts(Ok, tag="ok", omit_defaults=False):
    """The rooms in which something is unread."""

    rooms: list[UnreadLine]
