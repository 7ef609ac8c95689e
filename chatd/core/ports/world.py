"""Time, chance, and where the house reports of itself: the world, as arguments.
The real ones are in chatd/edge and chatd/ops; tests bring their own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol


class Timer(Protocol):
    """Something that will happen."""

    def cancel(self) -> None:
        """Let it not happen; harmless when it has."""
        ...


class Clock(Protocol):
    """Time, as an argument."""

    def now(self) -> int:
        """Milliseconds since 1970 UTC, for what is stored."""
        ...

    def monotonic(self) -> float:
        """Seconds that only rise, for what is measured."""
        ...

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call once, after ``seconds``."""
        ...


class Ids(Protocol):
    """Chance, as an argument."""

    def secret(self) -> str:
        """At least 128 unguessable bits, in URL-safe letters."""
        ...

    def below(self, n: int) -> int:
        """A number from 0 to n-1."""
        ...


Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Runs a coroutine to its end; what it raises is logged and counted, not lost."""


class Meter(Protocol):
    """What the house reports of itself. Seconds and bytes; labels only from closed lists."""

    def opened(self, dialect: str) -> None: ...
    def closed(self, reason: str, dialect: str) -> None: ...
    def login(self, kind: str, result: str) -> None: ...
    def heard(self, command: str) -> None: ...
    def refused(self, code: str) -> None: ...
    def acked(self, seconds: float) -> None: ...
    def fanned_out(self, hearers: int, seconds: float) -> None: ...
    def resumed(self, result: str, replayed: int) -> None: ...
    def gap_read(self) -> None: ...
    def rooms(self, loaded: int) -> None: ...
    def people(self, online: int) -> None: ...


class Log(Protocol):
    """Where the house says what happened: an event's name and its facts, never a message's text."""

    def info(self, event: str, **facts: object) -> None: ...
    def warning(self, event: str, **facts: object) -> None: ...
    def fault(self, event: str, error: BaseException, **facts: object) -> str:
        """Log a fault with its traceback; gives the number to tell the client."""
        ...
