"""The package on a host, in the order in which an operator meets it: installed, started, used,
reloaded, restarted, hurt, upgraded, downgraded, removed. One host for all, so the order matters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system.build import Built
from tests.system.conftest import NAME, SITE
from tests.system.host import Host

pytestmark = pytest.mark.timeout(600)

INSIDE = Path(__file__).parent / "inside" / "chatter.py"
PYTHON = "python3.12 -I /root/chatter.py"
SOCKET = "/run/chatd/public.sock"
OWN = "systemctl show -P MainPID chatd"
CERTIFICATE = "/etc/pki/tls/certs/chatd.crt"


@contextmanager
def meanwhile(host: Host, command: str) -> Iterator[dict[str, object]]:
    """Run the chatter from before to after; what it saw is in the dictionary afterwards."""
    process = host.start(f"{PYTHON} {command}")
    assert process.stdout is not None
    began = process.stdout.readline()
    result: dict[str, object] = {}
    try:
        assert began.strip() in {"talking", "knocking"}, began + process.stdout.read()
        yield result
    finally:
        told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    result |= json.loads(told.splitlines()[-1])


def ask(host: Host, path: str) -> str:
    """GET from the operations listener."""
    code = f"from urllib.request import urlopen as u; print(u('http://127.0.0.1:8766{path}').read().decode())"
    return host.run(f'python3.12 -c "{code}"')


def prepare_clients(host: Host) -> None:
    host.copy(INSIDE, "/root/chatter.py")
    host.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        f"-subj /CN={NAME} -addext subjectAltName=DNS:{NAME} "
        f"-keyout /etc/pki/tls/private/chatd.key -out {CERTIFICATE}"
    )
    host.run(f"echo '127.0.0.1 {NAME}' >> /etc/hosts")


def test_installing_enables_and_starts_nothing(host: Host) -> None:
    units = "chatd.service chatd.socket chatd-operations.socket chatd-backup.timer chatd-canary"
    assert set(host.run(f"systemctl is-enabled {units}", check=False).split()) == {"disabled"}
    assert set(host.run(f"systemctl is-active {units}", check=False).split()) == {"inactive"}
    assert "0640 root chatd" in host.run("stat -c '%04a %U %G' /etc/chatd/chatd.toml")
    assert host.run("rpm -V chatd chatd-selinux chatd-monitoring") == ""


def test_it_starts(host: Host) -> None:
    host.run("systemctl start chatd")
    assert host.run("systemctl is-active chatd chatd.socket chatd-operations.socket").split() == (
        ["active"] * 3
    )
    assert ask(host, "/readyz").strip() == "ready"
    assert "sqlite=3.26.0" in host.run("journalctl -u chatd")


def test_its_units_are_without_fault(host: Host) -> None:
    units = "/usr/lib/systemd/system/chatd*.{service,socket,timer}"
    assert host.run(f"systemd-analyze verify --man=no {units} 2>&1") == ""
    assert not re.search("Unknown (lvalue|key)", host.run("journalctl -b"))


@pytest.mark.parametrize(
    ("unit", "most"), [("chatd", 1.0), ("chatd-backup", 1.1), ("chatd-canary", 1.8)]
)
def test_it_is_locked_in(host: Host, unit: str, most: float) -> None:
    told = host.run(f"systemd-analyze security --no-pager {unit}.service")
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert level is not None
    assert float(level[1]) <= most, told


def test_the_daemon_reaches_no_network(host: Host) -> None:
    pid = host.run(OWN).strip()
    links = host.run(f"nsenter -t {pid} -n ip -brief link").splitlines()
    assert [line.split()[0] for line in links] == ["lo"]
    assert "NoNewPrivs:\t1" in host.read(f"/proc/{pid}/status")


def test_people_chat_through_nginx_with_tls(host: Host) -> None:
    prepare_clients(host)
    host.run("systemctl restart chatd.socket && systemctl start chatd")
    host.copy(SITE, "/etc/nginx/conf.d/chatd.conf")
    host.run("nginx -t && systemctl enable --now nginx")
    with meanwhile(host, f"talk wss://{NAME}/ {CERTIFICATE}") as saw:
        pass
    assert saw["exactly"] is True


def test_nobody_else_may_connect_to_nginxs_socket(host: Host) -> None:
    code = f"import socket; socket.socket(socket.AF_UNIX).connect('{SOCKET}')"
    tried = host.attempt(f'runuser -u nobody -- python3.12 -c "{code}"')
    assert "PermissionError" in tried.stdout


def test_people_chat_through_the_direct_port(host: Host) -> None:
    host.run(
        "install -D -t /etc/systemd/system/chatd.socket.d /usr/share/chatd/systemd/direct-tcp.conf"
        " && systemctl daemon-reload && systemctl restart chatd.socket && systemctl start chatd"
    )
    with meanwhile(host, "talk ws://127.0.0.1:8765/ ''") as saw:
        pass
    assert saw["exactly"] is True


def test_the_firewall_opens_by_the_services_of_the_package(host: Host) -> None:
    host.run(
        "firewall-cmd --reload && firewall-cmd --add-service=chatd --add-service=chatd-metrics"
    )
    rules = host.run("nft list ruleset")
    assert "8765" in rules
    assert "8766" in rules
    host.run("firewall-cmd --remove-service=chatd --remove-service=chatd-metrics")


def test_a_reload_returns_when_the_new_limit_is_live(host: Host) -> None:
    say = f"{PYTHON} say ws://127.0.0.1:8765/ 300"
    assert json.loads(host.run(say)) == {"outcome": "sent"}
    host.run("printf '[limits]\nmessage_bytes = 256\n' >> /etc/chatd/chatd.toml")
    pid = host.run(OWN)
    host.run("systemctl reload chatd")
    assert json.loads(host.run(say)) == {"outcome": "too_long"}
    assert host.run(OWN) == pid


def test_a_reload_of_a_faulty_configuration_fails_and_changes_nothing(host: Host) -> None:
    good, pid = host.read("/etc/chatd/chatd.toml"), host.run(OWN)
    host.run("printf 'rate = \"many\"\\n' >> /etc/chatd/chatd.toml")
    assert host.attempt("systemctl reload chatd").returncode != 0
    assert "limits.rate" in host.run("journalctl -u chatd -n 20")
    assert host.run(OWN) == pid
    assert ask(host, "/readyz").strip() == "ready"
    host.run("cat > /etc/chatd/chatd.toml", given=good)
    host.run("systemctl reload chatd")


def test_a_restart_under_load_loses_nothing_and_refuses_nobody(host: Host) -> None:
    with (
        meanwhile(host, f"talk wss://{NAME}/ {CERTIFICATE}") as chat,
        meanwhile(host, f"knock {SOCKET}") as door,
    ):
        host.run("systemctl restart chatd")
    assert chat["exactly"] is True
    assert door["refused"] == 0
    assert isinstance(door["knocks"], int)
    assert door["knocks"] > 10


def test_a_daemon_that_is_killed_comes_back(host: Host) -> None:
    pid = host.run(OWN).strip()
    with meanwhile(host, f"talk wss://{NAME}/ {CERTIFICATE}") as chat:
        host.run(f"kill -9 {pid}")
        host.until(f"systemctl is-active chatd && [ $({OWN}) != {pid} ]")
    assert chat["exactly"] is True


def test_the_watchdog_restarts_a_daemon_that_has_stalled(host: Host) -> None:
    shipped = host.run("systemctl show -P WatchdogUSec chatd").strip()
    assert shipped == "30s"
    # Not to wait for all of it.
    host.write("/etc/systemd/system/chatd.service.d/soon.conf", "[Service]\nWatchdogSec=3\n")
    host.run("systemctl daemon-reload && systemctl restart chatd")
    pid = host.run(OWN).strip()
    host.run(f"kill -STOP {pid}")
    host.until(f"systemctl is-active chatd && [ $({OWN}) != {pid} ]", timeout=180)
    assert "watchdog" in host.run("journalctl -u chatd").lower()
    host.run("rm -r /etc/systemd/system/chatd.service.d && systemctl daemon-reload")


def test_the_backup_unit_makes_one_and_tells_monitoring(host: Host) -> None:
    host.run("systemctl start chatd-backup", timeout=300)
    told = host.read("/var/lib/chatd-metrics/chatd_backup.prom")
    assert "chatd_backup_last_success_timestamp_seconds" in told
    host.run("runuser -u chatd -- chatd verify /var/backups/chatd")
    host.run("systemctl enable --now chatd-backup.timer")
    assert "chatd-backup" in host.run("systemctl list-timers --all --no-pager")


def test_the_canary_unit_chats(host: Host) -> None:
    host.run(
        "echo 'CHATD_CANARY_URL=ws://127.0.0.1:8765/' >> /etc/sysconfig/chatd-canary"
        " && systemctl start chatd-canary"
    )
    url = "http://127.0.0.1:9775/metrics"
    code = f"from urllib.request import urlopen as u; print(u('{url}').read().decode())"
    host.until(f'python3.12 -c "{code}" | grep -E "^chatd_canary_probes_total [1-9]"', timeout=90)
    host.run("systemctl stop chatd-canary")


def test_the_doctor_finds_a_host_well_or_says_what_is_not(host: Host) -> None:
    tried = host.attempt("chatd doctor --json")
    told = json.loads(tried.stdout)
    assert [each for each in told["findings"] if each["status"] == "fail"] == []
    assert tried.returncode == {"ok": 0, "warn": 1}[told["status"]]


def test_an_upgrade_restarts_what_runs_and_keeps_the_configuration(host: Host) -> None:
    pid, configured = host.run(OWN), host.read("/etc/chatd/chatd.toml")
    with meanwhile(host, f"talk wss://{NAME}/ {CERTIFICATE}") as chat:
        host.run(
            "dnf -y upgrade /srv/chatd/second/chatd-{0,selinux,monitoring}*[!c].rpm", timeout=300
        )
    assert chat["exactly"] is True
    assert host.run(OWN) != pid
    assert "-2.el8" in host.run("rpm -q chatd")
    assert host.read("/etc/chatd/chatd.toml") == configured
    assert host.run("systemctl is-active chatd").strip() == "active"


def test_a_downgrade_can_be_kept_from_restarting_what_runs(host: Host) -> None:
    host.run(
        "sed -i s/^CHATD_RESTART_ON_UPGRADE=.*/CHATD_RESTART_ON_UPGRADE=no/ /etc/sysconfig/chatd"
    )
    pid = host.run(OWN)
    host.run("dnf -y downgrade /srv/chatd/first/chatd-{0,selinux,monitoring}*[!c].rpm", timeout=300)
    assert "-1.el8" in host.run("rpm -q chatd")
    assert host.run(OWN) == pid
    host.run("systemctl restart chatd")
    assert ask(host, "/readyz").strip() == "ready"


def test_removal_stops_it_and_leaves_the_data(host: Host, built: Built) -> None:
    host.run("dnf -y remove chatd chatd-selinux chatd-monitoring", timeout=300)
    assert host.run("systemctl is-active chatd.service chatd.socket", check=False).split() == (
        ["inactive"] * 2
    )
    host.run("test -s /var/lib/chatd/chatd.sqlite3 && test -e /etc/chatd/chatd.toml.rpmsave")
    host.run("ls /var/backups/chatd | grep Z")
    assert host.attempt("test -e /usr/lib64/chatd").returncode != 0
    assert built.first.exists()
