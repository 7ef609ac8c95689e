"""The support bundle as a file: what the daemon knows, and what its doctor finds on this host.
What is kept out of it is chatd/ops/support."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

from chatd.ctl.wire import Frame, Trouble

FOLDER = "chatd-support"
DOCTOR = 60.0
"""Seconds that the doctor may take."""
WITHHELD = "[withheld]"
TREE = Path(__file__).resolve().parents[2]
NAMES = ("server", "listening", "config")
"""What of the status says whose server this is, or where."""


def write(file: str, files: dict[str, str], status: Frame) -> dict[str, Any]:
    """Make the tar.gz, readable for its owner only. Raises Trouble."""
    shown = {k: v for k, v in status.items() if k not in {"type", "id"}}
    shown |= dict.fromkeys(NAMES, WITHHELD)
    every = {
        **files,
        "status.json": json.dumps(shown, indent=1),
        "doctor.json": _doctor(str(status["config"])),
    }
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Trouble(os.EX_CANTCREAT, f"{file} exists; name another file") from None
    except OSError as error:
        raise Trouble(os.EX_CANTCREAT, f"{file}: {error.strerror}") from None
    with os.fdopen(handle, "wb") as out, tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in sorted(every.items()):
            data = text.encode()
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size, member.mtime, member.mode = len(data), int(time.time()), 0o600
            tar.addfile(member, io.BytesIO(data))
    return {"type": "ok", "file": file, "files": sorted(every)}


def _doctor(config: str) -> str:
    """What the doctor finds, for that configuration; empty when it cannot run."""
    # From this chatctl's own tree, wherever it lies, and from no folder that one happens to be in.
    program = [sys.executable, "-P", "-m", "chatd", "doctor", "--json", "--withhold"]
    program += ["--config", config]
    tree = {**os.environ, "PYTHONPATH": str(TREE)}
    if not Path(config).exists():
        return ""
    try:
        found = subprocess.run(
            program, capture_output=True, timeout=DOCTOR, check=False, text=True, env=tree
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout
