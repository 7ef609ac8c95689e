"""What names look like is kept beside them, to be found by an index; made anew where it was made by
other tables than those of today. What a look is, is chatd.core.lookalikes."""

from __future__ import annotations

import sqlite3

from chatd.core.names import EDITION, skeleton

NAMED = ("accounts", "rooms", "hooks")
"""Tables of things with a name, and its skeleton beside it; a room of two has none."""


def renew(connection: sqlite3.Connection) -> None:
    """Make them anew if they are of another edition. Of two accounts, or rooms, that look alike by
    the new tables, one keeps its old look: both were there before."""
    edition = connection.execute("SELECT value FROM meta WHERE name = 'looks'").fetchone()
    if edition is None or edition[0] == EDITION:  # none: a schema before 8
        return
    connection.create_function("chatd_skeleton", 1, skeleton)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for table in NAMED:
            connection.execute(
                f"UPDATE OR IGNORE {table} SET skeleton = chatd_skeleton(name) "  # noqa: S608  # own constants
                "WHERE skeleton IS NOT NULL AND skeleton <> chatd_skeleton(name)"
            )
        connection.execute("UPDATE meta SET value = ? WHERE name = 'looks'", (EDITION,))
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
