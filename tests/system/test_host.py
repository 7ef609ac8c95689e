"""A host leaves nothing behind, also when the test run that has it is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system import groups
from tests.system.host import CannotBoot
from tests.system.tree import CHECKOUT, tree

pytestmark = pytest.mark.timeout(600)

BOOTS = """
import sys
from tests.system.host import boot
from tests.system.tree import tree
with boot(tree()) as host:
    print(host.leader, flush=True)
    sys.stdin.read()
"""


def left_by(pid: int) -> list[Path]:
    """The control groups and files of the hosts of a process."""
    own = [path for parent in groups.parents() for path in parent.glob(f"*run-{pid}-*")]
    return [*own, *tree().parent.glob(f"run-{pid}-*")]


@pytest.mark.parametrize("killed", [False, True])
def test_a_host_leaves_nothing_behind(killed: bool) -> None:
    try:
        folder = tree().parent
    except CannotBoot as reason:
        pytest.skip(f"no RHEL-like host: {reason}")
    process = subprocess.Popen(
        [sys.executable, "-c", BOOTS],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        leader = int(process.stdout.readline())
        assert len(left_by(process.pid)) > 1
        if killed:
            process.kill()
        else:
            process.stdin.close()
        process.wait(120)
    end = time.monotonic() + 60
    while Path("/proc", str(leader)).exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    if killed:
        assert left_by(process.pid) != []
        groups.sweep(folder)  # as the next host does
    assert left_by(process.pid) == []
