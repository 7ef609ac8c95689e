"""A store whose process is killed again and again: what it acknowledged is there once, in order."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections import defaultdict
from contextlib import closing
from pathlib import Path

from chatd.core.log import UserId
from chatd.store.sqlite import opened

SENDERS = 12
ROUNDS = 12

MARKED = """SELECT count(*) FROM messages
WHERE id <= (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'indexed')"""
Acks = dict[tuple[int, int], tuple[int, int]]
"""(sender, key) to (room, seq)."""


def send_and_kill(path: Path, acks: Acks, lines: int) -> None:
    """Let everybody send, and kill them when so many acknowledgements were heard. Each begins with
    the key that was not acknowledged to it, which may have been stored all the same."""
    done: dict[int, int] = defaultdict(int)
    for sender, key in acks:
        done[sender] = max(done[sender], key)
    keys = [str(done[sender] + 1) for sender in range(SENDERS)]
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.process.store_sender", str(path), str(SENDERS), *keys],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    heard = [child.stdout.readline() for _ in range(lines)]
    child.kill()
    heard += child.stdout.readlines()
    child.stdout.close()
    assert child.wait() == -9
    for line in heard:
        room, seq, sender, key = map(int, line.split())
        assert acks.setdefault((sender, key), (room, seq)) == (room, seq)


def test_what_was_acknowledged_outlives_any_number_of_kills(tmp_path: Path) -> None:
    path = tmp_path / "chatd.sqlite3"
    chance = random.Random(9)  # noqa: S311  the moment of a kill is no secret
    acks: Acks = {}
    for _ in range(ROUNDS):
        send_and_kill(path, acks, chance.randrange(1, 1500))
        look(path, acks)
    assert len(acks) > 1000
    with opened(path) as (store, run):
        run(store.search("word", room_id=None, member=UserId("u1"), cursor=None, limit=1))
    with closing(sqlite3.connect(path)) as connection:
        everything = connection.execute("SELECT count(*) FROM messages").fetchone()
        assert connection.execute(MARKED).fetchone() == everything
    look(path, acks)


def look(path: Path, acks: Acks) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    if sqlite3.sqlite_version_info >= (3, 40):  # 3.26 cannot check an index without a content
        connection.execute("INSERT INTO found (found) VALUES ('integrity-check')")
    rows = connection.execute(
        "SELECT user_id, key, room_id, seq FROM messages ORDER BY id"
    ).fetchall()
    indexed = connection.execute("SELECT count(*) FROM found('\"word\" *')").fetchone()
    marked = connection.execute(MARKED).fetchone()
    connection.close()
    stored = {(int(user[1:]), int(key)): (room, seq) for user, key, room, seq in rows}
    assert len(stored) == len(rows)
    assert indexed == marked
    assert {key: stored.get(key) for key in acks} == acks
    in_rooms: dict[int, list[int]] = defaultdict(list)
    keys: dict[int, list[int]] = defaultdict(list)
    for (sender, key), (room, seq) in stored.items():
        in_rooms[room].append(seq)
        keys[sender].append(key)
    # By order of storing: every room counts without a gap, and so does each sender.
    for numbers in (*in_rooms.values(), *keys.values()):
        assert numbers == list(range(1, len(numbers) + 1))
