"""One connection: its TLS, its handshake, its WebSocket, and whether the peer is still there.
What its frames mean is conversation.py; a line that is lost is never used again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from chatd.client import tls
from chatd.client.handshake import Handshake, NotOpened
from chatd.client.websocket import LOST, NO_CODE, Closed, Message, WebSocket
from chatd.client.world import Transport, World
from chatd.core.ports.world import Timer

SILENCE = 30.0
"""Seconds without a byte of the peer until it is asked whether it is there."""
NO_ANSWER = 15.0
"""Seconds that it then has to send something."""
FAREWELL = 2.0
"""Seconds for what is left to go out, once a line is closed."""
NOT_TEXT = 1003


class Owner(Protocol):
    """Who is told; nothing any more after one of the last two, or after ``hang_up``."""

    def line_heard(self, payload: bytes) -> None:
        """A text message came."""
        ...

    def line_lost(self, code: int, reason: str) -> None:
        """It is over: by a close frame with this code, or without one (1006)."""
        ...

    def line_failed(self, why: str, *, final: bool, after: float | None) -> None:
        """It was never open. ``final``: another would not be, either."""
        ...


class Line:
    """world.Receiver. ``cover`` makes its TLS, or none."""

    def __init__(
        self,
        world: World,
        owner: Owner,
        handshake: Handshake,
        cover: Callable[[], tls.Cover],
        mask: Callable[[], bytes],
    ) -> None:
        self.over = False
        """Whether the connection is no more; a line that was hung up may still say goodbye."""
        self.when_over: Callable[[], None] = lambda: None
        self._world = world
        self._owner: Owner = owner
        self._handshake: Handshake | None = handshake
        self._make_cover = cover
        self._cover: tls.Cover = tls.Open()
        self._socket = WebSocket(mask)
        self._attempt: Timer | None = None
        self._transport: Transport | None = None
        self._farewell: Timer | None = None
        self._told = False
        self._paused = False
        self._asked = False
        self._heard_at = math.inf

    def connect(self, host: str, port: int) -> None:
        """Begin."""
        self._attempt = self._world.connect(host, port, self)

    # --- from the transport ---
    def made(self, transport: Transport) -> None:
        """TCP is open."""
        if self.over:  # it was hung up in that very moment
            transport.abort()
            return
        self._transport = transport
        self._heard_at = self._world.now()
        try:
            self._cover = self._make_cover()
        except tls.Broken as error:
            self._fail(str(error), final=error.final)
            return
        if self._handshake is not None:
            self._cover.send(self._handshake.request())
        self._push()

    def failed(self, why: str) -> None:
        """There is no TCP connection."""
        self._gone()
        self._tell_failed(why, final=False)

    def received(self, data: bytes) -> None:
        """Bytes of the peer."""
        self._heard_at, self._asked = self._world.now(), False
        try:
            plain = self._cover.receive(data)
            opened = self._shake_hands(plain) if self._handshake is not None else plain
        except tls.Broken as error:
            self._fail(str(error), final=error.final)
        except NotOpened as error:
            self._fail(str(error), final=error.final, after=error.after)
        else:
            if opened:
                self._read(opened)
            self.flush()

    def ended(self, why: str) -> None:
        """The connection is over."""
        self._gone()
        if self._told:
            return
        if self._handshake is None:
            self._tell_lost(LOST, why)
            return
        try:
            self._handshake.receive(b"", ended=True)
        except NotOpened as error:
            self._tell_failed(str(error), final=error.final, after=error.after)

    # --- from the conversation ---
    def send(self, payload: bytes) -> None:
        """A text message; ``flush`` brings it on its way."""
        self._socket.send(payload)

    def flush(self) -> None:
        """Write what was collected."""
        if self._socket.out and self._handshake is None:
            self._cover.send(bytes(self._socket.out))
            self._socket.out.clear()
        self._push()

    def hang_up(self, code: int, reason: str) -> None:
        """Close it, and tell nobody anything any more."""
        self._told = True
        if self._transport is None:
            if self._attempt is not None:
                self._attempt.cancel()
            self._gone()
            return
        if self._handshake is None:
            self._socket.close(code, reason)
        self._close()

    def read(self, *, on: bool) -> None:
        """Read, or let the peer feel that there is no room."""
        if self._transport is not None and self._paused is on:
            self._paused = not on
            (self._transport.resume if on else self._transport.pause)()
            self._heard_at, self._asked = self._world.now(), False

    # --- whether the peer is there ---
    @property
    def wake(self) -> float:
        """When to ``look``."""
        if self._paused or self._told:
            return math.inf
        return self._heard_at + SILENCE + (NO_ANSWER if self._asked else 0.0)

    def look(self) -> None:
        """Ask a silent peer; one that does not answer is lost."""
        if self._world.now() < self.wake:
            return
        if self._asked or self._handshake is not None:
            self._tell_lost(LOST, f"nothing was heard for {SILENCE + NO_ANSWER:g} s")
            self._abort()
        else:
            self._asked = True
            self._socket.ping()
            self.flush()

    # --- inside ---
    def _shake_hands(self, plain: bytes) -> bytes:
        rest = self._handshake.receive(plain) if self._handshake is not None else None
        if rest is None:
            return b""
        self._handshake = None
        return rest

    def _read(self, plain: bytes) -> None:
        for what in self._socket.receive(plain):
            if isinstance(what, Closed):
                self._tell_lost(1000 if what.code == NO_CODE else what.code, what.reason)
                self._close()
            elif what.binary:
                self._socket.close(NOT_TEXT, "chatd speaks text")
                self._tell_lost(LOST, "the server sent a binary message")
                self._close()
            else:
                self._heard(what)

    def _heard(self, message: Message) -> None:
        if not self._told:
            self._owner.line_heard(message.payload)

    def _push(self) -> None:
        if self._cover.out and self._transport is not None and not self.over:
            self._transport.write(bytes(self._cover.out))
        self._cover.out.clear()

    def _fail(self, why: str, *, final: bool, after: float | None = None) -> None:
        self._push()
        if self._handshake is None:
            self._tell_lost(LOST, why)
        else:
            self._tell_failed(why, final=final, after=after)
        self._abort()

    def _tell_lost(self, code: int, reason: str) -> None:
        if not self._told:
            self._told = True
            self._owner.line_lost(code, reason)

    def _tell_failed(self, why: str, *, final: bool, after: float | None = None) -> None:
        if not self._told:
            self._told = True
            self._owner.line_failed(why, final=final, after=after)

    def _close(self) -> None:
        """Let what waits go out; not for ever."""
        if self._transport is None or self._farewell is not None:
            return
        self.flush()
        self._cover.close()
        self._push()
        self._transport.close()
        self._farewell = self._world.later(FAREWELL, self._abort)

    def _abort(self) -> None:
        if self._transport is not None and not self.over:
            self._transport.abort()

    def _gone(self) -> None:
        self.over = True
        if self._farewell is not None:
            self._farewell.cancel()
        self.when_over()
