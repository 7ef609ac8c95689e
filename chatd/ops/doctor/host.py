"""The port through which checks see the system, and the values that it gives.
The real one is linux.py; tests bring one that says what they want."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from chatd.ops.config import Tcp, Unix

Kind = Literal["file", "folder", "socket", "other", "nothing"]
Trouble = Literal["damaged", "no_room", "other"]
Enforcement = Literal["enforcing", "permissive", "off"]
Address = Tcp | Unix
"""A listener that one can connect to."""


class Unreadable(Exception):
    """SQLite could not look into the database; the text is what it said."""

    def __init__(self, says: str, trouble: Trouble) -> None:
        super().__init__(says)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that runs this."""

    name: str
    version: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Sqlite:
    """The SQLite library that Python is linked with. ``fts5``: full-text search is in it."""

    version: tuple[int, ...]
    fts5: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at a path, links followed. ``mode``: the permission bits; ``size`` in bytes;
    ``modified`` in seconds since 1970 UTC."""

    path: Path
    kind: Kind
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    modified: float = 0.0

    @property
    def there(self) -> bool:
        """Whether anything is."""
        return self.kind != "nothing"


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system under a path: bytes and inodes in all, and free for everybody. No inodes in
    all means that it makes them as it needs them."""

    device: int
    total: int
    free: int
    inodes: int
    free_inodes: int
    read_only: bool


@dataclass(frozen=True, slots=True)
class Files:
    """The file descriptors of a process: the most it may have, and those it has."""

    limit: float
    used: int


@dataclass(frozen=True, slots=True)
class Clock:
    """What the kernel knows of its clock. ``error``: the most it may be wrong by, in seconds."""

    synchronised: bool
    error: float


@dataclass(frozen=True, slots=True)
class Header:
    """What a database says of itself: whose it is, its schema number, how many tables it has."""

    application: int
    schema: int
    tables: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and text."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Fips:
    """Whether the kernel is in FIPS mode, and whether passwords can be hashed."""

    enabled: bool
    hashes: bool


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of firewalld: what it lets in by name and by port ("8765/tcp"), its target for the
    rest, and its rich rules."""

    name: str
    target: str = "default"
    services: frozenset[str] = frozenset()
    ports: frozenset[str] = frozenset()
    rules: tuple[str, ...] = ()

    def lets_all(self, port: int, service: str) -> bool:
        """Whether everybody in the zone reaches this port."""
        opened = self.target == "ACCEPT" or service in self.services
        return opened or any(_within(port, each) for each in self.ports)

    def lets(self, port: int, service: str) -> bool:
        """Whether anybody does."""
        named = [f'service name="{service}"', f'port port="{port}"']
        accepted = [rule for rule in self.rules if rule.endswith("accept")]
        return self.lets_all(port, service) or any(
            each in rule for rule in accepted for each in named
        )


def _within(port: int, ports: str) -> bool:
    """Whether "8000-8999/tcp" has a port."""
    span, _, protocol = ports.partition("/")
    first, _, last = span.partition("-")
    return protocol == "tcp" and int(first) <= port <= int(last or first)


@dataclass(frozen=True, slots=True)
class Firewall:
    """firewalld, and its zones that something comes through."""

    runs: bool
    zones: tuple[Zone, ...] = ()


class Host(Protocol):
    """The system as checks see it. A method may raise OSError, and PermissionError above all: then
    its check could not be carried out."""

    def interpreter(self) -> Interpreter:
        """The Python that runs this."""
        ...

    def sqlite(self) -> Sqlite:
        """The SQLite that it uses."""
        ...

    def newest_schema(self) -> int:
        """The highest schema number that this chatd knows."""
        ...

    def header(self, database: Path) -> Header:
        """What the database says of itself. Raises Unreadable."""
        ...

    def integrity(self, database: Path, *, full: bool) -> tuple[str, ...]:
        """What SQLite finds wrong in it, the first few; ``full`` reads indexes against their tables
        and references too. Raises Unreadable."""
        ...

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        ...

    def clock(self) -> Clock:
        """How good that is."""
        ...

    def entry(self, path: Path) -> Entry:
        """What stands at a path, maybe nothing."""
        ...

    def names(self, folder: Path) -> tuple[str, ...]:
        """What a folder holds; nothing when there is no such folder."""
        ...

    def read(self, file: Path) -> bytes:
        """What is in a file."""
        ...

    def disk(self, path: Path) -> Disk:
        """The file system that holds ``path``."""
        ...

    def user_name(self, uid: int) -> str:
        """What a user is called, or the number."""
        ...

    def group_name(self, gid: int) -> str:
        """What a group is called, or the number."""
        ...

    def groups(self, uid: int) -> frozenset[int]:
        """All groups of a user."""
        ...

    def setting(self, name: str) -> int:
        """A number of the kernel's, by its sysctl name."""
        ...

    def fips(self) -> Fips:
        """What is known of FIPS mode."""
        ...

    def selinux(self) -> Enforcement:
        """What SELinux does about what it forbids."""
        ...

    def label(self, path: Path) -> str:
        """The SELinux type of a file, empty for none."""
        ...

    def domain(self, pid: int) -> str:
        """The SELinux type of a process, empty for none."""
        ...

    def firewall(self) -> Firewall | None:
        """firewalld; None where it is not installed."""
        ...

    def holder(self, lock: Path) -> int:
        """The process that holds this lock file open, 0 for none."""
        ...

    def runs_as(self, pid: int) -> int:
        """The user of a process."""
        ...

    def files(self, pid: int) -> Files:
        """The file descriptors of a process; 0 means this one."""
        ...

    def handed(self, pid: int) -> Mapping[str, tuple[Address, ...]]:
        """The addresses of the sockets that systemd handed to a process, by their names."""
        ...

    def ask(self, address: Address, path: str) -> Answer:
        """GET, from somebody on this host."""
        ...
