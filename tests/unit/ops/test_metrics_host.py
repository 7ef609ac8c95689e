"""What the host gives: the disk under the store, and the smallest limit of memory that holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.ops.metrics_board import Board
from chatd.ops.metrics_catalogue import CATALOGUE
from chatd.ops.metrics_host import HostMeter

NAMES = {
    "chatd_store_size_bytes",
    "chatd_store_disk_free_bytes",
    "chatd_store_disk_size_bytes",
    "chatd_memory_limit_bytes",
}
BOUNDLESS = 9223372036854771712
"""What the kernel of RHEL 8 says where there is no limit."""


def looked(root: Path, database: Path | None) -> dict[str, float]:
    board = Board([row for row in CATALOGUE if row.name in NAMES], {})
    meter = HostMeter(board, root)
    if database is not None:
        meter.watch(database)
    meter.look()
    return {name: board.level(name).value for name in NAMES}


def files(root: Path, contents: dict[str, str]) -> Path:
    for name, text in {"proc/meminfo": "MemTotal: 2048 kB\nMemFree: 1 kB\n", **contents}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_all_is_zero_until_there_is_a_store(tmp_path: Path) -> None:
    assert set(looked(files(tmp_path, {}), None).values()) == {0}


def test_the_files_and_their_disk_are_measured(tmp_path: Path) -> None:
    for name, size in (("chatd.sqlite3", 4096), ("chatd.sqlite3-wal", 100), ("other", 7)):
        (tmp_path / name).write_bytes(bytes(size))
    found = looked(files(tmp_path, {}), tmp_path / "chatd.sqlite3")
    assert found["chatd_store_size_bytes"] == 4196
    assert 0 < found["chatd_store_disk_free_bytes"] < found["chatd_store_disk_size_bytes"]


def test_a_folder_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    found = looked(files(tmp_path, {}), tmp_path / "gone" / "chatd.sqlite3")
    assert found["chatd_store_disk_size_bytes"] == 0
    assert found["chatd_memory_limit_bytes"] == 2048 * 1024


UNIFIED = {"proc/self/cgroup": "0::/system.slice/chatd.service\n"}
LEGACY = {"proc/self/cgroup": "12:cpu,memory:/system.slice/chatd.service\n1:name=systemd:/x\n"}


@pytest.mark.parametrize(
    ("contents", "limit"),
    [
        ({}, 2048 * 1024),
        (UNIFIED, 2048 * 1024),
        (UNIFIED | {"sys/fs/cgroup/system.slice/chatd.service/memory.max": "max\n"}, 2048 * 1024),
        (UNIFIED | {"sys/fs/cgroup/system.slice/chatd.service/memory.max": "5000\n"}, 5000),
        (UNIFIED | {"sys/fs/cgroup/system.slice/memory.max": "7000\n"}, 7000),
        (
            LEGACY
            | {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{BOUNDLESS}\n",
                "sys/fs/cgroup/memory/system.slice/chatd.service/memory.limit_in_bytes": "6000\n",
            },
            6000,
        ),
        (LEGACY | {"sys/fs/cgroup/memory/memory.limit_in_bytes": f"{BOUNDLESS}\n"}, 2048 * 1024),
    ],
)
def test_the_smallest_limit_of_memory_holds(
    tmp_path: Path, contents: dict[str, str], limit: int
) -> None:
    found = looked(files(tmp_path, contents), tmp_path / "chatd.sqlite3")
    assert found["chatd_memory_limit_bytes"] == limit
