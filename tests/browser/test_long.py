"""A room with fifty thousand messages: it opens with what a short one opens with, and scrolls
without ever having more than a window of it on the page."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import MakeVisitor
from tests.browser.visitor import Visitor
from tests.process.harness import Daemon

MANY = 50_000
WINDOW = 240
"""Messages on the page at most; room.js says why."""


def fill(daemon: Daemon, count: int) -> None:
    """Put so many messages into the lobby of a daemon that does not run."""
    store = sqlite3.connect(daemon.folder / "chatd.sqlite3")
    (room,) = store.execute("SELECT room_id FROM rooms WHERE name = 'lobby'").fetchone()
    rows = (
        (room, seq, 1_760_000_000_000 + seq * 60_000, "gx", "cleo", 1, f"line {seq}")
        for seq in range(1, count + 1)
    )
    with store:
        store.executemany(
            "INSERT INTO messages (room_id, seq, ts, user_id, name, guest, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    store.close()


class Opened:
    """Somebody who has opened the page, and what was asked for that."""

    def __init__(self, person: Visitor, count: int) -> None:
        self.person = person
        self.asked: list[str] = []
        person.page.route_web_socket("**/ws", self._watch)
        person.page.add_init_script(
            "window.long = 0; new PerformanceObserver(list => {"
            " window.long += list.getEntries().length }).observe({ type: 'longtask' })"
        )
        person.enters("ann")
        expect(person.texts.last).to_have_text(f"line {count}")
        expect(person.texts.last).to_be_in_viewport()
        self.rows = person.messages.count()
        self.histories = self.asked.count("history")

    def _watch(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def out(frame: str | bytes) -> None:
            asked: dict[str, Any] = json.loads(frame)
            self.asked.append(asked["type"])
            server.send(frame)

        route.on_message(out)


@pytest.mark.timeout(300)
def test_a_room_of_fifty_thousand_opens_like_any_other_and_scrolls(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    daemon.stop()
    fill(daemon, MANY)
    daemon.start()
    many = Opened(visitor(daemon), MANY)
    assert many.histories <= 6
    assert many.rows <= WINDOW
    page, log = many.person.page, many.person.log
    seen = set()
    for _ in range(12):
        top = many.person.texts.first.inner_text()
        seen.add(top)
        log.evaluate("log => log.scrollTo(0, 0)")
        expect(many.person.texts.first).not_to_have_text(top)
        assert many.person.messages.count() <= WINDOW
        assert log.evaluate("log => log.scrollTop") > 0
    assert len(seen) == 12
    rows = many.person.texts.all_inner_texts()
    numbers = [int(row.removeprefix("line ")) for row in rows]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    pages = many.asked.count("history")
    assert page.evaluate("() => window.long") <= 3 * pages, "the page is busy for too long at once"
    page.get_by_role("button", name="Jump to the newest").click()
    expect(many.person.texts.last).to_have_text(f"line {MANY}")
    many.person.says("at the end")
    expect(many.person.texts.last).to_have_text("at the end")
    expect(many.person.pending).to_have_count(0)
    many.person.page.goto(f"{page.url.partition('#')[0]}#/lobby/25000")
    expect(many.person.message("line 25000")).to_be_focused()
    expect(many.person.message("line 25000")).to_be_in_viewport()
