"""What the edge asks of the house behind it, of its meter and of its configuration.
The ports that the node asks of the edge (outbox, clock, ids) are chatd/core/ports.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from chatd.core.errors import CLOSES
from chatd.core.events import Error, Ok
from chatd.core.hooks import Hook
from chatd.core.limits import LimitName
from chatd.core.ports import Dialect, Outbox, Timer
from chatd.core.settings import Settings


class Session(Protocol):
    """The house's side of one open connection."""

    def hear(self, payload: bytes, /) -> None:
        """One text frame: valid UTF-8, within the frame limit."""
        ...

    def pinged(self) -> None:
        """A ping or pong came."""
        ...

    def gone(self, reason: str, clean: bool) -> None:
        """The connection is over; told once. ``reason`` is one of CLOSE_REASONS; ``clean``: the
        client ended it on purpose."""
        ...


class LimitGuard(Protocol):
    """What a limit that is met does: see core.guard."""

    def off(self, limit: LimitName) -> bool: ...
    def holds(self, limit: LimitName) -> bool: ...
    def stops(self, limit: LimitName, **facts: object) -> bool: ...


class Hooks(Protocol):
    """What stands behind `/hooks/`. Raises nothing."""

    async def find(self, token: str) -> Hook | Error | None:
        """The hook of this token; an error where that cannot be said now."""
        ...

    async def post(self, hook: Hook, text: str, key: str | None, address: str) -> Ok | Error:
        """Say it; the answer is as for `send`."""
        ...


class House(Protocol):
    """What stands behind the edge. Read anew at each use: a reload swaps the settings."""

    @property
    def settings(self) -> Settings:
        """The current frozen value."""
        ...

    @property
    def draining(self) -> bool:
        """Whether nobody new is let in."""
        ...

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        """By name."""
        ...

    @property
    def limits(self) -> LimitGuard:
        """Asked when a limit is met."""
        ...

    @property
    def hooks(self) -> Hooks:
        """Incoming webhooks."""
        ...

    def admits(self, address: str) -> str | None:
        """Why nobody from this address may open a session now; None when they may."""
        ...

    def open(self, outbox: Outbox, dialect: Dialect, address: str) -> Session:
        """Begin a session and greet it. ``address``: the client's IP address, or "unix"."""
        ...


CLOSE_REASONS = ("client", "lost", "ping_timeout", *CLOSES)
"""Why a session's connection ended: the client closed it, or its line broke, or it did not answer
a ping, or chatd closed it with the close code of that name."""

HANDSHAKE_RESULTS = (
    *("ok", "echo", "bad_request", "bad_version", "bad_dialect", "wrong_origin", "not_found"),
    *("draining", "banned", "full", "address_full", "too_fast", "bad_proxy"),
    *("timeout", "lost", "failed"),
)
"""How an attempt to open a session can end."""

DROP_KINDS = ("ephemeral", "too_slow")
"""Why a frame in an outbox was not sent: half of it was full, or the session was closed for it."""


SHORTCUTS = (
    *("direct_send", "batched_send", "short_frames", "turn_end", "born_open", "direct_read"),
)
"""Ways past the libraries, each with the libraries' own way beside it: see shortcuts.py."""

PACES = ("now", "delayed")
"""How a flush of outboxes went: at the end of its turn, or a moment later, with more in it."""


class Sum(Protocol):
    """What only rises. It is raised in place: to call for each frame costs more than to count."""

    value: float


class EdgeMeter(Protocol):
    """What the edge reports of itself. Seconds, bytes; labels only from the lists above."""

    @property
    def received_frames(self) -> Sum: ...
    @property
    def received_bytes(self) -> Sum: ...
    def handshake(self, result: str, seconds: float) -> None: ...
    def connections(self, now: int) -> None: ...
    def bytes_out(self, size: int) -> None: ...
    def frames_out(self, count: int) -> None: ...
    def writes(self, count: int) -> None: ...
    def flushed(self, pace: str) -> None: ...
    def shortcut(self, name: str, taken: bool) -> None: ...
    def dropped(self, kind: str, frames: int) -> None: ...
    def slow_closed(self) -> None: ...
    def outbox_bytes(self, now: int) -> None: ...
    def agreed(self) -> None: ...
    def inflated(self) -> None: ...
    def deflated(self, seconds: float) -> None: ...
    def packed(self, frames: int, saved: int) -> None: ...


class Trust(Protocol):
    """Which peers are proxies of ours."""

    def believes(self, peer: str, /) -> bool:
        """Whether to believe what ``peer`` says of its client: an IP address, or "unix"."""
        ...


class TrustsNobody:
    """No proxies."""

    def believes(self, peer: str, /) -> bool:
        """Never."""
        del peer
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """What the edge must know of the configuration, as one frozen value that a reload swaps.

    Times in seconds. ``origins`` are as browsers write them, or "same-host", or "*"; ``hosts``:
    the names that this server goes by, or "*". ``exempt``: see core.settings.
    """

    origins: tuple[str, ...] = ("same-host",)
    hosts: frozenset[str] = frozenset({"localhost"})
    proxies: Trust = TrustsNobody()
    proxy_protocol: Trust = TrustsNobody()
    exempt: Trust = TrustsNobody()
    ipv4_prefix: int = 32
    ipv6_prefix: int = 64
    sessions: int = 10_000
    sessions_per_address: int = 1000
    connections_per_address: int = 200
    handshakes: float = 1000.0
    handshakes_per_address: float = 200.0
    handshake_timeout: float = 10.0
    close_timeout: float = 3.0
    ping_interval: float = 25.0
    ping_timeout: float = 8.0
    flush_delay: float = 0.0
    shortcuts: bool = True
    compression: bool = False
    echo: bool = False


class Reactor(Protocol):
    """What most of the edge needs of Twisted's reactor: time. A task.Clock has it, too."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, callable: Callable[..., Any], *args: Any) -> Any: ...  # noqa: A002  # its name in Twisted


class Delayed(Timer, Protocol):
    """What callLater gives."""

    def active(self) -> bool: ...
