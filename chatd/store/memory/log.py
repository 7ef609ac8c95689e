"""The rooms' logs of the reference store, and what can be read out of them."""

from __future__ import annotations

from msgspec.structs import replace

from chatd.core.log import (
    TOPIC_WITHIN,
    Appended,
    Draft,
    Earlier,
    Entry,
    Found,
    RoomId,
    StoredMessage,
    UserId,
    placeless,
)
from chatd.core.ports import KeyReused, NoSuchTarget, StoreFailed, TooManyReactions
from chatd.core.reactions import MOST, MOST_OWN
from chatd.store.memory.audit import record
from chatd.store.memory.kept import Keeper, Kept, Room
from chatd.store.words import matches, terms


class Log(Keeper):
    """The port's calls about messages."""

    async def append(self, room_id: RoomId, draft: Draft) -> Appended:
        """See the port."""
        kept = self.writing()
        room = kept.rooms.get(room_id)
        if room is None:
            raise StoreFailed(f"there is no room {room_id}")
        if not room.stored.history:
            raise StoreFailed(f"room {room_id} keeps no history")
        kept.must_speak(draft.author)
        earlier = _again(kept, room, draft)
        if earlier is not None:
            return Appended(earlier, again=True)
        if draft.kind != "message":
            draft = replace(draft, key=None, reply_to=None)
        entry = Entry(
            room_id=room_id,
            seq=len(room.log) + 1,
            kind=draft.kind,
            author=draft.author,
            ts=draft.ts,
            text="" if draft.kind == "deleted" else draft.text,
            key=draft.key,
            reply_to=draft.reply_to,
            target=draft.target if draft.kind not in {"message", "topic"} else None,
        )
        room.log.append(entry)
        _follow(kept, room, entry)
        record(kept, draft.deed)
        return Appended(entry)

    async def read(self, room_id: RoomId, after: int, limit: int) -> list[Entry]:
        """See the port."""
        room = self.reading().rooms.get(room_id)
        return room.log[after : after + limit] if room else []

    async def last_seq(self, room_id: RoomId) -> int:
        """See the port."""
        room = self.reading().rooms.get(room_id)
        return len(room.log) if room else 0

    async def message(self, room_id: RoomId, seq: int) -> StoredMessage | None:
        """See the port."""
        room = self.reading().rooms.get(room_id)
        return room.message(seq) if room and seq in room.messages else None

    async def said(self, user_id: UserId, key: str) -> Earlier | None:
        """See the port."""
        for room_id, room in self.reading().rooms.items():
            for entry in [room.log[seq - 1] for seq in room.messages]:
                if entry.author.user_id == user_id and entry.key == key:
                    name, kind, title = room.stored.name, room.stored.kind, room.stored.title
                    at = {"seq": entry.seq, "ts": entry.ts}
                    return Earlier(room_id=room_id, room=name, kind=kind, title=title, **at)
        return None

    async def history(
        self, room_id: RoomId, *, before: int | None, after: int | None, limit: int
    ) -> tuple[list[StoredMessage], bool]:
        """See the port."""
        room = self.reading().rooms.get(room_id)
        seqs = list(room.messages) if room else []
        if after is not None:
            seqs = [seq for seq in seqs if seq > after]
            page = seqs[:limit]
        else:
            seqs = [seq for seq in seqs if before is None or seq < before]
            page = seqs[-limit:]
        return [room.message(seq) for seq in page if room], len(seqs) > len(page)

    async def search(
        self,
        query: str,
        *,
        room_id: RoomId | None,
        member: UserId,
        cursor: int | None,
        limit: int,
    ) -> list[Found]:
        """See the port."""
        kept = self.reading()
        whole, last = terms(query)
        found: list[Found] = []
        top = len(kept.said) if cursor is None else min(cursor - 1, len(kept.said))
        for place in range(top, 0, -1):
            where, seq = kept.said[place - 1]
            room = kept.rooms[where]
            may = where == room_id if room_id is not None else _may_find(room, member)
            if may and last and matches(room.messages[seq].text, whole, last):
                hit = Found(room=room.stored.name, message=room.message(seq), cursor=place)
                found.append(hit)
        return found[:limit]


