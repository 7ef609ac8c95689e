"""What a room that keeps no history knows of what is said in it: the last number, the newest keys.
It lives in memory with the room, and no word of a message is in it."""

from __future__ import annotations

from chatd.core.log import UserId

KEYS = 256
"""Keys that are remembered in a room, to answer a send again instead of saying it twice."""


class Passing:
    """The numbers of one room from its waking to its sleep. ``epoch`` is of that time alone, for
    afterwards nobody can say any more what was said in it."""

    __slots__ = ("_keys", "epoch", "last")

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.last = 0
        self._keys: dict[tuple[UserId, str], tuple[int, int]] = {}

    def said(self, user_id: UserId, key: str) -> tuple[int, int] | None:
        """Number and time of what was said with this key, if it is among the newest."""
        return self._keys.get((user_id, key))

    def place(self, user_id: UserId, key: str | None, ts: int) -> tuple[int, int, bool]:
        """The number and the time of what is said at ``ts``; or, and then the last is true, of what
        was said with this key, if it is among the newest. The oldest key makes room for a new one.
        """
        if key is not None:
            before = self._keys.get((user_id, key))
            if before is not None:
                return *before, True
            if len(self._keys) >= KEYS:
                del self._keys[next(iter(self._keys))]
            self._keys[user_id, key] = self.last + 1, ts
        self.last += 1
        return self.last, ts, False
