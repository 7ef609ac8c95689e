"""Checks of who owns and may open what chatd uses: its configuration, its store, its sockets.
The user that chatd runs as must be able to; others mostly must not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chatd.ops.config import Inherited, Listener, Unix
from chatd.ops.doctor.exam import ROOT, Exam, account, addresses, may, owned, process
from chatd.ops.doctor.findings import Verdict, Verdicts, fail, ok, typed, warn
from chatd.ops.doctor.host import Entry, Host

STICKY = 0o1000  # in a folder of this mode one may replace one's own files only


def _open_folder(folder: Entry, may_do: str) -> Verdicts:
    if folder.mode & 0o002 and not folder.mode & STICKY:
        yield fail(
            f"every user of this host may {may_do}: {folder.path} is {folder.mode:04o}",
            f"chmod o-w {typed(folder.path)}",
        )


# --- the configuration ---


def configuration_permissions(exam: Exam, host: Host) -> Verdicts:
    """Whoever can change the file decides who gets in; and chatd must be able to read it."""
    entry = host.entry(exam.file)
    wrong = [
        *_open_folder(host.entry(exam.file.parent), "replace the configuration"),
        *_changeable(entry, account(exam, host), host),
        *_unreadable(entry, account(exam, host), host),
    ]
    yield from wrong or [ok(f"{exam.file} is {owned(host, entry)}")]


def _changeable(entry: Entry, uid: int, host: Host) -> Verdicts:
    here, path = f"{entry.path} is {owned(host, entry)}", typed(entry.path)
    if entry.mode & 0o002:
        yield fail(f"every user of this host may change it: {here}", f"chmod o-w {path}")
    elif entry.mode & 0o020:
        yield warn(f"a whole group may change it: {here}", f"chmod g-w {path}")
    if entry.uid not in {ROOT, uid}:
        yield warn(f"it belongs neither to root nor to chatd: {here}", f"chown root {path}")


def _unreadable(entry: Entry, uid: int, host: Host) -> Verdicts:
    if not may(host, uid, entry, 4):
        user, path = host.user_name(uid), typed(entry.path)
        yield fail(
            f"user {user}, as whom chatd runs, may not read {entry.path}: {owned(host, entry)}",
            f"give it to a group of {user}, and to nobody else: chgrp GROUP {path}; "
            f"chmod 0640 {path}",
        )


# --- the store ---


def store_permissions(exam: Exam, host: Host) -> Verdicts:
    """The messages of everybody: chatd must be able to write them, and nobody else to read them."""
    folder = host.entry(exam.database.parent)
    entries = [each for each in map(host.entry, (exam.database, *exam.beside)) if each.there]
    if not folder.there or not entries:
        return  # the check of the store says so
    wrong = [
        *_open_folder(folder, "replace the store"),
        *_unwritable(folder, entries, account(exam, host), host),
        *(each for entry in entries for each in _readable_by_all(entry, host)),
    ]
    yield from wrong or [ok(f"{exam.database} is {owned(host, entries[0])}")]


def _unwritable(folder: Entry, entries: list[Entry], uid: int, host: Host) -> Verdicts:
    user = host.user_name(uid)
    if not may(host, uid, folder, 7):
        yield fail(
            f"user {user}, as whom chatd runs, may not write in {folder.path}: "
            f"{owned(host, folder)}",
            f"chown {user} {typed(folder.path)}; chmod 0750 {typed(folder.path)}",
        )
    for entry in entries:
        if not may(host, uid, entry, 6):
            yield fail(
                f"user {user}, as whom chatd runs, may not write {entry.path}: "
                f"{owned(host, entry)}",
                f"chown {user} {typed(entry.path)}; chmod 0600 {typed(entry.path)}; a command that "
                f"root ran has made it: `runuser -u {user} -- chatd ...` next time",
            )


def _readable_by_all(entry: Entry, host: Host) -> Verdicts:
    way = [host.entry(folder) for folder in entry.path.parents]
    if entry.mode & 0o007 and all(folder.mode & 0o001 for folder in way):
        yield fail(
            f"every user of this host may open {entry.path}: it is {entry.mode:04o}",
            f"chmod o= {typed(entry.path)}",
        )


# --- the sockets ---


def socket_permissions(exam: Exam, host: Host) -> Verdicts:
    """The unix sockets of a daemon that runs: whether they are there, and who may connect."""
    pid = process(exam, host)
    if not pid:
        return  # they come and go with it
    listen = exam.config.listen
    for listener, path in _sockets(listen.public, pid, host):
        yield _socket(listener, host.entry(path), exam, _believed(exam))
    for listener, path in _sockets(listen.operations, pid, host):
        yield _socket(listener, host.entry(path), exam, "read the metrics")


def _sockets(
    listeners: tuple[Listener, ...], pid: int, host: Host
) -> Iterator[tuple[Listener, Path]]:
    for listener, reached in addresses(listeners, pid, host).items():
        yield from ((listener, Path(each.path)) for each in reached if isinstance(each, Unix))


def _believed(exam: Exam) -> str:
    """What a stranger at the public socket could do that others cannot."""
    return "claim any client's address" if exam.config.http.trusted_proxies.unix else ""


def _opened_anew(listener: Listener) -> str:
    """chatd opens its own at each start; what systemd holds open stays as it is, and nameless,
    until its unit ends. One of the package's ends with the other, and chatd with them."""
    again = (
        "`systemctl stop chatd.socket`, which stops chatd too, and `systemctl start chatd`"
        if isinstance(listener, Inherited)
        else "`systemctl restart chatd`"
    )
    return f"{again}; then find out who removes what is in that folder"


def _socket(listener: Listener, entry: Entry, exam: Exam, may_do: str) -> Verdict:
    wanted = exam.config.listen.unix_mode
    if entry.kind != "socket":
        return fail(
            f"{listener}: chatd runs, but {entry.path} is not its socket any more",
            _opened_anew(listener),
        )
    if entry.mode & 0o002 and may_do:
        return warn(
            f"every user of this host may {may_do}: {entry.path} is {entry.mode:04o}",
            'set listen.unix_mode = "0660"; for a socket of systemd: SocketMode=0660',
        )
    if isinstance(listener, Unix) and entry.mode != wanted:
        return warn(
            f"{entry.path} is {entry.mode:04o}, and listen.unix_mode says {wanted:04o}",
            "restart chatd, and find out who changes it",
        )
    return ok(f"{entry.path} is {entry.mode:04o}")
