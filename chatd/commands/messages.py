"""Saying, changing and taking back: everything that becomes an entry of a room's log.
The answer to each is made after the store has it durably, or where no history is kept, when it has
its number; telling others comes after that."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from msgspec.structs import replace

from chatd.commands.act import Act
from chatd.commands.direct import direct_with
from chatd.commands.host import Caller, Host
from chatd.commands.places import (
    case_of,
    grounds,
    kept,
    must,
    near,
    place_of,
    refusal,
    room_key,
    topic_of,
)
from chatd.core import commands as c
from chatd.core import text as texts
from chatd.core.audit import NO_DEED, Deed
from chatd.core.errors import Refused
from chatd.core.events import Stored
from chatd.core.log import Author, Draft, Earlier, Entry, Kind, StoredMessage, placeless
from chatd.core.passing import Passing
from chatd.core.policy import Verb, decide
from chatd.core.ports import KeyReused, NoSuchTarget, TooManyReactions
from chatd.core.reactions import MOST, MOST_OWN
from chatd.core.rooms import Attendance, Person, Room


def send(host: Host, session: Caller, command: c.Send) -> Stored | Coroutine[Any, Any, Stored]:
    """Say something in a room one is in, or to one person. In a room without history there is
    nearly always nothing to wait for."""
    me = session.person or session.me
    said = _said(host, command.text)
    room = command.room
    if (room is None) == (command.to is None):
        raise Refused("bad_field", "send needs exactly one of 'room' and 'to'")
    place = None if room is None else near(host, me, room)
    if place is None:
        return _send_elsewhere(host, session, command, said)
    cleared, passing = place.cleared == grounds(host, me, place), place.room.passing
    if cleared and passing is not None:
        ts, key, reply_to = host.clock.now(), command.key, command.reply_to
        entry, again = _passed(place.room, passing, "message", me.author, ts, said, key, reply_to)
        return _told(host, session, place.room, entry, again)
    draft = _draft(host, me, command, said)
    return (_store if cleared else _say)(host, session, place, draft)


async def _send_elsewhere(host: Host, session: Caller, command: c.Send, said: str) -> Stored:
    """Where the place of this message has to be found first, or made; or where it was said already,
    though there is no way there any more. Nothing is waited for where one is in the room."""
    me, room, key = session.me, command.room, command.key
    before = None
    try:
        if room is not None:
            place = await place_of(host, me, room)
        else:
            before = None if key is None else await host.store.said(me.user_id, key)
            if before is not None and _is_meant(before, command):
                return _again(before)
            to = command.to or ""
            place = await direct_with(host, session, to, lambda: _may_begin(command, before))
    except Refused:
        if key is None or room is None:
            raise
        before = await host.store.said(me.user_id, key)
        if before is None or not _is_meant(before, command):
            raise
        return _again(before)
    draft = _draft(host, me, command, said)
    if place.cleared != grounds(host, me, place):
        return await _say(host, session, place, draft)
    return await _store(host, session, place, draft)


def _again(before: Earlier) -> Stored:
    return Stored(room=before.room, seq=before.seq, ts=before.ts, again=True)


def _is_meant(before: Earlier, command: c.Send) -> bool:
    """Whether this message was sent to where the command says: whoever a direct room is with, it
    is titled with both their names, as they were then."""
    if command.room is not None:
        return before.room == room_key(command.room)
    to = (command.to or "").casefold()
    return before.kind == "direct" and to in (before.title or "").casefold().split(", ")


def _may_begin(command: c.Send, before: Earlier | None) -> None:
    """Raise Refused for what cannot be the first message of a room: none is made for it."""
    if before is not None:
        raise _reused(command.key)
    if command.reply_to is not None:
        raise Refused("no_such_message", f"there is no message {command.reply_to} to reply to yet")


def _reused(key: str | None) -> Refused:
    return Refused("key_reused", f"key {key!r} was used in another room; give each send its own")


def _draft(host: Host, me: Person, command: c.Send, said: str) -> Draft:
    return Draft(
        kind="message",
        author=me.author,
        ts=host.clock.now(),
        text=said,
        key=command.key,
        reply_to=command.reply_to,
    )


async def _say(host: Host, session: Caller, place: Attendance, draft: Draft) -> Stored:
    """Ask whether this may be said. Where no message is counted from the one before, the next one
    need not ask, for as long as nothing changes on which the answer depends."""
    me, room_id, key = session.me, place.room.room_id, draft.key
    again = host.laid.repeats(room_id, me.user_id, key)
    case = case_of(host, me.actor, me.user_id, "send", place.room, place.rank)
    # Who asks for the same answer says no more.
    verdict = decide(replace(case, slow_wait=0) if again else case)
    if not verdict.allowed:
        before = await _before(host, place, draft)
        if before is None:
            raise refusal(verdict)
        return Stored(room=place.room.name, seq=before[0], ts=before[1], again=True)
    if not host.laid.rules(room_id).slow:
        place.cleared = grounds(host, me, place)
    if again:
        return await _store(host, session, place, draft)
    host.laid.spoke(room_id, me.user_id, key)  # at once: another may follow before the answer
    try:
        stored = await _store(host, session, place, draft)
    except BaseException:
        host.laid.spoke(room_id, me.user_id, key, nothing=True)
        raise
    if stored.again:
        host.laid.spoke(room_id, me.user_id, key, nothing=True)
    return stored


async def _before(host: Host, place: Attendance, draft: Draft) -> tuple[int, int] | None:
    """Where this was said already: whoever may speak no more still gets the answer that was lost on
    its way."""
    room, user_id, key = place.room, draft.author.user_id, draft.key
    if key is None:
        return None
    if room.passing is not None:
        return room.passing.said(user_id, key)
    found = await host.store.said(user_id, key)
    return None if found is None or found.room_id != room.room_id else (found.seq, found.ts)


async def edit(host: Host, session: Caller, command: c.Edit) -> Stored:
    """Give one's own message a new text."""
    said = _said(host, command.text)
    return await _change(host, session, command, "edit", "edited", said)


