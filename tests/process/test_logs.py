"""The log as journald gets it: one line an event, with its priority, and nobody's words in it."""

from __future__ import annotations

import json
import os
import re

import pytest

from tests.process.client import Client, TextClient
from tests.process.conftest import MakeClient, MakeDaemon, MakeRaw
from tests.process.harness import Daemon, eventually
from tests.process.wire import BINARY, TEXT, frame, upgrade_request

CANARY = "xyzzyplugh"  # what must never be in a log
PASSWORD = f"password {CANARY} of carl"


def journal_of(daemon: Daemon) -> str:
    """The variable by which systemd says that standard error goes to journald, systemd.exec(5):
    the device and inode of what the next life's log will be."""
    log = daemon.folder / "log-1"
    log.touch()
    status = log.stat()
    return f"{status.st_dev}:{status.st_ino}"


@pytest.mark.parametrize("form", ["text", "json"])
def test_every_line_has_its_priority_where_journald_listens(
    make_daemon: MakeDaemon, form: str
) -> None:
    daemon = make_daemon(log={"format": form})
    daemon.start(JOURNAL_STREAM=journal_of(daemon))
    daemon.may_fault = True  # lines with a prefix are no JSON
    daemon.configure(log={"format": form, "level": "loud"})
    daemon.reload()
    assert daemon.stop() == 0
    lines = daemon.log_file.read_text().splitlines()
    assert all(re.match(r"<[0-7]>", line) for line in lines)
    for line in lines:
        bad = re.search(r"\b(config_invalid|reload_failed) |\"event\":\"(config_in|reload_f)", line)
        assert bool(bad and "head=" not in line) == line.startswith("<3>")
        if form == "json":
            assert json.loads(line[3:])["level"] in {"info", "error"}
        else:
            assert not re.match(r"<\d>\d{4}-", line)  # journald knows the time


def test_elsewhere_a_line_of_text_has_its_time_and_level(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(log={"format": "text"}).start()
    daemon.may_fault = True  # text is no JSON
    assert daemon.stop() == 0
    lines = daemon.log_file.read_text().splitlines()
    assert len(lines) > 4
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info   |warning) [a-z_]+( |$)")
    assert [line for line in lines if not stamp.match(line)] == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_nobodys_words_and_no_secret_are_in_the_log_at_its_most_talkative(
    make_daemon: MakeDaemon, guest: MakeClient, wire: MakeRaw, form: str
) -> None:
    """A conversation with a canary in all that people and programs say, right and wrong."""
    daemon = make_daemon(log={"format": form, "level": "debug"}).start()
    daemon.may_fault = form == "text"
    config = ("--config", str(daemon.config))
    assert daemon.verb("user", "add", "carl", *config, stdin=PASSWORD).returncode == 0
    secret = daemon.verb("token", "add", "carl", *config).stdout.strip()
    tokens = talk(guest(daemon, "ann"), Client(daemon.url()), secret)
    type_lines(TextClient(daemon.url()))
    misbehave(daemon, wire)
    assert daemon.stop() == 0
    log = daemon.log_file.read_text()
    assert log.count("session_opened") > 5
    for never in (CANARY, secret, secret.split("_")[2], *tokens):
        assert never not in log


