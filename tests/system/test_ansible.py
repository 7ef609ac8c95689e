"""The playbooks on RHEL-like hosts: from nothing to a chat over wss, and all that follows.
The tests are one story, in this order; what is refused before that is tests/ansible."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.ansible.control import PLAYBOOKS, Control, Said, control
from tests.process.harness import eventually
from tests.system.conftest import Built
from tests.system.host import CannotBoot, Host, boot
from tests.system.line import CERTIFICATE, chatting
from tests.system.tree import tree
from tests.unit.monitoring.bundle import ALERTS

RUNBOOKS = "https://wiki.example.org/chatd/"
TRUST = "/usr/lib/ssl/cert.pem"
PASSWORD = "correct horse battery"
TEXT = "What is said is kept."
pytestmark = pytest.mark.timeout(1800)


WATCHERS = "[watchers]\nname=Watchers\nbaseurl=file:///srv/watchers\ngpgcheck=0\n"
EDITOR = """#!/bin/sh
for file; do cp "$ANSWERS/$(basename "$file")" "$file"; done
"""


@dataclass
class Shop:
    """A control node with its copy of the playbooks, and the hosts."""

    node: Control
    built: Built
    one: Host
    two: Host

    @property
    def inventory(self) -> Path:
        return self.node.folder / "inventory"

    def play(self, playbook: str, *words: str, **variables: Any) -> Said:
        """Run a playbook; it must succeed."""
        said = self.node.play(playbook, self.inventory, *words, **variables)
        assert said.code == 0, said.text
        return said

    def names(self, *hosts: Host) -> dict[str, Any]:
        """The inventory's hosts; the first one watches, too."""
        chats = {host.name: host.ansible_variables for host in hosts}
        if self.two in hosts:
            chats["two"] |= {"chatd_tls": "certmonger", "chatd_tls_ca": "local"}
        watches = {"hosts": dict.fromkeys([self.one.name]), "vars": self.watching()}
        return {"chatd": {"hosts": chats}, "chatd_monitoring": watches}

    def watching(self) -> dict[str, Any]:
        """What the inventory says of the host that watches."""
        return {
            "chatd_monitoring_packages": [str(self.built.monitoring)],
            "chatd_monitoring_gpg_check": False,
            "chatd_monitoring_prometheus": "host",
            "chatd_monitoring_runbooks": RUNBOOKS,
            "chatd_monitoring_grafana": "host",
            "chatd_monitoring_pcp": True,
        }

    def packages(self, folder: Path) -> list[str]:
        found = [*folder.glob("chatd-[0-9]*.x86_64.rpm"), *folder.glob("chatd-selinux-*.rpm")]
        return list(map(str, found))

    def refused(self, playbook: str, *words: str, **variables: Any) -> str:
        """The words of a playbook that must not succeed, in which no password is."""
        said = self.node.play(playbook, self.inventory, *words, **variables)
        assert said.code != 0, said.text
        assert PASSWORD not in said.text
        return said.words

    def variables(self) -> dict[str, Any]:
        """What the inventory says of all hosts."""
        return {
            "chatd_hostname": "{{ inventory_hostname }}",
            "chatd_packages": self.packages(self.built.first),
            "chatd_gpg_check": False,
            "chatd_users": [
                {"name": "alice", "password": "{{ vault_password }}", "operator": True},
                {"name": "bob", "password": "{{ vault_password }}"},
            ],
            "chatd_rooms": [{"name": "news", "topic": "What is new", "owner": "alice"}],
            "chatd_metrics_from": ["192.0.2.7"],
            "chatd_health_timeout": 180,
        }

    def install(self) -> Said:
        """Do what the page says, word by word; only the environment is there already, and the
        editor knows what to write."""
        page = (self.node.folder / "README.md").read_text()
        block = page.split("## Install\n")[1].split("```sh\n")[1].split("```")[0]
        make, rest = block.split("\n", 1)
        assert make.startswith("python3 -m venv venv && venv/bin/pip install")
        home = self.node.folder.parent
        (self.node.folder / "venv").symlink_to(self.node.programs.parent)
        answers = home / "answers"
        answers.mkdir()
        (answers / "hosts.yml").write_text(json.dumps(self.names(self.one)))
        (answers / "main.yml").write_text(json.dumps(self.variables()))
        (answers / "vault.yml").write_text(json.dumps({"vault_password": PASSWORD}))
        editor = home / "editor"
        editor.write_text(EDITOR)
        editor.chmod(0o755)
        environ = {"HOME": str(home), "EDITOR": str(editor), "ANSWERS": str(answers)}
        done = subprocess.run(
            ["bash", "-euc", rest],
            cwd=self.node.folder,
            env={**self.node.environ(), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1500,
            check=False,
        )
        return Said(done.returncode, done.stdout)


@pytest.fixture(scope="module")
def shop(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop") / "ansible"
    shutil.copytree(PLAYBOOKS, folder, ignore=shutil.ignore_patterns("inventory", "venv"))
    vault = {"ANSIBLE_VAULT_PASSWORD_FILE": str(folder.parent / ".chatd-vault")}
    try:
        with boot(tree(), "one") as one, boot(tree(), "two") as two:
            for host in (one, two):
                host.run(f"echo 127.0.0.1 {host.name} localhost > /etc/hosts")
            bring_watchers(one, folder.parent / "watchers")
            join_realm(two)
            node = replace(control(), folder=folder, variables=vault)
            yield Shop(node, built, one, two)
    except CannotBoot as reason:
        pytest.skip(f"no RHEL-like host: {reason}")


def bring_watchers(host: Host, folder: Path) -> None:
    """A repository with what watches chatd and RHEL does not have."""
    subprocess.run(["bash", str(Path(__file__).parent / "watchers.sh"), str(folder)], check=True)
    host.copy(folder, "/srv/watchers")
    host.write("/etc/yum.repos.d/watchers.repo", WATCHERS)


def join_realm(host: Host) -> None:
    """What joining a domain of IdM leaves behind, as far as certificates go: a realm, a certmonger
    that knows an authority (here its own), and trust in that."""
    host.write("/etc/krb5.conf", "[libdefaults]\ndefault_realm = EXAMPLE.ORG\n")
    host.run("systemctl start certmonger")
    authority = "openssl pkcs12 -in /var/lib/certmonger/local/creds -nokeys -nodes -passin pass:"
    host.until(f"{authority} > {TRUST} && test -s {TRUST}")


def given_certificate(shop: Shop) -> dict[str, str]:
    """A certificate for the second host, its key encrypted, as variables; the host trusts it."""
    certificate, key = (shop.node.folder / f"two.{end}" for end in ("crt", "key"))
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=two -addext"
    files = ["subjectAltName=DNS:two", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make.split(), *files], check=True, capture_output=True)
    said = shop.node.run("-m", "ansible", "vault", "encrypt", str(key))
    assert said.code == 0, said.text
    shop.two.write(TRUST, certificate.read_text())
    return {
        "chatd_tls": "files",
        "chatd_tls_certificate": str(certificate),
        "chatd_tls_key": str(key),
    }


def asked_prometheus(host: Host, path: str) -> Any:
    """What the host's Prometheus answers. Raises ConnectionError when it does not."""
    ask = f"print(urlopen('http://127.0.0.1:9090{path}').read().decode())"
    told = host.attempt(f'python3 -c "from urllib.request import urlopen; {ask}"')
    if told.returncode:
        raise ConnectionError(told.stdout)
    return json.loads(told.stdout)["data"]


def said_in_news(host: Host) -> list[str]:
    """What alice reads, over wss."""
    with chatting(host, "alice", PASSWORD) as alice:
        alice.must("join", room="news")
        page = alice.must("history", room="news")
    return [message["text"] for message in page["messages"]]


def pid(host: Host) -> str:
    return host.run("systemctl show --property MainPID --value chatd.service").strip()


def release(host: Host) -> str:
    return host.run("rpm -q --qf '%{RELEASE}' chatd").strip()


def test_what_the_page_says_makes_a_chat_over_wss(shop: Shop) -> None:
    said = shop.install()
    assert said.code == 0, said.text
    assert PASSWORD not in said.text
    dry, _, wet = said.text.partition("PLAY RECAP")
    assert "systemd:public" in dry
    assert "changed: [one] => (item=chatd.service)" not in dry
    assert "changed: [one] => (item=chatd.service)" in wet
    with chatting(shop.one, "bob", PASSWORD) as bob:
        bob.must("join", room="news")
        bob.must("send", room="news", text=TEXT, key="1")
    assert said_in_news(shop.one) == [TEXT]
    assert "alice" in shop.one.run("runuser -u chatd -- chatd user list | grep operator")
    shop.one.run("systemctl is-active chatd nginx chatd-backup.timer chatd-canary")


def test_firewalld_lets_in_who_should_come_in(shop: Shop) -> None:
    rules = shop.one.run("nft list ruleset")
    assert "tcp dport 443 accept" in rules
    assert "ip saddr 192.0.2.7 tcp dport 8766 accept" in rules
    assert "tcp dport 8765" not in rules


def test_a_second_run_changes_nothing(shop: Shop) -> None:
    before = pid(shop.one)
    assert shop.play("site.yml").recap()["one"]["changed"] == 0
    assert pid(shop.one) == before


def test_prometheus_asks_chatd_and_its_canary_by_the_shipped_rules(shop: Shop) -> None:
    def up() -> set[str]:
        found = asked_prometheus(shop.one, "/api/v1/query?query=up==1")["result"]
        return {each["metric"]["job"] for each in found}

    shop.one.until("systemctl is-active prometheus")
    eventually(lambda: {"chatd", "chatd-canary"} <= up(), 60)
    groups = asked_prometheus(shop.one, "/api/v1/rules?type=alert")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["name"] for rule in rules} == set(ALERTS)
    assert all(rule["annotations"]["runbook_url"].startswith(RUNBOOKS) for rule in rules)
    assert all(rule["health"] != "err" for rule in rules)


