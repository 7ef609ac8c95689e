"""Makes docs/chat.png: `python -m tests.browser.screenshot`. Looks best where the font Inter is.
A real chatd and a real page; only the times are put on one morning, to make it again the same."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.visitor import Visitor, chromium, screenshot
from tests.process.client import Client
from tests.process.harness import PROJECT, Daemon

WHERE = PROJECT / "docs" / "chat.png"
MORNING = datetime(2026, 3, 12, 9, 2, tzinfo=timezone(timedelta(hours=1)))
MINUTES = (0, 0, 1, 6, 7, 7, 12, 13, 14, 15, 15, 16, 21, 22, 22, 23)
"""When each entry of the room was said, after the morning began."""

SAID = (
    ("Ines", "Good morning! chatd 0.1 is on both test hosts since last night."),
    ("Ines", "Release notes: https://intranet.example/chatd/0.1"),
    ("Mats", "Morning. I pulled the plug on host two while three of us were typing."),
    ("Mats", "Nobody noticed 🙂 Every message is there, once."),
    ("Yuki", "Can confirm, my phone showed “Offline” for two seconds and then just went on."),
    ("Ines", "That is what I wanted to hear. Shall we move the on-call room today?"),
    ("Yuki", "Yes please. I am on call until Friday and can watch it."),
    ("Mats", "I take the backup first and try it on the spare host.\nAll green: we move at two."),
    ("Ines", "Perfect. Two it is."),
)  # fmt: skip


def main() -> int:
    """Play the conversation, and take the picture."""
    with TemporaryDirectory(prefix="chatd-screenshot-") as folder, chromium() as browser:
        daemon = Daemon(Path(folder), {"server": {"name": "Team Nord", "motd": ""}}).start()
        try:
            ines = Visitor(
                browser,
                f"http://127.0.0.1:{daemon.port}/",
                viewport={"width": 1200, "height": 820},
                timezone_id="Europe/Stockholm",
            )
            _play(daemon, ines)
            screenshot(ines.page, WHERE)
        finally:
            daemon.close()
    print(f"{WHERE}: {WHERE.stat().st_size / 1000:.0f} kB")  # noqa: T201
    return 0


def _play(daemon: Daemon, ines: Visitor) -> None:
    ines.page.clock.set_fixed_time(MORNING + timedelta(minutes=25))
    ines.page.route_web_socket("**/ws", _on_that_morning)
    ines.enters("Ines")
    mats, yuki = (_guest(daemon, name) for name in ("Mats", "Yuki"))
    for client, room in ((mats, "on-call"), (yuki, "kitchen")):
        client.must("create", room=room)
    mats.must("create", room="chatd-rollout", topic="From the old chat to our own hosts")
    ines.joins("on-call")
    ines.joins("kitchen")
    yuki.must("join", room="chatd-rollout")
    ines.joins("chatd-rollout")
    _talk(ines, {"Mats": mats, "Yuki": yuki})
    for text in ("Cake at three!", "Rhubarb, this time"):
        yuki.must("send", room="kitchen", text=text)
    mats.must("send", to="Ines", text="Lunch?")
    expect(ines.page.get_by_role("navigation").get_by_role("listitem")).to_have_count(5)
    expect(ines.page.get_by_role("navigation").locator(".badge:visible")).to_have_text(["2", "1"])
    ines.page.mouse.move(1190, 400)
    yuki.must("typing", room="chatd-rollout")
    expect(ines.page.locator("#typing")).to_have_text("Yuki is typing")


def _talk(ines: Visitor, others: dict[str, Client]) -> None:
    for number, (name, text) in enumerate(SAID):
        if name in others:
            others[name].must("send", room="chatd-rollout", text=text)
        else:
            ines.says(text)
        expect(ines.texts).to_have_count(number + 1)
        expect(ines.pending).to_have_count(0)
    for name, client in others.items():
        client.must("react", room="chatd-rollout", seq=4, emoji="🎉")
        client.must("react", room="chatd-rollout", seq=9, emoji="👍" if name == "Mats" else "🚀")


def _guest(daemon: Daemon, name: str) -> Client:
    client = Client(daemon.url())
    client.login("lobby", guest=name)
    return client


def _on_that_morning(route: WebSocketRoute) -> None:
    server = route.connect_to_server()
    route.on_message(server.send)

    def told(frame: str | bytes) -> None:
        event: dict[str, Any] = json.loads(frame)
        if "ts" in event:
            minutes = MINUTES[min(event["seq"], len(MINUTES)) - 1]
            event["ts"] = int((MORNING + timedelta(minutes=minutes)).timestamp() * 1000)
        route.send(json.dumps(event))

    server.on_message(told)


if __name__ == "__main__":
    sys.exit(main())
