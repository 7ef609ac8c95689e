"""A reactor of one's own for tests of buses: turns happen when a test says so."""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("it waits for something")


class Turns:
    """``soon`` keeps calls for the next turn; ``all`` turns until nothing is left."""

    def __init__(self) -> None:
        self.waiting: deque[Callable[[], None]] = deque()

    def soon(self, call: Callable[[], None]) -> None:
        self.waiting.append(call)

    def one(self) -> None:
        for _ in range(len(self.waiting)):
            self.waiting.popleft()()

    def all(self) -> None:
        while self.waiting:
            self.one()
