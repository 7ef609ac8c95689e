"""From what is stored to what is told: an entry as its event, a stored message as a message.
The one place where an author's lasting id stays behind."""

from __future__ import annotations

from chatd.core.events import Deleted, Edited, Event, Message, Reaction, Topic
from chatd.core.log import Entry, StoredMessage


def event_of(entry: Entry, room: str) -> Event:
    """The event that tells ``entry`` to the room's hearers, live and in a replay alike."""
    seq, ts, user, target = entry.seq, entry.ts, entry.author.name, entry.target or 0
    match entry.kind:
        case "message":
            return Message(
                room=room,
                seq=seq,
                ts=ts,
                user=user,
                text=entry.text,
                guest=entry.author.guest,
                key=entry.key,
                reply_to=entry.reply_to,
            )
        case "edited":
            return Edited(room=room, seq=seq, ts=ts, user=user, target=target, text=entry.text)
        case "deleted":
            return Deleted(room=room, seq=seq, ts=ts, user=user, target=target)
        case "topic":
            return Topic(room=room, seq=seq, ts=ts, user=user, topic=entry.text)
        case "reacted" | "unreacted":
            on = entry.kind == "reacted"
            return Reaction(
                room=room, seq=seq, ts=ts, user=user, target=target, emoji=entry.text, on=on
            )


def message_of(stored: StoredMessage, room: str) -> Message:
    """A message as it stands now, for history and search."""
    return Message(
        room=room,
        seq=stored.seq,
        ts=stored.ts,
        user=stored.author.name,
        text=stored.text,
        guest=stored.author.guest,
        key=stored.key,
        reply_to=stored.reply_to,
        edited_ts=stored.edited_ts,
        deleted=stored.deleted,
        reactions=stored.reactions or None,
        reaction_counts=stored.counts or None,
    )
