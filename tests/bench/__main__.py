"""What honest people feel of each attack: `make bench`. Prints ratios to a quiet moment.

Rounds are interleaved: quiet, attacked, quiet, attacked. A round gives the median of its round
trips; the figure of an attack is the median of its rounds' ratios. The goal is 2.
`python -m tests.bench [ATTACK ...]` runs some of them only; `python -m tests.bench peers` compares
chatd with other servers (peers.py), `... storm` lets ten thousand come back at once (storm.py),
`... growth` asks a store that holds very much (growth.py), `... deflate` says what compression
costs and spares (deflate.py), and `... profile` where the CPU time goes (profile.py).
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median

import chatd
from tests.bench import deflate, growth, peers, profile, storm
from tests.process.attacks import ATTACKS
from tests.process.company import UNDER_ATTACK, Company, attacked
from tests.process.harness import Daemon

ROUNDS = 5
ROUND_TRIPS = 40


def measured(daemon: Daemon) -> list[float]:
    """The round trips of one company, in seconds."""
    company = Company(daemon)
    times = [company.round_trip() for _ in range(ROUND_TRIPS)]
    company.close()
    return times


def compared(daemon: Daemon, name: str) -> tuple[float, float, float, float]:
    """The medians quiet and attacked, the median ratio, and the longest one under attack."""
    quiet, loud, longest = [], [], 0.0
    for _ in range(ROUNDS):
        quiet.append(median(measured(daemon)))
        with attacked(daemon, name):
            times = measured(daemon)
        loud.append(median(times))
        longest = max(longest, *times)
    ratio = median(b / a for a, b in zip(quiet, loud, strict=True))
    return median(quiet), median(loud), ratio, longest


def main(names: list[str]) -> None:
    """Print a line for each attack."""
    say(
        f"chatd {chatd.__version__}, Python {platform.python_version()}, {os.cpu_count()} cores; "
        f"{ROUNDS} rounds quiet and attacked in turn, {ROUND_TRIPS} round trips each.\n"
        "A round trip: ann says a word, bob has heard it and ann has her answer. Milliseconds.\n"
    )
    say(f"{'attack':<18}{'quiet':>8}{'attacked':>10}{'ratio':>8}{'longest':>10}")
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(Path(folder), UNDER_ATTACK)
        with closing(daemon):
            daemon.start()
            for name in names:
                quiet, loud, ratio, longest = compared(daemon, name)
                row = f"{name:<18}{quiet * 1000:8.2f}{loud * 1000:10.2f}{ratio:8.2f}"
                say(f"{row}{longest * 1000:10.1f}" + ("" if ratio <= 2 else "   over the goal"))
            daemon.stop()


def say(text: str) -> None:
    """To whoever waits."""
    print(text, flush=True)  # noqa: T201  # for whoever reads the run


if __name__ == "__main__":
    others = {
        each.__name__.rpartition(".")[2]: each.main
        for each in (deflate, growth, peers, profile, storm)
    }
    if sys.argv[1:2] and sys.argv[1] in others:
        sys.exit(others[sys.argv[1]](sys.argv[2:]))
    main(sys.argv[1:] or list(ATTACKS))
