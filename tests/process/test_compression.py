"""Compression, at a real process: who wants it and who does not hear the same."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.process.client import PATIENCE, Client, Connection
from tests.process.conftest import MakeDaemon
from tests.process.harness import Daemon, eventually

MESSAGES = 300
TEXT = "what is said to many is compressed once, and all of them get the same bytes "


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    return make_daemon(delivery={"compression": True}).start()


@pytest.fixture
def company(daemon: Daemon) -> Iterator[list[Client]]:
    """Three with compression, and one without."""
    clients = [Client(daemon.url(), compression=each) for each in ("deflate",) * 3 + (None,)]
    for number, client in enumerate(clients):
        client.login("lobby", guest=f"guest{number}")
    yield clients
    for client in clients:
        client.close()


def test_all_hear_everything_in_order_compressed_or_not(
    daemon: Daemon, company: list[Client]
) -> None:
    assert [each.compressed for each in company] == [True, True, True, False]
    reader = Connection(daemon.url(), compression="deflate")
    reader.send("here")
    assert [each.event("message")["text"] for each in company] == ["here"] * 4
    lines = [reader.receive(time.monotonic() + PATIENCE)]
    texts = [f"{number} {TEXT * (number % 20)}".strip() for number in range(MESSAGES)]
    numbers = [
        speaker.say("send", room="lobby", text=text)
        for text, speaker in zip(texts, (company * MESSAGES)[:MESSAGES], strict=True)
    ]
    for number, speaker in zip(numbers, (company * MESSAGES)[:MESSAGES], strict=True):
        assert speaker.answer(number)["type"] == "ok"
    heard = [[each["text"] for each in client.heard("message")] for client in company]
    assert all(each == heard[0] for each in heard)
    assert sorted(heard[0]) == sorted(texts)
    while not lines[-1].endswith(heard[0][-1]):
        lines.append(reader.receive(time.monotonic() + PATIENCE))
    reader.close()
    told = [line for line in lines if any(line.endswith(text) for text in texts)]
    assert len(told) == MESSAGES
    sent = daemon.metric("chatd_deflate_sent_frames_total")
    made = daemon.metric("chatd_deflate_seconds_count")
    assert sent > made > MESSAGES / 2
    assert daemon.metric("chatd_deflate_saved_bytes_total") > MESSAGES * 3 * len(TEXT)
    assert daemon.metric("chatd_deflate_received_frames_total") > MESSAGES / 2


def test_a_long_history_comes_compressed(daemon: Daemon, company: list[Client]) -> None:
    first, second, *_, plain = company
    for _ in range(100):
        first.say("send", room="lobby", text=TEXT)
    first.must("ping")
    before = daemon.metric("chatd_deflate_saved_bytes_total")
    pages = [each.must("history", room="lobby", limit=100) for each in (second, plain)]
    for page in pages:
        page.pop("id")
    assert pages[0] == pages[1]
    assert len(pages[0]["messages"]) == 100
    eventually(lambda: daemon.metric("chatd_deflate_saved_bytes_total") > before + 100 * len(TEXT))


def test_a_reload_switches_it_for_those_who_come_then(daemon: Daemon) -> None:
    old = Client(daemon.url(), compression="deflate")
    daemon.configure(delivery={"compression": False})
    daemon.reload()
    new = Client(daemon.url(), compression="deflate")
    assert (old.compressed, new.compressed) == (True, False)
    for name, client in (("old", old), ("new", new)):
        client.login("lobby", guest=name)
    old.must("send", room="lobby", text=TEXT)
    assert new.event("message")["text"] == TEXT
    daemon.configure(delivery={"compression": True})
    daemon.reload()
    newest = Client(daemon.url(), compression="deflate")
    assert newest.compressed
    for client in (old, new, newest):
        client.close()
