"""A control node: the pinned Ansible in an environment of its own, and what its playbooks said.
The environment is made once for a lock, in .cache/ansible."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
PLAYBOOKS = PROJECT / "ansible"
LOCK = PROJECT / "requirements" / "ansible.txt"
NEWER_LOCK = PROJECT / "requirements" / "ansible-2.17.txt"
CACHE = PROJECT / ".cache" / "ansible"

INSTALL_SECONDS = 300
PLAY_SECONDS = 900
RECAP = re.compile(
    r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE
)


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    text: str

    @property
    def words(self) -> str:
        """The text on one line: Ansible breaks its lines where it likes, and doubles quotes."""
        return " ".join(self.text.replace("''", "'").split())

    def recap(self) -> dict[str, dict[str, int]]:
        """What was counted for each host."""
        names = ("ok", "changed", "unreachable", "failed")
        return {
            host: dict(zip(names, map(int, counts), strict=True))
            for host, *counts in RECAP.findall(self.text)
        }


@dataclass(frozen=True)
class Control:
    """Ansible's commands, run in ``folder``, which has the playbooks."""

    programs: Path
    folder: Path = PLAYBOOKS
    library: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    """What its environment has besides."""

    def play(self, playbook: str, inventory: Path, *words: str, **variables: Any) -> Said:
        """Run a playbook to its end."""
        extra = ["--extra-vars", json.dumps(variables)] if variables else []
        return self.run(
            "-m", "ansible", "playbook", "--inventory", str(inventory), playbook, *words, *extra
        )

    def run(self, *arguments: str, seconds: float = PLAY_SECONDS) -> Said:
        """Run the environment's Python."""
        done = subprocess.run(
            [str(self.programs / "python"), *arguments],
            cwd=self.folder,
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Said(done.returncode, done.stdout)

    def environ(self) -> dict[str, str]:
        """The environment of its commands."""
        ours = {name: v for name, v in os.environ.items() if not name.startswith("ANSIBLE_")}
        library = {"PYTHONPATH": str(self.library)} if self.library else {}
        path = f"{self.programs}:{os.environ['PATH']}"
        plain = {"PATH": path, "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"}
        return ours | library | plain | dict(self.variables)


def control() -> Control:
    """The pinned control node; made when it is not there."""
    folder = CACHE / f"venv-{_sum(LOCK)}"
    with _alone():
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, symlinks=True)
            _install("--python", str(folder / "bin" / "python"), "--requirement", str(LOCK))
            (folder / "made").touch()
    return Control(folder / "bin")


def newer_control() -> Control:
    """The same with an ansible-core that is too new."""
    folder = CACHE / f"newer-{_sum(NEWER_LOCK)}"
    with _alone():
        if not folder.exists():
            making = folder.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            _install("--target", str(making), "--requirement", str(NEWER_LOCK))
            making.rename(folder)
    return Control(control().programs, library=folder)


@contextmanager
def _alone() -> Iterator[None]:
    """No other test run makes an environment meanwhile."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(*arguments: str) -> None:
    uv = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--require-hashes"]
    subprocess.run([*uv, "--quiet", *arguments], check=True, timeout=INSTALL_SECONDS)


def _sum(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()[:12]
