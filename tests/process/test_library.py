"""The client library against a real daemon that is killed and restarted while it is used."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatd.client import Client, Message, Offline, Refused, Stopped, Unreachable
from tests.process.conftest import MakeDaemon
from tests.process.harness import PROJECT, Daemon, clean_environ
from tests.unit.client.certificates import Authority

COUNT = 500


class Talker:
    """The program talker.py, running."""

    def __init__(self, framework: str, url: str, count: int, *more: str) -> None:
        command = [sys.executable, "-m", "tests.process.talker", framework, url, str(count), *more]
        self._process = subprocess.Popen(
            [*command[:1], "-W", "error", *command[1:]],
            cwd=PROJECT, env=clean_environ(), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def line(self) -> Any:
        """What it says next."""
        out = self._process.stdout
        return json.loads(out.readline()) if out is not None else None

    def until(self, number: int) -> None:
        """Let it get so many acknowledgements."""
        while self.line() < number:
            pass

    def end(self) -> int:
        """Wait for it; gives its exit code."""
        with self._process:
            return self._process.wait(20)

    def kill(self) -> None:
        """Whatever it does."""
        self._process.kill()
        self.end()


@pytest.fixture
def talkers() -> Iterator[list[Talker]]:
    running: list[Talker] = []
    yield running
    for talker in running:
        talker.kill()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("framework", ["asyncio", "twisted"])
def test_nothing_is_lost_or_doubled_while_the_daemon_is_killed_and_restarted(
    make_daemon: MakeDaemon, talkers: list[Talker], framework: str
) -> None:
    daemon = make_daemon(guests={"linger": "1m"}).start()
    talkers.append(talker := Talker(framework, daemon.url(), COUNT))
    talker.until(100)
    daemon.kill()
    daemon.start()
    talker.until(220)
    assert daemon.stop() == 0
    daemon.start()
    talker.until(350)
    daemon.kill()
    daemon.start()
    talker.until(COUNT)
    found = talker.line()
    assert [key for _, key in found["acked"]] == [f"k{n}" for n in range(1, COUNT + 1)]
    assert [seq for seq, _ in found["acked"]] == list(range(1, COUNT + 1))
    assert found["heard"] == found["acked"]
    # Who is on the way back while the daemon ends again is not cut off a second time.
    assert found["offline"]
    assert set(found["offline"]) <= {1006, 3000}
    # It may hear the last word within a replay, whose end it does not wait for.
    assert set(found["recovered"]) <= {True}
    assert len(found["recovered"]) >= len(found["offline"]) - 1
    assert found["faults"] == [0, 0, 0, 0]
    if framework == "asyncio":
        assert talker.line() == []  # it needs no Twisted
    assert talker.end() == 0


def test_a_rate_limit_slows_a_program_and_breaks_nothing(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(limits={"rate": 200, "burst": 20}).start()

    async def run() -> list[str | None]:
        async with Client(daemon.url(), guest="ann") as chat:
            await chat.join("lobby")
            await asyncio.gather(*(chat.send("lobby", f"{n}", key=f"k{n}") for n in range(200)))
            page = await chat.history("lobby", after=0, limit=200)
            return [message.key for message in page.messages]

    assert sorted(map(str, asyncio.run(run()))) == sorted(f"k{n}" for n in range(200))
    assert daemon.metric("chatd_refused_total", code="rate_limited") > 0


def test_a_program_that_sleeps_is_closed_as_too_slow_and_hears_it_all_later(
    make_daemon: MakeDaemon,
) -> None:
    daemon = make_daemon(limits={"outbox_bytes": "128 KiB"}).start()
    text, count = "x" * 15_000, 800

    async def run() -> tuple[list[int], list[int]]:
        seqs, codes = [], []
        async with (
            Client(daemon.url(), guest="sleeper", room_for=10) as sleeper,
            Client(daemon.url(), guest="ann") as ann,
        ):
            await sleeper.join("lobby")
            await ann.join("lobby")
            events = sleeper.events()
            await anext(events)  # it listens, and then it sleeps
            for _ in range(count):
                await ann.send("lobby", text)
            async for event in events:
                if isinstance(event, Message):
                    seqs.append(event.seq)
                elif isinstance(event, Offline):
                    codes.append(event.code)
                if len(seqs) == count:
                    break
            assert sleeper.faults == (0, 0)
        return seqs, codes

    seqs, codes = asyncio.run(run())
    assert seqs == list(range(1, count + 1))
    assert codes[:1] in ([3001], [1006])  # the close frame may be lost with all that waited
    assert daemon.metric("chatd_slow_sessions_closed_total") >= 1


def test_a_program_goes_on_where_another_stopped(daemon: Daemon) -> None:
    async def run() -> list[str]:
        async with Client(daemon.url(), guest="first") as first:
            await first.join("lobby")
            await first.send("lobby", "one")
            async for event in first.events():
                if isinstance(event, Message):
                    break
            kept, token = first.positions, first.guest_token
            await first.send("lobby", "two")
        async with Client(daemon.url(), guest="first", resume=kept, guest_token=token) as again:
            async for event in again.events():
                if isinstance(event, Message):
                    return [event.text, again.user]
        return []

    assert asyncio.run(run()) == ["two", "first"]


def test_what_ends_a_program_says_so(daemon: Daemon) -> None:
    async def run(url: str, **who: Any) -> None:
        async with Client(url, patience=5, **who):
            pass

    daemon.verb("user", "add", "ann", "--config", str(daemon.config), stdin="a long password\n")
    for who, code in (
        ({"guest": "ann"}, "name_taken"),
        ({"user": "ann", "password": "a wrong one"}, "login_failed"),
        ({"guest": "no good name\n"}, "bad_name"),
    ):
        with pytest.raises(Refused) as refused:
            asyncio.run(run(daemon.url(), **who))
        assert refused.value.code == code
    with pytest.raises(Unreachable, match="HTTP 404"):
        asyncio.run(run(daemon.url("/nowhere"), guest="bob"))
    asyncio.run(run(daemon.url(), user="ann", password="a long password"))


def test_a_revoked_token_ends_a_program_for_good(daemon: Daemon) -> None:
    daemon.verb("user", "add", "bot", "--config", str(daemon.config), stdin="a long password\n")
    token = daemon.verb("token", "add", "bot", "--config", str(daemon.config)).stdout.strip()

    async def run() -> None:
        async with Client(daemon.url(), token=token) as bot:
            await asyncio.to_thread(
                daemon.verb, "token", "revoke", token, "--config", str(daemon.config)
            )
            async for _ in bot.events():
                pass

    with pytest.raises(Stopped, match="3501"):
        asyncio.run(run())


@contextlib.contextmanager
def tls_before(daemon: Daemon, context: ssl.SSLContext) -> Iterator[str]:
    """A proxy that ends TLS in front of the daemon, as a web server does; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, daemon, context), daemon=True).start()
        yield f"wss://localhost:{listener.getsockname()[1]}/"


def _accept(listener: socket.socket, daemon: Daemon, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):  # at its end
        while True:
            plain, _ = listener.accept()
            each = (plain, daemon, context)
            threading.Thread(target=_serve, args=each, daemon=True).start()


def _serve(plain: socket.socket, daemon: Daemon, context: ssl.SSLContext) -> None:
    with (
        contextlib.suppress(OSError),  # a client that does not believe us
        closing(plain),
        context.wrap_socket(plain, server_side=True) as outside,
        socket.create_connection(("127.0.0.1", daemon.port)) as inside,
    ):
        _relay(outside, inside)


def _relay(outside: ssl.SSLSocket, inside: socket.socket) -> None:
    """One connection, until either side ends it."""
    outside.settimeout(0.01)
    inside.settimeout(0.01)
    while True:
        for source, sink in ((outside, inside), (inside, outside)):
            with contextlib.suppress(TimeoutError):
                data = source.recv(65536)
                if not data:
                    return
                sink.sendall(data)


@pytest.mark.parametrize("framework", ["asyncio", "twisted"])
def test_wss_is_spoken_with_whom_one_believes(
    daemon: Daemon, tmp_path: Path, talkers: list[Talker], framework: str
) -> None:
    authority = Authority(tmp_path)
    with tls_before(daemon, authority.server("localhost")) as url:
        talkers.append(talker := Talker(framework, url, 20, str(authority.file)))
        talker.until(20)
        assert len(talker.line()["heard"]) == 20


def test_wss_is_not_spoken_with_anybody_else(daemon: Daemon, tmp_path: Path) -> None:
    async def run(url: str) -> None:
        async with Client(url, guest="ann"):
            pass

    with (
        tls_before(daemon, Authority(tmp_path).server("localhost")) as url,
        pytest.raises(Unreachable, match="certificate is not believed"),
    ):
        asyncio.run(run(url))
