"""New entries of the rooms' logs, within the writer's transaction. Reading them is reading's.
Plain messages go in many to a statement, and where a group is nothing else, that statement is the
transaction, too: each lets go of Python's lock, and to win it back from a busy reactor takes the
writer longer than most statements do."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import groupby

from chatd.core.log import Appended, Draft, Entry, RoomId
from chatd.core.ports import AccountGone, KeyReused, StoreFailed
from chatd.store.sqlite.changing import change, find, message_entry, next_seq
from chatd.store.sqlite.failures import ANSWERS
from chatd.store.sqlite.standing import knows, speaks
from chatd.store.sqlite.transaction import Transaction

MOST = 110
"""Messages in one statement: SQLite 3.26 takes 999 values, and each has nine."""
SIZES = (1, 2, 4, 8, 16, 32, 64, MOST)
"""For how many there are statements; few sizes, so that all stay prepared. Where there are fewer
messages than that, the rest of the rows is null, and is not stored."""

_NOTHING = (None,) * 9


def _insert_of(size: int) -> str:
    """The statement for so many messages. Its first value is the first id. Its second is what
    PRAGMA data_version must say (then nothing is stored where somebody else has written), or null.
    """
    values = [f"?{at}" for at in range(3, 3 + len(_NOTHING) * size)]
    rows = [
        f"({row}, {', '.join(values[at : at + len(_NOTHING)])})"
        for row, at in enumerate(range(0, len(values), len(_NOTHING)))
    ]
    return f"""INSERT INTO messages
(id, room_id, seq, ts, user_id, name, guest, text, key, reply_to)
SELECT ?1 + column1, column2, column3, column4, column5, column6, column7, column8, column9,
column10 FROM (VALUES {", ".join(rows)}) WHERE column2 IS NOT NULL
AND (?2 IS NULL OR ?2 = (SELECT data_version FROM pragma_data_version))"""  # noqa: S608  numbers only


_INSERTS = {size: _insert_of(size) for size in SIZES}
_BY_KEY = """SELECT room_id, seq, ts, user_id, name, guest, text, key, reply_to
FROM messages WHERE user_id = ? AND key = ?"""


def append(transaction: Transaction, room_id: RoomId, draft: Draft) -> Appended:
    """Store one draft. What it raises of ANSWERS comes before its first write."""
    next_seq(transaction, room_id)  # raises when there is no such room
    if not speaks(transaction, draft.author):
        raise AccountGone(draft.author.user_id)
    if draft.kind != "message":
        return change(transaction, room_id, draft)
    known = _by_key(transaction, room_id, draft)
    if known is not None:
        return Appended(known, again=True)
    if draft.reply_to is not None:
        find(transaction, room_id, draft.reply_to)
    (entry,) = _places(transaction, [(room_id, draft)])
    _insert(transaction, [entry])
    return Appended(entry)


def append_all(
    transaction: Transaction, drafts: Sequence[tuple[RoomId, Draft]]
) -> list[Appended | Exception]:
    """Store drafts in their order; gives for each what ``append`` gives, or raises of ANSWERS."""
    outcomes: list[Appended | Exception] = []

    def is_plain(pair: tuple[RoomId, Draft]) -> bool:
        return _is_plain(pair) and speaks(transaction, pair[1].author)

    for plain, run in groupby(drafts, key=is_plain):
        store = _by_the_dozen if plain else _one_by_one
        outcomes += store(transaction, list(run))
    return outcomes


def _is_plain(pair: tuple[RoomId, Draft]) -> bool:
    return pair[1].kind == "message" and pair[1].reply_to is None


def append_at_once(
    transaction: Transaction, drafts: Sequence[tuple[RoomId, Draft]]
) -> list[Appended] | None:
    """Store drafts, outside of any transaction: by one statement, which is durable when it is done.
    ``transaction`` was the last one. None: that cannot be, and nothing was stored."""
    if len(drafts) > MOST or not all(map(_is_plain, drafts)):
        return None
    if not all(knows(transaction, draft.author) for _, draft in drafts):
        return None
    try:
        entries = _places(transaction, drafts)
        if not _insert(transaction, entries, transaction.version):
            return None
    except sqlite3.IntegrityError:  # a key that is known
        return None
    except sqlite3.Error:
        raise
    except Exception:  # noqa: BLE001  one is what no store could keep, or for a room that is none
        return None
    return list(map(Appended, entries))


def _one_by_one(
    transaction: Transaction, drafts: list[tuple[RoomId, Draft]]
) -> list[Appended | Exception]:
    outcomes: list[Appended | Exception] = []
    for room_id, draft in drafts:
        try:
            outcomes.append(append(transaction, room_id, draft))
        except ANSWERS as answer:
            outcomes.append(answer)
    return outcomes


def _by_the_dozen(
    transaction: Transaction, drafts: list[tuple[RoomId, Draft]]
) -> list[Appended | Exception]:
    outcomes: list[Appended | Exception] = []
    while drafts:
        some, drafts = drafts[:MOST], drafts[MOST:]
        try:
            entries = _places(transaction, some)
            _insert(transaction, entries)
            outcomes += map(Appended, entries)
        except (sqlite3.IntegrityError, StoreFailed):
            # A key that is known, or no such room; seldom, and the statement has left no trace.
            outcomes += _one_by_one(transaction, some)
    return outcomes


def _places(transaction: Transaction, drafts: Sequence[tuple[RoomId, Draft]]) -> list[Entry]:
    """The entries that these messages become, if they are inserted next."""
    seqs: dict[RoomId, int] = {}
    entries = []
    for room_id, draft in drafts:
        last = seqs.get(room_id)
        seq = seqs[room_id] = next_seq(transaction, room_id) if last is None else last + 1
        entries.append(
            Entry(
                room_id=room_id,
                seq=seq,
                kind="message",
                author=draft.author,
                ts=draft.ts,
                text=draft.text,
                key=draft.key,
                reply_to=draft.reply_to,
            )
        )
    return entries


def _insert(transaction: Transaction, entries: Sequence[Entry], version: int | None = None) -> bool:
    """Whether they are stored; see _insert_of for ``version``."""
    count, last = len(entries), transaction.last_id()
    size = next(size for size in SIZES if size >= count)
    values: list[object] = [last + 1, version]
    for entry in entries:
        who = entry.author
        values += (entry.room_id, entry.seq, entry.ts, who.user_id, who.name, who.guest)
        values += (entry.text, entry.key, entry.reply_to)
    values += _NOTHING * (size - count)
    if transaction.execute(_INSERTS[size], values).rowcount != count:
        return False
    transaction.gave_seqs({entry.room_id: entry.seq for entry in entries})
    transaction.gave_id(last + count)
    return True


def _by_key(transaction: Transaction, room_id: RoomId, draft: Draft) -> Entry | None:
    if draft.key is None:
        return None
    row = transaction.execute(_BY_KEY, (draft.author.user_id, draft.key)).fetchone()
    if row is None:
        return None
    if row[0] != room_id:
        raise KeyReused(draft.key)
    return message_entry(row)
