"""A server that a test plays, behind a page whose clock the test moves.
For what a real one does seldom, or never: late closes, silence, and names that no rule lets in."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from playwright.sync_api import WebSocketRoute

from tests.browser.visitor import PATIENCE_MS, Visitor

Frame = dict[str, Any]

WELCOME: Frame = {
    "type": "welcome",
    "server": "test",
    "version": "0",
    "protocol": "chatd.v1",
    "epoch": "e",
    "motd": "",
    "guests": True,
    "lobby": "lobby",
    "login_timeout_ms": 10_000,
    "limits": {"message_bytes": 1000, "frame_bytes": 9000, "rate": 20.0, "burst": 100},
}
LOBBY: Frame = {"room": "lobby", "epoch": "e", "seq": 7}


class Scripted:
    """Says ok to everything. ``welcome`` and ``answers`` may be changed before the page comes in;
    while ``silent`` it says nothing."""

    def __init__(self, person: Visitor) -> None:
        self.person = person
        self.lines: list[WebSocketRoute] = []
        self.asked: list[Frame] = []
        self.silent = False
        self.held: set[str] = set()
        """Commands that are not answered until ``answers_now``."""
        self._late: list[Frame] = []
        self.welcome = dict(WELCOME)
        self.answers: dict[str, Frame] = {
            "login": {"user": "ann", "guest": True, "guest_token": "t", "rooms": [LOBBY]},
            "join": dict(LOBBY),
            "history": {"room": "lobby", "messages": [], "more": False},
            "who": {"room": "lobby", "people": [], "present": 1, "more": False},
            "unread": {"rooms": []},
            "send": {"room": "lobby", "seq": 10, "ts": 1_760_000_000_000},
        }
        person.page.clock.install()
        person.page.route_web_socket(re.compile("/ws"), self._opened)

    def _opened(self, route: WebSocketRoute) -> None:
        self.lines.append(route)
        route.on_message(lambda frame: self._answer(route, json.loads(frame)))
        route.send(json.dumps(self.welcome))

    def _answer(self, route: WebSocketRoute, asked: Frame) -> None:
        self.asked.append(asked)
        if asked["type"] in self.held:
            self._late.append(asked)
        elif not self.silent:
            answer = {"type": "ok", "id": asked["id"], **self.answers.get(asked["type"], {})}
            route.send(json.dumps(answer))

    def answers_now(self) -> None:
        """Answer what was held, and hold nothing more."""
        self.held.clear()
        late, self._late = self._late, []
        for asked in late:
            self._answer(self.lines[-1], asked)

    def tells(self, **event: Any) -> None:
        """Send an event."""
        self.lines[-1].send(json.dumps(event))

    def closes(self, code: int, reason: str = "") -> None:
        """End the line."""
        self.lines[-1].close(code=code, reason=reason)

    def until_asked(self, command: str, times: int = 1) -> None:
        """Wait for so many of a command. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while [asked["type"] for asked in self.asked].count(command) < times:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {command} came, only {self.asked}")
            self.person.page.evaluate("() => 1")  # frames arrive while the page is asked

    def opened_after(self, milliseconds: int) -> int:
        """How many lines there were, all told, when so much time has gone by on the page."""
        self.person.page.clock.run_for(milliseconds)
        self.person.page.evaluate("() => 1")
        return len(self.lines)
