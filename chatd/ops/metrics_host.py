"""What the host gives chatd: room on the store's disk, and memory. Looked at as the page is made.
The rest of the process (memory, CPU, descriptors) is prometheus_client's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from chatd.ops.metrics_board import Board

FILES = ("", "-wal", "-shm")
"""What SQLite adds to a database's name."""


class HostMeter:
    """Belongs to the thread that makes the page: a disk that does not answer holds up that page,
    and nothing else. ``root`` is the file system's; tests have their own."""

    def __init__(self, board: Board, root: Path = Path("/")) -> None:
        self._size = board.level("chatd_store_size_bytes")
        self._disk_free = board.level("chatd_store_disk_free_bytes")
        self._disk_size = board.level("chatd_store_disk_size_bytes")
        self._memory = board.level("chatd_memory_limit_bytes")
        self._root = root
        self._database: Path | None = None

    def watch(self, database: Path) -> None:
        """The store is here; until then all is zero."""
        self._database = database

    def look(self) -> None:
        """See how things are. What cannot be seen now stays as it was."""
        if self._database is None:
            return
        with suppress(OSError):
            disk = os.statvfs(self._database.parent)
            self._disk_free.set(disk.f_bavail * disk.f_frsize)
            self._disk_size.set(disk.f_blocks * disk.f_frsize)
            self._size.set(sum(_sizes(self._database)))
        with suppress(OSError):
            self._memory.set(min(_memory_limits(self._root)))


def _sizes(database: Path) -> Iterator[int]:
    for end in FILES:
        with suppress(FileNotFoundError):
            yield database.with_name(database.name + end).stat().st_size


def _memory_limits(root: Path) -> Iterator[int]:
    """The host's memory, and every limit on the way down to the process's control group: those of
    one hierarchy (memory.max) and of RHEL 8 (memory.limit_in_bytes)."""
    kilobytes = (root / "proc/meminfo").read_text().split("MemTotal:")[1].split()[0]
    yield int(kilobytes) * 1024
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            if not controllers:
                yield from _limits(root / "sys/fs/cgroup", group, "memory.max")
            elif "memory" in controllers.split(","):
                top = root / "sys/fs/cgroup/memory"
                yield from _limits(top, group, "memory.limit_in_bytes")


def _limits(top: Path, group: str, name: str) -> Iterator[int]:
    place = PurePosixPath(group.lstrip("/"))
    for each in (place, *place.parents):
        with suppress(OSError, ValueError):  # not there, or "max"
            yield int((top / each / name).read_text())
