"""A browser that has compression, as it asks for by itself."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import MakeVisitor
from tests.process.conftest import MakeClient
from tests.process.harness import Daemon

LONG = "what is long is worth to be compressed, and the page notices nothing of it " * 20


def test_a_page_chats_with_compression(
    daemon: Daemon, visitor: MakeVisitor, guest: MakeClient
) -> None:
    daemon.configure(delivery={"compression": True})
    daemon.reload()
    ann, bob = visitor(daemon).enters("ann"), visitor(daemon).enters("bob")
    assert daemon.metric("chatd_deflate_sessions_opened_total") == 2
    cleo = guest(daemon, "cleo")
    ann.says("grüß euch")
    for number in range(20):
        cleo.must("send", room="lobby", text=f"{number} {LONG}".strip())
    bob.says("so much")
    for person in (ann, bob):
        expect(person.texts.last).to_have_text("so much")
        expect(person.texts).to_have_count(22)
        expect(person.texts.nth(1)).to_have_text(f"0 {LONG}".strip())
    assert daemon.metric("chatd_deflate_received_frames_total") > 4
    assert daemon.metric("chatd_deflate_saved_bytes_total") > 20 * len(LONG)
    late = visitor(daemon).enters("late")
    expect(late.texts.last).to_have_text("so much")
