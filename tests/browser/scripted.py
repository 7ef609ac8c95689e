"""A server that a test plays, behind a page whose clock stands still until the test moves it.
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
NOW_S = 1_760_000_000
"""What the page's clock says when it opens."""
DAY_S = 86_400
SETTLED_MS = 1000
"""By then a page has drawn everything, and has said what it read."""
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
        person.page.clock.install(time=NOW_S - DAY_S)  # it runs, and can only be stopped ahead
        person.page.clock.pause_at(NOW_S)
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
        """Send an event; the page has heard it."""
        self.lines[-1].send(json.dumps(event))
        self._meets()

    def closes(self, code: int, reason: str = "") -> None:
        """End the line; the page has seen it."""
        self.lines[-1].close(code=code, reason=reason)
        self._meets()

    def until_asked(self, command: str, times: int = 1) -> None:
        """Wait for so many of a command. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while [asked["type"] for asked in self.asked].count(command) < times:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {command} came, only {self.asked}")
            self._meets()

    def settles(self) -> None:
        """Wait until the page that has come in asks no more by itself, and has drawn it all."""
        self.until_asked("history")
        self.passes(SETTLED_MS)

    def passes(self, milliseconds: int) -> None:
        """Let so much time go by on the page. Real time counts for nothing."""
        self._meets()
        self.person.page.clock.run_for(milliseconds)
        self._meets()

    def _meets(self) -> None:
        """What either side has sent has arrived: frames do while the page is asked."""
        self.person.page.evaluate("() => 1")

    def opened_after(self, milliseconds: int) -> int:
        """How many lines there were, all told, when so much time has gone by on the page."""
        self.passes(milliseconds)
        return len(self.lines)
