"""The SELinux module: put into a policy by the package's own scripts, and asked what it allows.
The policy is Debian's reference policy, not Red Hat's; nothing is enforced."""

from __future__ import annotations

import re

import pytest

from tests.system.build import Built, unpacked
from tests.system.host import CannotBoot
from tests.system.policy import Policy, Rule, reference, scripts
from tests.system.tree import CHECKOUT

pytestmark = pytest.mark.timeout(600)

OWN = {"chatd_var_lib_t", "chatd_metrics_t", "chatd_var_run_t", "chatd_tmp_t"}
CHANGES = "append,create,link,rename,setattr,unlink,write"


@pytest.fixture(scope="module")
def policy(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("policy")
    try:
        made = reference(folder / "root")
    except CannotBoot as reason:
        pytest.skip(f"no SELinux policy: {reason}")
    files = unpacked(built.selinux, folder / "files")
    made.run(scripts(built.selinux)["postinstall"], files / "usr" / "share" / "selinux")
    return made


def permitted(rules: list[Rule]) -> set[str]:
    return {permission for rule in rules for permission in rule.permissions}


# --- the package's scripts ---


def test_installing_puts_the_module_at_its_priority_and_labels_its_ports(policy: Policy) -> None:
    assert "200/chatd" in policy.modules()
    for port in (8765, 8766, 9775):
        assert policy.ports(port)[0] == "chatd_port_t"


@pytest.mark.parametrize(
    ("path", "kind", "label"),
    [
        ("/usr/bin/chatd", "file", "chatd_exec_t"),
        ("/usr/bin/chatctl", "file", "chatd_exec_t"),
        ("/usr/libexec/chatd/canary", "file", "chatd_canary_exec_t"),
        ("/usr/lib64/chatd/chatd/cli.py", "file", "lib_t"),
        ("/usr/lib/systemd/system/chatd.service", "file", "chatd_unit_file_t"),
        ("/etc/chatd/chatd.toml", "file", "chatd_conf_t"),
        ("/run/chatd", "dir", "chatd_var_run_t"),
        ("/run/chatd/public.sock", "socket", "chatd_var_run_t"),
        ("/var/lib/chatd", "dir", "chatd_var_lib_t"),
        ("/var/lib/chatd/chatd.sqlite3-wal", "file", "chatd_var_lib_t"),
        ("/var/lib/chatd-metrics/chatd_backup.prom", "file", "chatd_metrics_t"),
        ("/var/backups/chatd/20261201/chatd.sqlite3", "file", "chatd_var_lib_t"),
    ],
)
def test_each_path_has_its_label(policy: Policy, path: str, kind: str, label: str) -> None:
    assert policy.label(path, kind) == label


def test_another_folder_of_backups_has_the_label_of_the_packages_own(policy: Policy) -> None:
    elsewhere = "/srv/backups/20261201/chatd.sqlite3"
    assert policy.label(elsewhere, "file") != "chatd_var_lib_t"
    policy.run("semanage fcontext -N -a -e /var/backups/chatd /srv/backups")
    assert policy.label(elsewhere, "file") == "chatd_var_lib_t"


# --- the daemon ---


def test_systemd_starts_it_in_its_domain_in_spite_of_no_new_privileges(policy: Policy) -> None:
    told = policy.said("sesearch", "--type_trans", "-s", "init_t", "-t", "chatd_exec_t")
    assert "type_transition init_t chatd_exec_t:process chatd_t;" in told
    assert "nnp_transition" in permitted(
        policy.rules("-s", "init_t", "-t", "chatd_t", "-c", "process2")
    )
    assert "transition" in permitted(
        policy.rules("-s", "init_t", "-t", "chatd_t", "-c", "process", "-ds", "-dt")
    )


def test_it_may_not_read_the_passwords_of_the_host(policy: Policy) -> None:
    assert policy.rules("-s", "chatd_t", "-t", "shadow_t", "-c", "file") == []
    assert policy.rules("-s", "sshd_t", "-t", "shadow_t", "-c", "file") != []  # who may is seen


def test_it_may_connect_to_nothing_by_tcp_and_send_no_datagrams(policy: Policy) -> None:
    assert policy.rules("-s", "chatd_t", "-p", "name_connect") == []
    own = policy.rules("-s", "chatd_t", "-t", "chatd_t", "-c", "tcp_socket")
    assert {"accept", "listen", "read", "write"} <= permitted(own)
    assert "connect" not in permitted(own)
    for kind in ("udp_socket", "rawip_socket", "packet_socket", "sctp_socket"):
        assert policy.rules("-s", "chatd_t", "-c", kind, "-p", "create") == []


def test_it_may_open_listeners_only_by_a_boolean_that_is_off(policy: Policy) -> None:
    rules = [
        *policy.rules("-s", "chatd_t", "-p", "name_bind"),
        *policy.rules("-s", "chatd_t", "-c", "tcp_socket", "-p", "create"),
    ]
    assert {rule.target for rule in rules} == {"chatd_port_t", "chatd_t"}
    assert {rule.boolean for rule in rules} == {"chatd_can_listen:True"}
    assert "bool chatd_can_listen false;" in policy.info("-x", "-b", "chatd_can_listen")


def test_it_may_write_its_own_and_nothing_else_that_lies_on_a_disk(policy: Policy) -> None:
    asks = ("-s", "chatd_t", "-p", CHANGES)
    written = {rule.target for rule in policy.rules(*asks, "-c", "file,dir,lnk_file")}
    assert written == OWN | {"chatd_t", "tmp_t", "init_tmpfs_t"}
    # Of these three: its own /proc; only to add its own; only what systemd hands it open.
    assert {rule.kind for rule in policy.rules(*asks, "-t", "tmp_t")} == {"dir"}
    handed = policy.rules("-s", "chatd_t", "-t", "init_tmpfs_t")
    assert permitted(handed) & {"open", "create", "unlink"} == set()
    assert policy.rules("-s", "chatd_t", "-c", "blk_file") == []
    assert {rule.target for rule in policy.rules(*asks, "-c", "sock_file")} == {
        "chatd_var_run_t",
        *("devlog_t", "init_runtime_t", "nscd_runtime_t", "setrans_runtime_t"),
    }


def test_it_may_not_run_what_it_can_write(policy: Policy) -> None:
    run = policy.rules("-s", "chatd_t", "-c", "file", "-p", "execute,execute_no_trans,entrypoint")
    assert "bin_t" in {rule.target for rule in run}
    assert {rule.target for rule in run} & OWN == set()
    memory = "execmem,execstack,execheap"
    assert policy.rules("-s", "chatd_t", "-c", "process", "-p", memory) == []


def test_its_reload_may_reach_its_control_socket(policy: Policy) -> None:
    own = policy.rules("-s", "chatd_t", "-t", "chatd_t", "-c", "unix_stream_socket")
    assert "connectto" in permitted(own)
    socket = policy.rules("-s", "chatd_t", "-t", "chatd_var_run_t", "-c", "sock_file")
    assert "write" in permitted(socket)


# --- the others ---


def test_nginx_may_connect_and_touch_nothing_else_of_it(policy: Policy) -> None:
    asks = ("-s", "httpd_t", "-ds")
    assert "connectto" in permitted(policy.rules(*asks, "-t", "chatd_t", "-dt"))
    assert "name_connect" in permitted(policy.rules(*asks, "-t", "chatd_port_t", "-dt"))
    assert "write" in permitted(policy.rules(*asks, "-t", "chatd_var_run_t", "-c", "sock_file"))
    for kind in ("chatd_var_lib_t", "chatd_conf_t"):
        assert policy.rules("-s", "httpd_t", "-t", kind, "-c", "file", "-p", "open") == []


def test_prometheus_may_scrape_and_nothing_more(policy: Policy) -> None:
    rules = policy.rules("-s", "prometheus_t", "-ds")
    ours = [rule for rule in rules if rule.target.startswith("chatd_")]
    assert [(rule.target, rule.kind) for rule in ours] == [("chatd_port_t", "tcp_socket")]
    assert permitted(ours) == {"name_connect"}


def test_the_canary_connects_to_the_web_and_to_chatd_else_by_a_boolean(policy: Policy) -> None:
    rules = policy.rules("-s", "chatd_canary_t", "-c", "tcp_socket", "-p", "name_connect")
    always = {rule.target for rule in rules if not rule.boolean}
    assert always == {"chatd_port_t", "http_port_t", "dns_port_t"}
    assert {rule.boolean for rule in rules if rule.boolean} == {"chatd_canary_connect_any:True"}
    assert policy.rules("-s", "chatd_canary_t", "-t", "chatd_var_lib_t", "-c", "file") == []


def test_every_boolean_and_type_is_explained(policy: Policy) -> None:
    pages = (CHECKOUT / "docs" / "packaging.md").read_text("utf-8")
    booleans = re.findall(r"\bchatd_\w+", policy.info("-b"))
    types = set(re.findall(r"\bchatd_\w+_t\b", policy.info("-t")))
    assert len(booleans) == 2
    assert [name for name in {*booleans, *types} if name not in pages] == []


def test_removal_takes_the_module_and_its_ports_away(policy: Policy, built: Built) -> None:
    policy.run(scripts(built.selinux)["postuninstall"], remaining=0)
    assert "200/chatd" not in policy.modules()
    for port in (8765, 8766, 9775):
        assert "chatd_port_t" not in policy.ports(port)
