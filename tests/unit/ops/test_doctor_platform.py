"""FIPS mode, SELinux, firewalld and what upgrades leave: good and bad, on a host that the test
makes; and the readers of all that, on what real ones print."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from chatd.ops.config import Config, Tcp
from chatd.ops.config.table import Listen
from chatd.ops.doctor import confinement, firewalld
from chatd.ops.doctor.host import Fips, Firewall, Zone
from chatd.ops.doctor.table import examine
from tests.unit.ops.patient import CHATD, DATABASE, EXAM, FILE, ROOT, RUN, Patient, entry

SELINUX = Path("/etc/selinux/config")


# --- FIPS mode ---


@pytest.mark.parametrize(("enabled", "word"), [(True, "on"), (False, "off")])
def test_fips_mode_is_told_and_is_no_trouble(enabled: bool, word: str) -> None:
    finding = Patient(approved=Fips(enabled, hashes=True)).only("fips")
    assert finding.status == "ok"
    assert f"FIPS mode is {word}," in finding.seen


def test_a_python_that_cannot_hash_passwords_is_a_failure() -> None:
    finding = Patient(approved=Fips(enabled=True, hashes=False)).only("fips")
    assert finding.status == "fail"
    assert "openssl" in finding.do


def test_the_kernels_fips_mode_is_read(tmp_path: Path) -> None:
    assert confinement.fips(tmp_path) == Fips(enabled=False, hashes=True)
    (tmp_path / "sys" / "crypto").mkdir(parents=True)
    for told, enabled in (("1\n", True), ("0\n", False)):
        (tmp_path / "sys" / "crypto" / "fips_enabled").write_text(told)
        assert confinement.fips(tmp_path).enabled is enabled


# --- SELinux ---


def test_an_enforcing_host_with_the_packages_labels_is_well() -> None:
    seen = [each.seen for each in Patient().findings("selinux")]
    assert seen == ["SELinux is enforcing", "what chatd uses is labelled for it"]


def test_a_permissive_host_is_warned_of() -> None:
    patient = Patient(mode="permissive")
    assert patient.statuses("selinux") == ["warn", "ok"]
    assert "setenforce 1" in patient.findings("selinux")[0].do


def test_selinux_switched_off_is_warned_of_only_where_there_is_one() -> None:
    patient = Patient(mode="off", labels={})
    assert patient.statuses("selinux") == ["ok"]
    patient.put(SELINUX)
    finding = patient.only("selinux")
    assert (finding.status, finding.seen) == ("warn", "SELinux is off")


@pytest.mark.parametrize("kind", ["bin_t", ""])
def test_a_program_without_its_label_means_that_nothing_is_confined(kind: str) -> None:
    patient = Patient()
    patient.labels[Path("/usr/bin/chatd")] = kind
    assert patient.statuses("selinux") == ["ok", "warn"]
    assert "chatd-selinux" in patient.findings("selinux")[1].do


def test_a_daemon_outside_of_its_domain_is_warned_of() -> None:
    patient = Patient(confined_as="unconfined_service_t")
    [_, finding, _] = patient.findings("selinux")
    assert finding.status == "warn"
    assert "unconfined_service_t" in finding.seen


def test_a_daemon_that_does_not_run_has_no_domain_to_judge() -> None:
    assert Patient(pid=0).statuses("selinux") == ["ok", "ok"]


@pytest.mark.parametrize("path", [FILE, DATABASE, DATABASE.parent, RUN])
def test_a_wrong_label_is_a_failure_where_selinux_enforces(path: Path) -> None:
    patient = Patient()
    patient.labels[path] = "default_t"
    [_, finding] = patient.findings("selinux")
    assert finding.status == "fail"
    assert f"{path} is default_t" in finding.seen
    assert f"restorecon -Rv {path}" in finding.do
    patient.mode = "permissive"
    assert patient.statuses("selinux") == ["warn", "warn"]


def test_a_file_that_is_not_there_needs_no_label() -> None:
    patient = Patient()
    path = Path(f"{DATABASE}-wal")
    patient.remove(path)
    del patient.labels[path]
    assert patient.statuses("selinux") == ["ok", "ok"]


def test_the_kernels_mode_is_read(tmp_path: Path) -> None:
    assert confinement.enforcement(tmp_path / "none") == "off"
    (tmp_path / "enforce").write_text("1")
    assert confinement.enforcement(tmp_path) == "enforcing"
    (tmp_path / "enforce").write_text("0")
    assert confinement.enforcement(tmp_path) == "permissive"


def test_the_type_of_a_process_is_read(tmp_path: Path) -> None:
    current = tmp_path / "7" / "attr" / "current"
    current.parent.mkdir(parents=True)
    current.write_text("system_u:system_r:chatd_t:s0\0")
    assert confinement.domain(7, tmp_path) == "chatd_t"
    current.write_text("unconfined\n")  # another module's label
    assert confinement.domain(7, tmp_path) == ""
    assert confinement.domain(8, tmp_path) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can label a file")
def test_the_type_of_a_file_is_read_and_no_links_are_followed(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.touch()
    link.symlink_to(file)
    assert confinement.label(tmp_path / "nothing") == ""
    os.setxattr(file, "security.selinux", b"system_u:object_r:chatd_conf_t:s0\0")
    assert confinement.label(file) == "chatd_conf_t"
    assert confinement.label(link) != "chatd_conf_t"


# --- firewalld ---

DIRECT = replace(
    EXAM,
    config=Config(
        listen=Listen(public=(Tcp("0.0.0.0", 8765),), operations=(Tcp("10.0.0.1", 8766),))  # noqa: S104  # nothing listens
    ),
)


def firewall(**zone: frozenset[str] | tuple[str, ...] | str) -> Firewall:
    return Firewall(runs=True, zones=(Zone("public", **zone),))  # type: ignore[arg-type]  # fields by their names


def test_no_firewalld_is_no_trouble_and_a_stopped_one_is() -> None:
    assert Patient(firewalld=None).statuses("firewall") == ["ok"]
    stopped = Patient(firewalld=Firewall(runs=False)).only("firewall")
    assert stopped.status == "warn"
    assert "systemctl enable --now firewalld" in stopped.do


def test_people_must_get_through_to_the_proxy() -> None:
    assert Patient().statuses("firewall") == ["ok"]
    closed = Patient(firewalld=firewall()).only("firewall")
    assert closed.status == "warn"
    assert "port 443" in closed.seen
    assert "--add-service=https" in closed.do


@pytest.mark.parametrize(
    ("opened", "status"),
    [
        (firewall(services=frozenset({"chatd"})), "ok"),
        (firewall(ports=frozenset({"8000-8765/tcp"})), "ok"),
        (firewall(target="ACCEPT"), "warn"),  # the metrics, too
        (firewall(rules=('rule family="ipv4" port port="8765" protocol="tcp" accept',)), "ok"),
        (firewall(rules=('rule family="ipv4" port port="8765" protocol="tcp" drop',)), "warn"),
        (firewall(ports=frozenset({"8765/udp", "8766/udp"})), "warn"),
        (firewall(services=frozenset({"https"})), "warn"),
        (Firewall(runs=True), "warn"),
    ],
)
def test_people_must_get_through_to_a_direct_port(opened: Firewall, status: str) -> None:
    assert Patient(firewalld=opened).statuses("firewall", DIRECT) == [status]


def test_not_everybody_may_read_the_metrics() -> None:
    patient = Patient(firewalld=firewall(services=frozenset({"chatd", "chatd-metrics"})))
    finding = patient.only("firewall", DIRECT)
    assert finding.status == "warn"
    assert "read the metrics on port 8766" in finding.seen
    only_some = 'rule family="ipv4" source address="10.0.0.2" service name="chatd-metrics" accept'
    patient.firewalld = firewall(services=frozenset({"chatd"}), rules=(only_some,))
    assert patient.statuses("firewall", DIRECT) == ["ok"]


def test_what_systemd_opens_for_a_stopped_daemon_is_not_judged() -> None:
    finding = Patient(pid=0).only("firewall")
    assert finding.status == "warn"
    assert finding.seen.startswith("chatd does not run, so where systemd:chat would listen")
    assert "systemctl cat chatd.socket" in finding.do
    assert Patient(pid=0, firewalld=firewall()).statuses("firewall") == ["warn", "warn"]
    assert Patient(pid=0, firewalld=None).statuses("firewall") == ["ok"]


def test_a_stopped_daemon_breaks_no_check() -> None:
    told = [each.seen for each in examine(EXAM, Patient(pid=0))]
    assert not [each for each in told if "could not be carried out" in each]


ZONES = """\
block
  target: %REJECT%
  services:
  ports:
  rich rules:

