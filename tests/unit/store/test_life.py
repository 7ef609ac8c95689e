"""What every store is as a whole: its epoch, its secret, its end."""

from __future__ import annotations

import inspect

import pytest

from chatd.core.log import RoomId
from chatd.core.ports import Audit, Sanctions, Store, StoreFailed
from chatd.store import OPERATIONS
from tests.unit.store.examples import draft, make_room


async def test_a_store_has_an_epoch_and_a_lasting_secret(store: Store) -> None:
    assert store.epoch
    secret = await store.secret()
    assert len(secret) == 32
    assert await store.secret() == secret


async def test_probing_changes_nothing_that_can_be_seen(store: Store) -> None:
    lobby = await make_room(store)
    await store.probe()
    assert await store.last_seq(lobby) == 0


async def test_a_closed_store_fails(store: Store) -> None:
    await store.close()
    await store.close()
    with pytest.raises(StoreFailed, match="closed"):
        await store.append(RoomId(1), draft())
    with pytest.raises(StoreFailed, match="closed"):
        await store.room("lobby")
    with pytest.raises(StoreFailed, match="closed"):
        await store.probe()


def test_every_call_of_the_port_has_its_operation_name() -> None:
    calls = {
        name
        for name, value in (vars(Store) | vars(Sanctions) | vars(Audit)).items()
        if inspect.iscoroutinefunction(value)
    }
    assert set(OPERATIONS) == (calls - {"close"}) | {"tidy", "index"}
