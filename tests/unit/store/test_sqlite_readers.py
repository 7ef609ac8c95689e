"""How the SQLite store reads: what is asked in one turn together, and no result waits for long."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from sqlite3 import Connection
from threading import Event

import pytest

from chatd.store import SilentMeter
from chatd.store.sqlite import SqliteStore, readers
from chatd.store.sqlite.blocking import Run
from chatd.store.sqlite.calls import Call
from chatd.store.sqlite.readers import LONG, Readers

PATIENCE = 60.0


class House:
    """One reader, whose turns and results are the test's to end and to hand out."""

    def __init__(self, path: Path) -> None:
        self.ends: list[Callable[[], None]] = []
        self.given: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.readers = Readers(path, self.given.put, SilentMeter(), 1, later=self.ends.append)
        self.answers: list[object] = []

    def ask(self, answer: object, name: str = "room", until: Event | None = None) -> None:
        def work(_: Connection) -> object:
            assert until is None or until.wait(PATIENCE)
            return answer

        call = Call(name, work, ())
        call.answer.addCallback(self.answers.append)
        self.readers.ask(call)

    def end_turn(self) -> None:
        for end in self.ends:
            end()
        self.ends.clear()

    def hand_out(self) -> list[object]:
        """What comes with the next delivery."""
        before = len(self.answers)
        self.given.get(timeout=PATIENCE)()
        return self.answers[before:]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(readers, "TOGETHER", PATIENCE)
    run = Run()
    store = SqliteStore(tmp_path / "chatd.sqlite3", run.deliver)
    house = House(tmp_path / "chatd.sqlite3")
    yield house
    house.readers.end()
    run(store.close())


def test_what_is_asked_in_one_turn_begins_at_its_end(house: House) -> None:
    house.ask(1)
    house.ask(2)
    assert len(house.ends) == 1
    house.readers.end()  # all that was begun is done now, and nothing was
    assert house.given.empty()


def test_what_was_asked_in_one_turn_is_handed_out_together(house: House) -> None:
    go = Event()
    house.ask(1, until=go)
    house.ask(2)
    house.ask(3)
    house.end_turn()
    go.set()
    assert house.hand_out() == [1, 2, 3]


def test_the_next_turn_has_a_beginning_of_its_own(house: House) -> None:
    for answer in (1, 2):
        house.ask(answer)
        house.end_turn()
        assert house.hand_out() == [answer]


def test_no_result_waits_for_a_call_that_may_take_long(house: House) -> None:
    go, first = Event(), Event()
    house.ask(1, until=first)
    house.ask(2, "history", until=go)
    house.end_turn()
    first.set()
    assert house.hand_out() == [1]
    go.set()
    assert house.hand_out() == [2]


def test_nor_longer_than_a_moment_for_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "TOGETHER", 0.0)
    house.ask(1)
    house.ask(2)
    house.end_turn()
    assert [house.hand_out(), house.hand_out()] == [[1], [2]]


def test_what_was_begun_is_done_before_the_end(house: House) -> None:
    go = Event()
    house.ask(1, until=go)
    house.ask(2)
    house.end_turn()
    go.set()
    house.readers.end()
    assert house.hand_out() == [1, 2]


def test_a_store_that_closes_still_answers_what_was_asked_in_the_same_turn(
    tmp_path: Path,
) -> None:
    run = Run()
    store = SqliteStore(tmp_path / "chatd.sqlite3", run.deliver, later=lambda call: None)
    call = store._read("room", lambda _: "the answer")

    async def both() -> str:
        await store.close()
        return await call

    assert run(both()) == "the answer"


SHORT = {
    *("secret", "read", "last_seq", "message", "said", "room", "shared_room", "memberships"),
    *("membership", "account", "account_by_id", "look_alike", "token", "tokens", "revocations"),
    *("sanctions_version", "emergency", "audit_head"),
    *("hook", "hooks"),
}
"""Reads of a few rows, or of a page at most."""


def test_of_every_read_it_is_known_whether_it_may_take_long() -> None:
    sources = Path(readers.__file__).parent.glob("*.py")
    text = "".join(source.read_text() for source in sources)
    found = set(re.findall(r'[._]read\(\s*"(\w+)"', text)) | {"search"}
    assert found == SHORT | LONG
