"""What one sees at a glance: which rooms are private, who is a guest, when something was said."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import MakeVisitor
from tests.browser.visitor import Visitor
from tests.process.conftest import MakeClient
from tests.process.harness import Daemon

SECRET = "a long enough secret"


@pytest.fixture
def dora(daemon: Daemon, visitor: MakeVisitor) -> Visitor:
    """Somebody with an account, in the lobby."""
    add = ("user", "add", "dora", "--config", str(daemon.config))
    assert daemon.verb(*add, stdin=f"{SECRET}\n").returncode == 0
    person = visitor(daemon)
    person.logs_in("dora", SECRET)
    expect(person.heading).to_have_text("lobby")
    return person


def makes_private(person: Visitor, room: str) -> None:
    """Create a room that only invited people see."""
    person.page.keyboard.press("Control+k")
    person.page.keyboard.type(room)
    person.page.get_by_role("dialog").get_by_role("option", name="a private room").click()
    expect(person.heading).to_have_text(room)


def test_a_private_room_looks_like_one(dora: Visitor) -> None:
    lobby = dora.page.get_by_role("heading", name="lobby", exact=True)
    expect(lobby).to_be_visible()
    expect(dora.page.locator("#room h1 svg")).to_be_hidden()
    expect(dora.log.locator(".beginning")).to_have_text("#lobbyThis is the beginning of this room.")
    makes_private(dora, "plans")
    expect(dora.page.get_by_role("heading", name="private room plans")).to_be_visible()
    expect(dora.page.locator("#room h1 svg")).to_be_visible()
    expect(dora.log.locator(".beginning:visible")).to_contain_text("this private room")
    rooms = dora.page.get_by_role("navigation").get_by_role("button")
    expect(rooms.locator(".sign")).to_have_text(["#", ""])
    expect(rooms.locator(".sign svg")).to_have_count(1)
    expect(rooms.last).to_have_accessible_name("private room plans")


def test_who_comes_in_while_the_list_is_shown_is_marked_as_a_guest(
    daemon: Daemon, dora: Visitor, guest: MakeClient, visitor: MakeVisitor
) -> None:
    people = dora.page.locator("#people li")
    expect(people).to_have_text(["Ddorayou"])
    bob = guest(daemon, "bob")
    expect(people.nth(0)).to_have_text("Bbobguest")
    makes_private(dora, "plans")
    dora.chooses("This room", "Invite")
    dora.answers("Invite", user="bob")
    expect(people).to_have_text(["Bbobguest", "Ddorayou"])
    bob.must("send", room="plans", text="thank you")
    expect(dora.message("thank you").locator(".tag")).to_be_visible()


def test_a_guest_who_is_back_is_still_marked(
    daemon: Daemon, dora: Visitor, visitor: MakeVisitor
) -> None:
    people = dora.page.locator("#people li")
    bob = visitor(daemon).enters("bob")
    expect(people.nth(0)).to_have_text("Bbobguest")
    bob.page.goto("about:blank")
    expect(people.nth(1)).to_have_text("Bbobguestoffline")
    bob.opens()
    expect(people).to_have_text(["Bbobguest", "Ddorayou"])


def span(part: Locator) -> tuple[float, float]:
    """Where it begins and ends, from left to right."""
    place = part.bounding_box()
    assert place is not None
    return place["x"], place["x"] + place["width"]


@pytest.mark.parametrize("width", [1280, 360])
def test_the_time_of_a_message_stays_beside_it_also_with_am_and_pm(
    daemon: Daemon, visitor: MakeVisitor, width: int
) -> None:
    ann = visitor(daemon, locale="en-US", viewport={"width": width, "height": 740}).enters("ann")
    for text in ("first", "second"):
        ann.says(text)
    expect(ann.texts).to_have_count(2)
    expect(ann.pending).to_have_count(0)
    ann.message("second").click()
    expect(ann.message("first").locator("time")).to_have_text(re.compile(r"^\d\d:\d\d\s[AP]M$"))
    row = ann.message("second")
    left, right = span(row.locator("time"))
    assert span(row.locator(".said"))[0] <= left
    assert right <= span(row.locator(".text"))[0]


def test_what_is_found_breaks_no_name_and_no_time(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    guest(daemon, "alertmanagers").must("send", room="lobby", text="a needle")
    guest(daemon, "j" * 32).must("send", room="lobby", text="another needle")
    ann = visitor(daemon, locale="en-US").enters("ann")
    ann.page.keyboard.press("Control+Shift+F")
    expect(ann.page.locator("#search-says")).to_contain_text("Press Enter")
    ann.page.keyboard.type("needle")
    ann.page.keyboard.press("Enter")
    hits = ann.page.locator("#search-found a")
    expect(hits).to_have_count(2)
    for part in (*hits.locator("bdi").all(), *hits.locator("small span").all()):
        assert part.evaluate("part => part.getClientRects().length") == 1
        assert part.evaluate("part => part.offsetHeight < 30")
    assert ann.page.locator("#search").evaluate("each => each.scrollWidth <= each.clientWidth")
