"""What looks after a chatd that serves: its doctor, the report for sos, and what newer systems have
beyond RHEL 8's systemd."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest

from tests.system.host import Host
from tests.system.serving import CERTIFICATE, ask
from tests.system.tree import CHECKOUT

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("serving")]

CODES = {"ok": 0, "warn": 1, "fail": 2}
NEWER = CHECKOUT / "packaging" / "systemd" / "newer-systemd.conf"
DROP_IN = "/etc/systemd/system/chatd.service.d"
OPEN = "--add-service=https --add-service=chatd"
SHUT = "--remove-service=https --remove-service=chatd"


def examined(host: Host) -> dict[str, list[dict[str, str]]]:
    """What the doctor says, by check; its exit code is as bad as the worst of it."""
    tried = host.attempt(f"chatd doctor --json --certificate {CERTIFICATE}")
    told: dict[str, Any] = json.loads(tried.stdout)
    found: dict[str, list[dict[str, str]]] = {}
    for each in told["findings"]:
        found.setdefault(each["check"], []).append(each)
    worst = max((each["status"] for each in told["findings"]), key=CODES.__getitem__)
    assert told["status"] == worst
    assert tried.returncode == CODES[worst]
    return found


def not_well(found: dict[str, list[dict[str, str]]]) -> dict[str, set[str]]:
    """The checks that are not content, and how bad it is."""
    told = {check: {each["status"] for each in said} - {"ok"} for check, said in found.items()}
    # How good the clock is, is the business of the machine that the host runs on.
    return {check: said for check, said in told.items() if said and check != "clock"}


def test_the_doctor_finds_a_host_well_on_which_all_is_as_documented(host: Host) -> None:
    host.run(f"firewall-cmd {OPEN}")
    found = examined(host)
    assert not_well(found) == {}
    assert set(found) >= {
        *("interpreter", "sqlite", "fips", "selinux", "firewall", "file-limit", "backlog", "disk"),
        *("certificate", "socket-permissions", "leftovers", "clock", "configuration-permissions"),
    }
    assert "SQLite 3.26.0" in found["sqlite"][0]["seen"]
    assert "3.12" in found["interpreter"][0]["seen"]
    assert "public" in found["firewall"][0]["seen"]
    host.run(f"firewall-cmd {SHUT}")


@pytest.mark.parametrize(
    ("before", "after", "check", "status"),
    [
        ("true", "true", "firewall", "warn"),
        ("systemctl stop firewalld", "systemctl start firewalld", "firewall", "warn"),
        ("touch /etc/sysconfig/chatd.rpmnew", "rm /etc/sysconfig/*.rpmnew", "leftovers", "warn"),
        ("touch /etc/chatd/chatd.toml.rpmnew", "rm /etc/chatd/*.rpmnew", "leftovers", "warn"),
        (
            "mkdir -p /etc/selinux && touch /etc/selinux/config",
            "rm /etc/selinux/config",
            "selinux",
            "warn",
        ),
        (
            "chmod o+w /etc/chatd/chatd.toml",
            "chmod o-w /etc/chatd/chatd.toml",
            "configuration-permissions",
            "fail",
        ),
        (
            "chmod o+r /var/lib/chatd/chatd.sqlite3 && chmod 0701 /var/lib/chatd",
            "chmod o-r /var/lib/chatd/chatd.sqlite3 && chmod 0700 /var/lib/chatd",
            "store-permissions",
            "fail",
        ),
    ],
)
def test_the_doctor_says_what_is_wrong(
    host: Host, before: str, after: str, check: str, status: str
) -> None:
    if check != "firewall":
        host.run(f"firewall-cmd {OPEN}")
    host.run(before)
    try:
        found = not_well(examined(host))
    finally:
        host.run(after)
    host.run(f"firewall-cmd {SHUT}", check=False)
    assert found == {check: {status}}


def test_what_sos_gathers_is_told_by_the_packages_commands(host: Host) -> None:
    lines = host.read("/etc/sos/extras.d/chatd").splitlines()
    commands = [line.removeprefix(":") for line in lines if line.startswith(":")]
    said = {shlex.split(each)[0]: host.attempt(each) for each in commands}
    assert set(said) == {"/usr/bin/chatd", "/usr/libexec/chatd/support", "/usr/bin/systemctl"}
    assert "chatd.socket" in said["/usr/bin/systemctl"].stdout
    support = said["/usr/libexec/chatd/support"]
    assert support.returncode == 0, support.stdout
    files = dict(
        re.findall(r"==> chatd-support/(\S+) <==\n(.*?)(?=\n==> |\Z)", support.stdout, re.DOTALL)
    )
    assert set(files) >= {"versions.json", "status.json", "doctor.json", "config.toml", "log.jsonl"}
    assert json.loads(files["versions.json"])
    assert json.loads(files["doctor.json"])["findings"]
    assert 'message_bytes = "256 B"' in files["config.toml"]


def test_newer_systems_get_more_of_systemd_and_chatd_still_serves(host: Host) -> None:
    host.run(f"mkdir -p {DROP_IN}")
    host.copy(NEWER, f"{DROP_IN}/10-newer-systemd.conf")
    host.run("systemctl daemon-reload")
    unit = "/usr/lib/systemd/system/chatd.service"
    assert host.run(f"systemd-analyze verify --man=no {unit} 2>&1") == ""
    assert "ProtectProc=invisible" in host.run("systemctl show -p ProtectProc chatd")
    host.run("systemctl restart chatd")
    assert ask(host, "/readyz").strip() == "ready"
    assert not re.search("Unknown (lvalue|key)", host.run("journalctl -b"))
    host.run(f"rm -r {DROP_IN} && systemctl daemon-reload && systemctl restart chatd")