async def delete(host: Host, session: Caller, command: c.Delete, act: Act) -> Stored:
    """Take a message back: one's own, or as a moderator anybody's."""
    return await _change(host, session, command, "delete", "deleted", "", act)


async def react(host: Host, session: Caller, command: c.React) -> Stored:
    """Put an emoji on a message."""
    return await _change(host, session, command, "react", "reacted", _emoji(command.emoji))


async def unreact(host: Host, session: Caller, command: c.Unreact) -> Stored:
    """Take one's emoji off."""
    return await _change(host, session, command, "react", "unreacted", _emoji(command.emoji))


async def topic(host: Host, session: Caller, command: c.Topic) -> Stored:
    """Set the topic; an empty one clears it."""
    me = session.me
    place = await place_of(host, me, command.room)
    must(host, me, "topic", place)
    said = topic_of(command.topic)
    draft = Draft(kind="topic", author=me.author, ts=host.clock.now(), text=said)
    if place.room.passing is not None and not await host.store.set_topic(place.room.room_id, said):
        return _told(host, session, place.room, placeless(place.room.room_id, draft), again=True)
    return await _store(host, session, place, draft)


async def _change(
    host: Host,
    session: Caller,
    command: c.Edit | c.Delete | c.React | c.Unreact,
    verb: Verb,
    kind: Kind,
    said: str,
    act: Act | None = None,
) -> Stored:
    me = session.me
    place = await place_of(host, me, command.room)
    kept(place.room)
    message = await host.store.message(place.room.room_id, command.seq)
    if message is None or (message.deleted and kind != "deleted"):
        raise _no_message(place, command.seq)
    own = message.author.user_id == me.user_id
    must(host, me, verb, place, own=own)
    draft = Draft(
        kind=kind,
        author=me.author,
        ts=host.clock.now(),
        text=said,
        target=command.seq,
        deed=NO_DEED if act is None else _removal(act, place, message, own=own),
    )
    return await _store(host, session, place, draft)


def _removal(act: Act, place: Attendance, message: StoredMessage, *, own: bool) -> Deed:
    """What a moderator takes out of a room leaves a trace; what people take back is their own."""
    if own or message.deleted:
        act.nothing()
        return NO_DEED
    author = message.author
    return act.deed(author.user_id, user=author.name, room=place.room.label, seq=message.seq)


async def _store(host: Host, session: Caller, place: Attendance, draft: Draft) -> Stored:
    room, d = place.room, draft
    if room.passing is not None:
        entry, again = _passed(
            room, room.passing, d.kind, d.author, d.ts, d.text, d.key, d.reply_to
        )
        return _told(host, session, room, entry, again)
    try:
        done = await host.store.append(room.room_id, draft)
    except NoSuchTarget:
        raise _no_message(place, draft.target or draft.reply_to or 0) from None
    except KeyReused:
        raise _reused(draft.key) from None
    except TooManyReactions as no:
        raise _too_many(own=bool(no.args[0])) from None
    return _told(host, session, room, done.entry, done.again)


def _told(host: Host, session: Caller, room: Room, entry: Entry, again: bool) -> Stored:
    if not again:
        if not session.dialect.echo and entry.kind == "message":
            live = host.live_room(room.room_id)
            if live is not None and live.will_tell(entry.seq, session):
                session.own.add((room.room_id, entry.seq))
        host.publish(entry, "" if room.passing is None else room.passing.epoch)
    return Stored(room=room.name, seq=entry.seq, ts=entry.ts, again=again)


def _passed(
    room: Room,
    passing: Passing,
    kind: Kind,
    author: Author,
    ts: int,
    text: str,
    key: str | None,
    reply_to: int | None,
) -> tuple[Entry, bool]:
    """The entry, with its place in a room without history, and whether it was said before. Who
    heard the message that this one replies to knows it; chatd does not."""
    seq, ts, again = passing.place(author.user_id, key, ts)
    entry = Entry(
        room_id=room.room_id,
        seq=seq,
        kind=kind,
        author=author,
        ts=ts,
        text=text,
        key=key,
        reply_to=reply_to,
    )
    return entry, again


def _said(host: Host, raw: str) -> str:
    longest, size = host.settings.message_bytes, len(raw)
    if size <= longest and texts.plain(raw):  # nearly always
        return raw
    # Asked first, for to clean a text costs by its length.
    if size > 2 * longest and host.limits.stops("message_bytes", size=size):
        raise Refused("too_long", f"over {longest} bytes, this server's limit for one message")
    said = texts.clean(raw)
    if texts.blank(said):
        raise Refused("empty", "there is nothing to say in an empty text")
    size = len(said.encode())
    if size > longest and host.limits.stops("message_bytes", size=size):
        raise Refused("too_long", f"{size} bytes are over this server's limit of {longest}")
    return said


def _emoji(raw: str) -> str:
    emoji = texts.one_line(raw)
    if texts.blank(emoji) or " " in emoji:
        raise Refused("bad_field", "'emoji' is one emoji or one short word without spaces")
    return emoji


def _too_many(*, own: bool) -> Refused:
    what = (
        f"you have {MOST_OWN} different emoji on this message, the limit; take one off first"
        if own
        else f"there are {MOST} different emoji on this message, the limit; take one of these"
    )
    return Refused("too_many", what)


def _no_message(place: Attendance, seq: int) -> Refused:
    return Refused("no_such_message", f"room {place.room.name!r} has no message {seq}")
