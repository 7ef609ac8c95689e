"""The real host: Linux, as the process that runs the doctor may see it.
Parts of it have files of their own: confinement.py, database.py, firewalld.py, kernel_clock.py,
processes.py."""

from __future__ import annotations

import grp
import http.client
import os
import platform
import pwd
import socket
import sqlite3
import stat
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from chatd.ops.config import Unix
from chatd.ops.doctor import confinement, database, firewalld, kernel_clock, processes
from chatd.ops.doctor.host import (
    Address,
    Answer,
    Clock,
    Disk,
    Enforcement,
    Entry,
    Files,
    Fips,
    Firewall,
    Header,
    Interpreter,
    Kind,
    Sqlite,
)
from chatd.store.sqlite.schema import newest

PATIENCE = 10.0
"""Seconds for an answer; the operations listener takes up to five to say that it is not ready."""
LONGEST = 4096
"""Bytes of an answer that are read."""
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # to reach it, not to listen
KINDS: dict[int, Kind] = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFSOCK: "socket"}


class Linux:
    """host.Host, as it is."""

    def interpreter(self) -> Interpreter:
        return Interpreter(platform.python_implementation(), sys.version_info[:3])

    def sqlite(self) -> Sqlite:
        return Sqlite(sqlite3.sqlite_version_info, database.has_full_text())

    def newest_schema(self) -> int:
        return newest()

    def header(self, database_path: Path) -> Header:
        return database.header(database_path)

    def integrity(self, database_path: Path, *, full: bool) -> tuple[str, ...]:
        return database.integrity(database_path, full=full)

    def now(self) -> float:
        return time.time()

    def clock(self) -> Clock:
        return kernel_clock.read()

    def entry(self, path: Path) -> Entry:
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return Entry(path, "nothing")
        return Entry(
            path,
            KINDS.get(stat.S_IFMT(found.st_mode), "other"),
            stat.S_IMODE(found.st_mode),
            found.st_uid,
            found.st_gid,
            found.st_size,
            found.st_mtime,
        )

    def names(self, folder: Path) -> tuple[str, ...]:
        try:
            return tuple(sorted(os.listdir(folder)))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def read(self, file: Path) -> bytes:
        return file.read_bytes()

    def disk(self, path: Path) -> Disk:
        found = os.statvfs(path)
        return Disk(
            device=path.stat().st_dev,
            total=found.f_blocks * found.f_frsize,
            free=found.f_bavail * found.f_frsize,
            inodes=found.f_files,
            free_inodes=found.f_favail,
            read_only=bool(found.f_flag & os.ST_RDONLY),
        )

    def user_name(self, uid: int) -> str:
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return str(uid)

    def group_name(self, gid: int) -> str:
        try:
            return grp.getgrgid(gid).gr_name
        except KeyError:
            return str(gid)

    def groups(self, uid: int) -> frozenset[int]:
        try:
            user = pwd.getpwuid(uid)
        except KeyError:
            return frozenset()
        return frozenset(os.getgrouplist(user.pw_name, user.pw_gid))

    def setting(self, name: str) -> int:
        return int(Path("/proc/sys", *name.split(".")).read_text(encoding="ascii"))

    def fips(self) -> Fips:
        return confinement.fips()

    def selinux(self) -> Enforcement:
        return confinement.enforcement()

    def label(self, path: Path) -> str:
        return confinement.label(path)

    def domain(self, pid: int) -> str:
        return confinement.domain(pid)

    def firewall(self) -> Firewall | None:
        return firewalld.read()

    def holder(self, lock: Path) -> int:
        return processes.holder(lock)

    def runs_as(self, pid: int) -> int:
        return processes.runs_as(pid)

    def files(self, pid: int) -> Files:
        return processes.files(pid)

    def handed(self, pid: int) -> Mapping[str, tuple[Address, ...]]:
        return processes.handed(pid)

    def ask(self, address: Address, path: str) -> Answer:
        with closing(_Connection(address)) as connection:
            try:
                connection.request("GET", path, headers={"Connection": "close"})
                answer = connection.getresponse()
                text = answer.read(LONGEST).decode(errors="replace")
            except http.client.HTTPException as error:
                raise ConnectionError(f"that is no HTTP: {error!r}") from error
            return Answer(answer.status, text)


class _Connection(http.client.HTTPConnection):
    """HTTP to a listener's address, a unix socket too."""

    def __init__(self, address: Address) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._address = address

    def connect(self) -> None:
        """Instead of a name's addresses, ours."""
        if isinstance(self._address, Unix):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(PATIENCE)
            self.sock.connect(self._address.path)
        else:
            host = ANY.get(self._address.host, self._address.host)
            self.sock = socket.create_connection((host, self._address.port), PATIENCE)
