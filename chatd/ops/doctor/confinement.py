"""What SELinux says of itself, of files and of processes; and whether FIPS mode leaves chatd what
it needs. What is good enough is platform.py's to judge."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

from chatd.ops.doctor.host import Enforcement, Fips

SELINUX = Path("/sys/fs/selinux")
PROC = Path("/proc")
LABEL = "security.selinux"


def enforcement(selinux: Path = SELINUX) -> Enforcement:
    """What SELinux does about what its policy forbids."""
    try:
        told = (selinux / "enforce").read_text(encoding="ascii")
    except (FileNotFoundError, NotADirectoryError):
        return "off"
    return "enforcing" if told.strip() == "1" else "permissive"


def label(path: Path) -> str:
    """The type of a file, links not followed; empty when it has no label."""
    try:
        context = os.getxattr(path, LABEL, follow_symlinks=False)
    except OSError as error:
        if error.errno in {errno.ENODATA, errno.ENOTSUP, errno.ENOENT, errno.ENOTDIR}:
            return ""
        raise
    return _type(context.decode())


def domain(pid: int, proc: Path = PROC) -> str:
    """The type of a process; empty when it has none."""
    try:
        context = (proc / str(pid) / "attr" / "current").read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        if error.errno == errno.EINVAL:  # no security module that labels processes
            return ""
        raise
    return _type(context)


def _type(context: str) -> str:
    """The third part of user:role:type:level. Another module's label is none of SELinux's."""
    parts = context.rstrip("\0\n").split(":")
    return parts[2] if len(parts) > 2 else ""


def fips(proc: Path = PROC) -> Fips:
    """Whether the kernel asks for approved algorithms only, and passwords can be hashed."""
    try:
        told = (proc / "sys" / "crypto" / "fips_enabled").read_text(encoding="ascii")
    except (FileNotFoundError, NotADirectoryError):
        told = "0"
    try:
        hashlib.pbkdf2_hmac("sha512", b"doctor", b"sixteen bytes...", 1000)
    except ValueError:
        return Fips(told.strip() == "1", hashes=False)
    return Fips(told.strip() == "1", hashes=True)
