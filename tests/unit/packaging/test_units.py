"""Units, firewall services and the spec file hold to what RHEL 8 knows: systemd 239, firewalld 0.9,
RPM 4.14. How they behave is seen on a host, in tests/system."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from chatd.ops.config import load

PACKAGING = Path(__file__).parents[3] / "packaging"
UNITS = [
    *sorted((PACKAGING / "systemd").glob("chatd*")),
    PACKAGING / "systemd" / "direct-tcp.conf",
]
FIREWALL = sorted((PACKAGING / "firewalld").glob("*.xml"))
SPEC = (PACKAGING / "chatd.spec").read_text("utf-8")

# Of systemd.directives(7) of version 239, those that chatd's units may use: a new one is looked up
# there before it is added here.
KNOWN_TO_239 = {
    *("After", "BindsTo", "Description", "Documentation", "PartOf", "Requires"),
    *("StartLimitBurst", "StartLimitIntervalSec", "Wants", "Also", "WantedBy", "Backlog"),
    *("DirectoryMode", "FileDescriptorName", "ListenStream", "RemoveOnStop", "Service"),
    *("SocketGroup", "SocketMode", "SocketUser", "ExecStartPost", "OnCalendar", "Persistent"),
    *("RandomizedDelaySec", "AmbientCapabilities", "CapabilityBoundingSet", "DevicePolicy"),
    *("DynamicUser", "Environment", "EnvironmentFile", "ExecReload", "ExecStart"),
    *("ExecStartPre", "Group", "IOSchedulingClass", "IOSchedulingPriority", "KeyringMode"),
    *("LimitNOFILE", "LockPersonality", "MemoryDenyWriteExecute", "Nice", "NoNewPrivileges"),
    *("NotifyAccess", "OOMScoreAdjust", "PrivateDevices", "PrivateMounts", "PrivateNetwork"),
    *("PrivateTmp", "PrivateUsers", "ProtectControlGroups", "ProtectHome"),
    *("ProtectKernelModules", "ProtectKernelTunables", "ProtectSystem", "ReadWritePaths"),
    *("RemoveIPC", "Restart", "RestartPreventExitStatus", "RestartSec"),
    *("RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"),
    *("Sockets", "StateDirectory", "StateDirectoryMode", "SystemCallArchitectures"),
    *("SystemCallErrorNumber", "SystemCallFilter", "TimeoutStartSec", "TimeoutStopSec"),
    *("Type", "UMask", "User", "WatchdogSec"),
}
# systemd 239 does not know these, and would log it; others are of no use on RHEL 8's kernel.
NEWER = ("ProtectHostname", "ProtectClock", "ProtectProc", "ProcSubset", "ProtectKernelLogs")
USELESS = ("IPAddressDeny", "IPAddressAllow", "MemoryHigh")
# firewalld.service(5) of 0.9
FIREWALLD_09 = {
    *(
        "service",
        "short",
        "description",
        "port",
        "protocol",
        "source-port",
        "module",
        "destination",
    ),
    *("include", "helper"),
}
# What a spec file may say since some version after 4.14.
AFTER_4_14 = (
    *("%elif", "%bcond ", "%generate_buildrequires", "%patchlist", "%sourcelist", "%autochangelog"),
    *(
        "%sysusers_create_compat",
        "%{shrink:",
        "%{expr:",
        "%{lua:rpm.",
        "BuildSystem:",
        "%[",
        "%conf\n",
    ),
)


def directives(unit: Path) -> list[tuple[str, str]]:
    return re.findall(r"^([A-Z]\w*)=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_says_only_what_systemd_239_knows(unit: Path) -> None:
    assert {name for name, _ in directives(unit)} <= KNOWN_TO_239


def test_newer_directives_stand_in_a_drop_in_that_only_newer_systems_get() -> None:
    told = {name for name, _ in directives(PACKAGING / "systemd" / "newer-systemd.conf")}
    assert set(NEWER) <= told
    assert not told & KNOWN_TO_239
    assert not told & set(USELESS)
    guarded = SPEC[SPEC.index("%if 0%{?rhel} >= 9 || 0%{?fedora}") :].split("%endif")[0]
    assert "newer-systemd.conf" in guarded
    assert SPEC.count("newer-systemd.conf ") == 1


def test_the_daemon_has_no_network_and_stops_after_it_has_drained() -> None:
    service = dict(directives(PACKAGING / "systemd" / "chatd.service"))
    assert service["PrivateNetwork"] == "yes"
    assert service["RestrictAddressFamilies"] == "AF_UNIX"
    assert service["MemoryDenyWriteExecute"] == "yes"
    drain = load(PACKAGING / "etc" / "chatd.toml").config.drain.timeout
    assert int(service["TimeoutStopSec"].removesuffix("s")) >= drain + 15


def test_the_packages_configuration_takes_the_sockets_of_the_units() -> None:
    listen = load(PACKAGING / "etc" / "chatd.toml").config.listen
    named = {
        value for unit in UNITS for name, value in directives(unit) if name == "FileDescriptorName"
    }
    assert {str(each) for each in (*listen.public, *listen.operations)} == {
        f"systemd:{name}" for name in named
    }


@pytest.mark.parametrize("file", FIREWALL, ids=lambda file: file.name)
def test_a_firewall_service_says_only_what_firewalld_0_9_knows(file: Path) -> None:
    elements = list(ET.parse(file).getroot().iter())  # noqa: S314  # our own file
    assert {each.tag for each in elements} <= FIREWALLD_09
    assert [each.attrib["port"] for each in elements if each.tag == "port"]


@pytest.mark.parametrize("word", AFTER_4_14)
def test_the_spec_file_says_nothing_newer_than_rpm_4_14(word: str) -> None:
    lines = [line for line in SPEC.splitlines() if not line.startswith("#")]
    assert [line for line in lines if word in f"{line}\n"] == []


def test_a_version_has_no_caret_which_rpm_4_14_does_not_know() -> None:
    assert not re.search(r"^(Version|Release):.*\^", SPEC, re.MULTILINE)


def test_the_interpreter_is_named_in_one_place() -> None:
    code = [line for line in SPEC.splitlines() if not line.startswith("#")]
    named = [line for line in code if "python3." in line]
    assert named == ["%{!?chatd_python: %global chatd_python python3.12}"]


def test_no_script_of_the_package_touches_data_or_enables_a_service() -> None:
    scripts = SPEC[SPEC.index("\n%pre\n") : SPEC.index("\n%files\n")]
    commands = ("enable ", "systemctl start", "systemctl stop", "chatd migrate", "rm -", "userdel")
    assert [word for word in commands if word in scripts] == []


def test_nginx_waits_longer_than_a_quiet_session_is_pinged() -> None:
    site = (PACKAGING / "nginx" / "chatd.conf").read_text("utf-8")
    limits = load(PACKAGING / "etc" / "chatd.toml").config.limits
    waits = [int(seconds) for seconds in re.findall(r"proxy_(?:read|send)_timeout (\d+)s;", site)]
    assert len(waits) == 2
    assert min(waits) > limits.ping_interval + limits.ping_timeout


def test_the_role_writes_the_site_of_the_package() -> None:
    shipped = (PACKAGING / "nginx" / "chatd.conf").read_text("utf-8")
    role = (PACKAGING.parent / "ansible/roles/chatd/templates/nginx.conf.j2").read_text("utf-8")
    for place, variable in {
        "chat.example.org": "{{ chatd_hostname }}",
        "/etc/pki/tls/certs/chatd.crt": "{{ __chatd_certificate }}",
        "/etc/pki/tls/private/chatd.key": "{{ __chatd_key }}",
    }.items():
        assert place in shipped
        shipped = shipped.replace(place, variable)
    begin = "map $http_upgrade"
    assert role[role.index(begin) :] == shipped[shipped.index(begin) :]
