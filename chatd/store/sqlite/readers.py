"""The threads that read, each through a connection of its own that sees every finished commit.
What they read is in reading, searching, rooms and accounts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter
from typing import TypeAlias

from chatd.store import StoreMeter
from chatd.store.sqlite.calls import Call, Deliver, Line, hand_out
from chatd.store.sqlite.failures import judged

TOGETHER = 0.001
"""Seconds for which a result may wait for those of further calls that wait already. To hand out one
by one, while the asking thread works, took as long as all that was read."""
LONG = frozenset({
    "search", "history", "members", "member_count", "member_named", "last_owner", "public_rooms",
    "accounts", "reports", "reports_open", "sanctions", "room_rules", "audit", "audit_found",
    "overdue", "messages_kept", "rows_of",
})  # fmt: skip
"""Calls that grow with what there is, and may take much longer than that: no result waits for
one."""

Later: TypeAlias = Callable[[Callable[[], None]], None]
"""Puts a call off to the end of what the asking thread is about, a turn of the reactor, say."""


def at_once(call: Callable[[], None]) -> None:
    """The Later of those who are about nothing else."""
    call()


class Readers:
    """Carries out calls one by one, in as many threads as were asked for.

    Threads that run Python stand in each other's way, so these begin, and give back, several calls
    together: what was asked until ``later`` says that it is time, and what was done in a
    moment (TOGETHER).
    """

    def __init__(
        self,
        path: Path,
        deliver: Deliver,
        meter: StoreMeter,
        threads: int,
        name: str = "reader",
        later: Later = at_once,
    ) -> None:
        self._path = path
        self._deliver = deliver
        self._meter = meter
        self._later = later
        self._asked: list[Call] = []
        self._queue: SimpleQueue[Call | None] = SimpleQueue()
        self._threads = [
            Thread(target=self._work, name=f"chatd-store-{name}-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, call: Call) -> None:
        """Queue a call. From one thread only, which is the one that ``later`` calls back in."""
        self._asked.append(call)
        if len(self._asked) == 1:
            self._later(self.begin)

    def begin(self) -> None:
        """Let the threads have what was asked until now."""
        asked, self._asked = self._asked, []
        for call in asked:
            self._queue.put(call)

    def end(self) -> None:
        """Finish what was begun and let go of the file. Blocks until that is done."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        line = Line(self._path, write=False)
        while (call := self._queue.get()) is not None:
            done: list[Call] = []
            until = perf_counter() + TOGETHER
            while call is not None:
                if done and call.name in LONG:
                    self._give_back(done)
                    done = []
                done.append(self._carried_out(call, line))
                call = self._at_hand() if perf_counter() < until else None
            self._give_back(done)
        line.close()

    def _at_hand(self) -> Call | None:
        """A call that waits already."""
        try:
            call = self._queue.get_nowait()
        except Empty:
            return None
        if call is None:  # the end, which is for later
            self._queue.put(None)
        return call

    def _carried_out(self, call: Call, line: Line) -> Call:
        try:
            call.outcome = call.work(line.connection(), *call.args)
        except Exception as error:  # noqa: BLE001  a fault in one call must not end the thread
            call.outcome = judged(error, self._path)
            line.heed(error)
        return call

    def _give_back(self, done: list[Call]) -> None:
        self._deliver(partial(hand_out, done, self._meter))
