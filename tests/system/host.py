"""A RHEL-like host: booted in seconds, each time fresh, and gone without a trace.
What is in the tree is tree.py's. README.md says how to use it, and what in it is a stand-in."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.system import groups

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BOOT_S = 120.0
"""Seconds for a boot; it takes three where nothing else runs."""
RUN_S = 120.0
# Each host has control groups of its own, else two would share one.
START = """
set -e
for group in $GROUPS_OF_HOST; do mkdir -p "$group"; echo $$ > "$group/cgroup.procs"; done
# nspawn is the first process of a process namespace: when it ends, all in it ends. It ends with
# whoever started it, and the overlay lives in a mount namespace of its own: nothing is left behind,
# even by a test run that is killed.
exec setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --mount-proc \\
    --kill-child=KILL bash -c "$ENTER"
"""
ENTER = """
set -e
layers=lowerdir=$TREE,upperdir=$PLACE/upper,workdir=$PLACE/work
mount -t overlay overlay -o "$layers" "$PLACE/root"
exec systemd-nspawn --quiet --boot --directory="$PLACE/root" --machine="$NAME" --hostname="$NAME" \\
    --private-network --register=no --keep-unit --console=pipe --link-journal=no
"""


class CannotBoot(Exception):
    """Such a host cannot be had here; the text says why, in one line."""


class Failed(Exception):
    """A command on the host failed; the text has what it said."""


def missing() -> str:
    """Why no host can be booted here; empty when nothing is known to be in the way."""
    if os.geteuid() != 0:
        return "a host needs root: namespaces, mounts and control groups are made"
    needed = (
        "systemd-nspawn",
        "nsenter",
        "unshare",
        "setpriv",
        "apt-get",
        "dpkg-deb",
        "rpmbuild",
        "createrepo_c",
        "socat",
    )
    gone = [tool for tool in needed if shutil.which(tool) is None]
    if gone:
        return f"a host needs {', '.join(gone)}, which is not here"
    tried = subprocess.run(["unshare", "-mpfn", "true"], check=False, capture_output=True)
    return "" if tried.returncode == 0 else "this machine allows no namespaces"


class Host:
    """A booted host. ``leader`` is the process number of its systemd, seen from here."""

    def __init__(self, name: str, leader: int, tree: Path) -> None:
        self.name = name
        self.leader = leader
        self._tree = tree

    def run(
        self, command: str, *, check: bool = True, timeout: float = RUN_S, given: str = ""
    ) -> str:
        """Run a line of bash as root; gives what it wrote, both streams. ``given`` is its standard
        input. Raises Failed when it fails and ``check`` is set."""
        done = self.attempt(command, timeout=timeout, given=given)
        if check and done.returncode:
            raise Failed(f"{command}\nfailed with {done.returncode} and said:\n{done.stdout}")
        return done.stdout

    def attempt(
        self, command: str, *, timeout: float = RUN_S, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """The same, for who wants the exit code; never raises for it."""
        return subprocess.run(
            [*self.inside, "bash", "-c", command],
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start a line of bash that goes on; whoever starts it waits for it."""
        return subprocess.Popen(
            [*self.inside, "bash", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def copy(self, source: Path, target: str) -> None:
        """Copy a file or a folder to the path ``target`` of the host, which is made anew."""
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as tar:
            tar.add(source, arcname=Path(target).name)
        folder = shlex.quote(str(Path(target).parent))
        subprocess.run(
            [
                *self.inside,
                "bash",
                "-c",
                f"mkdir -p {folder} && tar -x --no-same-owner -C {folder}",
            ],
            input=raw.getvalue(),
            check=True,
        )

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file of root's."""
        where = shlex.quote(path)
        self.run(
            f"mkdir -p $(dirname {where}) && cat > {where} && chmod {mode:o} {where}", given=text
        )

    def read(self, path: str) -> str:
        """What is in a file."""
        return self.run(f"cat {shlex.quote(path)}")

    def until(self, command: str, *, timeout: float = 60.0) -> str:
        """Run it again and again until it succeeds. Raises Failed after ``timeout`` seconds."""
        end = time.monotonic() + timeout
        while (done := self.attempt(command)).returncode:
            if time.monotonic() > end:
                raise Failed(f"{command}\nhas not become true; it says:\n{done.stdout}")
            time.sleep(0.1)
        return done.stdout

    @property
    def inside(self) -> list[str]:
        """What to put before a command to run it on the host."""
        return [
            *("nsenter", "--target", str(self.leader)),
            *("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"),
            *("env", "-i", f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb"),
        ]

    # --- ssh, for Ansible ---

    @property
    def ssh_key(self) -> Path:
        """The private key with which root may log in."""
        return self._tree / "root" / ".ssh" / "id_ed25519"

    @property
    def ssh_options(self) -> list[str]:
        """Options for ssh to root at any name: it goes through the host's loopback, no network."""
        proxy = f"nsenter --target {self.leader} --net socat - TCP:127.0.0.1:22"
        return [
            *("-o", f"ProxyCommand={proxy}", "-o", f"IdentityFile={self.ssh_key}"),
            *("-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no"),
            *("-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"),
        ]

    @property
    def ansible_variables(self) -> dict[str, str]:
        """What an inventory says of this host."""
        return {
            "ansible_host": self.name,
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/libexec/platform-python",
            "ansible_ssh_common_args": shlex.join(self.ssh_options),
        }


@contextmanager
def boot(tree: Path, name: str = "chat") -> Iterator[Host]:
    """A host that has finished booting, from a copy-on-write view of ``tree``. Several may run at
    once. Raises CannotBoot."""
    groups.sweep(tree.parent)
    place = tree.parent / groups.new_name()
    for each in ("upper", "work", "root"):
        (place / each).mkdir(parents=True)
    own = [parent / f"{groups.PREFIX}{place.name}" for parent in groups.parents()]
    console = place / "console"
    with console.open("wb") as out:
        process = subprocess.Popen(
            ["bash", "-c", START],
            env={
                "PATH": PATH,
                "TREE": str(tree),
                "PLACE": str(place),
                "NAME": name,
                "ENTER": ENTER,
                "GROUPS_OF_HOST": " ".join(map(str, own)),
            },
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _booted(Host(name, _leader(process, console), tree), console)
    finally:
        _end(process)
        for group in own:
            groups.remove(group)
        shutil.rmtree(place, ignore_errors=True)


def _leader(process: subprocess.Popen[bytes], console: Path) -> int:
    """The systemd of a host: the child of nspawn, which is that of unshare. Raises CannotBoot."""
    end = time.monotonic() + BOOT_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError, ValueError, IndexError):
            leader = _child(_child(process.pid))
            if os.readlink(f"/proc/{leader}/exe").endswith("/systemd"):
                return leader
        time.sleep(0.05)
    raise CannotBoot(f"systemd-nspawn gave no host: {_tail(console)}")


def _child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()[0])


def _booted(host: Host, console: Path) -> Host:
    """The same, when its systemd has done what it does at boot."""
    end = time.monotonic() + BOOT_S
    said = ""
    while time.monotonic() < end:
        with suppress(subprocess.TimeoutExpired):
            said = host.attempt("systemctl is-system-running", timeout=20).stdout.strip()
        if said in {"running", "degraded"}:
            return host
        time.sleep(0.1)
    raise CannotBoot(f"the host has not booted ({said}): {_tail(console)}")


def _tail(console: Path) -> str:
    lines = console.read_text("utf-8", errors="replace").split("\n")
    return " ".join(line.strip() for line in lines if line.strip())[-300:] or "it says nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a host at once: its nspawn takes it along."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(BOOT_S)
