"""Control groups of hosts: where one can be put, and removing them when their processes are gone.
A host's own is host.py's to enter."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

PREFIX = "chatd-test-"
GONE_S = 60.0
"""Seconds until the last process of a host that was killed is gone."""


def new_name() -> str:
    """For what belongs to one host: it says whose, so that others can tell what is left over."""
    return f"run-{os.getpid()}-{uuid4().hex[:12]}"


def parents() -> list[Path]:
    """The folders of this process's control groups in which a systemd can be put."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text("utf-8").splitlines()]
    found = []
    for line in Path("/proc/self/cgroup").read_text("utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        for _, point, kind, options, *_ in mounts:
            named = kind == "cgroup" and controllers == "name=systemd"
            if (named and controllers in options.split(",")) or (
                kind == "cgroup2" and not controllers
            ):
                found.append(Path(point) / path.lstrip("/"))
    return found


def remove(group: Path) -> None:
    """Remove a control group when its last process is gone."""
    end = time.monotonic() + GONE_S
    while not _removed(group) and time.monotonic() < end:
        time.sleep(0.02)


def _removed(group: Path) -> bool:
    """Whether it is gone, with all that was below it. What has processes stays."""
    for folder, _, _ in os.walk(group, topdown=False):
        with suppress(OSError):
            os.rmdir(folder)
    return not group.exists()


def sweep(folder: Path) -> None:
    """Remove what hosts of test runs left that were killed: their groups, and their files below
    ``folder``."""
    for parent in parents():
        for group in parent.glob(f"{PREFIX}run-*"):
            if _left_over(group.name):
                _removed(group)
    for place in folder.glob("run-*"):
        if _left_over(place.name):
            shutil.rmtree(place, ignore_errors=True)


def _left_over(name: str) -> bool:
    """Whether the process is gone that had a host of this name."""
    found = re.search(r"run-(\d+)-", name)
    return found is not None and not Path("/proc", found[1]).exists()
