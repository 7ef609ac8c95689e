"""The SQLite store's SQL: none of it walks through a table, or is too new for SQLite 3.26."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.store import sqlite
from chatd.store.sqlite import opened

FOLDER = Path(sqlite.__file__).parent
MAY_SCAN = {
    "changing._DIFFERENT",  # what it has just found itself: a message's emoji, up to a limit
    "accounts._ALL",  # for `chatd user list`
    "rooms._LAST_OWNER",  # a room's members, when one of its owners leaves
    "rooms._COUNT",  # an index of just these, when somebody enters
    "rooms._MEMBERS",  # in the order of their names, up to a limit
    "rooms._NAMED",  # a room's members, when a moderator means somebody who is not there
    "backup_manifest._TABLES",  # once for each backup
    "backup_manifest._ROOMS",
    "erase._DIRECT",  # for `chatd user erase`, once each
    "erase._OWNERLESS",
    "erase._DROP_MARKS",
    "retention._KEPT",  # seldom: see chatd/ops/data_retention
    "sanctions._IN_FORCE",  # all of them, when one was laid on or lifted
    "sanctions._RULES",
    "sanctions._FORGET_SANCTIONS",  # for an erasure
    "sanctions._RENAME_LAYERS",
    "sanctions._RENAME_REPORTER",
    "sanctions._RENAME_SETTLER",
    "sanctions._OPEN",  # an index of just these, up to a limit
    "sanctions._SETTLED",
    "sanctions._COUNT_OPEN",  # an index of just these, and they wait for an operator
    "hooks._ALL",  # for `chatd hook list`
    "standing._ASK",  # where there is no account: of a hook, once until another process writes
    "audit._HEAD",  # sqlite_sequence has a row for each of four tables
}
MAY_SORT = {
    # Who reacted with one emoji to one message, of whom the first are kept.
    *("reading._AFTER", "reading._BEFORE", "reading._AT"),
    *("searching._IN_ROOM", "searching._EVERYWHERE", "searching._OF_THESE"),
    "erase._OWNERLESS",  # of those, the ones that somebody owned
    *("rooms._MEMBERSHIPS", "accounts._OF_USER"),  # a person's rooms and tokens are few
    "hooks._ALL",  # for `chatd hook list`
    "rooms._NAMED",  # those of one name are few
}
HARMLESS = re.compile(r"VIRTUAL TABLE INDEX|CONSTANT ROW|SCAN (SUBQUERY )?(\d+|\(subquery-\d+\))")
TOO_NEW = {
    "RETURNING": r"\bRETURNING\b",
    "STRICT tables": r"\)\s*STRICT\b",
    "VACUUM INTO": r"VACUUM\s+INTO",
    "DROP COLUMN": r"DROP\s+COLUMN",
    "generated columns": r"GENERATED\s+ALWAYS|\)\s*(STORED|VIRTUAL)\b",
    "UPDATE FROM": r"UPDATE\s+\w+\s+SET\s[^;\"]*\bFROM\b",
    "aggregate FILTER": r"FILTER\s*\(",
    "iif": r"\biif\s*\(",
    "->>": r"->>",
    "trigram": r"trigram",
    "remove_diacritics 2": r"remove_diacritics\s*=?\s*2",
    "NULLS LAST": r"NULLS\s+(FIRST|LAST)",
    "MATERIALIZED": r"MATERIALIZED",
    "format": r"\bformat\s*\(\s*'",
    "ON CONFLICT without target": r"ON\s+CONFLICT\s+DO\b",
    "contentless_delete": r"contentless_delete|secure-delete",
    "IS DISTINCT FROM": r"IS\s+(NOT\s+)?DISTINCT\s+FROM",
}


def statements() -> Iterator[tuple[str, str]]:
    """Every statement that is a constant of a module."""
    for module in pkgutil.iter_modules([str(FOLDER)]):
        loaded = importlib.import_module(f"chatd.store.sqlite.{module.name}")
        for name, value in vars(loaded).items():
            values = value.values() if isinstance(value, dict) and name == "_INSERTS" else [value]
            for each in values:
                if isinstance(each, str) and re.match(r"(SELECT|INSERT|UPDATE|DELETE)\b", each):
                    yield f"{module.name}.{name}", each


WHOLE = {
    name: text
    for name, text in statements()
    # Parts, which are tested as what they become.
    if name
    not in {
        "indexing._ROW",
        "indexing._REMOVE_SOME",
        "rooms._JOIN",
        "rooms._MEMBERSHIP",
        "reading._MESSAGES",
        "searching._SELECT",
        "accounts._ACCOUNT",
        "accounts._TOKEN",
        "accounts._REVOCATIONS",
        "sanctions._REPORT",
        "sanctions._SANCTION",
        "audit._RECORD",
        "hooks._HOOK",
    }
}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("plan") / "chatd.sqlite3"
    with opened(path):
        connection = sqlite3.connect(path)
        yield connection
        connection.close()


def test_the_statements_were_found() -> None:
    assert len(WHOLE) > 50
    assert {"appending._INSERTS", "reading._READ", "searching._EVERYWHERE"} <= set(WHOLE)


@pytest.mark.parametrize("name", WHOLE)
def test_no_statement_walks_through_a_table(connection: sqlite3.Connection, name: str) -> None:
    text = WHOLE[name]
    count = max(map(int, re.findall(r"\?(\d+)", text)), default=text.count("?"))
    values = ['"x"' if "MATCH" in text else 1, *[1] * count][:count]
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    # What FTS5 gives and what a subquery gave are walked through by their nature.
    walks = [step for step in plan if step.startswith("SCAN") and not HARMLESS.search(step)]
    # All of a room's log is no better, unless it is to find the end of it.
    walks += [step for step in plan if step.endswith("(room_id=?)") and "max(" not in text]
    sorts = [step for step in plan if "TEMP B-TREE" in step]
    assert name in MAY_SCAN or not walks, plan
    assert name in MAY_SORT or not sorts, plan


@pytest.mark.parametrize("word", TOO_NEW)
def test_nothing_is_too_new(word: str) -> None:
    files = [*FOLDER.rglob("*.sql"), *FOLDER.rglob("*.py")]
    assert len(files) > 10
    new = re.compile(TOO_NEW[word], re.IGNORECASE)
    assert not [file.name for file in files if new.search(file.read_text())]
