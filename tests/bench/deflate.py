"""What compression costs and spares: `python -m tests.bench deflate [--rounds N] [--out FILE]`.

A hundred in a room; eight of them speak, in words of a manual. The others offer permessage-deflate
to three chatds in turn: one that declines it, one that compresses once for all, as chatd does, and
one that is made to compress for each. Rounds are interleaved; the figure is the median of ratios to
the first within a round. Compressed messages are counted and not unpacked, so that the load
generator is not the limit: their order is left to tests/process."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.cases import Case
from tests.bench.contestants import SERVERS, Speech
from tests.bench.driving import Round, built, measured
from tests.bench.keeping import keep
from tests.bench.ours import Ours
from tests.process.harness import PROJECT

OFF, SHARED, EACH = "off", "shared", "each"
SIZES = (60, 128, 512, 2048)
"""Letters of a message."""
ROOM = Case(name="deflate", title="", connections=100, speakers=8, window=4)
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
WORDS = re.sub(r"[^A-Za-z0-9,.:; ]+", " ", (PROJECT / "docs/operations.md").read_text())


@dataclass(frozen=True, kw_only=True)
class Words(Speech):
    """As chatd is spoken to, in words of so many letters; the hearers offer compression."""

    size: int

    def arguments(self) -> list[str]:
        """For the command line."""
        more = ["--size", str(self.size), "--words", WORDS, "--hearers-header", OFFER]
        return super().arguments() + more


class Packing(Ours):
    """chatd, in one of the three ways."""

    def __init__(self, way: str) -> None:
        super().__init__(delivery={"compression": way != OFF})
        self._way = way
        self.size = 0

    def start(self, folder: Path) -> None:
        """Run it; the third way is not chatd's own."""
        super().start(folder)
        if self._way == EACH:
            self.daemon.stop()
            program, config = SERVERS / "each_for_itself.py", str(self.daemon.config)
            self.daemon.run([sys.executable, str(program), "serve", "--config", config], ready=True)

    @property
    def speech(self) -> Speech:  # type: ignore[override]  # as in Ours
        """With the size that is measured."""
        spoken = super().speech
        told = {field.name: getattr(spoken, field.name) for field in fields(Speech)}
        return Words(**told, size=self.size)


def main(argv: Sequence[str]) -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench deflate", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="a file for the figures")
    args = parser.parse_args(argv)
    built()
    found = {"sizes": compared(args.rounds), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps(found, indent=1))  # noqa: T201  # its result
    keep(args.out, "deflate", found)
    return 0


def compared(rounds: int) -> dict[str, dict[str, Any]]:
    """By size and way."""
    ways = {way: Packing(way) for way in (OFF, SHARED, EACH)}
    with TemporaryDirectory(prefix="chatd-bench-") as root, ExitStack() as stack:
        for way, who in ways.items():
            (folder := Path(root) / way).mkdir()
            who.start(folder)
            stack.callback(who.stop)
        return {str(size): _of_size(size, ways, rounds) for size in SIZES}


def _of_size(size: int, ways: dict[str, Packing], rounds: int) -> dict[str, Any]:
    told: dict[str, list[Round]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, who in ways.items():
            who.size = size
            told[way].append(measured(who, ROOM))
    return {way: _figures(rounds_of, told[OFF]) for way, rounds_of in told.items()}


def _figures(mine: list[Round], plain: list[Round]) -> dict[str, Any]:
    times = [a["cpu_us"] / b["cpu_us"] for a, b in zip(mine, plain, strict=True)]
    return {
        "cpu_us": round(median(each["cpu_us"] for each in mine), 2),
        "times": round(median(times), 2),
        "wire_bytes": round(median(each["wire_bytes"] for each in mine)),
        "generator_share": round(median(each["generator_share"] for each in mine), 2),
        "lost": sum(abs(each["lost"]) for each in mine),
    }
