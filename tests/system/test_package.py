"""The package on a host, in the order in which an operator meets it: installed, started, used,
reloaded, restarted, hurt. One host for all, so the order matters. What looks after one that serves
is test_package_care.py's, what other packages do to it is test_package_changes.py's."""

from __future__ import annotations

import json
import re

import pytest

from tests.system.host import Host
from tests.system.serving import CHATTER, OWN, TALK, ask, behind_nginx, meanwhile, on_a_direct_port

pytestmark = pytest.mark.timeout(600)

SOCKET = "/run/chatd/public.sock"


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
    ("unit", "most"), [("chatd", 1.2), ("chatd-backup", 1.1), ("chatd-canary", 1.8)]
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
    behind_nginx(host)
    with meanwhile(host, TALK) as saw:
        pass
    assert saw["exactly"] is True
    # nginx says whom it speaks for.
    assert re.search(r"session_opened.*\b127\.0\.0\.1\b", host.run("journalctl -u chatd"))


def test_nobody_else_may_connect_to_nginxs_socket(host: Host) -> None:
    code = f"import socket; socket.socket(socket.AF_UNIX).connect('{SOCKET}')"
    tried = host.attempt(f'runuser -u nobody -- python3.12 -c "{code}"')
    assert "PermissionError" in tried.stdout


def test_people_chat_through_the_direct_port(host: Host) -> None:
    on_a_direct_port(host)
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
    say = f"{CHATTER} say ws://127.0.0.1:8765/ 300"
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


def test_the_members_of_a_group_operate_it_and_nobody_else_does(host: Host) -> None:
    good = host.read("/etc/chatd/chatd.toml")
    host.run("groupadd operate && useradd --groups operate olga && useradd bob")
    host.run("""printf '[control]\ngroup = "operate"\n' >> /etc/chatd/chatd.toml""")
    host.run("usermod --append --groups operate chatd && systemctl restart chatd")
    assert "chatd 0" in host.run("runuser -u olga -- chatctl status")
    assert "peer=olga" in host.run("journalctl -u chatd")
    refused = host.attempt("runuser -u bob -- chatctl status")
    assert refused.returncode != 0
    assert "control.group" in refused.stdout
    # Nor who may open the socket and is not in the group.
    host.run("setfacl --modify user:bob:rw /run/chatd/control.sock")
    refused = host.attempt("runuser -u bob -- chatctl status")
    assert refused.returncode != 0
    assert "bob is neither root nor in the operators' group" in refused.stdout
    host.run("cat > /etc/chatd/chatd.toml && systemctl restart chatd", given=good)
    host.run("userdel -r bob && userdel -r olga && gpasswd --delete chatd operate")
    host.run("groupdel operate")


def test_a_faulty_configuration_fails_once_and_what_is_documented_brings_it_back(
    host: Host,
) -> None:
    good, sockets = host.read("/etc/chatd/chatd.toml"), "chatd.socket chatd-operations.socket"
    host.run("printf 'rate = \"many\"\\n' >> /etc/chatd/chatd.toml && systemctl reset-failed")
    assert host.attempt("systemctl restart chatd").returncode != 0
    told = host.run("systemctl show -P ExecMainStatus -P NRestarts -P ActiveState chatd").split()
    assert sorted(told) == ["0", "78", "failed"]
    assert host.run(f"systemctl is-active {sockets}").split() == ["active"] * 2
    # Whoever connects now has it started, again and again, until systemd has seen enough.
    knocks = host.start("exec 3<>/dev/tcp/127.0.0.1/8766; cat <&3")
    host.until(f"! systemctl is-active {sockets}")
    knocks.communicate(timeout=60)
    host.run("cat > /etc/chatd/chatd.toml", given=good)
    assert host.attempt("systemctl start chatd").returncode != 0
    host.run(f"systemctl reset-failed {sockets} chatd && systemctl start chatd")
    assert host.run(f"systemctl is-active {sockets}").split() == ["active"] * 2
    assert ask(host, "/readyz").strip() == "ready"


def test_a_restart_under_load_loses_nothing_and_refuses_nobody(host: Host) -> None:
    with (
        meanwhile(host, TALK) as chat,
        meanwhile(host, f"knock {SOCKET}") as door,
    ):
        host.run("systemctl restart chatd")
    assert chat["exactly"] is True
    assert door["refused"] == 0
    assert isinstance(door["knocks"], int)
    assert door["knocks"] > 10


def test_a_daemon_that_is_killed_comes_back(host: Host) -> None:
    pid = host.run(OWN).strip()
    with meanwhile(host, TALK) as chat:
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
