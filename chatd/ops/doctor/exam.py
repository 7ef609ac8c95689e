"""What is examined: a configuration, read, and what the command line asked for besides.
Questions that several checks ask of it stand here too; judging is theirs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatd.ops.config import Config, Inherited, Listener, Problem, Tcp
from chatd.ops.doctor.host import Address, Entry, Host

ROOT = 0


@dataclass(frozen=True, slots=True)
class Exam:
    """One run of the doctor. With ``problems``, ``config`` is only the defaults, and checks that
    ask for it are left out. ``full``: look into the database thoroughly, however long it takes."""

    file: Path
    config: Config
    problems: tuple[Problem, ...] = ()
    certificates: tuple[Path, ...] = ()
    backups: tuple[Path, ...] = ()
    full: bool = False

    @property
    def database(self) -> Path:
        """The store."""
        return self.config.store.path

    @property
    def beside(self) -> tuple[Path, ...]:
        """The files that belong to the database: SQLite's, and chatd's lock. They are where a link
        leads to."""
        real = os.path.realpath(self.database)
        return tuple(Path(f"{real}{tail}") for tail in ("-wal", "-shm", ".lock"))


def process(exam: Exam, host: Host) -> int:
    """The daemon that has this store, 0 for none."""
    return host.holder(exam.beside[-1])


def account(exam: Exam, host: Host) -> int:
    """The user that chatd runs as here. When it does not run: who owns the store's folder, or if
    that is root, the store."""
    pid = process(exam, host)
    if pid:
        return host.runs_as(pid)
    folder, database = host.entry(exam.database.parent), host.entry(exam.database)
    return database.uid if folder.uid == ROOT and database.there else folder.uid


def addresses(
    listeners: tuple[Listener, ...], pid: int, host: Host
) -> dict[Listener, list[Address]]:
    """Where each of these listeners of process ``pid`` is reached; nowhere, if that cannot be said:
    port 0 has become any port, and what systemd hands over is known of a process only (0: none)."""
    asks = pid and any(isinstance(each, Inherited) for each in listeners)
    handed = host.handed(pid) if asks else {}
    return {each: _reached(each, handed) for each in listeners}


def _reached(listener: Listener, handed: Mapping[str, tuple[Address, ...]]) -> list[Address]:
    if isinstance(listener, Inherited):
        return list(handed.get(listener.name, ()))
    return [] if isinstance(listener, Tcp) and not listener.port else [listener]


def may(host: Host, uid: int, entry: Entry, wanted: int) -> bool:
    """Whether a user has these permissions: 4 to read, 2 to write, 1 to pass through a folder."""
    if uid == ROOT:
        return True
    if uid == entry.uid:
        given = entry.mode >> 6
    elif entry.gid in host.groups(uid):
        given = entry.mode >> 3
    else:
        given = entry.mode
    return given & wanted == wanted


def owned(host: Host, entry: Entry) -> str:
    """How a file's owner and mode are written: "0640 root:chatd"."""
    owner, group = host.user_name(entry.uid), host.group_name(entry.gid)
    return f"{entry.mode:04o} {owner}:{group}"
