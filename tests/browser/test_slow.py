"""The web client on a slow network: everything is there at once, and says so until it is true.
What it does without any network is test_line.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MakeVisitor
from tests.browser.slow_line import SlowLine
from tests.process.conftest import MakeClient
from tests.process.harness import Daemon

LATENCY_MS = 250
BITS_PER_SECOND = 1_500_000

WATCH = """
() => {
  window.states = [];
  new MutationObserver(() => {
    const rows = [...document.querySelectorAll("#log li.message")];
    const now = rows.map((row) => row.dataset.state).join(" ");
    if (now !== window.states.at(-1)?.now) window.states.push({ now, at: performance.now() });
  }).observe(document.getElementById("log"), { subtree: true, childList: true, attributes: true });
}
"""


@pytest.fixture
def line(daemon: Daemon) -> Iterator[SlowLine]:
    """The way to the daemon for whoever is far from it."""
    line = SlowLine(daemon.port, LATENCY_MS / 1000, BITS_PER_SECOND / 8)
    yield line
    line.close()


def test_the_page_comes_in_few_requests_and_is_kept(line: SlowLine, visitor: MakeVisitor) -> None:
    ann = visitor(line)
    asked: list[str] = []
    ann.page.on("response", lambda reply: asked.append(f"{reply.status} {reply.url}"))
    ann.opens()
    expect(ann.page.get_by_role("textbox", name="Your name")).to_be_focused()
    painted = ann.page.wait_for_function(
        "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    ).json_value()
    assert painted > 3 * LATENCY_MS, "the line is not slow"
    assert len(asked) <= 6, asked  # the index, two styles, the script, the icon for tab and page
    ann.page.reload()
    expect(ann.page.get_by_role("textbox", name="Your name")).to_be_visible()
    again = ann.page.evaluate(
        "() => performance.getEntriesByType('resource').map((each) => each.transferSize)"
    )
    assert len(again) >= 3
    assert again == [0] * len(again), "what is named by its hash is not asked for again"


def test_what_is_said_is_there_at_once_and_final_in_its_order(
    daemon: Daemon, line: SlowLine, visitor: MakeVisitor
) -> None:
    ann, bob = visitor(line).enters("ann"), visitor(daemon).enters("bob")
    expect(ann.page.locator("#present")).to_have_text("2")
    ann.page.evaluate(WATCH)
    said = ["one", "two", "three"]
    for text in said:
        ann.says(text)
    expect(ann.pending).to_have_count(0)
    for person in (ann, bob):
        expect(person.texts).to_have_text(said)
    seen = ann.page.evaluate("() => window.states")
    assert seen[0]["now"] == "pending"
    assert seen[-1]["now"] == "final final final"
    first = next(each["at"] for each in seen if each["now"].startswith("final"))
    assert first - seen[0]["at"] >= LATENCY_MS - 50, "nothing is final before the server has it"


def test_a_message_is_answered_changed_and_taken_away(
    daemon: Daemon, line: SlowLine, visitor: MakeVisitor, guest: MakeClient
) -> None:
    cleo = guest(daemon, "cleo")
    cleo.must("send", room="lobby", text="shall we?")
    ann = visitor(line).enters("ann")
    expect(ann.texts).to_have_text(["shall we?"])
    ann.does("shall we?", "Reply")
    ann.says("yse")
    answer = ann.messages.last
    expect(answer.locator(".quote")).to_have_text("cleo shall we?")
    expect(answer).to_have_attribute("data-state", "final")
    ann.does("yse", "Change")
    ann.says("yes")
    expect(ann.texts.last).to_have_text("yes (edited)")
    ann.message("shall we?").focus()
    ann.page.get_by_role("button", name="React with 👍").click()
    expect(ann.chips("shall we?")).to_have_text("👍1")
    ann.does("yes", "Delete")
    ann.answers("Delete")
    expect(ann.texts.last).to_have_text("This message was deleted")
    history = cleo.must("history", room="lobby")["messages"]
    assert [each.get("text") for each in history] == ["shall we?", None]
    assert history[1]["deleted"]


def test_what_the_server_is_not_there_to_change_stays_where_one_writes(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    ann = visitor(daemon).enters("ann")
    ann.says("frist")
    expect(ann.pending).to_have_count(0)
    ann.does("frist", "Change")
    daemon.kill()
    expect(ann.banner).to_contain_text("Offline")
    ann.says("first")
    expect(ann.page.locator("#composer-says")).to_contain_text("Offline just now")
    expect(ann.field).to_have_value("first")
    daemon.start()
    expect(ann.banner).to_be_hidden()
    ann.field.press("Enter")
    expect(ann.texts).to_have_text([re.compile(r"^first \(edited\)$")])
