"""Several pages of one person: what one of them does, the others know."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeVisitor
from tests.process.client import Client
from tests.process.conftest import MakeClient
from tests.process.harness import Daemon

SECRET = "a long enough secret"


def account(daemon: Daemon, user: str) -> None:
    """Somebody who can log in."""
    add = ("user", "add", user, "--config", str(daemon.config))
    assert daemon.verb(*add, stdin=f"{SECRET}\n").returncode == 0


def is_out(page: Page) -> None:
    """The way in is shown, and a page that is loaded anew does not come in by itself."""
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()


def test_who_logs_out_is_out_on_all_pages(daemon: Daemon, visitor: MakeVisitor) -> None:
    account(daemon, "dora")
    dora = visitor(daemon)
    dora.logs_in("dora", SECRET)
    expect(dora.heading).to_have_text("lobby")
    second, asleep = dora.another_page(), dora.another_page()
    for page in (second, asleep):
        expect(page.locator("#room-name")).to_have_text("lobby")
    asleep.locator("#text").fill("half a thou")
    asleep.goto("about:blank")
    dora.chooses("dora logged in", "Log out")
    for page in (dora.page, second, dora.another_page()):
        is_out(page)
    dora.logs_in("dora", SECRET)
    expect(dora.heading).to_have_text("lobby")
    dora.chooses("dora logged in", "Log out")
    dora.enters("somebody")
    asleep.go_back()
    expect(asleep.locator("#me .who")).to_have_text("somebody")
    expect(asleep.locator("#text")).to_have_value("")


def test_a_guest_who_leaves_is_gone_from_all_pages(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    bob, ann = guest(daemon, "bob"), visitor(daemon).enters("ann")
    second = ann.another_page()
    expect(second.locator("#room-name")).to_have_text("lobby")
    second.locator("#me").click()
    second.get_by_role("menuitem", name="Leave the chat").click()
    for page in (second, ann.page):
        is_out(page)
    left = bob.event("left")
    assert (left["user"], left["reason"]) == ("ann", "quit")


def test_a_room_that_another_session_entered_counts_what_the_server_counts(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    account(daemon, "dora")
    cleo = guest(daemon, "cleo")
    cleo.must("create", room="garden")
    for number in range(30):
        cleo.must("send", room="garden", text=f"rose {number}")
    dora, other = visitor(daemon), Client(daemon.url())
    dora.logs_in("dora", SECRET)
    expect(dora.heading).to_have_text("lobby")
    other.login("garden", user="dora", password=SECRET)
    rooms = dora.page.get_by_role("navigation").get_by_role("listitem")
    expect(rooms).to_have_text(["#lobby", "#garden30"])
    cleo.must("send", room="garden", text="@dora, come")
    expect(rooms).to_have_text(["#lobby", "#garden31"])
    dora.page.reload()
    expect(rooms).to_have_text(["#lobby", "#garden31"])
    other.close()
