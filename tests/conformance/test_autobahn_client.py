"""The Autobahn TestSuite against the client library: what RFC 6455 asks of a client, asked by
someone else. Each case is a connection whose messages are sent back as they came."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chatd.client.address import address
from chatd.client.handshake import Handshake
from chatd.client.websocket import Message, WebSocket
from tests.conformance import wstest
from tests.conformance.test_autobahn import suite
from tests.conformance.wstest import CACHE, CASE_COUNT, LAUNCH, Wstest
from tests.process.harness import eventually
from tests.process.ports import free_port

REPORT = CACHE / "report-client"
AGENT = "chatd"
PATIENCE = 60.0
MOST = 1 << 26

__all__ = ["suite"]  # the fixture


@contextmanager
def fuzzing(suite: Wstest, folder: Path) -> Iterator[str]:  # the fixture's value
    """The suite's server, and its address."""
    port = free_port()
    url = f"ws://127.0.0.1:{port}"
    spec = {
        "url": url,
        "outdir": str(REPORT),
        "webport": 0,
        "cases": list(wstest.CASES),
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    file, log = folder / "spec.json", folder / "log"
    file.write_text(json.dumps(spec))
    arguments = [str(suite.library), "-m", "fuzzingserver", "-s", str(file)]
    command = [suite.python, "-E", "-s", "-c", LAUNCH, *arguments]
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as server:
        try:
            eventually(lambda: listens(port))
            yield url
        finally:
            server.kill()


def listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 1):
        return True


def echo(url: str) -> list[bytes]:
    """Open a line, send back what comes until it is closed; gives what came."""
    where = address(url)
    handshake = Handshake(where, secrets.token_bytes(16), subprotocol=None)
    line = WebSocket(lambda: secrets.token_bytes(4), most=MOST)
    heard: list[bytes] = []
    with closing(socket.create_connection((where.host, where.port), PATIENCE)) as connection:
        connection.sendall(handshake.request())
        data: bytes | None = None
        while data is None:
            data = handshake.receive(connection.recv(65536))
        while not take(line, data, heard, connection) and (data := connection.recv(65536)):
            pass
    return heard


def take(line: WebSocket, data: bytes, heard: list[bytes], connection: socket.socket) -> bool:
    """What these bytes say, answered; gives whether the line is closed."""
    for what in line.receive(data):
        if isinstance(what, Message):
            heard.append(what.payload)
            line.send(what.payload, binary=what.binary)
    connection.sendall(bytes(line.out))
    line.out.clear()
    return line.over


@pytest.mark.conformance
@pytest.mark.timeout(wstest.INSTALL_SECONDS + wstest.RUN_SECONDS)
def test_no_case_of_the_autobahn_testsuite_fails_for_the_client(
    suite: Wstest,
    tmp_path: Path,
    record_counts: Callable[[str], None],
) -> None:
    with fuzzing(suite, tmp_path) as url:
        [count] = echo(f"{url}/getCaseCount")
        assert int(count) == CASE_COUNT
        for case in range(1, CASE_COUNT + 1):
            echo(f"{url}/runCase?case={case}&agent={AGENT}")
        echo(f"{url}/updateReports?agent={AGENT}")
    verdicts = wstest.read_index(json.loads((REPORT / "index.json").read_text()))
    record_counts(wstest.counts(verdicts))
    bad = {case: verdict for case, verdict in verdicts.items() if not verdict.is_good}
    assert bad == {}, f"see {REPORT / 'index.html'}"
    assert len(verdicts) == CASE_COUNT
