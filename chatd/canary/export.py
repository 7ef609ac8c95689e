"""Where Prometheus gets the canary's numbers: a file for node_exporter, or a listener of its own.
What they are is rows.py."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from chatd.core.ports import Log

PATIENCE = 5.0
"""Seconds for a request to come."""
MOST_HEAD = 8 * 1024
TCP = "tcp:"

Render = Callable[[], bytes]


class Export(Protocol):
    """One way out."""

    async def start(self) -> None:
        """Raises OSError."""
        ...

    async def refresh(self) -> None:
        """The numbers may have changed."""
        ...

    async def stop(self) -> None:
        """No more."""
        ...


class Textfile:
    """A file that node_exporter's textfile collector reads, whole at every moment: it is written
    beside its place, then moved there. At the end it goes, or its numbers would be told for ever.
    """

    def __init__(self, file: Path, render: Render, log: Log) -> None:
        self._file, self._render, self._log = file, render, log
        # The collector reads *.prom alone.
        self._new = file.with_name(f".{file.name}.{os.getpid()}.new")
        self._failing = False

    async def start(self) -> None:
        self._write()

    async def refresh(self) -> None:
        try:
            self._write()
            self._failing = False
        except OSError as error:
            if not self._failing:
                self._log.warning("canary_file_failed", file=str(self._file), reason=str(error))
            self._failing = True

    async def stop(self) -> None:
        for file in (self._file, self._new):
            with suppress(OSError):
                file.unlink()

    def _write(self) -> None:
        self._new.write_bytes(self._render())
        self._new.chmod(0o644)
        self._new.replace(self._file)


class Listener:
    """HTTP on an address of its own: /metrics, one request a connection."""

    def __init__(self, host: str, port: int, render: Render) -> None:
        self._host, self._port, self._render = host, port, render
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, self._host, self._port, limit=MOST_HEAD
        )

    async def refresh(self) -> None:
        """Who asks is told what is true then."""

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head.split(b"\r\n")[0].decode("latin-1")))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()  # who does not ask, or does not listen, is not waited for
        writer.close()

    def _answer(self, request: str) -> bytes:
        method, _, rest = request.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if method not in {"GET", "HEAD"}:
            return _response("405 Method Not Allowed", b"GET and HEAD are for this\n", method)
        if path != "/metrics":
            return _response("404 Not Found", b"here is /metrics\n", method)
        return _response("200 OK", self._render(), method, CONTENT_TYPE_PLAIN_0_0_4)


def _response(
    status: str, body: bytes, method: str, kind: str = "text/plain; charset=utf-8"
) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == "HEAD" else body)


def export(where: str, render: Render, log: Log) -> Export:
    """The way that ``where`` names: tcp:HOST:PORT, or a file. Raises ValueError."""
    if not where.startswith(TCP):
        return Textfile(Path(where), render, log)
    return Listener(*check(where), render)


def check(where: str) -> tuple[str, int]:
    """Host and port, and nothing of either for a file. Raises ValueError."""
    if not where.startswith(TCP):
        return "", 0
    host, _, port = where.removeprefix(TCP).rpartition(":")
    if not (host and port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536):
        raise ValueError(
            f"{where!r}: an address is written tcp:HOST:PORT, as in tcp:127.0.0.1:9775"
        )
    return host.removeprefix("[").removesuffix("]"), int(port)
