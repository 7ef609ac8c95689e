"""Checks of the store: whether it is there, whose it is, its schema, and whether it is sound.
The database is only ever read, and beside a daemon that goes on writing."""

from __future__ import annotations

from chatd.ops.doctor.exam import Exam, process
from chatd.ops.doctor.findings import Verdict, Verdicts, fail, ok, warn
from chatd.ops.doctor.host import Header, Host, Unreadable
from chatd.store.sqlite.backup_restore import leftovers
from chatd.store.sqlite.schema import APPLICATION_ID

RESTORE = "stop chatd, keep a copy of the damaged files, and restore the newest backup"


def store(exam: Exam, host: Host) -> Verdicts:
    """The database is there, it is chatd's, and of a schema that this chatd knows."""
    if not host.entry(exam.database).size:
        yield _missing(exam, host)
        return
    try:
        header = host.header(exam.database)
    except Unreadable as error:
        yield _unreadable(exam, error)
        return
    yield _known(exam, header, host.newest_schema())


def _missing(exam: Exam, host: Host) -> Verdict:
    path, pid = exam.database, process(exam, host)
    if pid:
        return fail(
            f"chatd runs, but its database {path} is gone: what it stores now dies with it",
            f"do not stop it before its open files are saved: `ls -l /proc/{pid}/fd` shows them",
        )
    if not host.entry(path.parent).there:
        return fail(
            f"there is no folder {path.parent} for the store",
            "make it, for the user that chatd runs as, or correct store.path",
        )
    return warn(
        f"there is no database {path} yet",
        "nothing, if chatd was never started; else see whether store.path is right",
    )


def _unreadable(exam: Exam, error: Unreadable) -> Verdict:
    here = f"{exam.database} cannot be read: {error}"
    if error.trouble == "damaged":
        return fail(here, RESTORE)
    if error.trouble == "no_room":
        return warn(f"{here}: its disk is full", "free some space, and examine it again")
    return fail(here, "see whether it is a file of chatd's, and whether another process locks it")


def _known(exam: Exam, header: Header, newest: int) -> Verdict:
    here = f"{exam.database} has schema {header.schema}"
    if not _is_ours(header):
        return fail(
            f"{exam.database} is another program's database", "give chatd a path of its own"
        )
    if header.schema > newest:
        return fail(
            f"{here}, and this chatd knows schemas up to {newest}",
            "install the chatd that made it, or a later one",
        )
    if header.schema < newest:
        return ok(f"{here}; the next start brings it to {newest}")
    return ok(f"{here}, the newest")


def _is_ours(header: Header) -> bool:
    """Made by chatd, or empty still, as when its first start was cut short."""
    empty = not (header.application or header.schema or header.tables)
    return header.application == APPLICATION_ID or empty


def restores(exam: Exam, host: Host) -> Verdicts:
    """What a restore leaves that is killed. The next one removes it."""
    left = [path for path in leftovers(exam.database) if host.entry(path).there]
    for path in left:
        yield warn(
            f"a restore was killed and left {path}, or works at this moment",
            "see that no `chatd restore` runs; then restore again, which replaces it, or remove it",
        )
    if not left:
        yield ok("no restore left anything")


def integrity(exam: Exam, host: Host) -> Verdicts:
    """What SQLite's own check finds. A database that is unreadable or foreign is the other check's
    to tell."""
    if not host.entry(exam.database).size:
        return
    try:
        if not _is_ours(host.header(exam.database)):
            return
    except Unreadable:
        return
    try:
        wrong = host.integrity(exam.database, full=exam.full)
    except Unreadable as error:
        yield _unreadable(exam, error)
        return
    for each in wrong:
        yield fail(f"{exam.database} is damaged: {each}", RESTORE)
    if not wrong:
        again = "; `chatd doctor --full` reads the indexes too" if not exam.full else ""
        yield ok(f"{exam.database}: nothing is damaged{again}")
