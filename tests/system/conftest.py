"""The built packages, and a host that has them. Where no host can boot, its tests are skipped."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.host import CannotBoot, Host, boot
from tests.system.tree import CHECKOUT, python312, tree

SITE = CHECKOUT / "packaging" / "nginx" / "chatd.conf"
NAME = "chat.example.org"


@dataclass(frozen=True)
class Built:
    """Two builds of this checkout, of which the second has the higher release."""

    first: Path
    second: Path

    def rpm(self, name: str) -> Path:
        """One package of the first build."""
        (found,) = [each for each in self.first.glob("*.rpm") if each.name.startswith(name)]
        return found


def build(folder: Path, release: int) -> None:
    done = subprocess.run(
        ["bash", "packaging/rpm.sh", str(folder), "--define", f"chatd_release {release}"],
        cwd=CHECKOUT,
        env={**os.environ, "CHATD_PYTHON": f"{python312()}/bin/python3.12"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    made = Built(tmp_path_factory.mktemp("rpm1"), tmp_path_factory.mktemp("rpm2"))
    try:
        build(made.first, 1)
        build(made.second, 2)
    except CannotBoot as reason:
        pytest.skip(str(reason))
    return made


@pytest.fixture(scope="session")
def bare() -> Iterator[Host]:
    """A host without chatd."""
    try:
        made = boot(tree())
        host = made.__enter__()
    except CannotBoot as reason:
        pytest.skip(f"no RHEL-like host: {reason}")
    try:
        yield host
    finally:
        made.__exit__(None, None, None)


@pytest.fixture(scope="session")
def host(bare: Host, built: Built) -> Host:
    """The host with chatd installed by dnf and not started, nginx before it, and a direct port."""
    bare.copy(built.first, "/srv/chatd/first")
    bare.copy(built.second, "/srv/chatd/second")
    bare.run("dnf -y install /srv/chatd/first/chatd-{0,selinux,monitoring}*[!c].rpm", timeout=300)
    return bare
