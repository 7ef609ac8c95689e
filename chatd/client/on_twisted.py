"""The client on Twisted: its reactor's sockets and time, and Deferreds, which coroutines await.
Run a coroutine that uses it with Deferred.fromCoroutine or twisted.internet.task.react."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Unpack

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ClientFactory, Protocol, connectionDone
from twisted.python.failure import Failure

from chatd.client.chat import Chat, Options
from chatd.client.world import Receiver
from chatd.core.ports.world import Timer


class Client(Chat):
    """A Chat for Twisted. ``reactor``: another than the installed one."""

    def __init__(self, url: str, *, reactor: Any = None, **options: Unpack[Options]) -> None:
        if reactor is None:
            from twisted.internet import reactor  # noqa: PLC0415  # importing it installs it
        super().__init__(Twisted(reactor), url, **options)


class Twisted:
    """world.World by a reactor."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def now(self) -> float:
        seconds: float = self._reactor.seconds()
        return seconds

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return Delayed(self._reactor.callLater(seconds, call))

    def promise(self) -> Promise:
        return Promise()

    def connect(self, host: str, port: int, receiver: Receiver) -> Timer:
        return Attempt(self._reactor, host, port, receiver)


class Delayed:
    """world.Timer by a delayed call."""

    def __init__(self, delayed: Any) -> None:
        self._delayed = delayed

    def cancel(self) -> None:
        if self._delayed.active():
            self._delayed.cancel()


class Promise:
    """world.Promise by a Deferred."""

    def __init__(self) -> None:
        self._deferred: Deferred[Any] = Deferred()

    def keep(self, value: Any) -> None:
        if not self._deferred.called:
            self._deferred.callback(value)

    def fail(self, error: Exception) -> None:
        if not self._deferred.called:
            self._deferred.errback(error)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._deferred.__await__()


class Attempt:
    """A connection that is being opened."""

    def __init__(self, reactor: Any, host: str, port: int, receiver: Receiver) -> None:
        self._where = f"{host} port {port}"
        self._receiver = receiver
        endpoint = HostnameEndpoint(reactor, host, port)
        self._connecting = endpoint.connect(_Factory(receiver))
        self._connecting.addErrback(self._failed)

    def cancel(self) -> None:
        self._connecting.cancel()

    def _failed(self, failure: Failure) -> None:
        if not isinstance(failure.value, CancelledError):
            self._receiver.failed(f"{self._where}: {failure.getErrorMessage()}")


class _Factory(ClientFactory):
    noisy = False

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def buildProtocol(self, addr: IAddress | None) -> Connection:  # noqa: N802  # Twisted's name
        del addr
        return Connection(self._receiver)


class Connection(Protocol):
    """An open connection: Twisted's protocol, and world.Transport."""

    transport: Any

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        """Twisted's call."""
        self.transport.setTcpNoDelay(True)
        self._receiver.made(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """Twisted's call."""
        self._receiver.received(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802  # its name in Twisted
        """Twisted's call."""
        self._receiver.ended(reason.getErrorMessage())

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    def pause(self) -> None:
        self.transport.pauseProducing()

    def resume(self) -> None:
        self.transport.resumeProducing()

    def close(self) -> None:
        self.transport.loseConnection()

    def abort(self) -> None:
        self.transport.abortConnection()
