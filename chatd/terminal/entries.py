"""What stands in a room's history on the screen: messages, notes, and what is on its way.
Frozen; an edit makes a new one. Which room has which is view.py, how they look paint.py."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

from chatd.core import events as e

Place = tuple[float, int, int]
"""Sorts a room: messages by seq, notes behind the message that was the last, the pending at the
end."""
Kind = Literal["message", "note", "error", "pending", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One of them. ``ts``: milliseconds since 1970 UTC. ``why``: what keeps a message unsaid."""

    place: Place
    kind: Kind
    ts: int
    text: str
    user: str = ""
    seq: int = 0
    edited: bool = False
    deleted: bool = False
    mine: bool = False
    calls: bool = False
    """Whether it is for this user: it has their name in it, or it is said to them alone."""
    reply_to: int | None = None
    key: str | None = None
    why: str = ""
    passing: bool = False
    """Whether it is a note of who came and went, to which the next one is added."""
    reactions: dict[str, list[str]] = field(default_factory=dict)
    more: dict[str, int] = field(default_factory=dict)
    """How many have reacted besides those who are named."""

    def reacted(self, emoji: str, user: str, *, on: bool) -> Entry:
        """With one reaction more, or less."""
        named = self.reactions.get(emoji, [])
        people = [name for name in named if name != user]
        more = self.more
        if not on and user not in named and emoji in more:
            more = {**more, emoji: more[emoji] - 1}
        found = {**self.reactions, emoji: [*people, user] if on else people}
        left = {each: names for each, names in found.items() if names or more.get(each)}
        return replace(self, reactions=left, more=more)


def of_message(message: e.Message, *, me: str, alone: bool) -> Entry:
    """A message that was told. ``alone``: the room has but two people."""
    mine = message.user == me
    reactions, counts = message.reactions or {}, message.reaction_counts or {}
    return Entry(
        place=(message.seq, 0, 0),
        kind="message",
        ts=message.ts,
        text=message.text,
        user=message.user,
        seq=message.seq,
        edited=message.edited_ts is not None,
        deleted=message.deleted,
        mine=mine,
        calls=not mine and (alone or names(message.text, me)),
        reply_to=message.reply_to,
        key=message.key,
        reactions=dict(reactions),
        more={emoji: count - len(reactions.get(emoji, [])) for emoji, count in counts.items()},
    )


def pending(text: str, *, key: str, order: int, ts: int, me: str, reply_to: int | None) -> Entry:
    """A message on its way."""
    place = (math.inf, 0, order)
    return Entry(
        place=place, kind="pending", ts=ts, text=text, user=me, mine=True, key=key,
        reply_to=reply_to,
    )  # fmt: skip


def names(text: str, who: str) -> bool:
    """Whether a text has this name in it as a word."""
    wanted, said = who.casefold(), text.casefold()
    at = said.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        before, after = said[at - 1 : at], said[end : end + 1]
        if not (before.isalnum() or before == "_" or after.isalnum() or after == "_"):
            return True
        at = said.find(wanted, at + 1)
    return False
