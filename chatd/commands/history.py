"""Reading what was said: pages of messages, both ways.
The replay of a gap after a reconnect is chatd/node/catchup; finding by words is search."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.commands.host import Caller, Host
from chatd.commands.places import case_of, kept, refusal, unseen
from chatd.core import commands as c
from chatd.core.errors import Refused
from chatd.core.events import HistoryPage
from chatd.core.log import StoredMessage
from chatd.core.policy import decide
from chatd.core.reactions import bounded, size
from chatd.core.rooms import Person, Room
from chatd.core.settings import Settings
from chatd.core.telling import message_of

OVERHEAD = 256
"""Bytes of a message beside its text and reactions, generously."""


async def history(host: Host, session: Caller, command: c.History) -> HistoryPage:
    """A page of a room that one may read."""
    if command.before is not None and command.after is not None:
        raise Refused("bad_field", "history takes 'before' or 'after', not both")
    room = await readable(host, session.me, command.room)
    kept(room)
    stored, more = await host.store.history(
        room.room_id, before=command.before, after=command.after, limit=command.limit
    )
    if command.after is None:  # a page that ends somewhere is cut at its beginning
        stored.reverse()
    fit = fitting(stored, host.settings)
    messages = [message_of(each, room.name) for each in fit]
    if command.after is None:
        messages.reverse()
    return HistoryPage(room=room.name, messages=messages, more=more or len(fit) < len(stored))


def fitting(messages: Sequence[StoredMessage], settings: Settings) -> list[StoredMessage]:
    """Those of these, from the first on, that an answer may hold: at least one, and else about as
    much as a quarter of an outbox, so that a page of long texts throws nobody out as too slow. No
    message has more reactions than that, either."""
    most = left = settings.outbox_bytes // 4
    fit: list[StoredMessage] = []
    for each in messages:
        told = bounded(each, most)
        left -= OVERHEAD + len(each.text.encode()) + size(told)
        if left < 0 and fit:
            break
        fit.append(told)
    return fit


async def readable(host: Host, me: Person, name: str) -> Room:
    """The room of this name, if this person may read it."""
    room = await host.find_room(name)
    place = me.rooms.get(room.room_id)
    rank = place.rank if place else None
    verdict = decide(case_of(host, me.actor, me.user_id, "read", room, rank))
    if not verdict.allowed:
        raise unseen(name) if verdict.code == "forbidden" else refusal(verdict)
    return room
