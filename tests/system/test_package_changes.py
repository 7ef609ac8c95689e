"""What happens to a chatd that serves when its packages are upgraded, downgraded and removed. One
host for all, so the order matters."""

from __future__ import annotations

import pytest

from tests.system.build import Built
from tests.system.host import Host
from tests.system.serving import OWN, TALK, ask, meanwhile

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("serving")]


def test_an_upgrade_restarts_what_runs_and_keeps_the_configuration(host: Host) -> None:
    pid, configured = host.run(OWN), host.read("/etc/chatd/chatd.toml")
    with meanwhile(host, TALK) as chat:
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