def talk(ann: Client, carl: Client, secret: str) -> list[str]:
    """Every command that takes somebody's words, right and wrong; gives the tokens that came."""
    assert carl.ask("login", user="carl", password=f"{CANARY} wrong")["code"] == "login_failed"
    assert carl.ask("login", token=f"chatd_{CANARY}")["code"] == "login_failed"
    assert carl.ask("login", guest="x", guest_token=CANARY)["code"] == "login_failed"
    carl.login("lobby", user="carl", password=PASSWORD)
    renewed = ann.must("nick", nick="anna")
    seq = ann.must("send", room="lobby", text=f"hello {CANARY}", key=f"key-{CANARY}")["seq"]
    ann.must("edit", room="lobby", seq=seq, text=f"again {CANARY}")
    ann.must("react", room="lobby", seq=seq, emoji="👍")
    ann.must("search", query=CANARY)
    ann.must("send", to="carl", text=f"in private {CANARY}")
    ann.must("create", room="den", topic=f"about {CANARY}")
    ann.must("topic", room="den", topic=f"still about {CANARY}")
    ann.must("history", room="lobby")
    ann.must("delete", room="lobby", seq=seq)
    for wrong in (
        {"room": "lobby", "text": f"{CANARY} " * 3000},
        {"room": "lobby", "text": CANARY, "reply_to": 999},
        {"room": "lobby", "txt": CANARY},
        {"room": CANARY * 30, "text": CANARY},
    ):
        assert ann.ask("send", **wrong)["type"] == "error"
    bot = carl  # the same account, told apart by its session only
    assert bot.ask("login", token=secret)["code"] == "already_logged_in"
    for client in (ann, carl):
        client.must("quit")
        client.closed()
    return [str(renewed["guest_token"])]


def type_lines(tom: TextClient) -> None:
    tom.line("you are in #lobby")
    for line in (f"hello {CANARY}", f"/login carl {CANARY}", f"/msg carl {CANARY}", f"/{CANARY}"):
        tom.say(line)
    tom.say(f"/login carl {PASSWORD}")
    tom.line("you are carl")
    tom.say("/quit")
    tom.closed()


def misbehave(daemon: Daemon, wire: MakeRaw) -> None:
    """Frames and requests that mean nothing."""
    canary = CANARY.encode()
    payloads = (
        frame(TEXT, b'{"type": "send", "text": "' + canary),
        frame(TEXT, canary + b"\xff\xfe"),
        frame(TEXT, b'{"type": "' + canary + b'", "id": 1}'),
        frame(BINARY, canary),
        frame(TEXT, canary * 10_000),
        frame(TEXT, b"[" * 60_000 + canary),
        frame(0xB, canary),
    )
    requests = (
        b"GET /?token=" + canary + b" HTTP/1.1\r\n\r\n",
        canary + b"\r\n\r\n",
        upgrade_request(f"/{CANARY}", f"Authorization: Bearer {CANARY}\r\nCookie: {CANARY}\r\n"),
        upgrade_request("/", f"Origin: https://{CANARY}.example\r\n"),
        *(upgrade_request() + payload + frame(TEXT, b'{"type": "quit"}') for payload in payloads),
    )
    everybody = [wire(daemon) for _ in requests]
    for raw, request in zip(everybody, requests, strict=True):
        raw.send(request)
    for raw in everybody:  # none answers the close frame, so let them wait side by side
        raw.rest()


def test_what_somebody_is_called_cannot_make_a_line_of_its_own(
    make_daemon: MakeDaemon,
) -> None:
    daemon = make_daemon(log={"format": "text", "level": "debug"}).start()
    daemon.may_fault = True  # text is no JSON
    for name in ("eve\nready version=9", "eve\x1b[31m", "eve\u202eydaer"):
        client = Client(daemon.url())
        assert client.ask("login", guest=name)["code"] == "bad_name"
        client.close()
    assert daemon.stop() == 0
    log = daemon.log_file.read_text()
    assert "version=9" not in log
    assert log.replace("\n", "").isprintable()


def test_a_log_that_nobody_reads_does_not_stop_the_chat(
    make_daemon: MakeDaemon, guest: MakeClient
) -> None:
    """As after Ctrl-S in a terminal: standard error takes no more."""
    daemon = make_daemon()
    pipe = daemon.folder / "log-1"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        daemon.start()
        for number in range(400):  # two lines of over a hundred bytes each; a pipe holds 64 KiB
            guest(daemon, f"guest{number}").close()
        ann = guest(daemon, "ann")
        ann.must("send", room="lobby", text="hello")
        assert daemon.get("/readyz") == (200, "ready\n")
        before = os.read(reading, 1 << 20)
        guest(daemon, "bob")
        assert b"log_lines_lost" not in before
        assert b"log_lines_lost" in eventually(lambda: os.read(reading, 1 << 20))
        assert daemon.stop() == 0
    finally:
        os.close(reading)
        pipe.unlink()
