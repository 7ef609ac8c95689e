"""What /readyz hears of the store, and what the log does."""

from __future__ import annotations

from chatd.core.ports import StoreFailed
from chatd.ops.probe import PROBED, Probe
from tests.house.house import House


def test_the_store_is_asked_once_a_second_and_the_log_hears_of_changes_only() -> None:
    house, seconds = House(), [0.0]
    probe = Probe(house.store, lambda: seconds[0], house.log)
    told: list[str] = []

    def passes(count: int) -> None:
        for _ in range(count):
            told.append(house.do(probe.reason()))
            seconds[0] += PROBED / 2

    passes(3)
    house.store.trouble = StoreFailed("no luck")
    passes(6)
    house.store.trouble = None
    passes(4)
    assert told == [*[""] * 4, *["store: no luck"] * 6, *[""] * 3]
    lines = [line.split(" ")[0] for line in house.log.lines if line.startswith("store_")]
    assert lines == ["store_not_ready", "store_ready"]
