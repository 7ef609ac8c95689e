"""The threads that read, each through a connection of its own that sees every finished commit.
What they read is in reading, searching, rooms and accounts."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from chatd.store import StoreMeter
from chatd.store.sqlite.calls import Call, Deliver, Line, hand_out
from chatd.store.sqlite.failures import judged


class Readers:
    """Carries out calls one by one, in as many threads as were asked for."""

    def __init__(
        self,
        path: Path,
        deliver: Deliver,
        meter: StoreMeter,
        threads: int,
        name: str = "reader",
    ) -> None:
        self._path = path
        self._deliver = deliver
        self._meter = meter
        self._queue: SimpleQueue[Call | None] = SimpleQueue()
        self._threads = [
            Thread(target=self._work, name=f"chatd-store-{name}-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, call: Call) -> None:
        """Queue a call."""
        self._queue.put(call)

    def end(self) -> None:
        """Finish what was asked for and let go of the file. Blocks until that is done."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        line = Line(self._path, write=False)
        while (call := self._queue.get()) is not None:
            try:
                call.outcome = call.work(line.connection(), *call.args)
            except Exception as error:  # noqa: BLE001  a fault in one call must not end the thread
                call.outcome = judged(error, self._path)
                line.heed(error)
            self._deliver(partial(hand_out, (call,), self._meter))
        line.close()
