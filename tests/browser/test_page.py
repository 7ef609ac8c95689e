"""The web client as people use it, in a real browser: chat, rooms, history, names that attack.
What it does when its line breaks is test_line.py."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.browser.conftest import MakeVisitor
from tests.browser.scripted import Scripted
from tests.browser.visitor import Visitor
from tests.process.client import Client
from tests.process.conftest import MakeClient
from tests.process.harness import Daemon

PHONE = {"width": 360, "height": 740}
HOSTILE = (
    "<script>document.title = 'taken'</script>",
    '<img src="x" onerror="window.taken = true">',
    "\"><svg onload='window.taken = true'>",
    "<b>bold</b> &lt;i&gt; &amp; ${7*7} {{7*7}}",
    "javascript:alert(1) and data:text/html,<script>window.taken=true</script>",
    'https://example.org/"onmouseover="window.taken=true"x="',
)


def fill(client: Client, count: int, room: str = "lobby") -> list[str]:
    """Messages of somebody else; gives their texts."""
    texts = [f"line {number} of {count}" for number in range(1, count + 1)]
    for text in texts:
        client.must("send", room=room, text=text)
    return texts


def test_two_people_chat(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    ann.says("hello bob")
    bob.says("hello ann\nhow is it?")
    for person in (ann, bob):
        expect(person.texts).to_have_text(["hello bob", "hello ann\nhow is it?"])
        expect(person.messages.locator(".who")).to_have_text(["ann", "bob"])
        expect(person.pending).to_have_count(0)
    expect(ann.log.locator(".mine .text")).to_have_text("hello bob")
    expect(bob.log.locator(".mine .text")).to_have_text("hello ann\nhow is it?")


@pytest.mark.parametrize("width", [1280, 360])
def test_the_greeting_covers_neither_the_newest_message_nor_where_one_writes(
    daemon: Daemon, guest: MakeClient, visitor: MakeVisitor, width: int
) -> None:
    fill(guest(daemon, "bob"), 40)
    ann = visitor(daemon, viewport={"width": width, "height": 740}).enters("ann")
    greeting = ann.page.locator("#toast")
    expect(greeting).to_have_text("Be kind to each other.")
    expect(ann.texts.last).to_have_text("line 40 of 40")
    expect(ann.texts.last).to_be_in_viewport(ratio=1)
    place = box(greeting)
    for other in (ann.texts.last, ann.field, ann.heading):
        assert not overlap(place, box(other))


def box(part: Locator) -> FloatRect:
    """Where it is, once it has come to rest."""
    part.evaluate("part => Promise.all(part.getAnimations().map(each => each.finished))")
    found = part.bounding_box()
    assert found is not None
    return found


def overlap(one: FloatRect, other: FloatRect) -> bool:
    """Whether they have a point in common."""
    beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
    above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
    return not (beside or above)


def test_who_is_here_is_counted_listed_and_told(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann = visitor(daemon).enters("ann")
    present = ann.page.locator("#present")
    expect(present).to_have_text("1")
    bob = visitor(daemon).enters("bob")
    expect(present).to_have_text("2")
    expect(ann.log.locator(".aside")).to_have_text(["bob joined"])
    expect(ann.page.locator("#people .who")).to_have_text(["ann", "bob"])
    bob.leaves()
    expect(present).to_have_text("1")
    expect(ann.log.locator(".aside")).to_have_text(["bob went offline"])  # and may come back


def test_one_sees_that_somebody_types(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    bob.types("hel")
    expect(ann.page.locator("#typing")).to_have_text("bob is typing")
    bob.says("hello")
    expect(ann.texts).to_have_text(["hello"])
    expect(ann.page.locator("#typing")).to_be_empty()
    expect(bob.page.locator("#typing")).to_be_empty()


def test_times_are_those_of_the_readers_zone(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    guest(daemon, "cleo").must("send", room="lobby", text="what time is it?")
    shown = [
        visitor(daemon, timezone_id=zone).enters(zone[:3]).messages.locator("time")
        for zone in ("Asia/Tokyo", "America/Lima")
    ]
    stamps = [time.get_attribute("datetime") for time in shown]
    hours = [int(time.inner_text().split(":")[0]) for time in shown]
    assert stamps[0] == stamps[1]
    assert (hours[0] - hours[1]) % 24 == 14


def test_changes_to_messages_are_seen(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    ann, cleo = visitor(daemon).enters("ann"), guest(daemon, "cleo")
    seqs = [cleo.must("send", room="lobby", text=text)["seq"] for text in ("frist", "second")]
    cleo.must("edit", room="lobby", seq=seqs[0], text="first")
    cleo.must("react", room="lobby", seq=seqs[0], emoji="🎉")
    cleo.must("delete", room="lobby", seq=seqs[1])
    expect(ann.texts).to_have_text(["first (edited)", "This message was deleted"])
    ann.message("first").get_by_role("button", name="🎉 from cleo").click()
    expect(ann.chips("first")).to_have_text("🎉2")
    cleo.must("unreact", room="lobby", seq=seqs[0], emoji="🎉")
    expect(ann.chips("first")).to_have_text("🎉1")
    late = visitor(daemon).enters("late")
    expect(late.texts).to_have_text(["first (edited)", "This message was deleted"])
    expect(late.chips("first")).to_have_text("🎉1")


def test_history_comes_when_one_scrolls_up_and_the_page_stays_where_one_reads(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    fill(guest(daemon, "cleo"), 300)
    ann = visitor(daemon).enters("ann")
    expect(ann.texts.last).to_have_text("line 300 of 300")
    expect(ann.texts.last).to_be_in_viewport()
    first = ann.texts.first.inner_text()
    ann.log.evaluate("log => { log.scrollTop = 10 }")
    expect(ann.texts.first).not_to_have_text(first)
    expect(ann.texts.filter(has_text=re.compile(f"^{first}$"))).to_be_in_viewport()
    while not ann.log.get_by_text("This is the beginning of this room").is_visible():
        ann.log.evaluate("log => { log.scrollTop = 0 }")
    expect(ann.texts.first).to_have_text("line 1 of 300")
    assert ann.texts.count() <= 240  # what is far below was let go
    ann.page.get_by_role("button", name="Jump to the newest").click()
    expect(ann.texts.last).to_have_text("line 300 of 300")
    expect(ann.texts.last).to_be_in_viewport()


def test_whoever_reads_above_is_not_dragged_down(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    cleo = guest(daemon, "cleo")
    fill(cleo, 40)
    ann = visitor(daemon).enters("ann")
    expect(ann.texts).to_have_count(40)
    ann.message("line 9 of").scroll_into_view_if_needed()
    before = ann.message("line 9 of").bounding_box()
    cleo.must("send", room="lobby", text="something new")
    expect(ann.texts).to_have_count(41)
    assert ann.message("line 9 of").bounding_box() == before
    ann.page.get_by_role("button", name="Jump to the newest").click()
    expect(ann.message("something new")).to_be_in_viewport()


def test_rooms_are_made_joined_counted_and_left(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    ann.joins("design", new=True)
    bob.joins("design")
    bob.goes_to("lobby")
    ann.says("one")
    ann.says("two")
    rooms = bob.page.get_by_role("navigation").get_by_role("listitem")
    expect(rooms).to_have_text(["#lobby", "#design2"])
    expect(bob.page).to_have_title(re.compile(r"^\(2\) lobby"))
    bob.goes_to("design")
    expect(bob.texts).to_have_text(["one", "two"])
    expect(bob.message("one").get_by_text("New", exact=True)).to_be_visible()
    expect(rooms).to_have_text(["#lobby", "#design"])
    bob.chooses("This room", "Leave this room")
    expect(rooms).to_have_text(["#lobby"])
    expect(ann.log.locator(".aside:visible").last).to_have_text("bob left")


def test_two_talk_in_a_room_of_their_own(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    ann.chooses("bob", "Write to them")
    expect(ann.heading).to_have_text("bob")
    ann.says("only for you")
    bob.goes_to("ann")
    expect(bob.texts).to_have_text(["only for you"])


def test_one_stays_the_same_guest_in_the_same_rooms(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    ann.joins("design", new=True)
    ann.says("mine")
    ann.page.reload()
    expect(ann.heading).to_have_text("design")
    expect(ann.log.locator(".mine .text")).to_have_text("mine")
    expect(ann.page.get_by_role("navigation").get_by_role("listitem")).to_have_count(2)
    second = ann.another_page()
    expect(second.locator("#me .who")).to_have_text("ann")
    expect(bob.page.locator("#people .who")).to_have_text(["ann", "bob"])


def test_two_pages_of_one_person_say_and_read_the_same(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    ann = visitor(daemon).enters("ann")
    second = ann.another_page()
    expect(second.locator("#room-name")).to_have_text("lobby")
    ann.says("from the first")
    expect(second.locator(".message .text")).to_have_text("from the first")
    ann.joins("design", new=True)
    ann.says("a new room")
    expect(second.get_by_role("navigation").get_by_role("listitem")).to_have_count(2)


def test_a_guest_takes_another_name(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    ann.page.locator("#me").click()
    ann.page.get_by_role("menuitem", name="Change name").click()
    name = ann.page.get_by_role("dialog").get_by_role("textbox")
    name.fill("bob")
    name.press("Enter")
    expect(ann.page.get_by_role("dialog").get_by_role("alert")).to_contain_text("bob")
    name.fill("anna")
    name.press("Enter")
    expect(ann.page.locator("#me .who")).to_have_text("anna")
    expect(bob.log.locator(".aside")).to_have_text(["ann is now anna"])
    expect(bob.page.locator("#people .who")).to_have_text(["anna", "bob"])


def test_a_name_in_use_is_refused_at_the_door(daemon: Daemon, visitor: MakeVisitor) -> None:
    visitor(daemon).enters("ann")
    other = visitor(daemon).opens()
    other.page.get_by_role("textbox", name="Your name").fill("Ann")
    other.page.keyboard.press("Enter")
    expect(other.page.locator("#entry").get_by_role("alert")).to_contain_text("name in use")
    other.page.get_by_role("textbox", name="Your name").fill("ann lee")
    other.page.keyboard.press("Enter")
    expect(other.page.locator("#entry").get_by_role("alert")).to_contain_text("no spaces")
    other.page.get_by_role("textbox", name="Your name").fill("")
    other.page.keyboard.press("Enter")
    expect(other.page.locator("#me .who")).to_have_text(re.compile(r"^guest-\d+$"))


def test_an_account_comes_in_by_its_password(daemon: Daemon, visitor: MakeVisitor) -> None:
    add = ("user", "add", "dora", "--config", str(daemon.config))
    assert daemon.verb(*add, stdin="a long enough secret\n").returncode == 0
    dora = visitor(daemon)
    dora.logs_in("dora", "wrong")
    expect(dora.page.locator("#entry").get_by_role("alert")).to_contain_text("wrong")
    dora.page.get_by_label("Password").fill("a long enough secret")
    dora.page.keyboard.press("Enter")
    expect(dora.heading).to_have_text("lobby")
    expect(dora.page.locator("#me")).to_contain_text("logged in")
    kept = dora.page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "secret" not in kept
    dora.page.reload()
    expect(dora.heading).to_have_text("lobby")
    expect(dora.page.locator("#me .who")).to_have_text("dora")
    dora.chooses("dora logged in", "Log out")
    expect(dora.page.get_by_role("heading", name="Come in")).to_be_visible()
    dora.page.reload()
    expect(dora.page.get_by_role("heading", name="Come in")).to_be_visible()


def test_what_is_refused_can_be_tried_again_or_changed(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    cleo = guest(daemon, "cleo")
    fill(cleo, 40)
    ann = visitor(daemon).enters("ann")
    expect(ann.texts).to_have_count(40)
    ann.says("\u200b\u2060")
    refused = ann.log.locator("[data-state=refused]")
    expect(refused).to_contain_text("nothing to say")
    ann.page.get_by_role("button", name="Try again").click()
    expect(refused).to_contain_text("nothing to say")
    ann.page.get_by_role("button", name="Discard").click()
    expect(ann.messages).to_have_count(40)
    expect(ann.log.get_by_text("This is the beginning")).to_have_count(1)
    assert ann.below() == 0, "whoever is at the end stays there"


def test_a_long_paste_is_said_in_parts_and_far_too_much_is_not(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    daemon.configure(limits={"message_bytes": 1024})
    daemon.reload()
    ann = visitor(daemon).enters("ann")
    lines = [f"{number} {'x' * 90}" for number in range(30)]
    ann.says("\n".join(lines))
    expect(ann.texts).to_have_count(3)
    expect(ann.pending).to_have_count(0)
    assert "\n".join(ann.texts.all_inner_texts()).split("\n") == lines
    ann.says("x" * 20_000)
    expect(ann.page.locator("#composer-says")).to_contain_text("too long")
    expect(ann.field).to_have_value("x" * 20_000)


def test_a_command_of_the_terminal_is_not_said_to_the_room(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    ann = visitor(daemon).enters("ann")
    ann.says("/login ann secret")
    expect(ann.page.locator("#composer-says")).to_contain_text("/login is not known on this page")
    ann.says("/me waves")
    expect(ann.page.locator("#composer-says")).to_contain_text("/me is not known on this page")
    expect(ann.messages).to_have_count(0)
    ann.field.fill("")
    ann.says("//etc is a folder")
    expect(ann.texts).to_have_text(["/etc is a folder"])


def test_texts_that_attack_stay_text(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    ann, mallory = visitor(daemon).enters("ann"), guest(daemon, "mallory")
    mallory.must("create", room="trap", topic=HOSTILE[1])
    ann.joins("trap")
    for text in HOSTILE:
        mallory.must("send", room="trap", text=text)
    first = mallory.must("history", room="trap")["messages"][0]["seq"]
    mallory.must("react", room="trap", seq=first, emoji="<u>")
    expect(ann.texts).to_have_text(list(HOSTILE))
    expect(ann.chips(HOSTILE[0])).to_have_text("<u>1")
    expect(ann.page.locator("#topic")).to_have_text(HOSTILE[1])
    links = [link.get_attribute("href") for link in ann.texts.get_by_role("link").all()]
    assert links == ["https://example.org/"]
    assert_inert(ann)


def test_no_text_holds_up_who_is_shown_it(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    ann, mallory = visitor(daemon).enters("ann"), guest(daemon, "mallory", "lobby")
    shown = [
        "🎉" * 40 + " congratulations!",
        "🎉👩‍🚀 👍🏽",
        "🎉" * 13,
        "http://a" + "." * 16_000 + "x",
    ]
    for text in shown:
        mallory.must("send", room="lobby", text=text)
    expect(ann.texts).to_have_text(shown)
    large = [" large" in f" {each.get_attribute('class')}" for each in ann.texts.all()]
    assert large == [False, True, False, False]
    assert not ann.texts.get_by_role("link").count()


def test_names_that_attack_stay_text_even_from_a_server_that_lets_them_in(
    page_server: Daemon, visitor: MakeVisitor
) -> None:
    ann = visitor(page_server)
    played = Scripted(ann)
    played.welcome |= {"server": HOSTILE[0], "motd": HOSTILE[1]}
    people = [{"user": name, "online": True} for name in HOSTILE]
    played.answers["who"] |= {"people": people, "present": len(people)}
    ann.enters("ann")
    for seq, name in enumerate(HOSTILE, start=8):
        played.tells(type="joined", room="lobby", user=name)
        played.tells(type="message", room="lobby", seq=seq, ts=seq, user=name, text="I", key="k")
        played.tells(type="typing", room="lobby", user=name, on=True)
    expect(ann.messages.locator(".who")).to_have_text(list(HOSTILE))
    expect(ann.log.locator(".aside")).to_have_text([f"{name} joined" for name in HOSTILE])
    played.settles()
    expect(ann.page.locator("#people .who")).to_have_count(len(HOSTILE))
    expect(ann.page.locator("#typing")).to_have_text("Several people are typing")
    expect(ann.page.locator("#server")).to_have_text(HOSTILE[0])
    played.answers["create"] = {"type": "error", "code": "bad_name", "message": HOSTILE[2]}
    ann.page.keyboard.press("Control+k")
    ann.page.keyboard.type(HOSTILE[3])
    ann.page.keyboard.press("Enter")
    expect(ann.page.get_by_role("dialog").get_by_role("alert")).to_have_text(HOSTILE[2])
    assert_inert(ann)


def assert_inert(person: Visitor) -> None:
    """Nothing of HOSTILE became an element, or ran."""
    made = person.page.locator("#house, dialog").locator(
        "script, i:not(.dot, .pulse), u, s, b:has(*), img:not([src$='favicon.svg']), [onload]"
    )
    expect(made).to_have_count(0)
    assert person.page.evaluate("() => window.taken") is None
    expect(person.page).not_to_have_title("taken")


def test_addresses_become_links_without_the_sentence_around_them(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    ann = visitor(daemon).enters("ann")
    ann.says("See https://example.org/a_(b), (http://example.org/c?d=e#f)! But not ftp://g or h.i.")
    links = ann.texts.get_by_role("link")
    expect(links).to_have_text(["https://example.org/a_(b)", "http://example.org/c?d=e#f"])
    for link in links.all():
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"


def test_a_phone_shows_all_without_scrolling_sideways(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    cleo = guest(daemon, "cleo" + "o" * 24)
    cleo.must("create", room="r" * 32, topic="long " * 40)
    ann = visitor(daemon, viewport=PHONE, has_touch=True).opens()
    assert ann.overflow() == 0
    ann.enters("a" * 30)
    ann.joins("r" * 32)
    for text in ("w" * 400, "https://example.org/" + "p" * 300, "long words " * 30):
        cleo.must("send", room="r" * 32, text=text)
    cleo.must("react", room="r" * 32, seq=1, emoji="e" * 32)
    expect(ann.texts).to_have_count(3)
    expect(ann.field).to_be_in_viewport()
    assert ann.overflow() == 0
    assert ann.log.evaluate("log => log.scrollWidth - log.clientWidth") == 0
    ann.page.get_by_role("button", name="Rooms").click()
    expect(ann.page.get_by_role("button", name="lobby")).to_be_in_viewport()
    ann.page.get_by_role("button", name="Go to, join or create").click()
    expect(ann.page.get_by_role("dialog")).to_be_in_viewport(ratio=1)
    assert ann.overflow() == 0
    ann.page.keyboard.press("Escape")
    ann.page.get_by_role("button", name="lobby").click()
    expect(ann.heading).to_have_text("lobby")
    expect(ann.page.get_by_role("button", name="lobby")).not_to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_lies_over_a_message_that_is_tapped(
    daemon: Daemon, visitor: MakeVisitor, scheme: str
) -> None:
    ann = visitor(daemon, viewport=PHONE, has_touch=True, color_scheme=scheme).enters("ann")
    said = ("the first, " + "with some words " * 5, "the second", "the third, " + "again " * 15)
    for text in said:
        ann.says(text)
    expect(ann.texts).to_have_count(len(said))
    expect(ann.pending).to_have_count(0)
    for text in said:
        row = ann.message(text[:9])
        row.locator(".text").tap()
        buttons = [box(each) for each in row.locator(".toolbar button").all()]
        assert len(buttons) == 6
        assert max(each["y"] + each["height"] for each in buttons) <= box(row.locator(".said"))["y"]
        time, words = box(row.locator(".when")), box(row.locator(".text"))
        if text != said[0]:  # beside the words, not above them
            assert time["x"] >= 0
            assert time["x"] + time["width"] <= words["x"]


def test_everything_is_reached_by_the_keyboard(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann = visitor(daemon).opens()
    ann.page.keyboard.type("ann")
    ann.page.keyboard.press("Enter")
    expect(ann.field).to_be_focused()
    ann.page.keyboard.type("hello")
    ann.page.keyboard.press("Shift+Enter")
    ann.page.keyboard.type("world")
    ann.page.keyboard.press("Enter")
    expect(ann.texts).to_have_text(["hello\nworld"])
    ann.joins("design", new=True)
    ann.page.keyboard.press("Alt+ArrowUp")
    expect(ann.heading).to_have_text("lobby")
    expect(ann.field).to_be_focused()
    expect(ann.log).to_have_attribute("role", "log")
