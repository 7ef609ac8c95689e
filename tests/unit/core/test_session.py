"""The states of a session: only forward, and each can be reached."""

from __future__ import annotations

from itertools import product

from chatd.core.session import State


def test_the_steps_are_forward_only() -> None:
    steps = {(a.value, b.value) for a, b in product(State, State) if a.may_become(b)}
    assert steps == {
        ("open", "ready"),
        ("open", "leaving"),
        ("open", "closed"),
        ("ready", "leaving"),
        ("ready", "closed"),
        ("leaving", "closed"),
    }
