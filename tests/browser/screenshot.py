"""Makes docs/chat.png: `python -m tests.browser.screenshot`; with a folder, every view into that.
A real chatd and a real page; only the times are put on one morning, to make it again the same.
Looks best where the fonts Inter and Noto Color Emoji are."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, WebSocketRoute, expect

from tests.browser.visitor import Visitor, chromium, screenshot
from tests.process.client import Client
from tests.process.harness import PROJECT, Daemon

WHERE = PROJECT / "docs" / "chat.png"
MORNING = datetime(2026, 3, 12, 9, 2, tzinfo=timezone(timedelta(hours=1)))
MINUTES = (0, 0, 1, 2, 8, 9, 9, 13, 14, 17, 18, 18, 19, 21, 22, 23, 23, 24)
"""When each entry of the room was said, after the morning began."""
VIEWS: dict[str, dict[str, Any]] = {
    "light-1280": {"viewport": {"width": 1280, "height": 860}},
    "dark-1280": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "light-1920": {"viewport": {"width": 1920, "height": 1080}},
    "light-360": {"viewport": {"width": 360, "height": 740}, "has_touch": True},
    "dark-360": {
        "viewport": {"width": 360, "height": 740},
        "has_touch": True,
        "color_scheme": "dark",
    },
}
BEST = "light-1280"

JOURNAL = """09:03:12 chatd[812]: drained 31 sessions in 0.4 s
09:03:14 chatd[871]: ready, 31 back, 0 lost"""
SAID: tuple[tuple[str, str], ...] = (
    ("Ines", "Good morning! chatd is on both test hosts since last night :tada:"),
    ("Ines", "Release notes: https://intranet.example/chatd/0.1"),
    ("Mats", "Morning. I pulled the plug on host two while we were typing. *Nobody noticed.*"),
    ("Mats", f"What `journalctl` says of it:\n```\n{JOURNAL}\n```"),
    ("Yuki", "Can confirm: my phone showed “Offline” for two seconds and then just went on."),
    ("Ines", "@Mats could you run the backup before we move #on-call?"),
    ("Mats", "Backup is done and verified, restored it on the spare host to be sure."),
    ("Yuki", "@Ines, at two? I am on call until Friday and can watch it."),
    ("Ines", "Perfect. Two it is."),
)  # fmt: skip
ANSWERS = {6: 6, 8: 8}
"""The number of what is said -> the seq of the message that it answers."""


def main(arguments: list[str]) -> int:
    """Play the conversation once for each view, and take the pictures."""
    folder = Path(arguments[0]) if arguments else None
    with chromium() as browser:
        for name, options in VIEWS.items():
            if folder or name == BEST:
                _take(browser, options, folder / f"{name}.png" if folder else WHERE)
    return 0


def _take(browser: Browser, options: dict[str, Any], where: Path) -> None:
    with TemporaryDirectory(prefix="chatd-screenshot-") as folder:
        daemon = Daemon(Path(folder), {"server": {"name": "Team Nord", "motd": ""}}).start()
        try:
            address = f"http://127.0.0.1:{daemon.port}/"
            ines = Visitor(browser, address, timezone_id="Europe/Stockholm", **options)
            _play(daemon, ines)
            screenshot(ines.page, where)
            ines.leaves()
        finally:
            daemon.close()
    print(f"{where}: {where.stat().st_size / 1000:.0f} kB")  # noqa: T201  # for whoever reads the run


def _play(daemon: Daemon, ines: Visitor) -> None:
    ines.page.clock.set_fixed_time(MORNING + timedelta(minutes=25))
    ines.page.route_web_socket("**/ws", _on_that_morning)
    ines.enters("Ines")
    mats, yuki, omar = (_guest(daemon, name) for name in ("Mats", "Yuki", "Omar"))
    mats.must("create", room="on-call", topic="Who is woken")
    yuki.must("create", room="kitchen", topic="Cake")
    omar.must("create", room="releases")
    mats.must("create", room="chatd-rollout", topic="From the old chat to our own hosts")
    for room in ("on-call", "kitchen", "releases"):
        ines.joins(room)
    for client in (yuki, omar):
        client.must("join", room="chatd-rollout")
    ines.joins("chatd-rollout")
    _talk(ines, {"Mats": mats, "Yuki": yuki})
    for text in ("Cake at three!", "Rhubarb, this time", "@Ines one with no nuts for you"):
        yuki.must("send", room="kitchen", text=text)
    mats.must("send", to="Ines", text="Lunch?")
    omar.must("send", room="releases", text="0.1 is tagged")
    badges = ines.page.get_by_role("navigation").locator(".badge:visible")
    if not ines.page.get_by_role("button", name="Rooms", exact=True).is_visible():  # not a phone
        expect(badges).to_have_text(["3", "1", "1"])
    expect(ines.page.locator("#toast")).to_be_empty()
    ines.page.mouse.move(5, 5)
    yuki.must("typing", room="chatd-rollout")
    expect(ines.page.locator("#typing")).to_have_text("Yuki is typing")


def _talk(ines: Visitor, others: dict[str, Client]) -> None:
    for number, (name, text) in enumerate(SAID):
        if name in others:
            answers = {"reply_to": ANSWERS[number]} if number in ANSWERS else {}
            others[name].must("send", room="chatd-rollout", text=text, **answers)
        elif number in ANSWERS:
            ines.does("at two", "Reply")
            ines.says(text)
        else:
            ines.says(text)
        expect(ines.texts).to_have_count(number + 1)
        expect(ines.pending).to_have_count(0)
    for name, client in others.items():
        client.must("react", room="chatd-rollout", seq=1, emoji="🎉")
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
    sys.exit(main(sys.argv[1:]))
