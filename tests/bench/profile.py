"""Where chatd's CPU time goes: `python -m tests.bench profile [--case NAME] [--out FILE]`.

The kernel's own sampler (`perf`, of Debian's linux-perf; as root) looks at the daemon a thousand
times a second while a case runs: at the instruction, not at the next line of Python, as a sampler
within the interpreter would. Of most cases it looks at the main thread; where threads of the store
have a share in it, at all of them. What is in the kernel is told by its system calls."""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.cases import CASES, Case
from tests.bench.contestants import Missing, run
from tests.bench.driving import built, measured
from tests.bench.keeping import keep
from tests.bench.ours import Ours, OursDurable
from tests.bench.storm import ON_THE_WAY, storm

SHOWN = ("room100", "room1000", "one", "small", "echo", "paced300k", "idle", "durable")
STORM = "ten thousand who come back"
RATE = 999
"""Samples a second."""
SECONDS = 4.0
HANDSHAKES = 10_000
"""For the case that is nothing else, or it would be over in half a second."""
CALLS = {
    "send": (
        *("__x64_sys_sendto", "__arm64_sys_sendto"),
        *("__x64_sys_io_submit", "__arm64_sys_io_submit"),
        *("__x64_sys_io_getevents", "__arm64_sys_io_getevents"),
    ),
    "recv": ("__x64_sys_recvfrom", "__arm64_sys_recvfrom"),
    "poll": ("__x64_sys_epoll_wait", "__arm64_sys_epoll_pwait"),
    "threads": ("__x64_sys_futex", "__arm64_sys_futex"),
}
LIBRARIES = {"interpreter": r"(lib)?python3", "JSON": r"_core\.cpython", "SQLite": r"libsqlite3"}
REST, OTHERS = "rest of the kernel", "other libraries"
Shares = dict[str, float]


def main(argv: Sequence[str]) -> int:
    """Sample, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench profile", description=__doc__)
    parser.add_argument("--case", action="append", choices=(*SHOWN, "storm"))
    parser.add_argument("--out", type=Path, help="a file for the figures")
    args = parser.parse_args(argv)
    built()
    wanted = args.case or (*SHOWN, "storm")
    found = {case.title: sampled(case) for case in CASES if case.name in wanted}
    if "storm" in wanted:
        found[STORM] = sampled_storm()
    print(table(found))  # noqa: T201  # to whoever waits
    keep(args.out, "profile", found)
    return 0


def sampled(case: Case) -> Shares:
    """Percent of the CPU time by where it goes. Raises Missing."""
    who = (OursDurable if case.durable else Ours)(case.rooms, limits={"sessions": 2 * HANDSHAKES})
    last = "open" if case.bare else "end"
    more = replace(case, connections=HANDSHAKES) if case.bare else replace(case, seconds=SECONDS)
    with TemporaryDirectory(prefix="chatd-bench-") as folder, ExitStack() as sampling:
        who.start(Path(folder))
        data = Path(folder) / "perf.data"
        watch = _perf(data, "-p" if case.durable else "-t", who.daemon.pid)

        def at(step: str) -> None:
            if step == "begin" and not case.bare:
                sampling.enter_context(watch)
            elif step == last:
                sampling.close()

        try:
            if case.bare:  # there is no beginning but that of its connections
                sampling.enter_context(watch)
            measured(who, more, at)
        finally:
            who.stop()
        return shares(data)


def sampled_storm() -> Shares:
    """The same while all come back; of all threads. Raises Missing."""
    with TemporaryDirectory(prefix="chatd-bench-") as folder:
        data = Path(folder) / "perf.data"
        storm(Path(folder), 10_000, ON_THE_WAY, lambda pid: _perf(data, "-p", pid))
        return shares(data)


@contextmanager
def _perf(data: Path, whole: str, pid: int) -> Iterator[None]:
    """Sample a thread (-t) or a process (-p) meanwhile."""
    command = [_found(), "record", "-q", "-g", "-e", "cpu-clock", "-F", str(RATE), "-o", str(data)]
    with subprocess.Popen([*command, whole, str(pid)]) as sampler:
        try:
            _wait_for(data)
            yield
        finally:
            sampler.send_signal(signal.SIGINT)  # it writes what it has


def _wait_for(data: Path) -> None:
    """Until the sampler has begun."""
    deadline = time.monotonic() + 10
    while not data.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def _found() -> str:
    perf = shutil.which("perf")
    if perf is None:
        raise Missing("there is no perf here: apt-get install linux-perf")
    return perf


def shares(data: Path) -> Shares:
    """What was sampled into this file."""
    report = [_found(), "report", "--stdio", "-g", "none", "-i", str(data)]
    calls = _told(run([*report, "--children", "--sort", "symbol"]), r"\[k\] (\w+)")
    parts = _told(run([*report, "--no-children", "--sort", "dso"]), r"(\S+)")
    told = {name: sum(calls.get(each, 0.0) for each in those) for name, those in CALLS.items()}
    told[REST] = parts.get("[kernel.kallsyms]", 0.0) - sum(told.values())
    for name, pattern in LIBRARIES.items():
        told[name] = sum(share for part, share in parts.items() if re.match(pattern, part))
    told[OTHERS] = 100 - sum(told.values())
    return {name: round(share, 1) for name, share in told.items()}


def _told(report: str, pattern: str) -> Shares:
    """The first percentage of each line, by what follows."""
    lines = re.finditer(rf"^\s*([\d.]+)%\s+(?:[\d.]+%\s+)?{pattern}", report, re.MULTILINE)
    return {line[2]: float(line[1]) for line in lines}


def table(found: dict[str, Shares] | None) -> str:
    """As Markdown, in percent; a word where it was not measured."""
    if found is None:
        return "Not measured."
    heads = (*CALLS, REST, *LIBRARIES, OTHERS)
    lines = ["| case | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for title in (*(case.title for case in CASES if case.title in found), STORM):
        if title not in found:
            continue
        cells = " | ".join(f"{found[title][head]:.0f}" for head in heads)
        lines.append(f"| {title} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
