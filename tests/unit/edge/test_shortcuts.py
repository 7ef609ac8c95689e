"""Which shortcuts are taken is found by trying them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatd.edge import direct, opening, reads, short, shortcuts
from chatd.edge.ports import SHORTCUTS, EdgeSettings
from chatd.edge.reactor import NextTurns, TickingPoller, measure_ticks
from chatd.edge.shortcuts import Ways
from tests.unit.edge.memory import World
from tests.unit.edge.real import Turning
from tests.unit.edge.test_websocket import frame


def test_all_of_them_work_with_these_libraries(turning: Turning) -> None:
    measure_ticks(turning.reactor, lambda _: None)
    ways = shortcuts.found(turning.reactor, World().front.echo)
    assert ways == Ways(
        direct_send=True,
        batched_send=True,
        short_frames=True,
        turn_end=True,
        born_open=True,
        direct_read=True,
    ), "a new release has moved the names in chatd/edge/direct.py, short.py or reactor.py"
    assert not shortcuts.missing(ways)
    assert isinstance(shortcuts.turns(ways, turning.reactor), TickingPoller)
    assert isinstance(shortcuts.turns(shortcuts.NONE, turning.reactor), NextTurns)


def test_names_that_are_gone_are_found_out(
    monkeypatch: pytest.MonkeyPatch, turning: Turning
) -> None:
    echo = World().front.echo
    monkeypatch.setattr(direct, "NAMES", ("no_such_name",))
    monkeypatch.setattr(short, "NAMES", ("no_such_name",))
    monkeypatch.setattr(opening, "NAMES", ("no_such_name",))
    monkeypatch.setattr(reads, "NAMES", ("no_such_name",))
    monkeypatch.setattr(shortcuts, "batch", lambda: None)
    assert shortcuts.found(turning.reactor, echo) == shortcuts.NONE
    assert shortcuts.missing(shortcuts.NONE) == list(SHORTCUTS)


@pytest.mark.parametrize("name", SHORTCUTS)
def test_each_way_may_be_missing_by_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shortcuts.found
    monkeypatch.setattr(shortcuts, "found", lambda *each: replace(found(*each), **{name: False}))
    world = World()
    client = world.client()
    client.pipe.deliver(frame(0x81, b"hello") + frame(0x81, b"there"))
    assert client.guest.heard == [b"hello", b"there"]
    assert not world.journal.faults


def test_a_reactor_that_does_not_tell_in_which_connections_something_waits_is_found_out(
    monkeypatch: pytest.MonkeyPatch, turning: Turning
) -> None:
    echo = World().front.echo
    monkeypatch.setattr(turning.reactor, "getWriters", list)
    assert not shortcuts.found(turning.reactor, echo).direct_send


def test_the_metrics_say_which_are_taken() -> None:
    told = World(EdgeSettings(shortcuts=False)).meter.now
    assert {name: told[name] for name in SHORTCUTS} == dict.fromkeys(SHORTCUTS, False)
    assert World().meter.now["short_frames"]