def _may_find(room: Room, member: UserId) -> bool:
    return room.stored.kind == "public" or member in room.members


def _again(kept: Kept, room: Room, draft: Draft) -> Entry | None:
    """The entry that makes storing this draft needless, if there is one. Raises as append does."""
    if draft.kind == "message":
        return _same_key(kept, room, draft)
    if draft.kind == "topic":
        return _same_topic(room, draft)
    target = draft.target or 0
    if target not in room.messages:
        raise NoSuchTarget(target)
    if draft.kind == "deleted":
        return room.deletions.get(target)
    if target in room.deletions:
        raise NoSuchTarget(target)
    if draft.kind == "edited":
        return _same_text(room, draft)
    last = room.reactions.get((target, draft.text, draft.author.user_id))
    if draft.kind == "unreacted" and last is None:
        return room.log[target - 1]
    if last is not None and last.kind == draft.kind:
        return last
    if draft.kind == "reacted":
        _another(room, draft)
    return None


def _another(room: Room, draft: Draft) -> None:
    """Raises when this emoji would be one too many on the message."""
    there = [e for e in room.reactions.values() if e.target == draft.target and e.kind == "reacted"]
    emoji = {entry.text for entry in there}
    own = sum(entry.author.user_id == draft.author.user_id for entry in there)
    if draft.text not in emoji and (len(emoji) >= MOST or own >= MOST_OWN):
        raise TooManyReactions(len(emoji) < MOST)


def _same_topic(room: Room, draft: Draft) -> Entry | None:
    if draft.text != room.stored.topic:
        return None
    topics = (entry for entry in reversed(room.log[-TOPIC_WITHIN:]) if entry.kind == "topic")
    return next(topics, placeless(room.stored.room_id, draft))


def _same_text(room: Room, draft: Draft) -> Entry | None:
    target = draft.target or 0
    if draft.text != room.messages[target].text:
        return None
    edits = (e for e in reversed(room.log) if e.kind == "edited" and e.target == target)
    return next(edits, room.log[target - 1])


def _same_key(kept: Kept, room: Room, draft: Draft) -> Entry | None:
    where = kept.keys.get((draft.author.user_id, draft.key)) if draft.key is not None else None
    if where is not None:
        if where[0] != room.stored.room_id:
            raise KeyReused(draft.key)
        return room.log[where[1] - 1]
    if draft.reply_to is not None and draft.reply_to not in room.messages:
        raise NoSuchTarget(draft.reply_to)
    return None


def _follow(kept: Kept, room: Room, entry: Entry) -> None:
    """What a new entry changes besides the log."""
    target = entry.target or 0
    if entry.kind == "message":
        _add(kept, room, entry)
    elif entry.kind == "edited":
        message = room.messages[target]
        room.messages[target] = replace(message, text=entry.text, edited_ts=entry.ts)
    elif entry.kind == "deleted":
        room.deletions[target] = entry
        _empty(room, target)
    elif entry.kind == "topic":
        room.stored = replace(room.stored, topic=entry.text)
    else:
        room.reactions[target, entry.text, entry.author.user_id] = entry


def _add(kept: Kept, room: Room, entry: Entry) -> None:
    kept.said.append((entry.room_id, entry.seq))
    if entry.key is not None:
        kept.keys[entry.author.user_id, entry.key] = (entry.room_id, entry.seq)
    room.messages[entry.seq] = StoredMessage(
        room_id=entry.room_id,
        seq=entry.seq,
        ts=entry.ts,
        author=entry.author,
        text=entry.text,
        key=entry.key,
        reply_to=entry.reply_to,
    )


def _empty(room: Room, target: int) -> None:
    message = room.messages[target]
    room.messages[target] = replace(message, text="", edited_ts=None, deleted=True)
    room.reactions = {key: entry for key, entry in room.reactions.items() if key[0] != target}
    room.log = [
        replace(entry, text="")
        if entry.seq == target or (entry.kind == "edited" and entry.target == target)
        else entry
        for entry in room.log
    ]
