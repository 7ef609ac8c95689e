"""What the client needs of the framework that it runs on, as ports: time, connections, promises.
Two of them are here to choose from, on_asyncio.py and on_twisted.py; a third would be a page."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol, TypeVar

from chatd.core.ports.world import Timer

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Promise(Protocol[T]):
    """Something that one coroutine awaits. To keep or break it twice is harmless, and so is to do
    it when nobody waits any more."""

    def keep(self, value: T) -> None:
        """Here it is."""
        ...

    def fail(self, error: Exception) -> None:
        """It will not come."""
        ...

    def __await__(self) -> Generator[Any, Any, T]: ...


class Transport(Protocol):
    """An open connection, as a line uses it."""

    def write(self, data: bytes) -> None:
        """Send these bytes; what the peer does not take yet is kept."""
        ...

    def pause(self) -> None:
        """Read no more for now."""
        ...

    def resume(self) -> None:
        """Read on."""
        ...

    def close(self) -> None:
        """Send what is kept, then close."""
        ...

    def abort(self) -> None:
        """Close, whatever is kept."""
        ...


class Receiver(Protocol):
    """What a connection tells; each of ``failed`` and ``ended`` at most once, and then no more."""

    def made(self, transport: Transport) -> None:
        """It is open."""
        ...

    def failed(self, why: str) -> None:
        """It did not come about."""
        ...

    def received(self, data: bytes) -> None:
        """Bytes of the peer."""
        ...

    def ended(self, why: str) -> None:
        """It is over."""
        ...


class World(Protocol):
    """One framework."""

    def now(self) -> float:
        """Seconds that only rise."""
        ...

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call once, after ``seconds``."""
        ...

    def promise(self) -> Promise[Any]:
        """A new one."""
        ...

    def connect(self, host: str, port: int, receiver: Receiver) -> Timer:
        """Begin to open a TCP connection; cancelled before it is open, it tells nothing."""
        ...
