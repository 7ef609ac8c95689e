"""The test double: it must be as bad as it says, and no worse than a bus may be."""

from collections.abc import Coroutine
from typing import Any

import pytest

from chatd.core.ports import Bus, Notice
from tests.unit.bus.contract import BusContract, notice
from tests.unit.bus.turns import Turns, finish
from tests.unit.bus.unreliable import UnreliableBus


class TestItKeepsTheContractWhenItLosesNothing(BusContract):
    def setup_method(self) -> None:
        self.turns = Turns()

    def buses(self) -> list[Bus]:
        return [UnreliableBus(7, self.turns.soon, lose=0)]

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        finish(coroutine)

    def settle(self) -> None:
        self.turns.all()


def hear(seed: int) -> tuple[UnreliableBus, list[int]]:
    turns, heard = Turns(), list[Notice]()
    bus = UnreliableBus(seed, turns.soon)
    finish(bus.start(heard.append))
    for seq in range(1, 101):
        bus.publish(notice(seq))
    turns.all()
    return bus, [each.seq for each in heard]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_loses_repeats_and_reorders(seed: int) -> None:
    bus, seqs = hear(seed)
    assert bus.lost > 0
    assert len(set(seqs)) == 100 - bus.lost
    assert bus.repeated == len(seqs) - len(set(seqs)) > 0
    assert seqs != sorted(seqs)


def test_a_seed_always_gives_the_same_weather() -> None:
    assert hear(4)[1] == hear(4)[1] != hear(5)[1]