def test_grafana_and_pcp_are_told_where_to_look(shop: Shop) -> None:
    folder = "/etc/grafana/provisioning"
    assert "url: http://127.0.0.1:9090" in shop.one.read(f"{folder}/datasources/chatd.yml")
    dashboards = re.search(r"path: (\S+)", shop.one.read(f"{folder}/dashboards/chatd.yml"))
    assert dashboards
    assert len(shop.one.run(f"ls {dashboards[1]}/*.json").split()) == 5
    assert "127.0.0.1:8766" in shop.one.read("/var/lib/pcp/pmdas/openmetrics/config.d/chatd.url")
    assert shop.one.read("/var/lib/pcp/pmdas/openmetrics/said") == "installed\n"
    shop.one.run("systemctl is-active prometheus grafana-server pmcd")


def test_a_key_is_reloaded_or_restarted_as_it_needs(shop: Shop) -> None:
    before = pid(shop.one)
    shop.play("site.yml", "--tags", "chatd_configure", chatd_server_motd="Hello.")
    assert pid(shop.one) == before
    with chatting(shop.one, "bob", PASSWORD) as bob:
        assert bob.welcome["motd"] == "Hello."
    shop.play("site.yml", "--tags", "chatd_configure", chatd_auth_threads=3)
    assert pid(shop.one) != before


