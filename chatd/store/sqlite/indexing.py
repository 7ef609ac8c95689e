"""Keeping the full-text index behind the messages; looking things up in it is searching's.
Nobody waits for it who stores a message: the writer indexes when it has time (see writer.py), and
at the latest when somebody searches. All writing of the index is here."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.core.log import RoomId
from chatd.store.sqlite.transaction import Transaction
from chatd.store.words import words

_ROW = "INSERT INTO found (rowid, words) VALUES "
_REMOVE = "INSERT INTO found (found, rowid, words) VALUES ('delete', ?, ?)"
_REMOVE_SOME = "INSERT INTO found (found, rowid, words) VALUES "
_SIZES = (200, 64, 16, 4, 1)
_MERGE = "INSERT INTO found (found, rank) VALUES ('merge', ?)"
_PAGES = 200
_STEP = 32
_FEWEST = "SELECT v FROM found_config WHERE k = 'usermerge'"
_MERGE_PAIRS = "INSERT INTO found (found, rank) VALUES ('usermerge', 2)"

_WAITING = """SELECT m.id, m.room_id, ifnull(e.text, m.text) FROM messages m
LEFT JOIN changes e ON e.room_id = m.room_id AND e.seq = m.edited
WHERE m.id > ? ORDER BY m.id LIMIT ?"""
_INDEXED = "UPDATE meta SET value = ? WHERE name = 'indexed'"

PUBLIC = "§0"
"""The word that the messages of public rooms have in the index. A room never changes its kind; if
that should come, its messages must be indexed anew."""


def room_word(room_id: RoomId) -> str:
    """The word that every message of a room has in the index, and no text can have."""
    return f"§{room_id}"


def catch_up(transaction: Transaction, most: int) -> int:
    """Index up to ``most`` of the messages that wait for it, with their texts as they stand; gives
    how many there were: fewer than ``most`` when none is left."""
    transaction.last_id()  # so that it is known how many are left
    rows = transaction.execute(_WAITING, (transaction.indexed(), most)).fetchall()
    if rows:
        _add(transaction, [row for row in rows if row[2]])
        transaction.execute(_INDEXED, (rows[-1][0],))
        transaction.now_indexed(rows[-1][0])
    return len(rows)


def _add(transaction: Transaction, rows: Sequence[tuple[int, RoomId, str]]) -> None:
    _execute(transaction, _ROW, "(?, ?)", rows)


def _execute(
    transaction: Transaction, statement: str, one: str, rows: Sequence[tuple[int, RoomId, str]]
) -> None:
    """Many rows by few statements: each of ``rows`` as ``one`` behind VALUES."""
    while rows:
        size = next(size for size in _SIZES if size <= len(rows))
        some, rows = rows[:size], rows[size:]
        values: list[object] = []
        for number, room_id, text in some:
            values += (number, _content(transaction, room_id, text))
        transaction.execute(statement + ", ".join([one] * size), values)


def change(transaction: Transaction, number: int, room_id: RoomId, old: str, new: str) -> None:
    """Index another text; "" leaves the message out. One that waits for its turn goes on waiting,
    and is indexed with the text that it has by then."""
    if number > transaction.indexed():
        return
    if old:
        transaction.execute(_REMOVE, (number, _content(transaction, room_id, old)))
    if new:
        _add(transaction, [(number, room_id, new)])


def remove(transaction: Transaction, rows: Sequence[tuple[int, RoomId, str]]) -> None:
    """Take many messages out: their id, room and text as it is indexed. Those without one are not
    in it, nor those that wait."""
    rows = [row for row in rows if row[2] and row[0] <= transaction.indexed()]
    _execute(transaction, _REMOVE_SOME, "('delete', ?, ?)", rows)


def merge(transaction: Transaction, first: bool) -> bool:
    """Merge some of the index's parts, by which words of deleted messages leave the file; gives
    whether there is more to do. ``first``: begin to make one part of all of them."""
    # sqlite.org/fts5.html section 6.8: a negative number, then positive ones until nothing changes.
    before = _changes(transaction)
    transaction.execute(_MERGE, (-_PAGES if first else _PAGES,))
    return _changes(transaction) - before >= 2


def settle(transaction: Transaction) -> bool:
    """Merge some of the index's parts that are alike in size, so that a search has few of them to
    ask; gives whether there is more to do. Some milliseconds of work; but one word's list is merged
    in one go, which with millions of public messages takes a tenth of a second for PUBLIC."""
    # sqlite.org/fts5.html section 6.9: where there are two of a kind, not four as by itself.
    if transaction.execute(_FEWEST).fetchone() != (2,):
        transaction.execute(_MERGE_PAIRS)
    before = _changes(transaction)
    transaction.execute(_MERGE, (_STEP,))
    return _changes(transaction) - before >= 2


def _changes(transaction: Transaction) -> int:
    return int(transaction.execute("SELECT total_changes()").fetchone()[0])


def _content(transaction: Transaction, room_id: RoomId, text: str) -> str:
    public = PUBLIC if transaction.is_public(room_id) else ""
    return f"{public} {room_word(room_id)} {' '.join(words(text))}"
