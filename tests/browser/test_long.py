"""A room with fifty thousand messages: it opens with what a short one opens with, and scrolls
without ever having more than a window of it on the page, or the page being busy for long."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import MakeVisitor
from tests.browser.visitor import Visitor
from tests.process.harness import Daemon

MANY = 50_000
WINDOW = 240
"""Messages on the page at most; room.js says why."""
STEPS = 160
"""Frames of scrolling, each most of a screen."""
LATE = STEPS / 5
"""So many of them may be late."""

WATCH = """
window.long = [];
new PerformanceObserver((list) => {
  window.long.push(...list.getEntries().map((task) => task.duration));
}).observe({ type: "longtask" });
"""
"""Counts what keeps the page from answering for 50 ms and more."""
SHORT = 3000
"""Messages of a room that scrolls as it may on this machine: all that is beyond the window is read
and laid out there, too."""
BUSIEST = 0.35
"""Share of the time that long tasks may take, where the short room takes less than that."""
BUSY = """
() => setTimeout(() => {
  const end = performance.now() + 120;
  while (performance.now() < end);
})
"""
SETTLED = "() => document.getElementById('log').scrollTop > 1600"
"""Enough is there above of what is seen; scroller.js says how much."""
SCROLL = """
async ([steps, by]) => {
  const log = document.getElementById("log");
  const frame = () => new Promise(requestAnimationFrame);
  window.long = [];
  const [begin, rows] = [performance.now(), []];
  for (let step = 0; step < steps; step += 1) {
    log.scrollBy(0, by);
    await frame();
    rows.push(log.querySelectorAll("li.message").length);
  }
  await new Promise((done) => setTimeout(done, 100)); // the observer is told of tasks later
  return { took: performance.now() - begin, long: window.long, most: Math.max(...rows) };
}
"""


def fill(daemon: Daemon, count: int, room: str = "lobby") -> None:
    """Put so many messages into a room of a daemon that does not run."""
    store = sqlite3.connect(daemon.folder / "chatd.sqlite3")
    (number,) = store.execute("SELECT room_id FROM rooms WHERE name = ?", (room,)).fetchone()
    (last,) = store.execute("SELECT ifnull(max(id), 0) FROM messages").fetchone()
    rows = (
        (last + seq, number, seq, 1_760_000_000_000 + seq * 60_000, "gx", "cleo", 1, f"line {seq}")
        for seq in range(1, count + 1)
    )
    with store:
        store.executemany(
            "INSERT INTO messages (id, room_id, seq, ts, user_id, name, guest, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    store.close()


@dataclass
class Scrolled:
    """How it went: milliseconds all told, those of each long task, and the most rows there were."""

    took: float
    long: list[float]
    most: int


class Reader:
    """Somebody who has opened the page, and what was asked for that."""

    def __init__(self, person: Visitor, count: int) -> None:
        self.person = person
        self.asked: list[str] = []
        person.page.route_web_socket("**/ws", self._watch)
        person.page.add_init_script(WATCH)
        person.enters("ann")
        expect(person.texts.last).to_have_text(f"line {count}")
        expect(person.texts.last).to_be_in_viewport()
        person.page.wait_for_function(SETTLED)
        self.rows = person.messages.count()
        self.histories = self.asked.count("history")

    def _watch(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def out(frame: str | bytes) -> None:
            asked: dict[str, Any] = json.loads(frame)
            self.asked.append(asked["type"])
            server.send(frame)

        route.on_message(out)

    def scrolls(self, by: int) -> Scrolled:
        """Scroll by so many pixels in each of many frames."""
        return Scrolled(**self.person.page.evaluate(SCROLL, [STEPS, by]))

    def first(self) -> int:
        """The number of the oldest message on the page."""
        return int(self.person.texts.first.inner_text().removeprefix("line "))


@pytest.fixture
def many(daemon: Daemon, visitor: MakeVisitor) -> Reader:
    """In a room of fifty thousand messages, at its end."""
    daemon.stop()
    fill(daemon, MANY)
    daemon.start()
    return Reader(visitor(daemon), MANY)


def test_a_room_of_fifty_thousand_opens_with_as_much_as_any_other(
    many: Reader, make_daemon: Any, visitor: MakeVisitor
) -> None:
    short = make_daemon().start()
    short.stop()
    fill(short, 500)
    few = Reader(visitor(short.start()), 500)
    assert (many.rows, many.histories) == (few.rows, few.histories)
    assert many.rows <= WINDOW


def busy(scrolled: Scrolled) -> float:
    """The share of the time that long tasks took."""
    return sum(scrolled.long) / scrolled.took


def smooth(*scrolled: Scrolled) -> bool:
    """Whether most frames came in time, and the page was not busy for long."""
    return all(busy(each) < BUSIEST and len(each.long) <= LATE for each in scrolled)


def alone() -> bool:
    """Whether the machine has no more to do than it can: else time says nothing of the page."""
    return os.getloadavg()[0] <= (os.cpu_count() or 1)


def test_fifty_thousand_messages_scroll_smoothly(
    many: Reader, make_daemon: Any, visitor: MakeVisitor
) -> None:
    page = many.person.page
    page.evaluate("() => { window.long = [] }")
    page.evaluate(BUSY)
    page.wait_for_function("() => window.long.some((task) => task > 100)")  # they are counted
    up = many.scrolls(-700)
    top = many.first()
    assert top < MANY - 1000, "many pages were read"
    down = many.scrolls(700)
    assert many.first() > top + 500, "and the way back as well"
    for scrolled in (up, down):
        assert scrolled.most <= WINDOW
    if not smooth(up, down) and alone():  # a slow machine? then a short room is no quicker
        short = make_daemon().start()
        short.stop()
        fill(short, SHORT)
        few = Reader(visitor(short.start()), SHORT)
        there, back = few.scrolls(-700), few.scrolls(700)
        allowed = 1.25 * max(busy(there), busy(back))
        assert max(busy(up), busy(down)) < max(BUSIEST, allowed), (
            f"{busy(up):.0%}, {busy(down):.0%}"
        )
        late = max(LATE, 1.25 * max(len(there.long), len(back.long)))
        assert max(len(up.long), len(down.long)) <= late, "most frames come in time"
    rows = many.person.texts.all_inner_texts()
    numbers = [int(row.removeprefix("line ")) for row in rows]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_any_of_fifty_thousand_is_reached_at_once(many: Reader) -> None:
    ann = many.person
    ann.page.goto(f"{ann.page.url.partition('#')[0]}#/lobby/25000")
    expect(ann.message("line 25000")).to_be_focused()
    expect(ann.message("line 25000")).to_be_in_viewport()
    assert ann.messages.count() <= WINDOW
    assert many.asked.count("history") <= many.histories + 4, "two pages on each side of it"
    ann.page.get_by_role("button", name="Jump to the newest").click()
    expect(ann.texts.last).to_have_text(f"line {MANY}")
    ann.says("at the end")
    expect(ann.texts.last).to_have_text("at the end")
    expect(ann.pending).to_have_count(0)
