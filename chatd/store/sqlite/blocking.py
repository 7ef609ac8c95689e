"""The store for commands: coroutines run to their end in a process without a reactor."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.store.sqlite.store import SqliteStore

T = TypeVar("T")


class Run:
    """Called with a coroutine, waits for its end and gives what it gives, or raises what it raises.
    Its ``deliver`` is what the store must be made with."""

    def __init__(self) -> None:
        self._due: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.deliver = self._due.put

    def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` to its end."""
        ended: list[T | Failure] = []
        Deferred.fromCoroutine(work).addBoth(ended.append)
        while not ended:
            self._due.get()()
        outcome = ended[0]
        if isinstance(outcome, Failure):
            outcome.raiseException()
        return outcome


@contextmanager
def opened(path: Path) -> Iterator[tuple[SqliteStore, Run]]:
    """The store, which a daemon may have open at the same time, and what to run its calls with:
    ``with opened(path) as (store, run): run(store.accounts())``. Raises CannotOpen."""
    run = Run()
    store = SqliteStore(path, run.deliver, readers=1, exclusive=False)
    try:
        yield store, run
    finally:
        run(store.close())
