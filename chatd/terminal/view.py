"""All that the screen shows, as a value that events change, sans I/O: rooms, unread marks, notes.
How it looks is paint.py; who tells it what happened is talk.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chatd.client import Offline, Online, Other
from chatd.core import events as e
from chatd.dialects.typed import news
from chatd.terminal import entries
from chatd.terminal.entries import Entry, Kind
from chatd.terminal.rooms import RoomView


class View:
    """``now`` is always milliseconds since 1970 UTC. ``alerts`` counts what should ring a bell."""

    def __init__(self) -> None:
        self.me = ""
        self.server = "chatd"
        self.rooms: dict[str, RoomView] = {}
        self.current = ""
        self.known: dict[str, None] = {}
        """Rooms that were in a list, for completion."""
        self.back_at: int | None = None
        """While offline: when the line is tried again."""
        self.alerts = 0
        self._order = 0

    @property
    def room(self) -> RoomView | None:
        """The one on the screen."""
        return self.rooms.get(self.current)

    def listed(self) -> list[RoomView]:
        """All of them in their order: rooms, then people."""
        return sorted(self.rooms.values(), key=lambda room: room.kind == "direct")

    # --- where one is ---
    def enter(self, state: e.RoomState) -> RoomView:
        """One is in this room."""
        room = self.rooms.get(state.room)
        if room is None:
            room = self.rooms[state.room] = RoomView(state, self.me)
            self.current = self.current or state.room
        else:
            room.become(state, self.me)
        return room

    def drop(self, name: str) -> None:
        """One is no more."""
        order = [room.name for room in self.listed()]
        if self.rooms.pop(name, None) is None or name != self.current:
            return
        at = order.index(name)
        near = order[at + 1 : at + 2] or order[max(0, at - 1) : at]
        self.current = ""
        if near:
            self.go(near[0])

    def go(self, name: str) -> None:
        """Show this room; the line that says "new" stands where one stopped reading."""
        if name not in self.rooms:
            return
        if (left := self.room) is not None and name != self.current:
            left.new_from = 0
        self.current = name
        room = self.rooms[name]
        if room.unread and not room.new_from:
            room.new_from = room.read + 1
        self.seen()

    def seen(self) -> None:
        """What is on the screen counts as read, unless one looks at what was before."""
        room = self.room
        if room is not None and room.top is None:
            room.seen()

    def step(self, by: int) -> None:
        """To the next room, or the one before; round and round."""
        order = [room.name for room in self.listed()]
        if order:
            at = order.index(self.current) if self.current in order else 0
            self.go(order[(at + by) % len(order)])

    def step_to_new(self) -> None:
        """To the next room with something new: first where one is called."""
        order = self.listed()
        at = next((n for n, room in enumerate(order) if room.name == self.current), 0)
        later = order[at + 1 :] + order[:at]
        for room in [*(r for r in later if r.called), *(r for r in later if r.unread)]:
            self.go(room.name)
            return

    def know(self, rooms: Iterable[e.RoomLine]) -> None:
        """These were in a list."""
        self.known.update(dict.fromkeys(each.room for each in rooms if each.title is None))

    # --- what happens ---
    def heard(self, told: e.Event | Other | Online | Offline, now: int) -> None:
        """One event."""
        match told:
            case Online():
                self.me, self.back_at = told.user, None
            case Offline():
                self.back_at = now + int(told.returns_in * 1000)
            case e.Renamed() if told.user == self.me:
                self.me = told.nick
                self._in_room(told, now)
            case e.Left() if told.user == self.me:
                self.drop(told.room)
                if told.reason != "left":
                    self.note(f"you are no longer in #{told.room} ({told.reason})", now)
            case e.Read():
                self._read(told)
            case e.Notice():
                self._about(told, now)
            case e.Event():
                self._in_room(told, now)

    def _in_room(self, told: e.Event, now: int) -> None:
        room = self.rooms.get(getattr(told, "room", ""))
        if room is None:
            return
        match told:
            case e.Message():
                self._message(room, told)
            case e.Edited():
                self._change(room, told.target, text=told.text, edited=True)
            case e.Deleted():
                self._change(room, told.target, text="", deleted=True)
            case e.Reaction():
                if (entry := room.at(told.target)) is not None:
                    room.put(entry.reacted(told.emoji, told.user, on=told.on))
            case e.Typing():
                room.types(told.user, now, on=told.on and told.user != self.me)
            case e.Topic():
                room.topic = told.topic
                self._about(told, now)
            case e.Joined() | e.Left() | e.Renamed() | e.Presence():
                self._people(room, told, now)

    def _message(self, room: RoomView, message: e.Message) -> None:
        entry = entries.of_message(message, me=self.me, alone=room.kind == "direct")
        if entry.mine and message.key is not None:
            room.settle(message.key, message.seq, message.ts)
        known = room.at(message.seq) is not None  # a page of history was faster, and counted it
        room.put(entry)
        room.types(message.user, 0, on=False)
        room.came([message.user])
        if not entry.mine and not known and message.seq > room.read:
            room.unread += 1
            room.called = room.called or entry.calls
            self.alerts += entry.calls
        if room.name == self.current:
            self.seen()

    def _change(self, room: RoomView, target: int, **what: str | bool) -> None:
        if (entry := room.at(target)) is not None:
            room.put(replace(entry, **what))  # type: ignore[arg-type]  # of Entry's own types

    def _people(self, room: RoomView, told: e.Event, now: int) -> None:
        match told:
            case e.Presence():
                room.came(told.online)
                room.present = told.present
                return  # who has an account is a member still, and need not be told of
            case e.Joined():
                room.came([told.user])
                room.present += 1
            case e.Left():
                room.went(told.user)
                room.present = max(1, room.present - 1)
            case e.Renamed():
                room.went(told.user)
                room.came([told.nick])
        self._passing(room, news(told).removeprefix("* "), now)

    def _passing(self, room: RoomView, text: str, now: int) -> None:
        """Who came and went stands in one line while nothing is said."""
        last = room.entries[-1] if room.entries else None
        if last is not None and last.passing:
            room.put(replace(last, text=f"{last.text}; {text}", ts=now))
            return
        self._order += 1
        place = (max(room.last, room.seq), 1, self._order)
        room.put(Entry(place=place, kind="note", ts=now, text=text, passing=True))

    def _read(self, told: e.Read) -> None:
        """Another session of one's own was there."""
        room = self.rooms.get(told.room)
        if room is not None and told.seq >= room.last:
            room.seen()
        elif room is not None and told.seq > room.read:
            room.read = told.seq
            room.unread = sum(1 for x in room.entries if x.seq > told.seq and not x.mine)

    def _about(self, told: e.Event, now: int) -> None:
        text = news(told).removeprefix("* ")
        if text:
            self.note(text, getattr(told, "ts", now), getattr(told, "room", None))

    def note(self, text: str, now: int, room: str | None = None, kind: Kind = "note") -> None:
        """A line of the program's own, in the room that it is about or the one on the screen."""
        where = self.rooms.get(room or "") or self.room
        if where is not None:
            self._order += 1
            place = (max(where.last, where.seq), 1, self._order)
            where.put(Entry(place=place, kind=kind, ts=now, text=text))

    # --- what one says ---
    def say(self, name: str, text: str, key: str, now: int, reply_to: int | None = None) -> None:
        """It is on its way."""
        room = self.rooms[name]
        room.new_from, room.top = 0, None
        self._order += 1
        room.put(
            entries.pending(text, key=key, order=self._order, ts=now, me=self.me, reply_to=reply_to)
        )

    def failed(self, name: str, key: str, why: str) -> None:
        """It was not said."""
        room = self.rooms.get(name)
        entry = room.keyed(key) if room is not None else None
        if room is not None and entry is not None:
            room.put(replace(entry, kind="failed", why=why))

    # --- what was said before ---
    def page(self, name: str, messages: list[e.Message], *, more: bool) -> None:
        """A page of history."""
        room = self.rooms.get(name)
        if room is None:
            return
        for message in messages:
            room.put(entries.of_message(message, me=self.me, alone=room.kind == "direct"))
            room.people.setdefault(message.user)
        room.more, room.loading = more, False

    def count(self, name: str) -> None:
        """After the first page: how many of it are new."""
        room = self.rooms.get(name)
        if room is None:
            return
        new = [x for x in room.entries if x.seq > room.read and not x.mine and not x.deleted]
        room.unread, room.called = len(new), any(x.calls for x in new)
        if name == self.current:
            self.go(name)
