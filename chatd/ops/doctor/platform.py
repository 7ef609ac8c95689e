"""Checks of what Enterprise Linux puts around chatd: FIPS mode, SELinux, firewalld. Where one of
them is not there at all, nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chatd.ops.config import Inherited, Listener, Tcp, Unix
from chatd.ops.doctor.exam import Exam, addresses, process
from chatd.ops.doctor.findings import Verdict, Verdicts, fail, ok, typed, warn
from chatd.ops.doctor.host import Firewall, Host

SELINUX_CONFIG = Path("/etc/selinux/config")
PROGRAM = Path("/usr/bin/chatd")
DOMAIN, PROGRAM_TYPE = "chatd_t", "chatd_exec_t"
CONFIGURATION, DATA, SOCKETS = "chatd_conf_t", "chatd_var_lib_t", "chatd_var_run_t"
SERVICES = {443: "https", 8765: "chatd", 8766: "chatd-metrics"}
"""What firewalld calls these ports; chatd's are services of its package."""
HTTPS = 443
LOCAL = ("127.", "::1", "localhost")


# --- FIPS mode ---


def fips(_exam: Exam, host: Host) -> Verdicts:
    """In FIPS mode, passwords must be hashed with what is approved, and that must be there."""
    found = host.fips()
    mode = f"FIPS mode is {'on' if found.enabled else 'off'}"
    if found.hashes:
        yield ok(f"{mode}, and passwords can be hashed: PBKDF2 with SHA-512")
    else:
        yield fail(
            f"{mode}, and this Python cannot hash passwords with PBKDF2 and SHA-512",
            "update python3.12 and openssl-libs; nobody with a password can log in",
        )


# --- SELinux ---


def selinux(exam: Exam, host: Host) -> Verdicts:
    """Its mode, whether it confines chatd, and whether what chatd uses is labelled for that."""
    mode = host.selinux()
    if mode == "off":
        if host.entry(SELINUX_CONFIG).there:
            yield warn(
                "SELinux is off",
                f"set SELINUX=permissive in {SELINUX_CONFIG} and reboot: files are labelled anew; "
                "then SELINUX=enforcing, when `ausearch -m avc -ts boot` finds nothing",
            )
        else:
            yield ok("this system does without SELinux")
        return
    if mode == "permissive":
        yield warn(
            "SELinux is permissive: it reports what it would forbid",
            f"`setenforce 1`, and SELINUX=enforcing in {SELINUX_CONFIG}, when "
            "`ausearch -m avc -ts boot` finds nothing",
        )
    else:
        yield ok("SELinux is enforcing")
    yield from _confined(exam, host, enforcing=mode == "enforcing")


def _confined(exam: Exam, host: Host, *, enforcing: bool) -> Verdicts:
    pid = process(exam, host)
    domain, program = host.domain(pid) if pid else "", host.label(PROGRAM)
    if program != PROGRAM_TYPE:
        yield warn(
            f"SELinux does not confine chatd: {PROGRAM} is {program or 'without a label'}",
            f"`dnf install chatd-selinux; restorecon -v {PROGRAM}`, then restart chatd",
        )
        return
    if pid and domain != DOMAIN:
        yield warn(
            f"chatd runs as {domain or 'no SELinux type'}, not as {DOMAIN}",
            "`systemctl restart chatd`: one that was started by hand, or before its policy was "
            "installed, is not confined",
        )
    wrong = list(_mislabelled(exam, host, enforcing=enforcing))
    yield from wrong or [ok("what chatd uses is labelled for it")]


def _mislabelled(exam: Exam, host: Host, *, enforcing: bool) -> Iterator[Verdict]:
    control = Path(exam.config.control.socket).parent
    wanted = (
        (CONFIGURATION, (exam.file.parent, exam.file)),
        (DATA, (exam.database.parent, exam.database, *exam.beside)),
        (SOCKETS, (control,)),
    )
    judge = fail if enforcing else warn
    for kind, paths in wanted:
        for path in paths:
            if host.entry(path).there and (found := host.label(path)) != kind:
                yield judge(
                    f"{path} is {found or 'without a label'}; SELinux wants {kind} of chatd's",
                    f"restorecon -Rv {typed(path)}; for a place of your own first: "
                    f"semanage fcontext -a -t {kind} {typed(path)}",
                )


# --- firewalld ---


def firewall(exam: Exam, host: Host) -> Verdicts:
    """Whether people get through to chatd, and only monitoring to its metrics."""
    found = host.firewall()
    if found is None:
        yield ok("this system does without firewalld")
    elif not found.runs:
        yield warn(
            "firewalld is installed and does not run: every port can be reached",
            "`systemctl enable --now firewalld`; nothing, if another firewall is before this host",
        )
    else:
        public, operations = _ports(exam, host)
        wrong = [*_closed(found, public), *_open(found, operations), *_unknown(exam, host)]
        yield from wrong or [ok(_seen(found))]


def _unknown(exam: Exam, host: Host) -> Iterator[Verdict]:
    """What cannot be judged of a chatd that is stopped."""
    listen = exam.config.listen
    names = [
        str(each) for each in (*listen.public, *listen.operations) if isinstance(each, Inherited)
    ]
    if names and not process(exam, host):
        yield warn(
            f"chatd does not run, so where {', '.join(names)} would listen cannot be told, nor "
            "whether firewalld lets people in there",
            "examine again when it runs; what systemd opens for it is in "
            "`systemctl cat chatd.socket chatd-operations.socket`",
        )


def _seen(found: Firewall) -> str:
    names = ", ".join(zone.name for zone in found.zones) or "no zone"
    return f"firewalld runs, and lets through what it should ({names})"


def _ports(exam: Exam, host: Host) -> tuple[set[int], set[int]]:
    """The ports by which people come, and those of monitoring. Unix sockets stand for a proxy with
    TLS; what only this host reaches needs no opening."""
    pid, listen = process(exam, host), exam.config.listen
    public = _remote(listen.public, pid, host)
    if any(isinstance(each, Unix) for each in _every(listen.public, pid, host)):
        public.add(HTTPS)
    return public, _remote(listen.operations, pid, host)


def _remote(listeners: tuple[Listener, ...], pid: int, host: Host) -> set[int]:
    return {
        each.port
        for each in _every(listeners, pid, host)
        if isinstance(each, Tcp) and not each.host.startswith(LOCAL)
    }


def _every(listeners: tuple[Listener, ...], pid: int, host: Host) -> Iterator[Tcp | Unix]:
    for reached in addresses(listeners, pid, host).values():
        yield from reached


def _closed(found: Firewall, ports: set[int]) -> Iterator[Verdict]:
    for port in sorted(ports):
        if not any(zone.lets(port, SERVICES.get(port, "")) for zone in found.zones):
            option = f"service={SERVICES[port]}" if port in SERVICES else f"port={port}/tcp"
            yield warn(
                f"firewalld lets nobody reach port {port}, by which people come",
                f"firewall-cmd --permanent --add-{option}; firewall-cmd --reload",
            )


def _open(found: Firewall, ports: set[int]) -> Iterator[Verdict]:
    for port in sorted(ports):
        for zone in found.zones:
            if zone.lets_all(port, SERVICES.get(port, "")):
                yield warn(
                    f"all whom zone {zone.name} of firewalld lets in can read the metrics on port "
                    f"{port}",
                    "let only Prometheus in: put its address as a source into a zone of its own, "
                    "and the service chatd-metrics into that one alone",
                )
