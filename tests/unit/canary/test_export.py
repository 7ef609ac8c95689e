"""Where the numbers can be read: a file that is whole at every moment, or a listener."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from pathlib import Path

import pytest

from chatd.canary.export import Listener, Textfile, check, export
from tests.house.recorder import Log


def file_at(path: Path, numbers: list[bytes], log: Log | None = None) -> Textfile:
    return Textfile(path, lambda: numbers[-1], log or Log())


def test_a_file_is_there_at_once_for_everybody_to_read(tmp_path: Path) -> None:
    file = tmp_path / "canary.prom"
    asyncio.run(file_at(file, [b"one"]).start())
    assert file.read_bytes() == b"one"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    file, numbers = tmp_path / "canary.prom", [b"one"]
    way = file_at(file, numbers)
    asyncio.run(way.start())
    with file.open("rb") as reader:  # who reads just now reads a whole file
        numbers.append(b"two and more")
        asyncio.run(way.refresh())
        assert reader.read() == b"one"
    assert file.read_bytes() == b"two and more"
    assert list(tmp_path.glob("*.prom")) == list(tmp_path.iterdir()) == [file]


def test_a_file_goes_with_its_canary(tmp_path: Path) -> None:
    way = file_at(tmp_path / "canary.prom", [b"one"])
    asyncio.run(way.start())
    asyncio.run(way.stop())
    asyncio.run(way.stop())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        asyncio.run(file_at(tmp_path / "gone" / "canary.prom", [b"one"]).start())


def test_a_folder_that_goes_away_is_logged_once_and_survived(tmp_path: Path) -> None:
    folder, log = tmp_path / "folder", Log()
    folder.mkdir()
    way = file_at(folder / "canary.prom", [b"one"], log)
    asyncio.run(way.start())
    asyncio.run(way.stop())
    folder.rmdir()
    for _ in range(3):
        asyncio.run(way.refresh())
    assert len(log.lines) == 1
    folder.mkdir()
    asyncio.run(way.refresh())
    assert (folder / "canary.prom").read_bytes() == b"one"


def asked(*requests: bytes) -> list[bytes]:
    """What a listener answers to each."""

    async def run() -> list[bytes]:
        way = Listener("127.0.0.1", 0, lambda: b"numbers\n")
        await way.start()
        server = way._server
        assert server is not None
        port = server.sockets[0].getsockname()[1]
        answers = []
        for request in requests:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            writer.write_eof()
            answers.append(await reader.read())
            writer.close()
            await writer.wait_closed()
        await way.stop()
        return answers

    return asyncio.run(run())


def test_a_listener_answers_prometheus() -> None:
    [answer] = asked(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body == b"numbers\n"
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 8" in head
    assert b"text/plain; version=0.0.4" in head


def test_a_listener_answers_nothing_else() -> None:
    lost, wrong, head, garbage, silence = asked(
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\n\r\n",
        b"HEAD /metrics HTTP/1.1\r\n\r\n",
        b"x" * 100_000,
        b"",
    )
    assert lost.startswith(b"HTTP/1.1 404 ")
    assert wrong.startswith(b"HTTP/1.1 405 ")
    assert head.endswith(b"\r\n\r\n")
    assert (garbage, silence) == (b"", b"")


def test_a_listener_ends_though_somebody_never_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.canary.export.PATIENCE", 0.1)

    async def run() -> bytes:
        way = Listener("127.0.0.1", 0, lambda: b"")
        await way.start()
        assert way._server is not None
        port = way._server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics")
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            await way.stop()
        writer.close()
        return b"over"

    assert asyncio.run(run()) == b"over"


@pytest.mark.parametrize(
    ("where", "read"),
    [("tcp:127.0.0.1:9775", ("127.0.0.1", 9775)), ("tcp:[::1]:9775", ("::1", 9775))],
)
def test_an_address_is_read(where: str, read: tuple[str, int]) -> None:
    assert check(where) == read
    assert isinstance(export(where, bytes, Log()), Listener)


@pytest.mark.parametrize("where", ["tcp:9775", "tcp:host:", "tcp::1", "tcp:h:0", "tcp:h:99999"])
def test_what_is_no_address_is_told(where: str) -> None:
    with pytest.raises(ValueError, match="tcp:HOST:PORT"):
        check(where)


def test_all_else_is_a_file() -> None:
    assert isinstance(export("/tmp/x.prom", bytes, Log()), Textfile)  # noqa: S108  # a name only; nothing is written there
