"""Checks of what grows old: certificates and backups, where the command line names some.
Reading certificates is cryptography's work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatd.ops.doctor.exam import Exam
from chatd.ops.doctor.findings import Verdict, Verdicts, fail, ok, typed, warn
from chatd.ops.doctor.host import Host
from chatd.store.sqlite.backup_manifest import MANIFEST, BadBackup, decode

RENEW, TOO_LATE = timedelta(days=21), timedelta(days=3)
OLD, TOO_OLD = timedelta(days=2), timedelta(days=7)


def _now(host: Host) -> datetime:
    return datetime.fromtimestamp(host.now(), UTC)


# --- certificates ---


def certificate(exam: Exam, host: Host) -> Verdicts:
    """Every certificate of each file: a chain is as good as its oldest link."""
    for file in exam.certificates:
        yield from _in_file(file, host)


def _in_file(file: Path, host: Host) -> Verdicts:
    from cryptography import x509  # noqa: PLC0415  # most runs look at no certificate

    if not host.entry(file).there:
        yield fail(f"there is no certificate file {file}", "name the file that the proxy uses")
        return
    if host.entry(file).kind != "file":
        yield fail(f"{file} is no file", "name the file of the chain")
        return
    try:
        found = x509.load_pem_x509_certificates(host.read(file))
    except ValueError as error:
        yield fail(f"{file} holds no certificate in PEM: {error}", "name the file of the chain")
        return
    now = _now(host)
    for each in found:
        name = f"{each.subject.rfc4514_string() or 'the certificate'} in {file}"
        yield _valid(name, each.not_valid_before_utc, each.not_valid_after_utc, now)


def _valid(name: str, begins: datetime, ends: datetime, now: datetime) -> Verdict:
    do = "renew it, and reload the proxy: `systemctl reload nginx`"
    if now < begins:
        return fail(
            f"{name} is valid only from {begins:%Y-%m-%d} on", "see whether the clock is right"
        )
    if now > ends:
        return fail(f"{name} ended on {ends:%Y-%m-%d}", do)
    here = f"{name} ends on {ends:%Y-%m-%d}, in {(ends - now).days} days"
    if ends - now < TOO_LATE:
        return fail(here, do)
    return warn(here, do) if ends - now < RENEW else ok(here)


# --- backups ---


def backup(exam: Exam, host: Host) -> Verdicts:
    """How old the newest backup in each folder is: it is one itself, or has folders that are.
    Whether a backup is whole is asked of `chatd verify`, which takes longer."""
    for folder in exam.backups:
        inner = [name for name in host.names(folder) if not name.startswith(".")]
        places = [folder, *(folder / name for name in inner)]
        yield from _backups(folder, [place for place in places if _is_backup(place, host)], host)


def _is_backup(place: Path, host: Host) -> bool:
    return host.entry(place / MANIFEST).there


def _backups(folder: Path, found: list[Path], host: Host) -> Verdicts:
    made = {}
    for place in found:
        try:
            made[place] = datetime.fromisoformat(decode(host.read(place / MANIFEST)).created)
        except (BadBackup, ValueError) as error:
            yield fail(
                f"the backup {place} cannot be used: {error}",
                f"`chatd verify {typed(place)}` says more",
            )
    now = _now(host)
    ahead = sorted(place for place, when in made.items() if when > now)
    past = {place: when for place, when in made.items() if when <= now}
    yield from (_ahead(place, made[place]) for place in ahead)
    if past:
        newest = max(past, key=past.__getitem__)
        yield _aged(newest, now - past[newest])
    elif not ahead:
        yield fail(
            f"{folder} holds no backup that can be used",
            f"`chatd backup {typed(folder)}` makes one",
        )


def _ahead(place: Path, when: datetime) -> Verdict:
    """Such a one is never removed, and never the newest."""
    return warn(
        f"the backup {place} is from the future: it says {when:%Y-%m-%d %H:%M} UTC",
        "see whether the clock is right; if it is, it was not then: remove that backup, once there "
        "is a newer one that `chatd verify` calls good",
    )


def _aged(newest: Path, age: timedelta) -> Verdict:
    here = f"the newest backup, {newest}, is {_days(age)} old"
    do = "see why no newer one was made: `systemctl list-timers`, `journalctl`"
    if age > TOO_OLD:
        return fail(here, do)
    return warn(here, do) if age > OLD else ok(here)


def _days(age: timedelta) -> str:
    return f"{age.days} days" if age.days >= 2 else f"{age.total_seconds() / 3600:.0f} hours"
