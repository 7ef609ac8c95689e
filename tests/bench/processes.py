"""What a server's processes cost: CPU time and memory of a process and all that it started, as
Linux counts them. Ending them, too."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


GONE = suppress(FileNotFoundError, ProcessLookupError)
"""A process or a thread may end while it is looked at."""


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for each in found:
        with GONE:
            for task in (PROC / str(each) / "task").glob("*/children"):
                found += [int(child) for child in task.read_text().split()]
    return found


def _tasks(pid: int) -> list[Path]:
    """All threads of the tree."""
    return [task for each in tree(pid) for task in (PROC / str(each) / "task").glob("*")]


def cpu(pid: int) -> float:
    """Seconds that the tree has run on a core, user and system, to the nanosecond."""
    spent = 0
    for task in _tasks(pid):
        with GONE:
            spent += int((task / "schedstat").read_text().split()[0])
    return spent / 1e9


def stolen() -> tuple[int, int]:
    """Of all processors since the start, in ticks: what the host of this virtual machine took from
    them while they wanted to run, and all (proc(5), /proc/stat)."""
    ticks = [int(word) for word in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[7], sum(ticks)


def memory(pid: int) -> int:
    """Resident bytes of the tree that are its own, not shared with others' files."""
    total = 0
    for each in tree(pid):
        with GONE:
            fields = (PROC / str(each) / "statm").read_text().split()
            total += (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")
    return total


def pin(pid: int, core: int) -> None:
    """Keep a tree to one core, those of its threads too that are there already."""
    for task in _tasks(pid):
        with GONE:
            os.sched_setaffinity(int(task.name), {core})


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then make it."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
