"""Checks of the machine: room on its disks, its clock, and how many files and connections it
allows. How chatd itself does is listeners.py's."""

from __future__ import annotations

from pathlib import Path

from chatd.ops.doctor.exam import Exam, process
from chatd.ops.doctor.findings import Verdicts, fail, ok, typed, warn
from chatd.ops.doctor.host import Disk, Host

MIB, GIB = 1 << 20, 1 << 30
LOGS = Path("/var/log")
LEAST_ROOM = 64 * MIB  # what SQLite's write-ahead log may take when all is well
LEAST_INODES, FEW_INODES = 100, 1000
OTHER_FILES = 100  # what the daemon needs besides one for each session
SKEW = 1.0
"""Seconds that a clock may be wrong by before people see it."""
AHEAD = 60.0
"""Seconds that a file may come from the future before the clock is to blame."""


# --- disks ---


def disk(exam: Exam, host: Host) -> Verdicts:
    """Room for the store to grow, and for one more copy of it."""
    folder = exam.database.parent
    if not host.entry(folder).there:
        return  # the check of the store says so
    found = host.disk(folder)
    wanted = max(GIB, host.entry(exam.database).size)
    if found.read_only:
        yield fail(f"the disk of {folder} is mounted read-only", "see `dmesg` for the reason")
    elif found.free < LEAST_ROOM:
        yield fail(_free(folder, found), "free some space: chatd refuses messages when it is full")
    elif found.free < wanted:
        yield warn(
            f"{_free(folder, found)}; the store is to have {_size(wanted)}",
            "free some space: an upgrade and a backup need as much as the store has",
        )
    else:
        yield ok(_free(folder, found))
    yield from _inodes(folder, found)


def log_disk(exam: Exam, host: Host) -> Verdicts:
    """The journal has limits of its own; what matters is that others do not fill its disk."""
    if not host.entry(LOGS).there:
        return
    found = host.disk(LOGS)
    store = exam.database.parent
    if host.entry(store).there and host.disk(store).device == found.device:
        return  # that disk is judged already
    if found.free < LEAST_ROOM:
        yield warn(_free(LOGS, found), f"see what fills it: `du -xsh {typed(LOGS)}/*`")
    else:
        yield ok(_free(LOGS, found))
    yield from _inodes(LOGS, found)


def _inodes(folder: Path, found: Disk) -> Verdicts:
    here = f"{found.free_inodes} of {found.inodes} inodes are free for {folder}"
    do = "remove small files: no file can be made without an inode"
    if found.inodes and found.free_inodes < LEAST_INODES:
        yield fail(here, do)
    elif found.inodes and found.free_inodes < FEW_INODES:
        yield warn(here, do)


def _free(folder: Path, found: Disk) -> str:
    return f"{_size(found.free)} of {_size(found.total)} are free for {folder}"


def _size(amount: int) -> str:
    return f"{amount / GIB:.1f} GiB" if amount >= GIB else f"{amount / MIB:.1f} MiB"


# --- the clock ---


def clock(_exam: Exam, host: Host) -> Verdicts:
    """The times of messages, and tokens' ends, are as good as the clock."""
    found = host.clock()
    do = "see `chronyc tracking`; `systemctl enable --now chronyd` starts it"
    if not found.synchronised:
        yield warn("the clock is not synchronised", do)
    elif found.error > SKEW:
        yield warn(f"the clock may be wrong by {found.error:.1f} s", do)
    else:
        yield ok(f"synchronised, to {found.error * 1000:.0f} ms")


def clock_jump(exam: Exam, host: Host) -> Verdicts:
    """Files from the future: the clock was wrong when they were written, or is wrong now."""
    paths = (exam.file, exam.database, *exam.beside)
    newest = max(map(host.entry, paths), key=lambda entry: entry.modified)
    ahead = newest.modified - host.now()
    if newest.there and ahead > AHEAD:
        yield warn(
            f"{newest.path} was written {ahead:.0f} s from now: the clock went back",
            "set the clock right; messages of that time stand in their order, with times too late",
        )
    else:
        yield ok("nothing comes from the future")


# --- limits ---


def file_limit(exam: Exam, host: Host) -> Verdicts:
    """Each session needs a file descriptor."""
    pid = process(exam, host)
    found = host.files(pid)
    wanted = exam.config.limits.sessions + OTHER_FILES
    if found.limit >= wanted:
        yield ok(f"{found.limit:g} files are allowed, {wanted} may be needed")
    elif pid:
        yield fail(
            f"chatd may open {found.limit:g} files, and limits.sessions needs {wanted}",
            f"set LimitNOFILE={wanted} in its unit, or a smaller limits.sessions, and restart it",
        )
    else:
        yield warn(
            f"a chatd started from here may open {found.limit:g} files; limits.sessions needs "
            f"{wanted}",
            f"nothing, if its unit has LimitNOFILE={wanted} or more; else `ulimit -Hn` is to rise",
        )


def backlog(exam: Exam, host: Host) -> Verdicts:
    """Connections that the kernel lets wait: many come at once after a restart."""
    most, wanted = host.setting("net.core.somaxconn"), exam.config.listen.backlog
    if most < wanted:
        yield warn(
            f"net.core.somaxconn is {most}, and caps listen.backlog = {wanted}",
            f"echo net.core.somaxconn={wanted} > /etc/sysctl.d/60-chatd.conf; sysctl --system; "
            "then restart chatd",
        )
    else:
        yield ok(f"net.core.somaxconn is {most}, listen.backlog {wanted}")
