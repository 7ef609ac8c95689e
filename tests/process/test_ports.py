"""No two servers of the tests are given the same port."""

from __future__ import annotations

import subprocess
import sys

from tests.process.harness import PROJECT
from tests.process.ports import BLOCK, free_port

SAY_AND_WAIT = f"""
from tests.process.ports import free_port
print(*(free_port() for _ in range({BLOCK // 2})), flush=True)
input()
"""


def test_a_port_is_given_once() -> None:
    given = [free_port() for _ in range(BLOCK // 2)]
    assert len(set(given)) == len(given)


def test_what_one_process_was_given_no_other_is() -> None:
    others = [
        subprocess.Popen(
            [sys.executable, "-c", SAY_AND_WAIT],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    given = [free_port() for _ in range(BLOCK // 2)]
    for other in others:
        assert other.stdout
        given += map(int, other.stdout.readline().split())
    for other in others:
        other.communicate("\n", timeout=60)
    assert len(given) == 5 * (BLOCK // 2)
    assert len(set(given)) == len(given)
