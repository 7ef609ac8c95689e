"""What names look like is kept beside them, to be found by an index; made anew where it was made by
other tables than those of today. What a look is, is chatd.core.lookalikes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TypeVar

from chatd.core.names import EDITION, skeleton

Key = TypeVar("Key", int, str)

UNIQUE = {"accounts": "user_id", "rooms": "room_id"}
"""Tables of things with a name, and its skeleton beside it, which no two have; a room of two has
none. By what a row is found."""


def renew(connection: sqlite3.Connection) -> None:
    """Make them anew if they are of another edition. Of two accounts, or rooms, that look alike by
    the new tables, one keeps its old look: both were there before."""
    edition = connection.execute("SELECT value FROM meta WHERE name = 'looks'").fetchone()
    if edition is None or edition[0] == EDITION:  # none: a schema before 8
        return
    connection.create_function("chatd_skeleton", 1, skeleton)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for table, key in UNIQUE.items():
            _renew(connection, table, key)
        # Of hooks, several may look alike.
        connection.execute("UPDATE hooks SET skeleton = chatd_skeleton(name)")
        connection.execute("UPDATE meta SET value = ? WHERE name = 'looks'", (EDITION,))
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _renew(connection: sqlite3.Connection, table: str, key: str) -> None:
    """What one changes to may be what another changes from, in a circle even. So who changes is
    known before the first does, and all of them give the old look up before one takes a new."""
    rows = connection.execute(
        f"SELECT {key}, skeleton, chatd_skeleton(name) FROM {table} "  # noqa: S608  # own constants
        f"WHERE skeleton IS NOT NULL ORDER BY {key}"
    ).fetchall()
    new = changing(rows)
    update = f"UPDATE {table} SET skeleton = ? WHERE {key} = ?"  # noqa: S608  # as above
    connection.executemany(update, [(f"\0{each}", each) for each in new])  # which is nobody's look
    connection.executemany(update, [(look, each) for each, look in new.items()])


def changing(rows: Sequence[tuple[Key, str, str]]) -> dict[Key, str]:
    """Of keys with their old and their new looks, which change and to what, so that no two come to
    look alike. Whoever finds the new look taken keeps the old one, which is taken then, too."""
    stay = {key for key, old, new in rows if old == new}
    while True:
        taken = {old for key, old, _ in rows if key in stay}
        change: dict[Key, str] = {}
        for key, _, new in rows:
            if key not in stay and new not in taken:
                change[key] = new
                taken.add(new)
        if len(change) + len(stay) == len(rows):
            return change
        stay = {key for key, _, _ in rows if key not in change}
