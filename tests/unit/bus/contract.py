"""What holds for every ports.Bus: a bus gets a subclass that says how to make and run one.

A bus may lose, repeat and reorder, so nothing here asks for exactly once or for order; but these
tests are run in good weather, where each notice arrives at least once.
"""

from abc import ABC, abstractmethod
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import pytest

from chatd.core.log import Author, Entry, RoomId, UserId
from chatd.core.ports import Bus, Notice

ANN = Author(UserId("uann"), "ann", guest=False)


def notice(seq: int, room: int = 1) -> Notice:
    return Notice(RoomId(room), seq)


class BusContract(ABC):
    """Inherit, and fill in the three methods."""

    @abstractmethod
    def buses(self) -> list[Bus]:
        """One bus for each host, all of one chat, none started; a bus for one host gives one."""

    @abstractmethod
    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run one of a bus's own coroutines to its end."""

    @abstractmethod
    def settle(self) -> None:
        """Let time pass until nothing is on its way; raises what a hearer raised."""

    @pytest.fixture
    def hosts(self) -> list[tuple[Bus, list[Notice]]]:
        """Started buses, each with what it has heard."""
        hosts: list[tuple[Bus, list[Notice]]] = [(bus, []) for bus in self.buses()]
        for bus, heard in hosts:
            self.run(bus.start(heard.append))
        return hosts

    def test_every_host_hears_what_one_publishes(
        self, hosts: list[tuple[Bus, list[Notice]]]
    ) -> None:
        published = {notice(seq, room) for seq in (1, 2, 3) for room in (1, 2)}
        for each in published:
            hosts[0][0].publish(each)
        self.settle()
        for _, heard in hosts:
            assert set(heard) == published

    def test_a_turn_ends_when_all_of_it_was_heard_whatever_that_raised(self) -> None:
        told: list[str] = []
        for bus in self.buses():

            def heard(each: Notice) -> None:
                told.append(f"heard {each.seq}")
                if each.seq == 1:
                    raise RuntimeError("one is too few")

            self.run(bus.start(heard, lambda: told.append("settled")))
            for seq in (1, 2):
                bus.publish(notice(seq))
            for _ in range(2):
                with suppress(RuntimeError):
                    self.settle()
            break
        assert {"heard 1", "heard 2"} <= set(told)
        assert told[-1] == "settled"

    def test_nothing_is_heard_from_within_publish(
        self, hosts: list[tuple[Bus, list[Notice]]]
    ) -> None:
        hosts[0][0].publish(notice(1))
        assert all(heard == [] for _, heard in hosts)

    def test_an_entry_at_hand_travels_unharmed(self, hosts: list[tuple[Bus, list[Notice]]]) -> None:
        entry = Entry(
            room_id=RoomId(1), seq=7, kind="message", author=ANN, ts=5, text="h\u00e9\x00", key="k"
        )
        hosts[0][0].publish(Notice(RoomId(1), 7, entry, "epoch"))
        self.settle()
        for _, heard in hosts:
            assert set(heard) == {Notice(RoomId(1), 7, entry, "epoch")}

    def test_what_is_published_while_hearing_is_heard_after_it(self) -> None:
        bus, depth, seen = self.buses()[0], [0], list[int]()

        def heard(each: Notice) -> None:
            assert depth[0] == 0
            depth[0] += 1
            seen.append(each.seq)
            if each.seq < 3:
                bus.publish(notice(each.seq + 1))
            depth[0] -= 1

        self.run(bus.start(heard))
        bus.publish(notice(1))
        self.settle()
        assert set(seen) == {1, 2, 3}

    def test_a_fault_in_the_hearer_costs_no_other_notice(self) -> None:
        bus, seen = self.buses()[0], set[int]()

        def heard(each: Notice) -> None:
            if each.seq not in seen and each.seq == 1:
                seen.add(1)
                raise ZeroDivisionError
            seen.add(each.seq)

        self.run(bus.start(heard))
        for seq in (1, 2, 3):
            bus.publish(notice(seq))
        with pytest.raises(ZeroDivisionError):
            self.settle()
        self.settle()
        assert seen == {1, 2, 3}

    def test_a_stopped_bus_hears_nothing_not_even_what_was_on_its_way(
        self, hosts: list[tuple[Bus, list[Notice]]]
    ) -> None:
        bus, heard = hosts[0]
        bus.publish(notice(1))
        self.run(bus.stop())
        bus.publish(notice(2))
        self.settle()
        assert heard == []

    def test_a_hearer_may_stop_its_bus(self) -> None:
        bus, seen = self.buses()[0], list[int]()

        def heard(each: Notice) -> None:
            seen.append(each.seq)
            self.run(bus.stop())

        self.run(bus.start(heard))
        for seq in (1, 2, 3):
            bus.publish(notice(seq))
        self.settle()
        assert len(seen) == 1

    def test_publishing_before_the_start_and_stopping_twice_are_harmless(self) -> None:
        bus = self.buses()[0]
        bus.publish(notice(1))
        self.settle()
        self.run(bus.start(lambda _: None))
        self.run(bus.stop())
        self.run(bus.stop())

    def test_a_bus_may_be_started_again(self) -> None:
        bus, heard = self.buses()[0], list[Notice]()
        self.run(bus.start(heard.append))
        self.run(bus.stop())
        self.run(bus.start(heard.append))
        bus.publish(notice(5))
        self.settle()
        assert set(heard) == {notice(5)}
