"""Retention in a running daemon: when the oldest entries go, and at what pace.
What a step does to the database is chatd/store/sqlite/retention."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred

from chatd.core.log import RoomId, StoredRoom
from chatd.core.ports import Clock, Log, Spawn, StoreFailed, StoreFull, Timer
from chatd.ops.config.retention import Retention as Rules
from chatd.ops.config.values import Keeping

T = TypeVar("T")

EVERY = 60.0
"""Seconds between two sweeps through the rooms."""
REST = 4.0
"""So many times as long as a step took, nothing is done after it: whoever writes has four fifths of
the store, and when it is busy, so that a step waits long, the pauses are long too."""
LEAST = 0.02
"""Seconds of the shortest pause."""
TIDY = 50_000
"""Removed entries after which the search index may be worth merging, whose words of them stay in
the file until then. As many must be removed as are kept: merging costs as much as they are."""
DAILY = 86_400.0
"""Seconds after which it is merged all the same when anything was removed: for good means that the
words are gone, too."""
SOON = 3600.0
"""Seconds after the start when that is due for the first time: whoever ran before may have ended
before it was done; but those who come back after a restart come first."""


class Look(Protocol):
    """Rooms that have something to remove, and the one to go on after."""

    @property
    def rooms(self) -> list[tuple[RoomId, int]]: ...
    @property
    def last(self) -> RoomId | None: ...


class Step(Protocol):
    """How much was removed, and the lowest seq that is kept."""

    @property
    def removed(self) -> int: ...
    @property
    def first(self) -> int: ...


class Store(Protocol):
    """What is asked of the store; chatd/store/sqlite/retention says what each does."""

    async def room(self, name: str) -> StoredRoom | None: ...
    async def overdue(self, after: RoomId, cutoff: int, keep: int, most: int = ...) -> Look: ...
    async def trim(self, room_id: RoomId, below: int, cutoff: int) -> Step: ...
    async def give_back(self) -> bool: ...
    async def tidy_some(self, first: bool) -> bool: ...
    async def messages_kept(self) -> int: ...


class Meter(Protocol):
    """What is reported."""

    def removed(self, entries: int) -> None: ...
    def swept(self, at: float) -> None: ...


def _keep_less(rules: Rules) -> bool:
    """Whether they let anything go."""
    return bool(rules.age or rules.messages or rules.rooms)


class _Changed(Exception):
    """The rules are others now, or the daemon stops: what was begun is left as it is."""


class Retention:
    """Sweeps through all rooms, again and again. ``trimmed`` hears where a room begins now."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        spawn: Spawn,
        meter: Meter,
        log: Log,
        trimmed: Callable[[RoomId, int], None],
    ) -> None:
        self._store, self._clock, self._spawn = store, clock, spawn
        self._meter, self._log, self._trimmed = meter, log, trimmed
        self._rules = Rules()
        self._sweeping = False
        self._untidy = 1  # there may be some whose words are left
        self._tidied = clock.monotonic() + SOON - DAILY
        self._timer: Timer | None = None

    def use(self, rules: Rules) -> None:
        """Begin to keep what these rules say, or no longer what others said."""
        if rules == self._rules:
            return
        if _keep_less(rules) and not _keep_less(self._rules):
            self._meter.swept(self._clock.now() / 1000)  # to be late, it must have been due
        self._rules = rules
        if not self._sweeping:
            self._next(0.0)

    async def stop(self) -> None:
        """Begin no further step; the store finishes the one that is under way."""
        self._rules = Rules()
        if self._timer is not None:
            self._timer.cancel()

    def _next(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if _keep_less(self._rules):
            self._timer = self._clock.later(seconds, lambda: self._spawn(self._turn()))
        else:
            self._meter.swept(0.0)  # else an alert would take it for one that no longer comes by

    async def _turn(self) -> None:
        self._sweeping = True
        rules = self._rules
        try:
            await self.sweep()
        finally:
            self._sweeping = False
            self._next(EVERY if rules is self._rules else 0.0)

    async def sweep(self) -> None:
        """Once through all rooms."""
        rules = self._rules
        try:
            own = await self._own(rules)
            removed = await self._sweep_others(rules, set(own))
            for room_id, keeping in own.items():
                removed += await self._sweep_one(rules, room_id, keeping)
            await self._clear_up(rules, removed)
        except _Changed:
            return
        except (StoreFull, StoreFailed) as error:
            self._log.warning("retention_failed", reason=str(error))
            return
        self._meter.swept(self._clock.now() / 1000)
        if removed:
            self._log.info("retention", removed=removed)

    async def _own(self, rules: Rules) -> dict[RoomId, Keeping]:
        """The rooms for which something else holds, as far as they are there."""
        own: dict[RoomId, Keeping] = {}
        for keeping in rules.rooms:
            room = await self._store.room(keeping.room)
            if room is not None:
                own[room.room_id] = keeping
        return own

    async def _sweep_others(self, rules: Rules, own: set[RoomId]) -> int:
        removed, cutoff = 0, self._cutoff(rules.age)
        after: RoomId | None = RoomId(0) if rules.age or rules.messages else None
        while after is not None:
            look = await self._paced(rules, self._store.overdue(after, cutoff, rules.messages))
            for room_id, below in look.rooms:
                if room_id not in own:
                    removed += await self._trim(rules, room_id, below, cutoff)
            after = look.last
        return removed

    async def _sweep_one(self, rules: Rules, room_id: RoomId, keeping: Keeping) -> int:
        before, cutoff = RoomId(room_id - 1), self._cutoff(keeping.age)
        asked = self._store.overdue(before, cutoff, keeping.messages, 1)
        removed = 0
        for found, below in (await self._paced(rules, asked)).rooms:
            removed += await self._trim(rules, found, below, cutoff)
        return removed

    def _cutoff(self, age: float) -> int:
        return self._clock.now() - round(age * 1000) if age else 0

    async def _trim(self, rules: Rules, room_id: RoomId, below: int, cutoff: int) -> int:
        removed = 0
        while some := await self._paced(rules, self._trim_some(room_id, below, cutoff)):
            removed += some
        return removed

    async def _trim_some(self, room_id: RoomId, below: int, cutoff: int) -> int:
        step = await self._store.trim(room_id, below, cutoff)
        if step.removed:
            self._meter.removed(step.removed)
            self._trimmed(room_id, step.first)
        return step.removed

    async def _clear_up(self, rules: Rules, removed: int) -> None:
        """The index of words, then the disk."""
        self._untidy += removed
        if await self._is_untidy():
            first = True
            while await self._paced(rules, self._store.tidy_some(first)):
                first = False
            self._untidy, self._tidied = 0, self._clock.monotonic()
        while await self._paced(rules, self._store.give_back()):
            pass

    async def _is_untidy(self) -> bool:
        if self._untidy and self._clock.monotonic() - self._tidied >= DAILY:
            return True
        return self._untidy >= TIDY and self._untidy >= await self._store.messages_kept()

    async def _paced(self, rules: Rules, step: Awaitable[T]) -> T:
        """Do one step, then let others have the store. Raises _Changed."""
        began = self._clock.monotonic()
        outcome = await step
        took = self._clock.monotonic() - began
        pause: Deferred[None] = Deferred()
        self._timer = self._clock.later(max(LEAST, REST * took), lambda: pause.callback(None))
        await pause
        if self._rules is not rules:
            raise _Changed
        return outcome
