"""A conversation and a house in memory, and a wire between them that a test can cut anywhere.
What travels is frames: sockets, TLS and WebSocket are tried elsewhere."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

from chatd.client.conversation import Conversation
from chatd.client.identity import Identity
from chatd.client.inbox import Told
from chatd.client.requests import Request
from chatd.client.stages import Connect, HangUp, Stage, Write
from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.commands import Command
from chatd.core.errors import CloseCode
from chatd.store.memory import MemoryStore
from tests.house.house import Client, House
from tests.house.world import Ids

PATIENCE = 1e9


class Town:
    """A house that can be torn down and built again over the same store, and those who talk with
    it. Time goes by for all of them at once."""

    def __init__(self, **settings: Any) -> None:
        self.now = 100.0
        self.wires: list[Wire] = []
        self._settings = settings
        self._store = MemoryStore()
        self._ids = Ids()
        self.house = self._build()

    def _build(self) -> House:
        house = House(store=self._store, **self._settings)
        house.node.ids = self._ids  # no id is given twice, also not by the next house
        return house

    def restart(self, *, gently: bool = False) -> None:
        """End the house and build the next one. ``gently``: it sends everybody home."""
        if gently:
            self.house.node.hush()
            self.house.node.dismiss_all()
            self.house.settle()
            for wire in self.wires:
                wire.carry()
        for wire in self.wires:
            wire.cut()
        self.house = self._build()

    def pass_(self, seconds: float) -> None:
        """Let time go by for the house and its clients."""
        self.now += seconds
        self.house.pass_(seconds)
        for wire in self.wires:
            wire.conversation.tick(self.now)

    def settle(self) -> None:
        """Time and frames, until nothing is under way any more."""
        for _ in range(400):
            for wire in self.wires:
                wire.carry()
            if all(wire.idle for wire in self.wires):
                return
            self.pass_(1.0)
        raise TimeoutError([wire.conversation.stage for wire in self.wires])


class Wire:
    """One conversation's connection. Frames wait in both directions until they are carried."""

    def __init__(self, town: Town, *, room_for: int = 1000, seed: int = 0, **who: str) -> None:
        self.town = town
        self.told: list[Told] = []
        self.asked: list[Request[Any]] = []
        self.sent: list[tuple[str, Request[e.Stored]]] = []
        """What was said, with its keys."""
        self.up: deque[bytes] = deque()
        self.connections = 0
        self.conversation = Conversation(
            Identity(**who),
            chance=random.Random(seed).random,  # noqa: S311  # no secret
            room_for=room_for,
            patience=PATIENCE,
        )
        self._client: Client | None = None
        town.wires.append(self)
        self.conversation.inbox.listened = True
        self.conversation.start(town.now)

    # --- what an application does ---
    def ask(self, command: Command, kind: type[e.Ok] = e.Ok) -> Request[Any]:
        """Give a command."""
        request = self.conversation.ask(command, kind, self.town.now, PATIENCE)
        self.asked.append(request)
        return request

    def send(self, room: str = "lobby") -> Request[e.Stored]:
        """Say something new."""
        key = f"{self.town.wires.index(self)}-{len(self.sent)}"
        request = self.ask(c.Send(room=room, text=f"word {key}", key=key), e.Stored)
        self.sent.append((key, request))
        return request

    def take(self, most: int = 1_000_000) -> None:
        """Take events, like a bot that has time."""
        for _ in range(most):
            told = self.conversation.take(self.town.now)
            if told is None:
                return
            self.told.append(told)

    def messages(self) -> list[e.Message]:
        """What was taken of what was said."""
        return [told for told in self.told if isinstance(told, e.Message)]

    # --- what the world does ---
    def act(self) -> None:
        """Do what the conversation asks for; frames begin to wait."""
        effects = self.conversation.effects
        while effects:
            effect = effects.popleft()
            if isinstance(effect, Write):
                self.up.append(effect.payload)
            elif isinstance(effect, HangUp):
                self._break()
            elif isinstance(effect, Connect):
                self.connections += 1
                self._client = self.town.house.connects()

    def carry(self, most: int = 1_000_000) -> None:
        """Carry so many frames, those to the house first."""
        self.act()
        while most and self._client is not None and (self.up or self._down):
            most -= 1
            if self.up:
                self._client.says(self.up.popleft().decode())
            elif self.conversation.reading:
                self.conversation.heard(self._down.popleft(), self.town.now)
            else:
                return
            self.act()
        self._see_the_end()

    @property
    def _down(self) -> deque[bytes]:
        return self._client.outbox.frames if self._client is not None else deque()

    def _see_the_end(self) -> None:
        closed = self._client.outbox.closed if self._client is not None else None
        if closed is not None and not self._down:
            self.close(closed)

    def close(self, code: CloseCode) -> None:
        """The house has closed it."""
        self._break()
        self.conversation.lost(code.code, code.meaning, self.town.now)
        self.act()

    def cut(self) -> None:
        """The line is lost, and all that was on it."""
        if self._client is not None:
            self._break()
            self.conversation.lost(1006, "cut", self.town.now)
            self.act()

    def _break(self) -> None:
        client, self._client = self._client, None
        self.up.clear()
        if client is not None:
            client.drops()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        conversation = self.conversation
        return (
            conversation.stage is Stage.ONLINE
            and not (self.up or conversation.effects)
            and not (self._down and conversation.reading)
            and all(request.done for request in self.asked)
        )
