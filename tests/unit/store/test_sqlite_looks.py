"""The looks of names, as the embedded store keeps them: anew for another edition of the tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatd.core.hooks import Hook
from chatd.core.log import Alike
from chatd.core.names import EDITION, skeleton
from chatd.store import CannotOpen
from chatd.store.sqlite import opened
from chatd.store.sqlite.looks import changing
from chatd.store.sqlite.schema import migrate
from tests.unit.store.examples import account, make_room

OTHERS = "of other tables"
LOOKS = {
    "accounts": "SELECT skeleton FROM accounts",
    "rooms": "SELECT skeleton FROM rooms",
    "hooks": "SELECT skeleton FROM hooks",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with an account, a room and a hook, whose looks other tables have made."""
    path = tmp_path / "chatd.sqlite3"
    with opened(path) as (store, run):
        run(store.add_account(account("Ann", "u1"), f"a {OTHERS}", 1))
        room = run(make_room(store, "lobby"))
        hook = Hook(hook_id="h1", room_id=room, room="lobby", name="grafana", created_ts=1)
        run(store.add_hook(hook, f"h {OTHERS}", b"1" * 32))
    change(path, "UPDATE rooms SET skeleton = 'of other tables'")
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def kept(path: Path, table: str) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute(LOOKS[table])}


def test_they_are_made_anew_for_another_edition(path: Path) -> None:
    change(path, "UPDATE meta SET value = '1/0/0' WHERE name = 'looks'")
    migrate(path)
    with opened(path) as (store, run):
        found = run(store.look_alike([skeleton("ANN"), skeleton("Grafana")]))
    assert found == Alike("Ann", "grafana")
    assert kept(path, "rooms") == {skeleton("lobby")}
    with closing(sqlite3.connect(path)) as connection:
        [told] = connection.execute("SELECT value FROM meta WHERE name = 'looks'").fetchone()
    assert told == EDITION


def test_of_the_same_edition_they_are_left_as_they_are(path: Path) -> None:
    migrate(path)
    assert kept(path, "hooks") == {f"h {OTHERS}"}
    assert kept(path, "accounts") == {f"a {OTHERS}"}


def test_two_that_look_alike_by_the_new_tables_stay_both(path: Path) -> None:
    with opened(path) as (store, run):
        run(store.add_account(account("ann", "u2"), f"b {OTHERS}", 2))
    change(path, "UPDATE meta SET value = '' WHERE name = 'looks'")
    migrate(path)
    with opened(path) as (store, run):
        assert {each.name for each in run(store.accounts())} == {"Ann", "ann"}
        assert run(store.look_alike([skeleton("ann")])).account in {"Ann", "ann"}
    assert len(kept(path, "accounts")) == 2
    assert skeleton("ann") in kept(path, "accounts")


@pytest.mark.parametrize("table", ["accounts", "rooms"])
@pytest.mark.parametrize(
    "held",
    [("bob", "cyd", "dan"), ("dan", "amy", "bob"), ("bob", "cyd", "amy"), ("cyd", "amy", "bob")],
)
def test_a_look_that_another_is_about_to_give_up_is_free(
    path: Path, table: str, held: tuple[str, ...]
) -> None:
    """Whichever of them is asked first, and in a circle, too."""
    names = ("amy", "bob", "cyd")
    with opened(path) as (store, run):
        for name in names:
            if table == "accounts":
                run(store.add_account(account(name, f"of {name}"), f"{name} {OTHERS}", 2))
            else:
                run(make_room(store, name))
    hold = f"UPDATE {table} SET skeleton = ? WHERE name = ?"  # noqa: S608  # own constants
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE {table} SET skeleton = 'no look of ' || name")  # noqa: S608  # as above
        for name, look in zip(names, held, strict=True):
            connection.execute(hold, (skeleton(look), name))
    change(path, "UPDATE meta SET value = '' WHERE name = 'looks'")
    migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        found = dict(connection.execute(f"SELECT name, skeleton FROM {table}"))  # noqa: S608  # as above
    assert {found[name]: name for name in names} == {skeleton(name): name for name in names}


def test_who_finds_the_new_look_taken_keeps_the_old_one_from_others() -> None:
    rows = [("a", "1", "2"), ("b", "2", "2"), ("c", "3", "1"), ("d", "4", "5"), ("e", "5", "3")]
    assert changing(rows) == {}
    assert changing([("a", "1", "9"), ("b", "2", "9"), ("c", "3", "1")]) == {"a": "9", "c": "1"}
    assert changing([("a", "1", "2"), ("b", "2", "1")]) == {"a": "2", "b": "1"}


def test_what_fails_on_the_way_leaves_all_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(path, "UPDATE meta SET value = '' WHERE name = 'looks'")

    def fails(name: str) -> str:
        if name == "grafana":
            raise ValueError(name)
        return skeleton(name)

    monkeypatch.setattr("chatd.store.sqlite.looks.skeleton", fails)
    with pytest.raises(CannotOpen):
        migrate(path)
    assert kept(path, "accounts") == {f"a {OTHERS}"}
    monkeypatch.undo()
    migrate(path)
    assert kept(path, "hooks") == {skeleton("grafana")}
