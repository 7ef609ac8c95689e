"""The client on asyncio: sockets, time and futures of the running loop, and nothing else.
What it does with them is chat.py and what lies under it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any, Unpack

from chatd.client.chat import Chat, Options
from chatd.client.world import Receiver
from chatd.core.ports.world import Timer

EYEBALLS = 0.25
"""Seconds until a host's next address is tried as well (RFC 8305)."""


class Client(Chat):
    """A Chat for asyncio; made where a loop runs or not, used in one loop."""

    def __init__(self, url: str, **options: Unpack[Options]) -> None:
        super().__init__(Asyncio(), url, **options)


class Asyncio:
    """world.World by the running loop."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, call)

    def promise(self) -> Promise:
        return Promise()

    def connect(self, host: str, port: int, receiver: Receiver) -> Timer:
        return Attempt(host, port, receiver)


class Promise:
    """world.Promise by a future."""

    def __init__(self) -> None:
        self._future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def keep(self, value: Any) -> None:
        if not self._future.done():
            self._future.set_result(value)

    def fail(self, error: Exception) -> None:
        if not self._future.done():
            self._future.set_exception(error)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._future.__await__()


class Attempt:
    """A connection that is being opened."""

    def __init__(self, host: str, port: int, receiver: Receiver) -> None:
        self._receiver = receiver
        self._task = asyncio.get_running_loop().create_task(self._run(host, port))

    def cancel(self) -> None:
        self._task.cancel()

    async def _run(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(
                lambda: Connection(self._receiver), host, port, happy_eyeballs_delay=EYEBALLS
            )
        except (OSError, UnicodeError) as error:  # the latter for a host that can be none
            reason = getattr(error, "strerror", None) or error
            self._receiver.failed(f"{host} port {port}: {reason}")


class Connection(asyncio.Protocol):
    """An open connection: asyncio's protocol, and world.Transport."""

    _transport: asyncio.Transport

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's call."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._receiver.made(self)

    def data_received(self, data: bytes) -> None:
        """Asyncio's call."""
        self._receiver.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's call."""
        self._receiver.ended(str(exc) if exc is not None else "the connection was closed")

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        self._transport.resume_reading()

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()
