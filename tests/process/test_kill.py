"""kill -9 in the middle of it, many times over: what was acknowledged is there, once, in order."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.process.conftest import MakeDaemon
from tests.process.crowd import check_the_end, crowd_at
from tests.process.harness import Daemon

ROUNDS = 10
ACKS = 120
"""Acknowledgements between two kills, at least."""


def stored(daemon: Daemon) -> dict[str, list[int]]:
    """What the file itself holds: the seqs of each key. Reads beside the daemon."""
    with closing(sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found: dict[str, list[int]] = {}
        for key, seq in database.execute("SELECT key, seq FROM messages"):
            found.setdefault(key, []).append(seq)
    return found


def check(daemon: Daemon, acked: dict[str, int]) -> None:
    """After a restart, while all come back: every acknowledgement given before it was true."""
    kept = stored(daemon)
    assert {key: kept.get(key) for key in acked} == {key: [seq] for key, seq in acked.items()}


@pytest.mark.timeout(180)
def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon().start()
    crowd = crowd_at(daemon)
    crowd.start()
    for _ in range(ROUNDS):
        crowd.go_on(ACKS)
        daemon.kill()
        acked = crowd.acked()
        daemon.start()
        check(daemon, acked)
    crowd.go_on(ACKS)
    check_the_end(daemon, crowd)
    # Each was cut off each time, and some sends were stored while their answers were lost.
    assert all(member.closes[1006] == ROUNDS for member in crowd.members)
    assert sum(sender.again for sender in crowd.senders) > 0
    assert daemon.stop() == 0
    assert stored(daemon)
