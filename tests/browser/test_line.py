"""The web client when its line breaks: nothing is lost, nothing comes twice, and nobody reloads.
What it does while all is well is test_page.py."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import MakeVisitor
from tests.browser.scripted import Scripted
from tests.browser.visitor import Visitor
from tests.process.client import Client
from tests.process.conftest import MakeClient
from tests.process.harness import Daemon


def stored(daemon: Daemon) -> list[str]:
    """What the server has in the lobby, in its order."""
    reader = Client(daemon.url())
    try:
        reader.login("lobby")
        page = reader.must("history", room="lobby", limit=200)
        return [message["text"] for message in page["messages"]]
    finally:
        reader.close()


def unloaded(person: Visitor) -> None:
    """Leave a mark that a reload would wipe out."""
    person.page.evaluate("() => { window.mark = 'still here' }")


def still_the_same_page(person: Visitor) -> bool:
    return bool(person.page.evaluate("() => window.mark") == "still here")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_while_two_type_loses_nothing_and_doubles_nothing(
    daemon: Daemon, visitor: MakeVisitor, end: str
) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    unloaded(ann)
    unloaded(bob)
    said = {
        person: [f"{name} {number}" for number in range(20)]
        for person, name in ((ann, "ann"), (bob, "bob"))
    }
    for number in range(20):
        for person, texts in said.items():
            person.says(texts[number])
        if number == 7:
            getattr(daemon, end)()
        if number == 12:
            daemon.start()
    ann.types("and one more, half wri")
    for person in (ann, bob):
        expect(person.pending).to_have_count(0)
    for person in (ann, bob):
        expect(person.texts).to_have_count(40)
        expect(person.banner).to_be_hidden()
        expect(
            person.log.locator(".aside").filter(has_text=re.compile("left|gone|offline|back"))
        ).to_have_count(0)
        assert still_the_same_page(person)
    kept = stored(daemon)
    for person, texts in said.items():
        name = texts[0].split()[0]
        assert [text for text in kept if text.startswith(name)] == texts
        expect(person.texts).to_have_text(kept)
    expect(ann.field).to_have_value("and one more, half wri")
    expect(ann.page.locator("#me .who")).to_have_text("ann")


def test_many_kills_in_the_middle_of_sending(daemon: Daemon, visitor: MakeVisitor) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    said: list[str] = []
    for life in range(4):
        for number in range(8):
            said.append(f"life {life}, word {number}")
            ann.says(said[-1])
        daemon.kill()
        daemon.start()
        for person in (ann, bob):
            person.page.evaluate("() => window.dispatchEvent(new Event('online'))")
    for person in (ann, bob):
        expect(person.texts).to_have_text(said)
    expect(ann.pending).to_have_count(0)
    assert stored(daemon) == said


def test_while_the_server_is_away_the_page_says_so_and_keeps_what_is_said(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    ann = visitor(daemon).enters("ann")
    daemon.kill()
    ann.says("are you there?")
    expect(ann.pending).to_have_text(re.compile(r"are you there\?"))
    expect(ann.banner).to_contain_text("Offline")
    expect(ann.banner).to_contain_text(re.compile(r"next try in \d+ s|trying now"))
    daemon.start()
    expect(ann.banner).to_be_hidden()
    expect(ann.pending).to_have_count(0)
    assert stored(daemon) == ["are you there?"]


def test_what_was_not_stored_survives_a_reload_of_the_page(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    ann = visitor(daemon).enters("ann")
    held: list[WebSocketRoute] = []
    ann.page.route_web_socket(re.compile("/ws"), lambda route: _swallow_sends(route, held))
    ann.page.reload()
    expect(ann.heading).to_have_text("lobby")
    ann.says("said into the void")
    expect(ann.pending).to_have_count(1)
    ann.page.unroute_all()
    other = ann.page
    other.route_web_socket(re.compile("/ws"), lambda route: route.connect_to_server())
    other.reload()
    expect(ann.texts).to_have_text(["said into the void"])
    expect(ann.pending).to_have_count(0)
    assert stored(daemon) == ["said into the void"]


def _swallow_sends(route: WebSocketRoute, held: list[WebSocketRoute]) -> None:
    server = route.connect_to_server()
    held.append(server)

    def pass_on(frame: str | bytes) -> None:
        if json.loads(frame)["type"] != "send":
            server.send(frame)

    route.on_message(pass_on)


def test_an_acknowledgement_that_was_lost_does_not_double_the_message(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    lines: list[WebSocketRoute] = []

    def lose_the_first_answer(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        lines.append(route)
        first = len(lines) == 1
        keys: set[int] = set()

        def out(frame: str | bytes) -> None:
            asked = json.loads(frame)
            if asked["type"] == "send":
                keys.add(asked["id"])
            server.send(frame)

        def back(frame: str | bytes) -> None:
            told = json.loads(frame)
            if first and (told.get("id") in keys or told["type"] == "message"):
                if told.get("id") in keys:
                    route.close(code=4000, reason="the answer is lost")
                return
            route.send(frame)

        route.on_message(out)
        server.on_message(back)

    ann.page.route_web_socket(re.compile("/ws"), lose_the_first_answer)
    ann.page.reload()
    expect(ann.heading).to_have_text("lobby")
    ann.says("only once")
    expect(ann.pending).to_have_count(0)
    assert len(lines) == 2
    for person in (ann, bob):
        expect(person.texts).to_have_text(["only once"])
    assert stored(daemon) == ["only once"]


def test_history_is_read_anew_when_the_server_has_another_past(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    ann = visitor(daemon).enters("ann")
    ann.says("before")
    expect(ann.pending).to_have_count(0)
    daemon.kill()
    for file in daemon.folder.glob("chatd.sqlite3*"):
        file.unlink()
    ann.says("meanwhile")
    daemon.start()
    expect(ann.texts).to_have_text(["meanwhile"])
    expect(ann.pending).to_have_count(0)
    guest(daemon, "cleo").must("send", room="lobby", text="after")
    expect(ann.texts).to_have_text(["meanwhile", "after"])


def test_whoever_is_barred_is_told_and_does_not_come_back(
    daemon: Daemon, visitor: MakeVisitor
) -> None:
    on = ("--config", str(daemon.config))
    assert daemon.verb("user", "add", "dora", *on, stdin="a long enough secret\n").returncode == 0
    dora = visitor(daemon)
    dora.logs_in("dora", "a long enough secret")
    expect(dora.heading).to_have_text("lobby")
    assert daemon.verb("user", "disable", "dora", *on).returncode == 0
    expect(dora.banner).to_contain_text("the account or token was revoked")
    dora.page.get_by_role("button", name="Connect again").click()
    expect(dora.page.locator("#entry").get_by_role("alert")).to_contain_text("disabled")


def test_the_page_comes_back_when_the_draining_server_asked_it_to(scripted: Scripted) -> None:
    scripted.tells(type="draining", reconnect_after_ms=5000)
    scripted.closes(3000, "draining")
    expect(scripted.person.banner).to_be_hidden()
    assert scripted.opened_after(4999) == 1
    expect(scripted.person.banner).to_contain_text("next try in 1 s")
    assert scripted.opened_after(1) == 2


def test_positions_come_from_events_alone(scripted: Scripted) -> None:
    message = {"type": "message", "room": "lobby", "ts": 1_760_000_000_000, "user": "bob"}
    scripted.tells(**message, seq=8, text="eight")
    scripted.tells(
        type="reaction", room="lobby", seq=9, ts=1, user="bob", target=8, emoji="x", on=True
    )
    scripted.tells(**message, seq=9, text="a nine that was told already")
    scripted.tells(type="read", room="lobby", seq=30)
    expect(scripted.person.texts).to_have_text(["eight"])
    scripted.person.says("acknowledged only")
    expect(scripted.person.texts).to_have_text(["eight", "acknowledged only"])
    expect(scripted.person.pending).to_have_count(0)
    scripted.closes(4001, "try again")
    assert scripted.opened_after(1000) == 2
    scripted.until_asked("login", times=2)
    logins = [asked for asked in scripted.asked if asked["type"] == "login"]
    assert logins[-1]["resume"] == {"lobby": {"epoch": "e", "seq": 9}}
    assert logins[-1]["guest_token"] == "t"


def test_a_guest_who_may_not_be_renamed_comes_back_under_the_name_that_they_have(
    scripted: Scripted,
) -> None:
    muted = {"type": "error", "code": "muted", "message": "you are muted here"}
    kept, scripted.answers["login"] = scripted.answers["login"], muted
    scripted.closes(4001, "try again")
    assert scripted.opened_after(1000) == 2
    scripted.until_asked("login", times=3)
    logins = [asked for asked in scripted.asked if asked["type"] == "login"]
    assert ["guest" in each for each in logins] == [True, True, False]
    assert logins[-1]["guest_token"] == kept["guest_token"]


@pytest.mark.parametrize("code", [3500, 3999, 4500])
def test_a_close_that_is_final_says_why_and_stays_closed(scripted: Scripted, code: int) -> None:
    scripted.closes(code, "enough of this")
    expect(scripted.person.banner).to_contain_text("Not connected: enough of this")
    assert scripted.opened_after(120_000) == 1


@pytest.mark.parametrize("code", [1001, 3001, 3499, 4000, 4499])
def test_other_closes_are_followed_by_a_new_line(scripted: Scripted, code: int) -> None:
    scripted.closes(code)
    assert scripted.opened_after(1000) == 2


def test_a_line_that_has_silently_died_is_replaced(scripted: Scripted) -> None:
    scripted.tells(type="typing", room="lobby", user="bob", on=True)
    scripted.silent = True
    scripted.passes(30_000)
    assert scripted.asked[-1]["type"] == "read"
    scripted.passes(1000)
    assert scripted.asked[-1]["type"] == "ping"
    assert scripted.opened_after(10_000) == 1
    assert scripted.opened_after(1000 + 1000) == 2
