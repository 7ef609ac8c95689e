"""What cannot work is refused before anything is touched, in a sentence that says what to do.
Ansible is real here; the host is this machine, which no package fits, so nothing can happen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ansible.control import Control, Said, newer_control

LOCAL = '{ansible_connection: local, ansible_python_interpreter: "{{ ansible_playbook_python }}"}'
GOOD = {"chatd_hostname": "chat.example"}


def inventory(folder: Path, *names: str, group: str = "chatd") -> Path:
    file = folder / "hosts.yml"
    file.write_text(f"{group}:\n  hosts:\n" + "".join(f"    {name}: {LOCAL}\n" for name in names))
    return file


def refused(said: Said) -> str:
    """The words of a refusal: the run failed, and no host was changed."""
    assert said.code != 0, said.text
    assert [each["changed"] for each in said.recap().values()] == [0] * len(said.recap())
    return said.words


def test_a_newer_ansible_core_is_refused_before_any_host_is_asked(tmp_path: Path) -> None:
    words = refused(newer_control().play("site.yml", inventory(tmp_path, "here"), **GOOD))
    assert "This is ansible-core 2.17." in words
    assert "pip install -r requirements.txt" in words
    assert "Check the host" not in words


def test_an_inventory_without_hosts_says_how_to_begin(node: Control, tmp_path: Path) -> None:
    words = refused(node.play("site.yml", inventory(tmp_path, "here", group="other"), **GOOD))
    assert "no host in the group chatd" in words
    assert "test -e inventory || cp -r example inventory" in words


def test_a_missing_name_is_asked_for(node: Control, tmp_path: Path) -> None:
    words = refused(node.play("site.yml", inventory(tmp_path, "here")))
    assert "chatd_hostname is missing. Set it in the inventory" in words


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"chatd_hostname": "https://chat.example"}, "which is no name of a host"),
        ({"chatd_tls": "magic"}, "value of chatd_tls must be one of: self_signed, files"),
        ({"chatd_limits_burst": "many"}, "argument 'chatd_limits_burst' is of type"),
        (
            {"chatd_users": [{"nmae": "ann"}]},
            "missing required arguments: name found in chatd_users",
        ),
        ({"chatd_limits_raet": 1}, "There is no variable chatd_limits_raet"),
        ({"chatd_tls": "files"}, "chatd_tls is files, and chatd_tls_certificate is missing"),
        ({"chatd_packages": ["/no/such.rpm"]}, "/no/such.rpm, which is not there on the control"),
        ({"chatd_users": [{"name": "ann"}]}, "chatd_users has ann without a password"),
        ({"chatd_store_path": "/data/chatd.sqlite3"}, "a file below /var/lib/chatd, where"),
        ({"chatd_listen_public": ["tcp:0.0.0.0:8765"]}, "systemd opens its sockets; see chatd_d"),
        ({"chatd_backup_schedule": "every night"}, "chatd_backup_schedule is every night; allowed"),
        ({"chatd_backup_schedule": ""}, "chatd_backup_schedule is ; allowed: what systemd.time(7)"),
        ({"chatd_backup_directory": "backups"}, "chatd_backup_directory is backups; allowed: an"),
        ({"chatd_backup_directory": "/home/x"}, "chatd_backup_directory is /home/x; allowed: an"),
        ({"chatd_metrics_from": ["prometheus"]}, "chatd_metrics_from has prometheus; allowed: ad"),
        ({"chatd_metrics_from": ["192.0.2.300"]}, "chatd_metrics_from has 192.0.2.300; allowed"),
        ({"chatd_metrics_from": ["192.0.2.0/33"]}, "chatd_metrics_from has 192.0.2.0/33; allowed"),
        (
            {"chatd_rooms": [{"name": "#bad"}]},
            "chatd_rooms has #bad; allowed: a name of at most 64",
        ),
        ({"chatd_rooms": [{"name": "News"}]}, "chatd_rooms has News; allowed: a name of at most"),
        ({"chatd_users": [{"name": "ann lee", "password": "x"}]}, "chatd_users has ann lee; allow"),
    ],
)
def test_a_bad_value_is_named(
    node: Control, tmp_path: Path, variables: dict[str, Any], says: str
) -> None:
    said = node.play("site.yml", inventory(tmp_path, "here"), **GOOD | variables)
    assert says in refused(said)


@pytest.mark.parametrize(
    "schedule",
    ["daily", "Mon..Fri 22:30", "Sat,Sun *-*-1..7 3:00:00", "02:30 UTC", "*-*-* 2:30:00"],
)
def test_values_that_work_are_not_complained_of(
    node: Control, tmp_path: Path, schedule: str
) -> None:
    variables = {
        "chatd_backup_schedule": schedule,
        "chatd_backup_directory": "/srv/chat_backups/",
        "chatd_metrics_from": ["192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "::1", "fe80::1:2"],
        "chatd_rooms": [{"name": "новости"}, {"name": "a.b-c"}],
        "chatd_users": [{"name": "jürgen_2", "password": "x"}],
    }
    said = node.play("site.yml", inventory(tmp_path, "here"), **GOOD, **variables)
    assert "here is Debian" in refused(said)


def test_all_values_that_chatd_would_refuse_are_named_at_once(
    node: Control, tmp_path: Path
) -> None:
    variables = {
        "chatd_limits_rate": 0,
        "chatd_drain_timeout": "2h",
        "chatd_limits_message_bytes": "2 MiB",
        "chatd_listen_public": ["8765"],
        "chatd_guests_linger": "30s",
    }
    words = refused(node.play("site.yml", inventory(tmp_path, "here"), **GOOD, **variables))
    assert "chatd_limits_rate is 0; allowed: a number from 0.01 to 1000000" in words
    assert 'chatd_drain_timeout is "2h"; allowed: a string with one of ms, s, m, h, d' in words
    assert 'chatd_limits_message_bytes is "2 MiB"; allowed: a size' in words
    assert 'chatd_listen_public is ["8765"]; allowed: an array, each element "tcp:' in words
    assert "chatd_guests_linger" not in words


def test_a_host_that_is_no_enterprise_linux_is_refused_and_spares_the_others(
    node: Control, tmp_path: Path
) -> None:
    said = node.play("site.yml", inventory(tmp_path, "one", "two"), "--check", **GOOD)
    words = refused(said)
    assert "one is Debian" in words
    assert "take the host out of the group chatd" in words
    assert "PLAY [Chatd]" not in words
