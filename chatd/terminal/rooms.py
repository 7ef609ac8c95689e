"""One room as the screen knows it: what was said there, what is new, who is there.
All of them together are view.py."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import replace

from chatd.core import events as e
from chatd.terminal.entries import Entry, Place

TYPING = 8000
"""Milliseconds after which nobody is believed to be typing still."""
MOST = 5000
"""Entries that are kept; older ones are with the server."""


class RoomView:
    """``read``: up to which seq it was seen. ``new_from``: the first seq under the line that says
    "new", 0 for none. ``top``: the place of the first entry on the screen and the lines of it that
    are above, None while the newest are shown. ``more``: whether older ones are with the server."""

    def __init__(self, state: e.RoomState, me: str) -> None:
        self.name = state.room
        self.entries: list[Entry] = []
        self.people: dict[str, None] = {}
        self.present = 0
        self.unread = 0
        self.called = False
        self.read = state.read
        self.new_from = 0
        self.top: tuple[Place, int] | None = None
        self.more = True
        self.loading = False
        self.draft = ""
        self._typing: dict[str, int] = {}
        self.become(state, me)

    def become(self, state: e.RoomState, me: str) -> None:
        """As it was told now."""
        self.kind, self.topic, self.role = state.kind, state.topic, state.role
        self.seq = state.seq
        if state.title is not None:
            others = [name for name in state.title.split(", ") if name != me]
            self.label = "@" + ",".join(others or [me])
        else:
            self.label = f"#{state.room}"

    # --- entries ---
    @property
    def last(self) -> int:
        """The seq of the newest message here."""
        return next((entry.seq for entry in reversed(self.entries) if entry.seq), 0)

    @property
    def first(self) -> int | None:
        """The seq of the oldest message here."""
        return next((entry.seq for entry in self.entries if entry.seq), None)

    def put(self, entry: Entry) -> None:
        """Into its place; what stands there is replaced."""
        at = bisect_left(self.entries, entry.place, key=lambda each: each.place)
        if at < len(self.entries) and self.entries[at].place == entry.place:
            self.entries[at] = entry
        else:
            insort(self.entries, entry, key=lambda each: each.place)
        if len(self.entries) > MOST and self.top is None:
            del self.entries[: MOST // 10]
            self.more = True

    def at(self, seq: int) -> Entry | None:
        """The message with this seq, if it is here."""
        place: Place = (seq, 0, 0)
        at = bisect_left(self.entries, place, key=lambda each: each.place)
        found = self.entries[at] if at < len(self.entries) else None
        return found if found is not None and found.seq == seq else None

    def keyed(self, key: str) -> Entry | None:
        """One's message on its way that has this key."""
        return next((x for x in reversed(self.entries) if x.key == key and not x.seq), None)

    def remove(self, entry: Entry) -> None:
        """It is here no more."""
        self.entries = [each for each in self.entries if each.place != entry.place]

    def settle(self, key: str, seq: int, ts: int) -> None:
        """What was on its way has its place."""
        entry = self.keyed(key)
        if entry is None:
            return
        self.remove(entry)
        if self.at(seq) is None:
            self.put(replace(entry, place=(seq, 0, 0), kind="message", seq=seq, ts=ts, why=""))

    def clear(self) -> None:
        """What was heard does not count any more; what one said may be on its way still."""
        self.entries = [entry for entry in self.entries if not entry.seq]
        self.top, self.more, self.new_from = None, True, 0

    # --- people ---
    def came(self, people: Iterable[str]) -> None:
        """They are here, as far as is known; the last of them were active last."""
        for name in people:
            self.people.pop(name, None)
            self.people[name] = None

    def went(self, user: str) -> None:
        """One is not."""
        self.people.pop(user, None)
        self._typing.pop(user, None)

    def types(self, user: str, now: int, *, on: bool) -> None:
        """Somebody began to type, or stopped."""
        self._typing.pop(user, None)
        if on:
            self._typing[user] = now

    def typing(self, now: int) -> list[str]:
        """Who is typing."""
        return [user for user, since in self._typing.items() if now - since < TYPING]

    # --- what is new ---
    def seen(self) -> None:
        """All of it was on the screen."""
        self.unread, self.called = 0, False
        self.read = max(self.read, self.last)