def test_a_group_of_the_host_operates_it(shop: Shop) -> None:
    given = {"chatd_control_group": "operate"}
    assert "has no such group: make it first" in shop.refused("site.yml", **given)
    shop.one.run("groupadd operate && useradd --groups operate olga")
    shop.play("site.yml", "--tags", "chatd_configure", **given)
    shop.one.until("runuser -u olga -- chatctl status")


def test_what_cannot_work_is_named_by_who_knows(shop: Shop) -> None:
    assert "does not understand" in shop.refused("site.yml", chatd_backup_schedule="25:00")
    users = [{"name": "a1ice", "password": PASSWORD}]
    said = shop.refused("site.yml", "--tags", "chatd_run", chatd_users=users)
    assert "a1ice" in said
    assert "alice" in said


def test_an_upgrade_and_a_rollback_keep_what_was_said(shop: Shop) -> None:
    old = release(shop.one)
    shop.play("upgrade.yml", chatd_packages=shop.packages(shop.built.second))
    new = release(shop.one)
    assert new != old
    assert said_in_news(shop.one) == [TEXT]
    shop.play("rollback.yml")
    assert release(shop.one) == old
    assert said_in_news(shop.one) == [TEXT]


def test_a_rollback_over_a_change_of_schema_is_refused_before_anything_changes(
    shop: Shop,
) -> None:
    old, newer = release(shop.one), shop.packages(shop.built.newer)
    shop.play("upgrade.yml", "--check", chatd_packages=newer)
    assert release(shop.one) == old
    shop.play("upgrade.yml", chatd_packages=newer)
    new, before = release(shop.one), pid(shop.one)
    assert "cannot read it, and nothing was changed" in shop.refused("rollback.yml")
    assert "nothing would change" in shop.refused("rollback.yml", chatd_packages=newer)
    assert (release(shop.one), pid(shop.one)) == (new, before)


