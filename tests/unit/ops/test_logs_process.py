"""A whole process that logs: everything that Python and the libraries say comes out in lines."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SPOKEN = "meet me at the harbour"

SCRIPT = """
import gc, logging, os, sys, threading, warnings
import txaio
txaio.use_twisted()
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet.defer import fail
from twisted.internet.testing import StringTransport
from twisted.python import log as legacy
from chatd.ops import logs

spoken = sys.argv[2]
Log = logs.Log
Log("early").info("before_start")
writer = logs.start(sys.argv[1], "debug")

legacy.msg("old\\nstyle")
legacy.err(KeyError(spoken), "old error")
warnings.warn("take\\ncare")
logging.getLogger("some.library").warning("plain %s", "logging")
logging.getLogger("some.library").error("wrong %s %s", 1)
logging.getLogger("some.library").info("too low")
try:
    raise KeyError(spoken)
except KeyError:
    logging.getLogger("some.library").exception("caught")
fail(ValueError(spoken))
gc.collect()

thread = threading.Thread(target=lambda: {}[spoken], name="worker")
thread.start()
thread.join()

class Breaks:
    def __del__(self):
        raise ValueError(spoken)
Breaks()
gc.collect()

transport = StringTransport()
factory = WebSocketServerFactory("ws://127.0.0.1:1")
factory.protocol = WebSocketServerProtocol
protocol = factory.buildProtocol(None)
protocol.makeConnection(transport)
protocol.dataReceived(("GET /?token=" + spoken.replace(" ", "") + " HTTP/1.1\\r\\n\\r\\n").encode())
protocol.log.debug("RX octets: {octets}", octets=spoken)

raise RuntimeError(spoken)
"""


def run(form: str, stderr: int, **environ: str) -> str:
    """Run the script; what it wrote when ``stderr`` is a pipe."""
    ran = subprocess.run(
        [sys.executable, "-W", "always", "-c", SCRIPT, form, SPOKEN],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), **environ},
    )
    assert ran.stdout == ""
    assert ran.returncode == 1
    return ran.stderr or ""


@pytest.fixture(scope="module")
def text() -> list[str]:
    return run("text", subprocess.PIPE).splitlines()


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("json", subprocess.PIPE).splitlines()]


def test_every_line_has_its_time_and_level(text: list[str]) -> None:
    shape = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error|critical) +[a-z_]+"
    assert text
    assert [line for line in text if not re.match(shape, line)] == []


def test_no_line_has_what_was_said(text: list[str], objects: list[dict[str, Any]]) -> None:
    everything = "\n".join(text) + json.dumps(objects)
    assert SPOKEN not in everything
    assert SPOKEN.replace(" ", "") not in everything


EXPECTED = [
    "info before_start",
    r'info library .*says="old\nstyle"',
    'critical library .*says="old error" .*error="KeyError',
    r'warning library .*says=".*UserWarning: take\ncare"',
    'warning library logger=some.library says="plain logging"',
    'error library logger=some.library says="wrong %s %s"',
    'error library logger=some.library says=caught fault=.* error="KeyError',
    'critical library .*logger=twisted.internet.defer fault=.* error="ValueError',
    'error thread_crashed thread=worker fault=.* error="KeyError',
    'error exception_ignored fault=.* error="ValueError',
    "library logger=autobahn.* says=",
    'error crashed fault=.* error="RuntimeError',
]


@pytest.mark.parametrize("pattern", EXPECTED)
def test_each_way_to_say_something_gives_one_line(text: list[str], pattern: str) -> None:
    pattern = pattern.replace("\\n", r"\\n")
    found = [line for line in text if re.search(re.sub("^([a-z]+) ", r"\1 +", pattern), line)]
    assert len(found) == 1, "\n".join(text)


def test_json_has_the_same_events_in_the_same_order(
    text: list[str], objects: list[dict[str, Any]]
) -> None:
    assert [(o["level"], o["event"]) for o in objects] == [tuple(t.split()[1:3]) for t in text]


def test_on_the_journal_lines_have_priorities_and_no_time() -> None:
    reading, writing = socket.socketpair()
    with reading, writing:
        status = os.fstat(writing.fileno())
        there = f"{status.st_dev}:{status.st_ino}"
        run("text", writing.fileno(), JOURNAL_STREAM=there)
        writing.close()
        reading.settimeout(5)
        lines = reading.makefile().read().splitlines()
    assert lines[0] == "<6>before_start"
    assert all(re.match("<[2-7]>[a-z_]+( |$)", line) for line in lines)
