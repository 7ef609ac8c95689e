"""LocalBus: the contract, and what it promises beyond."""

from collections.abc import Coroutine
from typing import Any

from chatd.bus.local import LocalBus
from chatd.core.ports import Bus, Notice
from tests.unit.bus.contract import BusContract, notice
from tests.unit.bus.turns import Turns, finish


class TestLocalBusKeepsTheContract(BusContract):
    def setup_method(self) -> None:
        self.turns = Turns()

    def buses(self) -> list[Bus]:
        return [LocalBus(self.turns.soon)]

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        finish(coroutine)

    def settle(self) -> None:
        self.turns.all()


def test_each_notice_is_heard_once_and_in_order() -> None:
    turns, heard = Turns(), list[Notice]()
    bus = LocalBus(turns.soon)
    finish(bus.start(heard.append))
    for seq in range(1, 50):
        bus.publish(notice(seq))
    turns.all()
    assert heard == [notice(seq) for seq in range(1, 50)]


def test_all_that_waits_goes_in_one_turn() -> None:
    turns, heard = Turns(), list[Notice]()
    bus = LocalBus(turns.soon)
    finish(bus.start(heard.append))
    bus.publish(notice(1))
    bus.publish(notice(2))
    assert len(turns.waiting) == 1
    turns.one()
    assert heard == [notice(1), notice(2)]
    assert not turns.waiting


def test_what_is_published_in_a_turn_waits_for_the_next() -> None:
    turns, heard = Turns(), list[Notice]()
    bus = LocalBus(turns.soon)

    def answer(each: Notice) -> None:
        heard.append(each)
        if each.seq < 3:
            bus.publish(notice(each.seq + 1))

    finish(bus.start(answer))
    bus.publish(notice(1))
    turns.one()
    assert heard == [notice(1)]
    turns.one()
    assert heard == [notice(1), notice(2)]
