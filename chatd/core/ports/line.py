"""A session's two sides: the dialect that translates, the outbox that carries.
Dialects are in chatd/dialects, the outbox in chatd/edge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from chatd.core.commands import Command
from chatd.core.errors import CloseCode
from chatd.core.events import Error, Event, Ok


class Frame(Struct, eq=False):
    """One encoded event on its way to many sessions. ``wire`` is the edge's place to keep what it
    made of ``payload`` for the first of them (a WebSocket header, say), and ``packed`` what it made
    for those who want it compressed. ``count``: how many it stands for."""

    payload: bytes
    wire: bytes = b""
    packed: dict[int, Frame] | None = None
    count: int = 1

    def __repr__(self) -> str:  # wherever that is written, it must not say what people said
        return f"<{type(self).__name__} of {len(self.payload)} bytes>"


class Bundle(Frame):
    """Frames that follow each other for the very same sessions: they travel as one, so that to tell
    a room of ten messages costs hardly more than to tell it of one."""

    frames: Sequence[Frame] = ()

    @classmethod
    def of(cls, frames: Sequence[Frame]) -> Bundle:
        """These, in their order."""
        return cls(b"", count=len(frames), frames=frames)


class Outbox(Protocol):
    """The one door out of a session: a bounded queue towards its connection.

    Over half full it drops ephemeral frames; over its limit for more than a moment it closes
    itself as TOO_SLOW.
    """

    def put(self, frame: Frame, *, ephemeral: bool = False) -> None:
        """Queue one frame; never blocks, never raises, does nothing after close."""
        ...

    async def drained(self) -> None:
        """Return when less than half is waiting, or when it is closed."""
        ...

    def close(self, code: CloseCode, reason: str) -> None:
        """Send what waits, then close with this code. ``reason``: at most 123 bytes of UTF-8."""
        ...

    def hold(self) -> None:
        """Read no more from this peer for now."""
        ...

    def release(self) -> None:
        """Read on."""
        ...


class Audience(list[Outbox]):
    """The outboxes of those who hear the same, in their order, until one comes or goes: then it is
    another audience. ``kept`` is the edge's place to keep what it knows of them together."""

    __slots__ = ("kept",)

    def __init__(self, outboxes: Iterable[Outbox]) -> None:
        super().__init__(outboxes)
        self.kept: object = None


class Broadcast(Protocol):
    """How one frame is put into many outboxes."""

    def __call__(
        self, outboxes: Sequence[Outbox], frame: Frame, ephemeral: bool = False, /
    ) -> None:
        """As Outbox.put for each of them, in their order."""
        ...


def put_each(outboxes: Sequence[Outbox], frame: Frame, ephemeral: bool = False, /) -> None:
    """One by one."""
    for outbox in outboxes:
        outbox.put(frame, ephemeral=ephemeral)


class Speaker(Protocol):
    """A dialect's side of one session, sans I/O: remembers what it needs between frames."""

    def opening(self) -> list[Command]:
        """Commands given in the client's name right after `welcome` (text: log in, join)."""
        ...

    def heard(self, payload: bytes) -> list[Command | Error | Frame]:
        """What one frame of the client means: commands for the gate, or what is answered at once.

        Never raises, whatever the bytes; they are valid UTF-8 and within the frame limit.
        """
        ...

    def answer(self, command: Command | None, answer: Ok | Error) -> Frame | None:
        """The answer to a command of this session, or (None) to what ``heard`` found to be none.
        None where the dialect says nothing."""
        ...


class Dialect(Protocol):
    """Translates between frames and commands and events. One file in chatd/dialects each."""

    name: str
    """The word in `?format=` and in metrics."""
    subprotocol: str
    """The WebSocket subprotocol."""
    echo: bool
    """Whether a session is also told its own messages (else its ack stands for them)."""
    resumes: bool
    """Whether clients of this dialect come back with positions; else a lost line means left."""

    def speaker(self) -> Speaker:
        """One for each session."""
        ...

    def event(self, event: Event, *, label: str, now: int) -> Frame | None:
        """Encode once for all hearers. ``label``: how people call the event's room (its name, or
        `@ann,bob`; empty when it has none); ``now``: milliseconds since 1970 UTC, for events that
        carry no time. None: not said in this dialect.
        """
        ...
