"""Keeping order with the page's menus, for those who may; nobody else is offered it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MakeVisitor
from tests.browser.visitor import Visitor
from tests.process.conftest import MakeClient
from tests.process.harness import Daemon

SECRET = "a long enough secret"


@pytest.fixture
def olga(daemon: Daemon, visitor: MakeVisitor) -> Visitor:
    """An operator, in the lobby."""
    add = ("user", "add", "olga", "--operator", "--config", str(daemon.config))
    assert daemon.verb(*add, stdin=f"{SECRET}\n").returncode == 0
    person = visitor(daemon)
    person.logs_in("olga", SECRET)
    expect(person.heading).to_have_text("lobby")
    return person


def test_an_owner_keeps_order_in_a_room(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    ann.joins("garden", new=True)
    ann.chooses("This room", "Set the topic")
    ann.answers("Set", topic="roses")
    bob.joins("garden")
    expect(bob.page.locator("#topic")).to_have_text("roses")
    bob.page.get_by_role("button", name="ann", exact=False).last.click()
    expect(bob.page.get_by_role("menuitem", name="Ban")).to_have_count(0)
    bob.page.keyboard.press("Escape")
    ann.page.get_by_role("button", name="This room").click()
    ann.page.get_by_role("menuitemcheckbox", name="Only moderators speak").click()
    expect(bob.field).to_be_disabled()
    expect(bob.field).to_have_attribute("placeholder", "Only moderators speak in this room")
    ann.page.get_by_role("button", name="This room").click()
    ann.page.get_by_role("menuitemcheckbox", name="Only moderators speak").click()
    expect(bob.field).to_be_enabled()
    ann.chooses("bob", "Mute")
    ann.answers("Mute", seconds="600", reason="loud")
    expect(bob.log).to_contain_text("muted you")
    bob.says("hello?")
    expect(bob.log.locator("[data-state=refused]:visible")).to_contain_text("muted")
    ann.chooses("This room", "Bans and mutes")
    ann.page.get_by_role("dialog").get_by_role("button", name="Lift").click()
    expect(ann.page.get_by_role("dialog")).to_contain_text("Nobody is banned or muted")
    ann.page.keyboard.press("Escape")
    bob.page.get_by_role("button", name="Try again").click()
    expect(ann.texts).to_have_text(["hello?"])
    ann.chooses("bob", "Put out")
    ann.answers("Put out", reason="enough")
    expect(bob.heading).to_have_text("lobby")
    expect(bob.page.get_by_role("navigation").get_by_role("listitem")).to_have_text(["#lobby"])


def test_a_report_reaches_the_operators_and_is_settled(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient, olga: Visitor
) -> None:
    guest(daemon, "mallory").must("send", room="lobby", text="buy my boots")
    ann = visitor(daemon).enters("ann")
    ann.does("buy my boots", "Report")
    ann.answers("Report", reason="boots")
    expect(ann.page.locator("#toast")).to_contain_text("Reported")
    olga.chooses("olga operator", "Reports")
    dialog = olga.page.get_by_role("dialog")
    expect(dialog.locator("li")).to_contain_text("buy my boots")
    dialog.get_by_role("button", name="Settle").click()
    olga.answers("Settle", outcome="told off")
    expect(dialog).to_contain_text("Nothing waits")


def test_an_operator_announces_and_closes_the_server_to_guests(
    daemon: Daemon, visitor: MakeVisitor, olga: Visitor
) -> None:
    ann = visitor(daemon).enters("ann")
    olga.chooses("olga operator", "Announce")
    olga.answers("Announce", text="cake at three")
    expect(ann.log.locator(".notice")).to_have_text("olga announces: cake at three")
    olga.chooses("olga operator", "Emergency")
    olga.answers("Enter this step", step="no_guests")
    expect(ann.banner).to_contain_text("guests are not let in")
    ann.page.reload()
    expect(ann.page.locator("#entry").get_by_role("alert")).not_to_be_empty()
