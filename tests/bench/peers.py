"""chatd beside its peers: `python -m tests.bench peers`. Rounds are interleaved, each peer
in turn in each round; the figure is the median of the rounds' ratios. Losses and order are checked.

--rounds N, --case NAME and --who NAME (both may be repeated) make it shorter; --out FILE keeps the
figures as JSON, of which report.py makes docs/performance.md. All traffic stays on this host."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import chatd
from tests.bench.cases import BEHIND, CASES, Case
from tests.bench.contestants import (
    Contestant,
    Missing,
    OnBarePython,
    OnNode,
    OnNodeWithJson,
    OnPython,
)
from tests.bench.debian import Nats, Nchan
from tests.bench.driving import built, calmly
from tests.bench.keepers import KEEPERS
from tests.bench.ours import Ours, OursDurable
from tests.bench.proxied import Proxied
from tests.bench.table import table

PEERS: tuple[Callable[[], Contestant], ...] = (
    lambda: OnPython("socketify", "socketify==0.0.31"),
    Nats,
    Nchan,
    lambda: OnPython("picows", "picows==2.3.1"),
    OnNode,
    OnNodeWithJson,
    lambda: OnPython("aiohttp", "aiohttp==3.14.5", "uvloop==0.23.0"),
    lambda: OnPython("websockets", "websockets==17.4"),
    lambda: OnPython("Autobahn", "autobahn[twisted]==26.10.2"),
    OnBarePython,
)
"""Everybody but chatd, in the order of the tables."""
Results = dict[str, Any]
KEPT = ("versions", "commands", "left_out", "loads", "cases")
"""What a run adds to, when its file is there already."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES])
    parser.add_argument("--who", action="append", help="a peer's name; chatd is always there")
    parser.add_argument("--out", type=Path, help="a file for the figures")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Measure, print, keep."""
    args = arguments(argv)
    built()
    # One that was built without profile-guided optimisation takes up to 1.6 times as long.
    say(f"Python {platform.python_version()} of {sys.base_prefix}")
    results = begun(args.out)
    for case in CASES:
        if args.case is None or case.name in args.case:
            rounds = compared(case, args.rounds, args.who, results)
            results["cases"][case.name] = {"title": case.title, "rounds": rounds}
            say(f"\n{case.title} (load of this host: {os.getloadavg()[0]:.1f})\n")
            say(table(case.name, rounds))
            if args.out is not None:
                args.out.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    return 0


def begun(out: Path | None) -> Results:
    """What is known of this host; all other figures that the file holds stay."""
    before = json.loads(out.read_text()) if out is not None and out.exists() else {}
    return before | {
        "chatd": chatd.__version__,
        "software": {
            "Python": platform.python_version(),
            "Twisted": version("twisted"),
            "Autobahn": version("autobahn"),
            "SQLite": sqlite3.sqlite_version,
            "Linux": platform.release(),
        },
        "cores": os.cpu_count(),
        "date": time.strftime("%Y-%m-%d"),
        **{name: before.get(name, {}) for name in KEPT},
    }


def compared(
    case: Case, rounds: int, wanted: Sequence[str] | None, results: Results
) -> dict[str, list[Any]]:
    """The rounds of one case by contestant."""
    figures: dict[str, list[Any]] = {}
    with running(case, wanted, results) as contestants:
        for number in range(rounds):
            turn = number % max(1, len(contestants))
            for who in contestants[turn:] + contestants[:turn]:
                try:
                    figures.setdefault(who.name, []).append(calmly(who, case))
                except Missing as missing:
                    figures[who.name].append(None)
                    say(f"{who.name}: {missing}")
        results["loads"][case.name] = round(os.getloadavg()[0], 1)
    return figures


@contextmanager
def running(
    case: Case, wanted: Sequence[str] | None, results: Results
) -> Iterator[list[Contestant]]:
    """Those who take part, each in a folder of its own."""
    ours = OursDurable(case.rooms) if case.durable else Ours(case.rooms)
    others = _others(case)
    started: list[Contestant] = []
    with TemporaryDirectory(prefix="chatd-bench-") as root:
        try:
            for number, who in enumerate([ours, *others]):
                if who is not ours and not _takes_part(who, case, wanted):
                    continue
                folder = Path(root) / str(number)
                folder.mkdir()
                if _started(who, folder, results):
                    started.append(who)
            yield started
        finally:
            for who in started:
                who.stop()


def _others(case: Case) -> list[Contestant]:
    if case.name.startswith(BEHIND):
        return [Proxied(case.rooms)]
    return [make() for make in (KEEPERS if case.durable else PEERS)]


def _takes_part(who: Contestant, case: Case, wanted: Sequence[str] | None) -> bool:
    return (not case.only or who.name in case.only) and (wanted is None or who.name in wanted)


def _started(who: Contestant, folder: Path, results: Results) -> bool:
    try:
        who.install()
        who.start(folder)
    except Missing as missing:
        results["left_out"][who.name] = str(missing)
        say(f"{who.name} is left out: {missing}")
        return False
    results["versions"][who.name] = who.version
    results["commands"][who.name] = " ".join(map(_shown, who.command))
    return True


def _shown(word: str) -> str:
    """A word of a command as a shell takes it, without the folders of this measurement."""
    return shlex.quote(re.sub(r"(?<![^ \"])/(?!var/lib)[^ \"]*/", "", word))


def say(text: str) -> None:
    """To whoever waits."""
    print(text, flush=True)  # noqa: T201  # to whoever waits


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
