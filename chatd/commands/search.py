"""Finding messages by their words, in the rooms that one may read.
How words are matched is the store's; who may read what is the policy's."""

from __future__ import annotations

from chatd.commands.history import fitting, readable
from chatd.commands.host import Caller, Host
from chatd.commands.places import kept
from chatd.core import commands as c
from chatd.core.errors import Refused
from chatd.core.events import Found
from chatd.core.ports import SearchesFull, SearchTooLong
from chatd.core.telling import message_of

BUSY_MS = 1000
"""Milliseconds after which it is worth to try again when others are searching."""


async def search(host: Host, session: Caller, command: c.Search) -> Found:
    """A page of hits, newest first."""
    me = session.me
    room = None if command.room is None else await readable(host, me, command.room)
    if room is not None:
        kept(room)
    try:
        hits = await host.store.search(
            command.query,
            room_id=None if room is None else room.room_id,
            member=me.user_id,
            cursor=command.cursor,
            limit=command.limit,
        )
    except SearchTooLong:
        raise Refused(
            "search_too_long",
            "the search took too long and was given up; look for longer or rarer words, or in one "
            "room",
        ) from None
    except SearchesFull:
        raise Refused(
            "rate_limited", "other searches are not done yet; wait and search again", BUSY_MS
        ) from None
    fit = fitting([hit.message for hit in hits], host.settings)
    more = len(fit) < len(hits) or len(hits) == command.limit
    return Found(
        messages=[
            message_of(told, hit.room)
            for hit, told in zip(hits, fit, strict=False)
            if me.operator or not host.laid.on_user("ban", me.user_id, hit.message.room_id)
        ],
        cursor=hits[len(fit) - 1].cursor if more else None,
    )
