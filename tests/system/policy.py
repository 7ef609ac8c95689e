"""A compiled SELinux policy that has chatd's module, to be queried: Debian's reference policy, into
which the scripts of the package chatd-selinux have put it. It is loaded nowhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.system.host import CannotBoot
from tests.system.tree import CHECKOUT

CACHE = CHECKOUT / ".cache" / "selinux"
REFERENCE = "selinux-policy-default"
APART = ("unshare", "--mount", "--propagation", "private")
CONFIG = "SELINUX=enforcing\nSELINUXTYPE=targeted\n"
# Where Prometheus has a domain of its own, it is called so.
PROMETHEUS = """
(type prometheus_t)
(roletype system_r prometheus_t)
(typeattributeset domain (prometheus_t))
"""
# The scripts find their own policy below /etc and /var/lib, and believe that SELinux is on.
INSIDE = """
set -e
mount --bind "$ROOT/etc/selinux" /etc/selinux
mount --bind "$ROOT/var/lib/selinux" /var/lib/selinux
mount --bind /bin/true /usr/sbin/selinuxenabled
mount --bind /bin/true /usr/sbin/load_policy
if [ -n "$PACKAGES" ]; then mount --bind "$PACKAGES" /usr/share/selinux; fi
eval "$WHAT"
"""


@dataclass(frozen=True)
class Rule:
    """An allow rule; ``boolean`` is the one it waits for, as "name:True"."""

    source: str
    target: str
    kind: str
    permissions: frozenset[str]
    boolean: str


# seinfo prints them sorted.
PORTS = """
import sys, setools
for port in setools.SELinuxPolicy(sys.argv[1]).portcons():
    if str(port.protocol) == "tcp":
        print(port.ports.low, port.ports.high, port.context.type_)
"""
RULE = re.compile(r"^allow (\S+) (\S+):(\S+) (?:\{ (.*?) \}|(\S+));(?: \[ (.*?) \]:(\w+))?$")


class Policy:
    """A policy below ``root``, as /etc/selinux and /var/lib/selinux would hold it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._there = root / "etc" / "selinux" / "targeted"

    @property
    def file(self) -> Path:
        """The compiled policy."""
        (found,) = (self._there / "policy").glob("policy.*")
        return found

    def run(self, what: str, packages: Path | None = None, remaining: int = 1) -> None:
        """Run a script where this policy is the host's own; ``packages`` is /usr/share/selinux.
        Its $1 is ``remaining``: how many versions of the package there are afterwards."""
        told = {"ROOT": str(self.root), "PACKAGES": str(packages or ""), "WHAT": what}
        done = subprocess.run(
            [*APART, "bash", "-c", INSIDE, "-", str(remaining)],
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def rules(self, *query: str) -> list[Rule]:
        """The allow rules that sesearch finds, attributes resolved as it does."""
        lines = self.said("sesearch", "--allow", *query).splitlines()
        return [self._rule(line) for line in lines if line.startswith("allow ")]

    def _rule(self, line: str) -> Rule:
        found = RULE.match(line)
        assert found is not None, line
        source, target, kind, many, one, boolean, when = found.groups()
        waits = f"{boolean}:{when}" if boolean else ""
        return Rule(source, target, kind, frozenset((many or one).split()), waits)

    def info(self, *query: str) -> str:
        """What seinfo prints."""
        return subprocess.run(
            ["seinfo", str(self.file), *query], capture_output=True, text=True, check=True
        ).stdout

    def label(self, path: str, kind: str) -> str:
        """The type that a new file of this kind gets: "file", "dir" or "socket"."""
        contexts = self._there / "contexts" / "files" / "file_contexts"
        mode = {"file": 0o100000, "dir": 0o040000, "socket": 0o140000}[kind]
        done = subprocess.run(
            ["selabel_lookup", "-b", "file", "-f", contexts, "-k", path, "-t", f"{mode:o}"],
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"\w+:object_r:(\w+)", done.stdout)
        assert found is not None, done.stdout
        return found[1]

    def modules(self) -> set[str]:
        """priority/name of what is installed."""
        store = self.root / "var" / "lib" / "selinux" / "targeted" / "active" / "modules"
        return {f"{each.parent.name}/{each.name}" for each in store.glob("[0-9]*/*")}

    def ports(self, wanted: int) -> list[str]:
        """The types of a TCP port, in the order in which the kernel looks: the first is taken."""
        told = self.said("/usr/bin/python3", "-c", PORTS)
        found = [line.split() for line in told.splitlines()]
        return [kind for low, high, kind in found if int(low) <= wanted <= int(high)]

    def said(self, *words: str) -> str:
        """What a command prints that takes the policy's file last."""
        return subprocess.run(
            [*words, str(self.file)], capture_output=True, text=True, check=True
        ).stdout


def missing() -> str:
    """Why no policy can be made here; empty when nothing is known to be in the way."""
    if os.geteuid() != 0:
        return "a policy needs root: its folders are mounted over this host's, for one process"
    needed = ("apt-get", "dpkg-deb", "rpm2cpio", "semodule", "semanage", "sesearch", "seinfo")
    gone = [tool for tool in (*needed, "selabel_lookup") if shutil.which(tool) is None]
    return f"a policy needs {', '.join(gone)}, which is not here" if gone else ""


def reference(folder: Path) -> Policy:
    """A copy of the reference policy, as "targeted", in an empty folder. Raises CannotBoot."""
    if reason := missing():
        raise CannotBoot(reason)
    made = CACHE / "root"
    if not (made / "done").exists():
        shutil.rmtree(CACHE, ignore_errors=True)
        _make(made)
        (made / "done").touch()
    shutil.copytree(made, folder, dirs_exist_ok=True, symlinks=True)
    return Policy(folder)


def _make(root: Path) -> None:
    places = ("etc/selinux/targeted/policy", "etc/selinux/targeted/contexts/files")
    for place in (*places, "var/lib/selinux"):
        (root / place).mkdir(parents=True)
    (root / "etc/selinux/config").write_text(CONFIG, "utf-8")
    # The policy's own assertions (neverallow) hold for chatd's module, too.
    (root / "etc/selinux/semanage.conf").write_text(
        "module-store = direct\nexpand-check = 1\n", "utf-8"
    )
    got = subprocess.run(
        ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", REFERENCE],
        cwd=CACHE,
        capture_output=True,
        text=True,
        check=False,
    )
    if got.returncode:
        raise CannotBoot(f"{REFERENCE} cannot be downloaded: {got.stderr.strip()[-200:]}")
    (package,) = CACHE.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", str(package), str(CACHE / "deb")], check=True)
    modules = CACHE / "deb" / "usr" / "share" / "selinux" / "default"
    prometheus = CACHE / "prometheus.cil"
    prometheus.write_text(PROMETHEUS, "utf-8")
    Policy(root).run(f"semodule -n -s targeted -i {modules}/*.pp.bz2 {prometheus}")


def scripts(package: Path) -> dict[str, str]:
    """The scripts of a package by the name that rpm gives them, without a shebang."""
    told = subprocess.run(
        ["rpm", "-qp", "--scripts", str(package)], capture_output=True, text=True, check=True
    ).stdout
    parts = re.split(r"^(\w+) scriptlet \(using .*\):\n", told, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
