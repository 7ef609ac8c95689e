"""How many reactions a message takes, and how many of them an answer tells: whoever asks for a page
of history must get one that fits, however many have reacted."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from chatd.core.log import StoredMessage

MOST = 50
"""Different emoji on a message: more than anybody looks through, and few enough that all of them
are told with each page."""
MOST_OWN = 20
"""Different emoji of one person on a message, so that nobody uses up alone what is there for all.
With so many they bring no new one; those that are there they may still join."""
NAMED = 20
"""People who are named for each emoji; of more, their number is told. Fifty times twenty of the
longest names are less than a quarter of the usual outbox."""

_encode = msgspec.json.Encoder().encode


def size(message: StoredMessage) -> int:
    """Bytes that its reactions take in an answer."""
    if not message.reactions:
        return 0
    return len(_encode(message.reactions)) + (len(_encode(message.counts)) if message.counts else 0)


def bounded(message: StoredMessage, most: int) -> StoredMessage:
    """With as many of its reactions as fit into so many bytes: fewer people are named first, and
    when it is one for each emoji, the last emoji are left out."""
    while size(message) > most:
        message = _fewer(message)
    return message


def _fewer(message: StoredMessage) -> StoredMessage:
    named = max(map(len, message.reactions.values())) // 2
    reactions, counts = message.reactions, message.counts
    if named:
        counts = {emoji: counts.get(emoji, len(by)) for emoji, by in reactions.items()}
        reactions = {emoji: by[:named] for emoji, by in reactions.items()}
    else:
        reactions = dict(list(reactions.items())[:-1])
    counts = {e: counts[e] for e, by in reactions.items() if counts.get(e, 0) > len(by)}
    return replace(message, reactions=reactions, counts=counts)
