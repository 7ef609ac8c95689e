"""Building packages for tests: from a checkout as `make rpm` does, and from a source package."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chatd.store.sqlite.schema import newest
from tests.system.tree import CHECKOUT, python312

SCHEMAS = "chatd/chatd/store/sqlite/schema"


@dataclass(frozen=True)
class Built:
    """Builds of this checkout in ``folder``, each made when it is first asked for; processes
    that share the folder share them."""

    folder: Path

    @property
    def first(self) -> Path:
        """Release 1. Raises CannotBoot."""
        return self._once("first", build)

    @property
    def second(self) -> Path:
        """Release 2, made from the source package of the first alone. Raises CannotBoot."""
        return self._once("second", lambda out: rebuild(self.source, out, 2, self._work("second")))

    @property
    def newer(self) -> Path:
        """Release 3, which knows a schema more than the others. Raises CannotBoot."""
        file = f"%{{buildroot}}%{{_libdir}}/{SCHEMAS}/{newest() + 1:04d}_newer.sql"
        more = f"__arch_install_post echo 'CREATE TABLE newer (it INTEGER);' > {file}"
        work = self._work("newer")
        return self._once("newer", lambda out: rebuild(self.source, out, 3, work, more))

    def _work(self, name: str) -> Path:
        return self.folder / f"{name}.work"

    def _once(self, name: str, make: Callable[[Path], None]) -> Path:
        out, new = self.folder / name, self.folder / f"{name}.new"
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not out.exists():
                for half in (new, self._work(name)):
                    shutil.rmtree(half, ignore_errors=True)
                new.mkdir()
                make(new)
                new.rename(out)
        return out

    @property
    def main(self) -> Path:
        """The package chatd of the first build."""
        return self._only("chatd-[0-9]*.x86_64.rpm")

    @property
    def selinux(self) -> Path:
        """The package chatd-selinux of the first build."""
        return self._only("chatd-selinux-*.noarch.rpm")

    @property
    def monitoring(self) -> Path:
        """The package chatd-monitoring of the first build."""
        return self._only("chatd-monitoring-*.noarch.rpm")

    @property
    def source(self) -> Path:
        """The source package of the first build."""
        return self._only("*.src.rpm")

    def _only(self, pattern: str) -> Path:
        (found,) = self.first.glob(pattern)
        return found


def unpacked(package: Path, folder: Path) -> Path:
    """The files of a package below ``folder``, and nothing done with them."""
    folder.mkdir(parents=True, exist_ok=True)
    payload = subprocess.run(["rpm2cpio", str(package)], capture_output=True, check=True).stdout
    into = ["cpio", "-i", "-d", "--quiet", "--no-absolute-filenames"]
    subprocess.run(into, input=payload, cwd=folder, check=True)
    return folder


def command(out: Path) -> list[str]:
    """`make rpm`, for a process in a checkout."""
    return ["bash", "packaging/rpm.sh", str(out)]


def environment(**other: str) -> dict[str, str]:
    """For such a process. Raises CannotBoot."""
    return {**os.environ, "CHATD_PYTHON": f"{python312()}/bin/python3.12", **other}


def build(out: Path, checkout: Path = CHECKOUT, umask: int = -1, **other: str) -> None:
    """Build release 1 from a checkout. Raises CannotBoot."""
    _done(command(out), cwd=checkout, env=environment(**other), umask=umask)


def rebuild(source: Path, out: Path, release: int, work: Path, *macros: str) -> None:
    """Build the packages from a source package, without a network; macros are "NAME WHAT". Raises
    CannotBoot."""
    (work / "bin").mkdir(parents=True)
    (work / "bin" / "python3.12").symlink_to(f"{python312()}/bin/python3.12")
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    options = ["--load", str(CHECKOUT / "packaging" / "macros.el8"), "--nodeps", "--quiet"]
    defined = (f"_topdir {work}", f"chatd_release {release}", *macros)
    wanted = [word for each in defined for word in ("--define", each)]
    path = f"{work / 'bin'}:{os.environ['PATH']}"
    _done(
        [*alone, "rpmbuild", "--rebuild", *options, *wanted, str(source)],
        cwd=work,
        env={**os.environ, "PATH": path, "SOURCE_DATE_EPOCH": "1767225600"},
    )
    for package in (work / "RPMS").glob("*/*.rpm"):
        shutil.move(package, out / package.name)


def _done(words: list[str], *, cwd: Path, env: dict[str, str], umask: int = -1) -> None:
    done = subprocess.run(
        words, cwd=cwd, env=env, umask=umask, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def clone(folder: Path) -> Path:
    """This checkout as it is now, in another folder, with the wheelhouse and nothing else of what
    was made here before."""
    _git("clone", "--quiet", "--shared", str(CHECKOUT), str(folder))
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        here, there = CHECKOUT / name, folder / name
        if here.is_file():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(here, there)
        else:
            there.unlink(missing_ok=True)
    house = Path(".cache", "wheelhouse")
    shutil.copytree(CHECKOUT / house, folder / house)
    return folder


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout
