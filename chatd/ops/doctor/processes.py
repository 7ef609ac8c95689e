"""What /proc tells of another process: the files it holds, its limits, the sockets it was given.
Those of another user are shown to root only; else PermissionError."""

from __future__ import annotations

import math
import os
import socket
import struct
from pathlib import Path

from chatd.ops.config import Tcp, Unix
from chatd.ops.doctor.host import Address, Files
from chatd.ops.systemd import FIRST, UNNAMED

PROC = Path("/proc")
LISTENING = {"tcp": "0A", "unix": "00010000"}  # TCP_LISTEN, and the flag __SO_ACCEPTCON


def holder(lock: Path) -> int:
    """The process whose number is in the lock file, if it holds that file open; else 0. Asking the
    kernel for the lock would make a daemon that starts in this moment fail."""
    try:
        text, file = lock.read_text(encoding="ascii", errors="replace").strip(), lock.stat()
    except FileNotFoundError:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return 0
    pid = int(text)
    try:
        numbers = sorted(map(int, os.listdir(PROC / text / "fd")))  # it is among the first
    except FileNotFoundError:
        return 0
    for number in numbers:
        try:
            if os.path.samestat(os.stat(PROC / text / "fd" / str(number)), file):
                return pid
        except FileNotFoundError:
            continue
    return 0


def runs_as(pid: int) -> int:
    """Its effective user."""
    return int(_line(pid, "status", "Uid:").split()[2])


def files(pid: int) -> Files:
    """Its descriptors; 0 means this process."""
    limit = _line(pid, "limits", "Max open files").split()[4]
    used = len(os.listdir(PROC / (str(pid) if pid else "self") / "fd"))
    return Files(math.inf if limit == "unlimited" else int(limit), used)


def _line(pid: int, file: str, begins: str) -> str:
    text = (PROC / (str(pid) if pid else "self") / file).read_text(encoding="utf-8")
    return next(line for line in text.splitlines() if line.startswith(begins))


# --- sockets from systemd ---


def handed(pid: int) -> dict[str, tuple[Address, ...]]:
    """The addresses of the sockets that systemd handed to it, by their names. What it was started
    with says the names, and the kernel the rest."""
    environ = _environ(pid)
    if environ.get("LISTEN_PID") != str(pid):
        return {}
    names = environ.get("LISTEN_FDNAMES", UNNAMED).split(":")
    known = _listening()
    found: dict[str, tuple[Address, ...]] = {}
    for number, name in enumerate(names, FIRST):
        address = known.get(_inode(pid, number))
        found[name] = found.get(name, ()) + ((address,) if address else ())
    return found


def _inode(pid: int, number: int) -> str:
    """The inode of a socket; an empty text when the descriptor is closed."""
    try:
        target = os.readlink(PROC / str(pid) / "fd" / str(number))  # as "socket:[4711]"
    except FileNotFoundError:
        return ""
    return target.removeprefix("socket:[").removesuffix("]")


def _environ(pid: int) -> dict[str, str]:
    text = (PROC / str(pid) / "environ").read_bytes().decode(errors="replace")
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


def _listening() -> dict[str, Address]:
    """All sockets of this host that listen, by their inodes."""
    found: dict[str, Address] = {}
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for row in _rows(name):
            if row[3] == LISTENING["tcp"]:
                found[row[9]] = _tcp(row[1], family)
    for row in _rows("unix"):
        if row[3] == LISTENING["unix"] and len(row) > 7 and row[7].startswith("/"):
            found[row[6]] = Unix(row[7])
    return found


def _rows(name: str) -> list[list[str]]:
    try:
        text = (PROC / "self" / "net" / name).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []  # a kernel without IPv6
    return [line.split(maxsplit=7 if name == "unix" else -1) for line in text.splitlines()[1:]]


def _tcp(text: str, family: socket.AddressFamily) -> Tcp:
    """ "0100007F:1F90": words of 32 bits in the byte order of the machine, and the port."""
    address, port = text.split(":")
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    return Tcp(socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words)), int(port, 16))
