"""Measures how long garbage collections stop the process.
Its values are changed wherever a collection happens to begin, in any thread."""

from __future__ import annotations

import gc
from time import perf_counter
from typing import Any

from chatd.ops.metrics_board import Board


class Pauses:
    """Listens to the garbage collector between ``start`` and ``stop``.

    Collections do not nest and do not overlap, so there is one writer at a time without a lock;
    a lock here could be held by the very thread that the collection interrupts.
    """

    def __init__(self, board: Board) -> None:
        spreads = board.spreads("chatd_gc_pause_seconds")
        self._generations = [spreads[str(n),] for n in range(len(spreads))]
        self._begun = 0.0

    def start(self) -> None:
        """Begin to listen."""
        gc.callbacks.append(self._heard)

    def stop(self) -> None:
        """Listen no more."""
        gc.callbacks.remove(self._heard)

    def _heard(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._begun = perf_counter()
        else:
            self._generations[info["generation"]].observe(perf_counter() - self._begun)