internal (active)
  target: default
  interfaces: eth1
  services: chatd ssh
  ports: 8766/tcp 9000-9001/udp
  rich rules:
\trule family="ipv4" source address="10.0.0.2" service name="chatd-metrics" accept

public
  target: default
  services: dhcpv6-client ssh
  ports:
  rich rules:
"""


def test_what_firewalld_prints_is_read_of_the_zones_in_use() -> None:
    internal, public = firewalld.in_use(ZONES, "public")
    assert (internal.name, public.name) == ("internal", "public")
    assert internal.services == {"chatd", "ssh"}
    assert internal.ports == {"8766/tcp", "9000-9001/udp"}
    assert len(internal.rules) == 1
    assert public == Zone("public", services=frozenset({"dhcpv6-client", "ssh"}))


COMMAND = """\
#!/bin/sh
case $1 in
--state) exit {state};;
--get-default-zone) echo public;;
--list-all-zones) printf 'public\\n  services: ssh\\n'; exit {listing};;
esac
"""


def test_firewalld_is_asked_by_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    command = tmp_path / "firewall-cmd"

    def say(state: int, listing: int = 0) -> None:
        command.write_text(COMMAND.format(state=state, listing=listing))
        command.chmod(0o755)

    say(state=252)
    assert firewalld.read() == Firewall(runs=False)
    say(state=0)
    assert firewalld.read() == Firewall(True, (Zone("public", "", frozenset({"ssh"})),))
    say(state=0, listing=253)
    with pytest.raises(PermissionError):
        firewalld.read()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert firewalld.read() is None


# --- what upgrades leave ---


@pytest.mark.parametrize("name", ["chatd.rpmnew", "chatd-canary.rpmnew", "chatd.rpmsave"])
def test_what_an_upgrade_left_for_the_units_is_found_too(name: str) -> None:
    patient = Patient()
    patient.put(Path("/etc/sysconfig", name))
    patient.put(Path("/etc/sysconfig", "sshd.rpmnew"))  # somebody else's
    finding = patient.only("leftovers")
    assert finding.status == "warn"
    assert f"/etc/sysconfig/{name}" in finding.seen


def test_what_an_upgrade_left_for_sos_is_found() -> None:
    patient = Patient()
    place = Path("/etc/sos/extras.d/chatd.rpmnew")
    patient.entries[place] = entry(place, "file", 0o644, ROOT, CHATD)
    assert patient.statuses("leftovers") == ["warn"]
