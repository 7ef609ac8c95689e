"""Counting what one has not read: for a client that begins, and knows no message yet.
The read marker itself is presence; who goes on hearing a room counts by themselves."""

from __future__ import annotations

from chatd.commands.host import Caller, Host
from chatd.core import commands as c
from chatd.core.rooms import Attendance, Person
from chatd.core.unread import UnreadCounts, UnreadLine, mentions

LOOKED_AT = 100
"""Messages of one room that are looked at: whoever has more to read needs no exact number."""


async def unread(host: Host, session: Caller, command: c.Unread) -> UnreadCounts:
    """A line for each room in which others have said something that one has not read."""
    me = session.me
    kept = [place for place in me.rooms.values() if place.room.passing is None]
    behind = [place for place in kept if place.read < place.room.tail]
    lines = [await _count(host, me, place) for place in behind]
    return UnreadCounts(rooms=[line for line in lines if line.count])


async def _count(host: Host, me: Person, place: Attendance) -> UnreadLine:
    stored, more = await host.store.history(
        place.room.room_id, before=None, after=place.read, limit=LOOKED_AT
    )
    news = [each for each in stored if not each.deleted and each.author.user_id != me.user_id]
    called = sum(mentions(each.text, me.name) for each in news)
    return UnreadLine(room=place.room.name, count=len(news), mentions=called, more=more)
