"""Who uses the page with a screen reader, the keyboard alone, in the dark, on a phone: axe-core
finds nothing wrong in any of its main states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it says no types
from playwright.sync_api import expect

from tests.browser.conftest import MakeVisitor
from tests.browser.visitor import Visitor
from tests.process.conftest import MakeClient
from tests.process.harness import Daemon

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}


def faults(person: Visitor) -> list[str]:
    """What axe-core finds: each rule with the elements that break it."""
    person.page.evaluate(
        "() => Promise.all(document.getAnimations()"
        ".filter(a => a.effect.getComputedTiming().endTime !== Infinity).map(a => a.finish()))"
    )
    found = Axe().run(person.page).response["violations"]
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]


@contextmanager
def open_by(person: Visitor, keys: str) -> Iterator[None]:
    """Something that keys open, and Escape closes."""
    person.page.keyboard.press(keys)
    yield
    person.page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient, scheme: str
) -> None:
    cleo = guest(daemon, "cleo")
    first = cleo.must("send", room="lobby", text="hello *you*, `code`\n```\nblock\n```")["seq"]
    cleo.must("react", room="lobby", seq=first, emoji="🎉")
    ann = visitor(daemon, color_scheme=scheme).opens()
    assert faults(ann) == []
    ann.page.get_by_role("button", name="I have an account").click()
    assert faults(ann) == []
    ann.enters("ann")
    ann.says("> so\nhttps://example.org/")
    cleo.must("send", room="lobby", text="@ann yes", reply_to=first)
    cleo.must("send", to="ann", text="psst")
    expect(ann.page.locator("#directs li")).to_have_count(1)
    expect(ann.messages).to_have_count(3)
    ann.message("@ann yes").focus()
    assert faults(ann) == []
    with open_by(ann, "Enter"):
        assert faults(ann) == []
    with open_by(ann, "Control+k"):
        expect(ann.page.get_by_role("option").first).to_be_visible()
        assert faults(ann) == []
    with open_by(ann, "Control+Shift+F"):
        ann.page.keyboard.type("hello")
        ann.page.keyboard.press("Enter")
        expect(ann.page.locator("#search-found a")).to_have_count(1)
        assert faults(ann) == []
    ann.chooses("ann guest", "Change name")
    assert faults(ann) == []
    ann.page.keyboard.press("Escape")
    daemon.kill()
    expect(ann.banner).to_contain_text("Offline")
    assert faults(ann) == []


def test_axe_finds_nothing_wrong_on_a_phone(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann = visitor(daemon, **PHONE).enters("ann")
    ann.says("hello")
    expect(ann.pending).to_have_count(0)
    assert faults(ann) == []
    ann.page.get_by_role("button", name="Rooms", exact=True).click()
    assert faults(ann) == []
    ann.page.keyboard.press("Escape")
    ann.page.get_by_role("button", name="here, show people").click()
    assert faults(ann) == []


def test_a_conversation_is_had_by_the_keyboard_alone(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    cleo = guest(daemon, "cleo")
    for text in ("one", "two"):
        cleo.must("send", room="lobby", text=text)
    ann = visitor(daemon).enters("ann")
    expect(ann.texts).to_have_count(2)
    press = ann.page.keyboard.press
    ann.log.focus()
    press("ArrowUp")
    expect(ann.message("two")).to_be_focused()
    press("ArrowUp")
    expect(ann.message("one")).to_be_focused()
    press("r")
    ann.page.keyboard.type("an answer")
    press("Enter")
    expect(ann.messages.last.locator(".quote")).to_have_text("cleo one")
    press("Shift+Tab")
    press("Escape")
    expect(ann.field).to_be_focused()
    ann.message("two").focus()
    press("Enter")
    expect(ann.page.get_by_role("menuitem", name="Reply")).to_be_focused()
    press("ArrowDown")
    expect(ann.page.get_by_role("menuitem", name="Copy link")).to_be_focused()
    press("Escape")
    expect(ann.page.get_by_role("menu")).to_have_count(0)


def test_who_goes_by_keys_is_never_lost(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    cleo = guest(daemon, "cleo")
    ann = visitor(daemon).enters("ann")
    for text in ("one", "two"):
        ann.says(text)
    expect(ann.texts).to_have_count(2)
    expect(ann.pending).to_have_count(0)
    cleo.must("send", room="lobby", text="three")
    expect(ann.texts).to_have_count(3)
    gone = ann.messages.filter(has_text="This message was deleted")
    chooses(ann, "three", "Report")
    ann.page.keyboard.press("Escape")
    ann.page.keyboard.press("ArrowUp")
    expect(ann.message("two")).to_be_focused()
    for count, (text, after) in enumerate((("one", "two"), ("two", "three")), 1):
        deletes(ann, text)
        expect(gone).to_have_count(count)
        expect(ann.message(after)).to_be_focused()
    ann.says("four")
    expect(ann.pending).to_have_count(0)
    deletes(ann, "four")
    expect(ann.field).to_be_focused()
    expect(ann.page.locator(".toolbar")).to_have_count(0)
    for room in ("garden", "lobby"):
        ann.page.locator("#find").focus()
        ann.joins(room, new=room == "garden")
        expect(ann.field).to_be_focused()


def chooses(person: Visitor, text: str, item: str) -> None:
    """Open the menu of a message and choose something of it, with keys alone."""
    person.message(text).focus()
    person.page.keyboard.press("Enter")
    person.page.get_by_role("menuitem", name=item).press("Enter")
    expect(person.page.get_by_role("dialog")).to_be_visible()


def deletes(person: Visitor, text: str) -> None:
    """With keys alone."""
    chooses(person, text, "Delete")
    button = person.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True)
    expect(button).to_be_focused()
    button.press("Enter")
    expect(person.page.get_by_role("dialog")).to_have_count(0)


def test_the_log_is_one_stop_for_the_tab_key(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann = visitor(daemon).enters("ann")
    for text in ("one", "two", "three"):
        ann.says(text)
    expect(ann.texts).to_have_count(3)
    expect(ann.pending).to_have_count(0)
    ann.field.press("Shift+Tab")
    expect(ann.log).to_be_focused()
