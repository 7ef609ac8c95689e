"""A host that is well, as the package makes one, and on which a test makes something wrong.
It speaks the port of the doctor; nothing of it is this machine's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatd.ops.config import Config, Inherited, Problem, Proxies, Tcp, Unix
from chatd.ops.config.table import Http, Listen
from chatd.ops.doctor.exam import Exam
from chatd.ops.doctor.findings import Finding
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
    Unreadable,
    Zone,
)
from chatd.ops.doctor.table import CHECKS, examine
from chatd.store.sqlite.backup_manifest import Manifest, encode
from chatd.store.sqlite.schema import APPLICATION_ID

NOW = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
DAY = 86400.0
MIB, GIB = 1 << 20, 1 << 30

FILE = Path("/etc/chatd/chatd.toml")
DATA = Path("/var/lib/chatd")
DATABASE = DATA / "chatd.sqlite3"
RUN = Path("/run/chatd")
LOGS = Path("/var/log")
BACKUPS = Path("/var/backups/chatd")
CERTIFICATE = Path("/etc/pki/chat.pem")

ROOT, CHATD, ANN = 0, 990, 1000
NAMES = {ROOT: "root", CHATD: "chatd", ANN: "ann", 991: "nginx"}

PUBLIC = Unix(str(RUN / "public.sock"))
OPERATIONS = Tcp("127.0.0.1", 8766)
CONFIG = Config(
    listen=Listen(public=(PUBLIC, Inherited("chat")), operations=(OPERATIONS,)),
    http=Http(trusted_proxies=Proxies(unix=True)),
)
HANDED = Unix(str(RUN / "chat.sock"))
CONTROL = CONFIG.control.socket
EXAM = Exam(file=FILE, config=CONFIG)


def made_at(when: datetime) -> bytes:
    """The manifest of a backup that was made then, in UTC."""
    created = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    made = Manifest(
        chatd="1.0.0", schema=2, epoch="e", created=created, files={}, rows={}, last_seqs={}
    )
    return encode(made)


def entry(path: Path, kind: Kind, mode: int, owner: int, group: int, size: int = 1) -> Entry:
    return Entry(path, kind, mode, owner, group, size, NOW - 60)


def well() -> dict[Path, Entry]:
    """What stands where."""
    found = [
        entry(FILE, "file", 0o640, ROOT, CHATD),
        entry(DATA, "folder", 0o750, CHATD, CHATD),
        entry(DATABASE, "file", 0o600, CHATD, CHATD, 100 * MIB),
        entry(Path(f"{DATABASE}-wal"), "file", 0o600, CHATD, CHATD),
        entry(Path(f"{DATABASE}-shm"), "file", 0o600, CHATD, CHATD),
        entry(Path(f"{DATABASE}.lock"), "file", 0o600, CHATD, CHATD),
        entry(Path(PUBLIC.path), "socket", 0o660, CHATD, CHATD),
        entry(Path(HANDED.path), "socket", 0o660, ROOT, 991),
        entry(CONTROL, "socket", 0o660, CHATD, CHATD),
    ]
    folders = [
        entry(path, "folder", 0o755, ROOT, ROOT)
        for path in (*DATA.parents, FILE.parent, *FILE.parent.parents, LOGS, RUN)
    ]
    return {each.path: each for each in (*found, *folders)}


def labelled() -> dict[Path, str]:
    """What the SELinux module of the package makes of that."""
    data = (DATA, DATABASE, *(Path(f"{DATABASE}{tail}") for tail in ("-wal", "-shm", ".lock")))
    return {
        Path("/usr/bin/chatd"): "chatd_exec_t",
        **dict.fromkeys((FILE, FILE.parent), "chatd_conf_t"),
        **dict.fromkeys(data, "chatd_var_lib_t"),
        RUN: "chatd_var_run_t",
    }


@dataclass
class Patient:
    """host.Host, all of it said by the test."""

    python: Interpreter = Interpreter("CPython", (3, 12, 3))
    library: Sqlite = Sqlite((3, 26, 0), fts5=True)
    schemas: int = 2
    head: Header | Unreadable = Header(APPLICATION_ID, 2, 12)
    damages: tuple[str, ...] | Unreadable = ()
    time: float = NOW
    kernel_clock: Clock = Clock(synchronised=True, error=0.02)
    entries: dict[Path, Entry] = field(default_factory=well)
    contents: dict[Path, bytes] = field(default_factory=dict)
    disks: dict[Path, Disk] = field(
        default_factory=lambda: {
            DATA: Disk(1, 100 * GIB, 50 * GIB, 1_000_000, 900_000, read_only=False),
            LOGS: Disk(2, 10 * GIB, 5 * GIB, 1_000_000, 900_000, read_only=False),
        }
    )
    members: dict[int, frozenset[int]] = field(
        default_factory=lambda: {CHATD: frozenset({CHATD}), ANN: frozenset({ANN})}
    )
    somaxconn: int = 4096
    approved: Fips = Fips(enabled=True, hashes=True)
    mode: Enforcement = "enforcing"
    labels: dict[Path, str] = field(default_factory=labelled)
    confined_as: str = "chatd_t"
    firewalld: Firewall | None = Firewall(
        runs=True, zones=(Zone("public", services=frozenset({"ssh", "https"})),)
    )
    pid: int = 4711
    uid: int = CHATD
    descriptors: Files = Files(262144, 40)
    sockets: Mapping[str, tuple[Address, ...]] = field(default_factory=lambda: {"chat": (HANDED,)})
    answers: dict[tuple[Address, str], Answer | OSError] = field(
        default_factory=lambda: {
            (PUBLIC, "/"): Answer(200, "<html>"),
            (HANDED, "/"): Answer(200, "<html>"),
            (OPERATIONS, "/healthz"): Answer(200, "alive\n"),
            (OPERATIONS, "/readyz"): Answer(200, "ready\n"),
        }
    )
    asked_for_full: list[bool] = field(default_factory=list)

    # --- what a test makes of it ---
    def change(self, path: Path, **changed: Any) -> None:
        self.entries[path] = replace(self.entries[path], **changed)

    def remove(self, *paths: Path) -> None:
        for path in paths:
            del self.entries[path]

    def put(self, path: Path, content: bytes = b"", age: float = 60) -> None:
        self.entries[path] = Entry(path, "file", 0o644, ROOT, ROOT, len(content), NOW - age)
        self.contents[path] = content

    def findings(self, check: str, exam: Exam = EXAM) -> list[Finding]:
        """What this one check says."""
        checks = tuple(each for each in CHECKS if each.name == check)
        return list(examine(exam, self, checks))

    def statuses(self, check: str, exam: Exam = EXAM) -> list[str]:
        return [each.status for each in self.findings(check, exam)]

    def only(self, check: str, exam: Exam = EXAM) -> Finding:
        [finding] = self.findings(check, exam)
        return finding

    # --- the port ---
    def interpreter(self) -> Interpreter:
        return self.python

    def sqlite(self) -> Sqlite:
        return self.library

    def newest_schema(self) -> int:
        return self.schemas

    def header(self, database: Path) -> Header:
        if isinstance(self.head, Unreadable):
            raise self.head
        return self.head

    def integrity(self, database: Path, *, full: bool) -> tuple[str, ...]:
        self.asked_for_full.append(full)
        if isinstance(self.damages, Unreadable):
            raise self.damages
        return self.damages

    def now(self) -> float:
        return self.time

    def clock(self) -> Clock:
        return self.kernel_clock

    def entry(self, path: Path) -> Entry:
        return self.entries.get(path, Entry(path, "nothing"))

    def names(self, folder: Path) -> tuple[str, ...]:
        inside = {
            each.relative_to(folder).parts[0] for each in self.entries if folder in each.parents
        }
        return tuple(sorted(inside))

    def read(self, file: Path) -> bytes:
        return self.contents[file]

    def disk(self, path: Path) -> Disk:
        return self.disks[path]

    def user_name(self, uid: int) -> str:
        return NAMES.get(uid, str(uid))

    def group_name(self, gid: int) -> str:
        return NAMES.get(gid, str(gid))

    def groups(self, uid: int) -> frozenset[int]:
        return self.members.get(uid, frozenset())

    def setting(self, name: str) -> int:
        return {"net.core.somaxconn": self.somaxconn}[name]

    def fips(self) -> Fips:
        return self.approved

    def selinux(self) -> Enforcement:
        return self.mode

    def label(self, path: Path) -> str:
        return self.labels.get(path, "")

    def domain(self, pid: int) -> str:
        return {self.pid: self.confined_as}[pid]

    def firewall(self) -> Firewall | None:
        return self.firewalld

    def holder(self, lock: Path) -> int:
        return self.pid if lock == Path(f"{DATABASE}.lock") else 0

    def runs_as(self, pid: int) -> int:
        return {self.pid: self.uid}[pid]

    def files(self, pid: int) -> Files:
        return {self.pid: self.descriptors}[pid]

    def handed(self, pid: int) -> Mapping[str, tuple[Address, ...]]:
        if not pid:
            raise FileNotFoundError("/proc/0/environ")
        return self.sockets

    def ask(self, address: Address, path: str) -> Answer:
        answer = self.answers[address, path]
        if isinstance(answer, OSError):
            raise answer
        return answer


BROKEN = replace(EXAM, config=Config(), problems=(Problem(str(FILE), 3, "limits.rate = 0"),))
"""The same host, with an error in its configuration."""
