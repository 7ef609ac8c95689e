"""The cached tree that hosts are booted from, and the repository of stand-ins inside it.
How the tree is made is tree.sh's; booting it is host.py's."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from tests.system.host import CannotBoot, missing

CHECKOUT = Path(__file__).parents[2]
CACHE = CHECKOUT / ".cache" / "host"
RECIPES = [Path(__file__).parent / name for name in ("tree.sh", "tree.py")]

# Packages of RHEL 8 that chatd or its role ask for, and that are in the tree already or have
# nothing to do there. Each is an empty RPM of this name.
STAND_INS = (
    *("acl", "bash", "ca-certificates", "certmonger", "dbus", "firewalld", "ipa-client"),
    *("libselinux-utils", "nginx"),
    *("openssh-server", "openssl", "policycoreutils", "policycoreutils-python-utils"),
    *("python3-firewall", "python3-libselinux", "python3-policycoreutils", "rpm"),
    *("selinux-policy", "sos", "systemd"),
)
PROVIDES = {"bash": "/bin/sh", "selinux-policy": "selinux-policy-base"}
VERSIONS = {"nginx": "1:1.24.0", "selinux-policy": "3.14.3"}


def python312() -> str:
    """The prefix of a CPython 3.12 here, for the package's interpreter. Raises CannotBoot."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    places = [
        shutil.which("python3.12"),
        *sorted(map(str, pyenv.glob("versions/3.12*/bin/python3.12"))),
    ]
    asks = "import sys, pip; print(sys.base_prefix if sys.version_info[:2] == (3, 12) else '')"
    for place in filter(None, places):
        told = subprocess.run([place, "-c", asks], capture_output=True, text=True, check=False)
        if prefix := told.stdout.strip():
            return prefix
    raise CannotBoot("a host needs a Python 3.12 with pip, which is not here")


def tree() -> Path:
    """The tree, made when it is not there or its recipe has changed. Raises CannotBoot."""
    if reason := missing():
        raise CannotBoot(reason)
    sums = sha256(b"".join(recipe.read_bytes() for recipe in RECIPES)).hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = CACHE / f"tree-{sums}"
        if not made.exists():
            for old in [*CACHE.glob("tree-*"), *CACHE.glob("new*"), CACHE / "debs"]:
                shutil.rmtree(old, ignore_errors=True)
            _make(CACHE / "new")
            os.rename(CACHE / "new", made)
            shutil.rmtree(CACHE / "debs")
    return made


def _make(new: Path) -> None:
    folder = Path(__file__).parent
    sqlite = _said(["bash", str(folder.parent / "store326" / "build.sh")]).strip()
    _said(["bash", str(folder / "tree.sh"), str(new), str(CACHE / "debs"), python312(), sqlite])
    _said(["bash", str(folder / "standins.sh"), str(new / "srv" / "rhel"), *_specified()])


def _specified() -> list[str]:
    """name=version=provides of each stand-in."""
    return [f"{name}={VERSIONS.get(name, '8.10')}={PROVIDES.get(name, '')}" for name in STAND_INS]


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = " ".join((done.stderr.strip() or "it says nothing").splitlines()[-3:])
        raise CannotBoot(f"{Path(command[1]).name} failed: {last}")
    return done.stdout
