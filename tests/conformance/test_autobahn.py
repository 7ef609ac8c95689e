"""The Autobahn TestSuite against /echo: what RFC 6455 asks of a server, asked by someone else."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conformance import wstest
from tests.conformance.wstest import CACHE, CASE_COUNT, NotHere, Verdict, Wstest

BOOT_SECONDS = 20
STOP_SECONDS = 20

CONFIG = """\
[listen]
public = ["tcp:127.0.0.1:{port}"]
operations = []

[store]
path = "{folder}/chatd.sqlite3"

[limits]
frame_bytes = "1 MiB"
outbox_bytes = "4 MiB"

[diagnostics]
echo = true
"""


@pytest.fixture(scope="module")
def suite() -> Wstest:
    try:
        return wstest.installed()
    except NotHere as missing:
        pytest.skip(str(missing))


@contextmanager
def echoing(folder: Path) -> Iterator[str]:
    """A real chatd on a free port; the address of its /echo. What it logged is shown on failure."""
    port = free_port()
    config = folder / "chatd.toml"
    config.write_text(CONFIG.format(port=port, folder=folder))
    command = [sys.executable, "-m", "chatd", "serve", "--config", str(config)]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stderr=log) as daemon:
        try:
            wait_for(port, daemon, folder / "log")
            yield f"ws://127.0.0.1:{port}/echo"
        finally:
            daemon.terminate()
            with suppress(subprocess.TimeoutExpired):
                daemon.wait(STOP_SECONDS)
            daemon.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, daemon: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while daemon.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    pytest.fail(f"chatd does not listen on port {port}:\n{log.read_text()}")


@pytest.mark.conformance
@pytest.mark.timeout(wstest.INSTALL_SECONDS + wstest.RUN_SECONDS + BOOT_SECONDS + STOP_SECONDS)
def test_no_case_of_the_autobahn_testsuite_fails(
    suite: Wstest, tmp_path: Path, record_counts: Callable[[str], None]
) -> None:
    with echoing(tmp_path) as url:
        verdicts = suite.fuzz(url, CACHE / "report")
    record_counts(wstest.counts(verdicts))
    bad = {case: verdict for case, verdict in verdicts.items() if not verdict.is_good}
    assert bad == {}, f"see {CACHE / 'report' / 'index.html'}"
    assert len(verdicts) == CASE_COUNT


@pytest.mark.parametrize(
    ("behavior", "closing", "good"),
    [
        ("OK", "OK", True),
        ("NON-STRICT", "OK", True),
        ("INFORMATIONAL", "INFORMATIONAL", True),
        ("FAILED", "OK", False),
        ("UNIMPLEMENTED", "OK", False),
        ("OK", "FAILED", False),
        ("OK", "UNCLEAN", False),
        ("OK", "WRONG CODE", False),
    ],
)
def test_a_verdict_is_good_when_both_halves_are(behavior: str, closing: str, good: bool) -> None:
    index = {"chatd": {"1.1.1": {"behavior": behavior, "behaviorClose": closing}}}
    assert wstest.read_index(index) == {"1.1.1": Verdict(behavior, closing)}
    assert wstest.read_index(index)["1.1.1"].is_good == good