def test_whoever_went_back_by_hand_gets_out_of_it_both_ways(shop: Shop) -> None:
    new = release(shop.one)
    older = " ".join(
        f"/var/cache/chatd-packages/{Path(each).name}" for each in shop.packages(shop.built.first)
    )
    shop.one.run(f"dnf -y downgrade {older}", timeout=300)
    shop.one.until("systemctl is-failed chatd")
    shop.play("upgrade.yml", chatd_packages=shop.packages(shop.built.newer))
    assert release(shop.one) == new
    assert said_in_news(shop.one) == [TEXT]
    shop.one.run(f"dnf -y downgrade {older}", timeout=300)
    shop.play("rollback.yml", chatd_rollback_restore=True)
    assert release(shop.one) != new
    assert said_in_news(shop.one) == [TEXT]


def test_a_backup_is_restored_on_a_fresh_host_of_two(shop: Shop) -> None:
    fetched = shop.node.folder / "backups"
    shop.play("backup.yml", chatd_backup_fetch=str(fetched))
    [backup] = (fetched / "one").iterdir()
    (shop.inventory / "hosts.yml").write_text(json.dumps(shop.names(shop.one, shop.two)))
    recap = shop.play("site.yml").recap()
    assert recap["one"]["changed"] == 0
    assert recap["two"]["changed"] > 0
    assert said_in_news(shop.two) == []
    shop.play("restore.yml", "--limit", "two", chatd_restore_from=str(backup))
    assert said_in_news(shop.two) == [TEXT]


def test_the_certificate_comes_from_certmonger_or_from_files(shop: Shop) -> None:
    shown = f"openssl x509 -noout -issuer -in {CERTIFICATE}"
    assert "Local Signing Authority" in shop.two.run(shown)
    assert CERTIFICATE in shop.two.run("getcert list")
    given = given_certificate(shop)
    shop.play("site.yml", "--limit", "two", "--diff", **given)
    assert shop.two.read(CERTIFICATE) == Path(given["chatd_tls_certificate"]).read_text()
    assert CERTIFICATE not in shop.two.run("getcert list")
    assert said_in_news(shop.two) == [TEXT]
    assert shop.two.run("stat -c %a%U /etc/pki/tls/private/chatd.key") == "600root\n"


def test_an_uninstall_keeps_the_data_unless_told_otherwise(shop: Shop) -> None:
    shop.play("uninstall.yml", "--limit", "two")
    assert shop.two.attempt("rpm -q chatd").returncode != 0
    assert shop.two.attempt("systemctl is-active chatd.socket").returncode != 0
    shop.two.run("test -s /var/lib/chatd/chatd.sqlite3")
    shop.play("uninstall.yml", "--limit", "two", chatd_purge=True)
    shop.two.run("test ! -e /var/lib/chatd && test ! -e /var/backups/chatd")
