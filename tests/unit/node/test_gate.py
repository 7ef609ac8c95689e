"""The gate: what it tells the operator of what it tells the client."""

from __future__ import annotations

import pytest

from chatd.core.ports import StoreFailed, StoreFull
from chatd.node.gate import COMPLAINT
from tests.house.house import House


@pytest.mark.parametrize(
    ("trouble", "event"),
    [(StoreFull("free some space"), "storage_full"), (StoreFailed("locked"), "storage_failed")],
)
def test_a_store_that_fails_is_in_the_log_but_not_with_every_command(
    trouble: StoreFull | StoreFailed, event: str
) -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    house.store.trouble = trouble

    def sends(times: int) -> list[str]:
        for _ in range(times):
            answer = ann.asks(type="send", room="lobby", text="hello")
            assert answer["code"] == event
        return [line for line in house.log.lines if line.startswith(event)]

    assert sends(10) == [f"{event} {{'reason': '{trouble}'}}"]
    house.pass_(COMPLAINT)
    assert len(sends(10)) == 2
