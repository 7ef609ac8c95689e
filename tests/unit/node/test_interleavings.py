"""Coming and going while everybody talks, the store is late and the bus does its worst: in every
order of events each client has each entry once, in order, by its own position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.core import rooms
from chatd.core.log import RoomId
from chatd.node import catchup, fanout
from tests.house.house import Client, House
from tests.unit.bus.unreliable import UnreliableBus


class Listener:
    """A client that follows the protocol: its position moves with events, and it resumes."""

    def __init__(self, house: House, name: str) -> None:
        self._house = house
        self._name = name
        self._client: Client | None = None
        self._token = ""
        self._asked: list[str] = []
        self._resumed = False
        self.position: int | None = None

    # --- what it does ---
    def toggle(self) -> None:
        """Lose the line, or come back by a new one."""
        if self._client is not None:
            self.reads()
            self._client.vanishes()
            self._client = None
            return
        self._client = Client(self._house, "json", "192.0.2.1")
        self._asked, self._resumed = [], self.position is not None
        who = {"guest_token": self._token} if self._token else {"guest": self._name}
        at = {"lobby": {"epoch": "memory", "seq": self.position}} if self._resumed else {}
        self._ask(type="login", resume=at, **who)

    def room(self) -> None:
        """Join, or leave."""
        if self._client is not None:
            self._ask(type="leave" if self.position is not None else "join", room="lobby")

    def says(self) -> None:
        """Something; whether it may is not the question."""
        if self._client is not None:
            self._ask(type="send", room="lobby", text="hi")

    def slow(self) -> None:
        """Read nothing for a while."""
        if self._client is not None:
            self._client.outbox.slow()

    def fast(self) -> None:
        """Read again."""
        if self._client is not None:
            self._client.outbox.fast()

    def _ask(self, **command: Any) -> None:
        if self._client is not None:
            self._asked.append(command["type"])
            self._client.begins(**command)

    @property
    def online(self) -> bool:
        return self._client is not None

    # --- what it hears ---
    def reads(self) -> None:
        """Take in all that came. Raises AssertionError for what was lost or came twice."""
        for frame in self._client.heard() if self._client is not None else []:
            self._hear(frame)

    def _hear(self, frame: dict[str, Any]) -> None:
        match frame:
            case {"type": "ok"}:
                self._answered(self._asked.pop(0), frame)
            case {"type": "error"}:
                self._asked.pop(0)
            case {"type": "entered"}:
                self.position = frame["seq"]
            case {"type": "left", "user": user} if user == self._name:
                self.position = None
            case {"type": "caught_up"}:
                assert frame["recovered"]
                assert frame["seq"] == self.position
            case {"type": "message"}:
                assert self.position is not None
                assert frame["seq"] == self.position + 1, (frame, self.position)
                self.position = frame["seq"]

    def _answered(self, command: str, answer: dict[str, Any]) -> None:
        if command == "login":
            self._token = answer["guest_token"]
            rooms = {room["room"]: room["seq"] for room in answer.get("rooms", [])}
            if not self._resumed:
                self.position = rooms.get("lobby")
        elif command == "join" and self.position is None:
            self.position = answer["seq"]
        elif command == "leave":
            self.position = None


# What may happen next, and who or which is meant. Talking and results are the most frequent.
STEPS = st.lists(
    st.tuples(st.sampled_from("sssssaaaaaaaarrrtccclqf."), st.integers(0, 7)),
    min_size=60,
    max_size=150,
)


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), steps=STEPS)
def test_nothing_is_lost_and_nothing_doubled_in_any_order(
    seed: int, steps: list[tuple[str, int]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "RECENT", 2)  # so that replays and gaps are read from the store
        patch.setattr(catchup, "PAGE", 3)
        patch.setattr(fanout, "PAGE", 3)
        play(House(bus=lambda soon: UnreliableBus(seed, soon), linger=5.0, burst=10**6), steps)


def play(house: House, steps: list[tuple[str, int]]) -> None:
    ann = house.guest("ann", "lobby")
    people = [Listener(house, "bob"), Listener(house, "eve")]
    for who in people:
        who.toggle()
        who.room()
    house.weather.hold()
    for step, choice in steps:
        who = people[choice % 2]
        acts: dict[str, Callable[[], None]] = {
            "s": lambda: ann.begins(type="send", room="lobby", text="hi"),
            "a": lambda place=choice: arrive(house, place),  # type: ignore[misc]  # a default that binds the name for this round
            "r": house.turn,
            "t": who.says,
            "c": who.toggle,
            "l": who.room,
            "q": who.slow,
            "f": who.fast,
            ".": lambda: house.clock.pass_(1.0),
        }
        acts[step]()
        who.reads()
    come_to_rest(house, people)
    last = house.do(house.store.last_seq(RoomId(1)))
    assert {who.position for who in people} <= {None, last}
    assert not house.log.faults
    for who in people:
        who.toggle()
    house.ends()


def arrive(house: House, place: int) -> None:
    """One late result arrives. A writer keeps its order; readers overtake each other."""
    if not house.weather.late:
        return
    place %= len(house.weather.late)
    names = [name for name, _ in house.weather.late]
    if names[place] == "append":
        place = names.index("append")
    house.weather.arrive(place)


def come_to_rest(house: House, people: list[Listener]) -> None:
    """Everybody is back, everything has arrived, and the last bell that was lost is rung."""
    for who in people:
        who.fast()
        if not who.online:
            who.toggle()
    house.weather.release()
    house.settle()
    for room in tuple(house.node.attendance._rooms.values()):
        house.tasks.spawn(house.node.fanout.verify(room))
    house.settle()
    for who in people:
        who.reads()
