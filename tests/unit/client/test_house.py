"""Conversations with a house in memory while everything breaks: nothing is lost, nothing doubled.
Which line breaks when, and what was on it then, is for hypothesis to find."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chatd.client.stages import Stage
from chatd.core import commands as c
from chatd.core import events as e
from chatd.core.errors import TOO_SLOW
from chatd.core.ports import StoreFailed, StoreFull
from tests.unit.client.wire import Town, Wire

SLOW = 4
"""Events that one of them lets wait."""


class Weeks(RuleBasedStateMachine):
    """Three who chat for a while, of whom one reads slowly; then all becomes quiet."""

    def __init__(self) -> None:
        super().__init__()
        self.town = Town(rate=20.0, burst=30)
        self.town.house.account("carol", "a long password")
        self.wires: list[Wire] = []

    @initialize(seed=st.integers(0, 2**16))
    def they_come(self, seed: int) -> None:
        self.wires = [
            Wire(self.town, seed=seed, guest="ann"),
            Wire(self.town, seed=seed + 1, guest="bob", room_for=SLOW),
            Wire(self.town, seed=seed + 2, user="carol", password="a long password"),
        ]
        for wire in self.wires:
            wire.ask(c.Join(room="lobby"), e.Attending)
        self.town.settle()
        for wire in self.wires:
            wire.take()

    @rule(who=st.integers(0, 2), times=st.integers(1, 5))
    def say(self, who: int, times: int) -> None:
        for _ in range(times):
            self.wires[who].send()

    @rule(who=st.integers(0, 2), most=st.integers(1, 12))
    def carry(self, who: int, most: int) -> None:
        self.wires[who].carry(most)

    @rule(who=st.integers(0, 2), most=st.integers(1, 6))
    def take(self, who: int, most: int) -> None:
        self.wires[who].take(most)

    @rule(who=st.integers(0, 2))
    def cut(self, who: int) -> None:
        self.wires[who].cut()

    @rule(who=st.integers(0, 2))
    def too_slow(self, who: int) -> None:
        wire = self.wires[who]
        if wire._client is not None:
            wire._down.clear()
            wire.close(TOO_SLOW)

    @rule(gently=st.booleans())
    def restart(self, gently: bool) -> None:
        self.town.restart(gently=gently)

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0, 5.0, 31.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.town.pass_(seconds)

    @rule(times=st.integers(1, 3), full=st.booleans())
    def store_fails(self, times: int, full: bool) -> None:
        error = StoreFull("no room") if full else StoreFailed("no")
        self.town.house.weather.fail("append", error, times)

    @invariant()
    def nobody_hears_out_of_order_or_twice(self) -> None:
        for wire in self.wires:
            seqs = [message.seq for message in wire.messages()]
            assert seqs == list(range(1, len(seqs) + 1))

    @invariant()
    def nobody_is_told_more_than_there_is_room_for(self) -> None:
        for wire in self.wires[1:2]:
            waiting = [told for told, _, _ in wire.conversation.inbox._events]
            assert sum(isinstance(told, e.Message) for told in waiting) <= SLOW

    def teardown(self) -> None:
        if not self.wires:
            return
        for _ in range(500):
            self.town.settle()
            for wire in self.wires:
                wire.take()
            if all(wire.idle and not wire.conversation.inbox for wire in self.wires):
                break
        self.check_the_end()

    def check_the_end(self) -> None:
        said: dict[int, str] = {}
        sent = [each for wire in self.wires for each in wire.sent]
        for key, request in sent:
            assert request.error is None
            assert request.answer is not None
            said[request.answer.seq] = key
        assert sorted(said) == list(range(1, len(sent) + 1))
        for wire in self.wires:
            assert [message.key for message in wire.messages()] == [
                said[seq] for seq in sorted(said)
            ]
            assert wire.conversation.positions.gaps == wire.conversation.positions.again == 0


def test_who_was_too_late_with_its_log_in_comes_back() -> None:
    town = Town()
    ann = Wire(town, guest="ann")
    town.settle()
    ann.cut()
    town.pass_(1.0)
    ann.act()
    town.pass_(11.0)  # the line stands still, for longer than the house waits
    town.settle()
    assert ann.connections == 3
    assert ann.conversation.stage is Stage.ONLINE


Weeks.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestWeeks = Weeks.TestCase
