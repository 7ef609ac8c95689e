"""Autobahn's timers, made exact: pings and deadlines of upgraded connections use the reactor's own.
The one file that knows the private name under which Autobahn keeps them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory

from chatd.edge.delays import Delays
from chatd.edge.ports import Delayed, Reactor


class ExactTimer:
    """Has the one method that Autobahn calls on its batched timer.

    That one rounds down to whole seconds, so that a pong within its time comes too late, cannot be
    given a clock of its own, and searches a list for each cancelled call.
    """

    def __init__(self, reactor: Reactor) -> None:
        self._delays = Delays(reactor)

    def call_later(self, delay: float, call: Callable[..., Any], *args: Any) -> Delayed:
        """Call after ``delay`` seconds."""
        return self._delays.callLater(delay, call, *args)


def use_exact_timers(factory: WebSocketServerFactory, reactor: Reactor) -> bool:
    """Replace the factory's timer. False: it is kept elsewhere now, and Autobahn's own stays."""
    if not hasattr(getattr(factory, "_batched_timer", None), "call_later"):
        return False
    factory._batched_timer = ExactTimer(reactor)  # noqa: SLF001  # see above
    return True
