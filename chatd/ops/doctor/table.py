"""The table of checks, and carrying them out. A new check is one small function and one row here.
What it says is findings.py's, what it sees comes through host.py's port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chatd.ops.doctor import (
    configured,
    dated,
    listeners,
    machine,
    permissions,
    platform,
    software,
    stored,
)
from chatd.ops.doctor.exam import Exam
from chatd.ops.doctor.findings import Finding, Verdict, Verdicts, fail, warn
from chatd.ops.doctor.host import Host


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``name`` is what programs know it by, and never changes. ``asks_config``: it makes
    no sense while the configuration has problems."""

    name: str
    look: Callable[[Exam, Host], Verdicts]
    asks_config: bool = True


CHECKS = (
    Check("interpreter", software.interpreter, asks_config=False),
    Check("sqlite", software.sqlite, asks_config=False),
    Check("fips", platform.fips, asks_config=False),
    Check("configuration", configured.configuration, asks_config=False),
    Check("leftovers", configured.leftovers, asks_config=False),
    Check("configuration-permissions", permissions.configuration_permissions),
    Check("daemon", listeners.daemon),
    Check("listeners", listeners.listeners),
    Check("control", listeners.control),
    Check("socket-permissions", permissions.socket_permissions),
    Check("selinux", platform.selinux),
    Check("firewall", platform.firewall),
    Check("store", stored.store),
    Check("restore", stored.restores),
    Check("integrity", stored.integrity),
    Check("store-permissions", permissions.store_permissions),
    Check("backup", dated.backup, asks_config=False),
    Check("disk", machine.disk),
    Check("log-disk", machine.log_disk),
    Check("clock", machine.clock, asks_config=False),
    Check("clock-jump", machine.clock_jump),
    Check("file-limit", machine.file_limit),
    Check("backlog", machine.backlog),
    Check("certificate", dated.certificate, asks_config=False),
)


def examine(exam: Exam, host: Host, checks: tuple[Check, ...] = CHECKS) -> Iterator[Finding]:
    """Carry out the checks, in their order. One that breaks is a finding, and the rest go on."""
    for check in checks:
        if exam.problems and check.asks_config:
            continue
        for each in _looked(check, exam, host):
            yield Finding(check.name, each.status, each.seen, each.do)


def _looked(check: Check, exam: Exam, host: Host) -> Iterator[Verdict]:
    try:
        yield from check.look(exam, host)
    except PermissionError as error:
        yield warn(f"this could not be looked at: {error}", "run `chatd doctor` as root")
    except Exception as error:  # noqa: BLE001  # the next checks must still be carried out
        yield fail(
            f"this check could not be carried out: {type(error).__name__}: {error}",
            "look into it by hand, and report it if chatd is to blame",
        )
