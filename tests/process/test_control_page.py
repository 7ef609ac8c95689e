"""docs/control.md: every command in it does what it should, on a chatd with people in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chatd.ctl.verbs import RUN
from tests.process.client import Client
from tests.process.conftest import MakeClient, MakeDaemon
from tests.process.harness import PROJECT, clean_environ

PAGE = PROJECT / "docs" / "control.md"


def commands() -> list[str]:
    """In their order; they are given to one and the same chatd."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_the_page_has_every_verb() -> None:
    given = {word for line in commands() for word in line.split()}
    assert set(RUN) - given == set()


@pytest.mark.timeout(180)
def test_every_command_of_the_page_can_be_given(
    make_daemon: MakeDaemon, guest: MakeClient, tmp_path: Path
) -> None:
    daemon = make_daemon().start()
    for name in ("alice", "bob"):
        daemon.verb("user", "add", name, "--config", str(daemon.config), stdin="a long password\n")
    alice = Client(daemon.url())
    alice.login("lobby", user="alice", password="a long password")
    ann = guest(daemon, "ann")
    ann.must("send", room="lobby", text="hello")
    ann.must("report", room="lobby", seq=1)
    program = tmp_path / "bin" / "chatctl"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexec {sys.executable} -m chatd.ctl --config {daemon.config} "$@"\n'
    )
    program.chmod(0o755)
    for command in commands():
        ran = subprocess.run(
            ["/bin/sh", "-ec", command.replace("/tmp/", f"{tmp_path}/")],  # noqa: S108  the page's own
            cwd=PROJECT,
            env=clean_environ() | {"PATH": f"{program.parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{command}\n{ran.stderr}"
    alice.drop()
