"""What people do with messages: answer, change, delete, react, find, name each other, format.
Coming and going, rooms and names are test_page.py."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from chatd.core.reactions import NAMED
from tests.browser.conftest import MakeVisitor
from tests.browser.scripted import Scripted
from tests.browser.visitor import Visitor
from tests.process.conftest import MakeClient
from tests.process.harness import Daemon


def test_a_message_is_answered_changed_and_deleted(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    ann.says("shall we?")
    expect(bob.texts).to_have_text(["shall we?"])
    bob.does("shall we?", "Reply")
    bob.says("yes, at two")
    answer = ann.message("yes, at two")
    expect(answer.locator(".quote")).to_have_text("ann shall we?")
    ann.does("shall we?", "Change")
    ann.says("shall we meet?")
    expect(bob.texts.first).to_have_text("shall we meet? (edited)")
    bob.field.press("ArrowUp")
    expect(bob.field).to_have_value("yes, at two")
    bob.field.fill("yes, at three")
    bob.field.press("Enter")
    expect(ann.texts.last).to_have_text("yes, at three (edited)")
    ann.does("shall we meet?", "Delete")
    ann.answers("Delete")
    for person in (ann, bob):
        expect(person.texts).to_have_text(["This message was deleted", "yes, at three (edited)"])
        expect(person.messages.last.locator(".quote")).to_contain_text("a deleted message")


def test_a_reaction_is_put_on_and_taken_off(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    ann.says("done")
    expect(bob.texts).to_have_text(["done"])
    bob.message("done").hover()
    bob.page.get_by_role("button", name="React with 👍").click()
    expect(ann.chips("done")).to_have_text("👍1")
    bob.message("done").focus()
    bob.page.keyboard.press("+")
    bob.page.get_by_role("searchbox", name="Find an emoji").fill("rocket")
    bob.page.keyboard.press("Enter")
    expect(ann.chips("done")).to_have_text(["👍1", "🚀1"])
    bob.chips("done").first.click()
    expect(ann.chips("done")).to_have_text(["🚀1"])


def test_who_is_not_named_among_many_is_counted_and_takes_their_own_off(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    crowd = [guest(daemon, f"guest{number:02}") for number in range(NAMED + 2)]
    seq = crowd[0].must("send", room="lobby", text="done")["seq"]
    for each in crowd:
        each.must("react", room="lobby", seq=seq, emoji="👍")
    ann = visitor(daemon).enters("ann")
    chip = ann.chips("done")
    expect(chip).to_have_text(f"👍{NAMED + 2}")
    expect(chip).to_have_attribute("title", re.compile(r"guest00, .* and 2 more"))
    chip.click()
    expect(chip).to_have_text(f"👍{NAMED + 3}")
    ann.page.reload()
    expect(chip).to_have_text(f"👍{NAMED + 3}")
    expect(chip).to_have_attribute("aria-pressed", "false")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(chip).to_have_text(f"👍{NAMED + 3}")
    chip.click()
    expect(chip).to_have_text(f"👍{NAMED + 2}")
    crowd[-1].must("unreact", room="lobby", seq=seq, emoji="👍")
    expect(chip).to_have_text(f"👍{NAMED + 1}")


def test_what_was_said_is_found_and_shown_in_its_place(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    cleo = guest(daemon, "cleo")
    cleo.must("send", room="lobby", text="the needle <b>is</b> here")
    for number in range(300):
        cleo.must("send", room="lobby", text=f"hay {number}")
    ann = visitor(daemon).enters("ann")
    expect(ann.texts.last).to_have_text("hay 299")
    ann.page.keyboard.press("Control+Shift+F")
    ann.page.keyboard.type("needle")
    ann.page.keyboard.press("Enter")
    hit = ann.page.locator("#search-found a")
    expect(hit.locator("mark")).to_have_text("needle")
    hit.click()
    expect(ann.texts.first).to_have_text("the needle <b>is</b> here")
    expect(ann.messages.first).to_be_focused()
    expect(ann.page).to_have_url(re.compile(r"#/lobby/1$"))
    late = visitor(daemon)
    late.page.goto(ann.page.url)
    late.page.get_by_role("textbox", name="Your name").fill("late")
    late.page.keyboard.press("Enter")
    expect(late.messages.first).to_be_focused()
    late.says("after all this hay")
    expect(late.texts.last).to_have_text("after all this hay")
    expect(late.texts.last).to_be_in_viewport()


def test_text_is_shown_as_it_was_meant(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann = visitor(daemon).enters("ann")
    visitor(daemon).enters("bob")
    expect(ann.page.locator("#people .who")).to_have_count(2)
    ann.says(
        "*soft* **loud** ~~gone~~ `a*b*c` 2*3*4 snake_case :tada: :nosuch: @bob @nobody #lobby #7\n"
        "> *quoted*\n"
        "```py\nif a < b:\n    *x* = `y`\n```\n"
        "end"
    )
    text = ann.texts.first
    for part, shown in {
        "em": ["soft", "quoted"],
        "strong": ["loud"],
        "del": ["gone"],
        "code": ["a*b*c", "if a < b:\n    *x* = `y`"],
        "pre": ["if a < b:\n    *x* = `y`"],
        "blockquote": ["quoted"],
        "[role=img]": ["🎉"],
        ".name": ["@bob"],
        "a": ["#lobby"],
    }.items():
        expect(text.locator(part)).to_have_text(shown)
    expect(text).to_contain_text("2*3*4 snake_case 🎉 :nosuch: @bob @nobody #lobby #7")


def test_names_and_emoji_are_completed(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann = visitor(daemon).enters("ann")
    visitor(daemon).enters("bobby")
    expect(ann.page.locator("#people .who")).to_have_count(2)
    ann.types("hi @bo")
    expect(ann.page.get_by_role("option", name="@bobby")).to_be_visible()
    ann.field.press("Tab")
    ann.types("eat :piz")
    expect(ann.page.get_by_role("option", name="🍕 :pizza:")).to_be_visible()
    ann.field.press("Enter")
    expect(ann.field).to_have_value("hi @bobby eat 🍕 ")
    ann.field.press("Enter")
    expect(ann.texts).to_have_text(["hi @bobby eat 🍕"])


def test_who_is_named_sees_it_at_a_glance_also_after_being_away(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    add = ("user", "add", "dora", "--config", str(daemon.config))
    assert daemon.verb(*add, stdin="a long enough secret\n").returncode == 0
    dora, cleo = visitor(daemon), guest(daemon, "cleo")
    dora.logs_in("dora", "a long enough secret")
    expect(dora.heading).to_have_text("lobby")
    dora.joins("design", new=True)
    dora.page.goto("about:blank")
    cleo.must("join", room="design")
    for text in ("one", "two for @Dora", "three"):
        cleo.must("send", room="design", text=text)
    cleo.must("send", room="lobby", text="four")
    cleo.must("send", to="dora", text="psst")
    dora.opens("#/lobby")
    rooms = dora.page.get_by_role("navigation").get_by_role("listitem")
    expect(rooms).to_have_text(["#lobby", "#design3", "Ccleo1"])
    expect(dora.page.locator("nav .badge.called")).to_have_text(["3", "1"])
    expect(dora.page).to_have_title(re.compile(r"^\(4\) lobby"))
    dora.goes_to("design")
    expect(dora.log.locator("li.calls:visible .text")).to_have_text(["two for @Dora"])
    expect(dora.message("one").get_by_text("New", exact=True)).to_be_visible()
    expect(rooms).to_have_text(["#lobby", "#design", "Ccleo1"])


def test_a_draft_stays_with_its_room_over_a_reload(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann = visitor(daemon).enters("ann")
    ann.joins("design", new=True)
    ann.types("half a thou")
    ann.goes_to("lobby")
    expect(ann.field).to_have_value("")
    ann.page.reload()
    expect(ann.heading).to_have_text("lobby")
    ann.goes_to("design")
    expect(ann.field).to_have_value("half a thou")


def test_on_a_slow_line_a_message_is_there_at_once_and_final_when_it_is_stored(
    scripted: Scripted,
) -> None:
    ann = scripted.person
    scripted.silent = True
    ann.says("no answer yet")
    expect(ann.texts).to_have_text(["no answer yet"])
    expect(ann.pending).to_have_count(1)
    scripted.until_asked("send")
    asked = next(frame for frame in scripted.asked if frame["type"] == "send")
    scripted.tells(type="ok", id=asked["id"], room="lobby", seq=8, ts=1_760_000_000_000)
    expect(ann.pending).to_have_count(0)
    expect(ann.texts).to_have_text(["no answer yet"])


def notices(person: Visitor) -> list[str]:
    """What the page told the desktop."""
    told: list[str] = person.page.evaluate("() => window.told")
    return told


def test_the_desktop_is_told_when_one_is_named_and_looks_elsewhere(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    ann, cleo = visitor(daemon), guest(daemon, "cleo")
    ann.page.add_init_script(
        "window.told = []; document.hasFocus = () => !window.away;"
        "window.Notification = class { static permission = 'granted';"
        " static async requestPermission() { return 'granted' }"
        " constructor(title, { body }) { window.told.push(`${title}: ${body}`) } }"
    )
    ann.enters("ann")
    ann.page.locator("#me").click()
    ann.page.get_by_role("menuitemcheckbox", name="Desktop notifications").click()
    ann.page.evaluate("() => { window.away = true }")
    cleo.must("send", room="lobby", text="nothing for anybody")
    cleo.must("send", room="lobby", text="@ann look")
    cleo.must("send", to="ann", text="psst")
    expect(ann.page).to_have_title(re.compile(r"^\(3\)"))
    ann.page.wait_for_function("() => window.told.length === 2")
    assert notices(ann) == ["cleo in #lobby: @ann look", "cleo: psst"]
    expect(ann.message("nothing").get_by_text("New", exact=True)).to_be_visible()


def test_an_address_that_leads_nowhere_leads_to_the_chat(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    for number, where in enumerate(("#/nowhere", "#/lobby/99", "#/%", "#/lobby/x"), 1):
        ann = visitor(daemon)
        ann.opens(where)
        ann.page.get_by_role("textbox", name="Your name").fill(f"ann{number}")
        ann.page.keyboard.press("Enter")
        expect(ann.heading).to_have_text("lobby")
        ann.says(where)
        expect(ann.texts).to_have_count(number)
        expect(ann.texts.last).to_have_text(where)


def page_of(last: int, count: int = 60) -> dict[str, Any]:
    """A page of a long history, as the server tells it."""
    facts = {"room": "lobby", "ts": 1_760_000_000_000, "user": "bob"}
    seqs = range(last - count + 1, last + 1)
    return {"messages": [facts | {"seq": n, "text": f"line {n}"} for n in seqs], "more": True}


def test_whoever_wants_to_be_elsewhere_while_a_page_is_on_its_way_gets_there(
    page_server: Daemon, visitor: MakeVisitor
) -> None:
    ann = visitor(page_server)
    played = Scripted(ann)
    played.answers["login"]["rooms"] = [{"room": "lobby", "epoch": "e", "seq": 900}]
    played.answers["history"] |= page_of(900)
    ann.enters("ann")
    expect(ann.texts.last).to_have_text("line 900")
    played.held.add("history")
    ann.log.evaluate("log => log.scrollTo(0, 0)")
    played.until_asked("history", times=2)
    ann.page.evaluate("() => { location.hash = '#/lobby/500' }")
    ann.page.evaluate("() => 1")
    asked = [each["type"] for each in played.asked].count("history")
    played.answers["history"] |= page_of(520)
    played.answers_now()
    played.until_asked("history", times=asked + 1)
    expect(ann.message("line 500")).to_be_focused()
    expect(ann.page.locator("#toast")).to_be_empty()
