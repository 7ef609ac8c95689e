"""A store on a file system that is really full."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")
MOUNT = 'mount -t tmpfs -o size=6m none "$1" && shift && exec "$@"'


def can_mount(folder: Path) -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(
        [*UNSHARE, "sh", "-c", MOUNT, "sh", str(folder), "true"], check=False, capture_output=True
    )
    return tried.returncode == 0


def test_a_full_disk_stops_nothing_but_writing(tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        pytest.skip("a small file system needs unshare and user namespaces")
    work = [sys.executable, "-m", "tests.process.store_in_little_room", str(tmp_path)]
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", MOUNT, "sh", str(tmp_path), *work],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "free some space on its disk" in done.stdout
