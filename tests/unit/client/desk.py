"""A conversation whose server is the test, which may also say what chatd never would.
The real node is wire.py's."""

from __future__ import annotations

import json
from typing import Any

from chatd.client.conversation import Conversation
from chatd.client.identity import Identity
from chatd.client.inbox import Told
from chatd.client.requests import Request
from chatd.client.stages import Connect, Effect, HangUp, Write
from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.commands import Command

WELCOME = {
    "type": "welcome", "server": "desk", "version": "0", "protocol": "chatd.v1", "epoch": "e1",
    "motd": "", "guests": True, "lobby": "lobby", "login_timeout_ms": 10000,
    "limits": {"message_bytes": 1000, "frame_bytes": 2000, "rate": 20.0, "burst": 100},
}  # fmt: skip
PATIENCE = 60.0


class Desk:
    """Time stands still unless the test says otherwise; chance is always ``chance``."""

    def __init__(
        self, *, chance: float = 0.5, who: dict[str, str] | None = None, **more: Any
    ) -> None:
        self.now = 1000.0
        self.conversation = Conversation(
            Identity(**(who or {"guest": "ann"})), chance=lambda: chance, **more
        )
        self.conversation.inbox.listened = True

    # --- what the conversation does ---
    def effects(self) -> list[Effect]:
        """All since the last call."""
        effects = list(self.conversation.effects)
        self.conversation.effects.clear()
        return effects

    def written(self) -> list[dict[str, Any]]:
        """The frames since the last call; other effects are passed over."""
        return [json.loads(each.payload) for each in self.effects() if isinstance(each, Write)]

    def told(self) -> list[Told]:
        """The events since the last call."""
        told = []
        while (event := self.conversation.take(self.now)) is not None:
            told.append(event)
        return told

    def connects(self) -> bool:
        """Whether it wants a connection now."""
        return any(isinstance(effect, Connect) for effect in self.effects())

    def hung_up(self) -> list[int]:
        """With which codes it hung up since the last call."""
        return [effect.code for effect in self.effects() if isinstance(effect, HangUp)]

    # --- what the server does ---
    def says(self, type: str, **fields: Any) -> None:  # noqa: A002  # the protocol's word
        """Send a frame."""
        self.conversation.heard(json.dumps({"type": type, **fields}).encode(), self.now)

    def greets(self, **changes: Any) -> dict[str, Any]:
        """Say welcome; gives the log-in that comes for it."""
        self.says(**{**WELCOME, **changes})
        [login] = self.written()
        return login

    def logs_in(self, *rooms: str, **changes: Any) -> dict[str, Any]:
        """Take the log-in, and say in which rooms one is; gives it."""
        login = self.greets(**changes)
        states = [{"room": room, "epoch": "e1", "seq": 0} for room in rooms]
        self.says("ok", id="login", user="ann", guest=True, guest_token="token", rooms=states)
        return login

    def message(self, seq: int, room: str = "lobby", **more: Any) -> None:
        """Somebody said something."""
        self.says("message", room=room, seq=seq, ts=1, user="bob", text=f"word {seq}", **more)

    def loses(self, code: int = 1006, reason: str = "") -> None:
        """The line is over."""
        self.conversation.lost(code, reason, self.now)

    # --- time and questions ---
    def pass_(self, seconds: float) -> None:
        """Let time go by."""
        self.now += seconds
        self.conversation.tick(self.now)

    def ask(
        self, command: Command, kind: type[e.Ok] = e.Ok, patience: float = PATIENCE
    ) -> Request[Any]:
        """Give a command."""
        return self.conversation.ask(command, kind, self.now, patience)

    def send(self, key: str = "k", text: str = "word", patience: float = PATIENCE) -> Request[Any]:
        """Say something in the lobby."""
        command = c.Send(room="lobby", text=text, key=key)
        return self.ask(command, e.Stored, patience)


def online(*rooms: str, **more: Any) -> Desk:
    """One who is logged in, in these rooms; what led there is forgotten."""
    desk = Desk(**more)
    desk.conversation.start(desk.now)
    desk.logs_in(*rooms)
    desk.effects()
    desk.told()
    return desk


def back(desk: Desk, *rooms: str) -> dict[str, Any]:
    """Let the conversation come back when it wants to; gives its log-in."""
    desk.pass_(desk.conversation.wake - desk.now)
    if not desk.connects():
        raise LookupError(f"it did not come back; it is {desk.conversation.stage}")
    return desk.logs_in(*rooms)
