"""Hops for tests: work is done at once, or when the test says so."""

from collections.abc import Awaitable, Callable, Coroutine, Generator
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


class Here(Awaitable[T]):
    """Awaited, does its work on the spot."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.work = work

    def __await__(self) -> Generator[Any, Any, T]:
        yield from ()
        return self.work()


def here(work: Callable[[], T], /) -> Here[T]:
    """A Hop that goes nowhere."""
    return Here(work)
