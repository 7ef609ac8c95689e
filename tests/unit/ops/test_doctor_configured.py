"""The configuration, what upgrades left beside it, and who may open what, good and bad."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chatd.ops.config import Problem, Proxies
from chatd.ops.config.table import Http
from tests.unit.ops.patient import (
    ANN,
    BROKEN,
    CHATD,
    CONFIG,
    DATA,
    DATABASE,
    EXAM,
    FILE,
    HANDED,
    PUBLIC,
    ROOT,
    Patient,
)

CONFIGURATION = "configuration-permissions"
STORE = "store-permissions"
SOCKETS = "socket-permissions"


# --- its errors ---


def test_every_problem_is_a_finding_of_its_own() -> None:
    problems = (*BROKEN.problems, Problem(str(FILE), 9, "limits.burts: unknown key"))
    found = Patient().findings("configuration", replace(BROKEN, problems=problems))
    assert [(each.status, each.seen) for each in found] == [
        ("fail", f"{FILE}:3: limits.rate = 0"),
        ("fail", f"{FILE}:9: limits.burts: unknown key"),
    ]
    assert f"chatd check {FILE}" in found[0].do


def test_a_file_that_cannot_be_read_is_a_problem_of_another_kind() -> None:
    problem = Problem(str(FILE), 0, "cannot be read: Permission denied")
    finding = Patient().only("configuration", replace(BROKEN, problems=(problem,)))
    assert finding.status == "fail"
    assert "root may" in finding.do


def test_a_configuration_without_errors_is_fine() -> None:
    assert Patient().only("configuration").status == "ok"


# --- upgrades ---


def test_what_an_upgrade_left_is_named_with_how_to_compare_it() -> None:
    patient = Patient()
    patient.put(Path(f"{FILE}.rpmnew"))
    patient.put(FILE.with_name("my notes.toml.rpmsave"))
    patient.put(FILE.with_name("notes.txt"))
    new, saved = sorted(patient.findings("leftovers"), key=lambda each: len(each.seen))
    assert (new.status, saved.status) == ("warn", "warn")
    assert f"`diff {FILE} {FILE}.rpmnew`" in new.do
    assert "'/etc/chatd/my notes.toml.rpmsave'`" in saved.do


# --- the file ---


def test_a_configuration_that_all_may_change_is_a_failure() -> None:
    patient = Patient()
    patient.change(FILE, mode=0o646)
    finding = patient.only(CONFIGURATION)
    assert finding.status == "fail"
    assert "every user" in finding.seen
    assert finding.do == f"chmod o-w {FILE}"


def test_one_that_a_group_may_change_is_a_warning() -> None:
    patient = Patient()
    patient.change(FILE, mode=0o660)
    finding = patient.only(CONFIGURATION)
    assert (finding.status, finding.do) == ("warn", f"chmod g-w {FILE}")


def test_one_that_belongs_to_a_stranger_is_a_warning() -> None:
    patient = Patient()
    patient.change(FILE, uid=ANN)
    finding = patient.only(CONFIGURATION)
    assert finding.status == "warn"
    assert "0640 ann:chatd" in finding.seen


def test_one_that_chatd_may_not_read_is_a_failure() -> None:
    patient = Patient()
    patient.change(FILE, gid=ROOT)
    finding = patient.only(CONFIGURATION)
    assert finding.status == "fail"
    assert "user chatd" in finding.seen
    assert "0640 root:root" in finding.seen


@pytest.mark.parametrize(
    ("mode", "owner", "group"),
    [(0o640, ROOT, CHATD), (0o400, CHATD, ROOT), (0o644, ROOT, ROOT), (0o600, CHATD, CHATD)],
)
def test_one_that_chatd_may_read_is_fine(mode: int, owner: int, group: int) -> None:
    patient = Patient()
    patient.change(FILE, mode=mode, uid=owner, gid=group)
    assert patient.only(CONFIGURATION).status == "ok"


def test_a_folder_in_which_all_may_replace_it_is_a_failure() -> None:
    patient = Patient()
    patient.change(FILE.parent, mode=0o777)
    finding = patient.only(CONFIGURATION)
    assert (finding.status, finding.do) == ("fail", f"chmod o-w {FILE.parent}")
    patient.change(FILE.parent, mode=0o1777)
    assert patient.only(CONFIGURATION).status == "ok"


# --- the store ---


def test_a_database_that_all_may_read_is_a_failure() -> None:
    patient = Patient()
    patient.change(DATA, mode=0o755)
    patient.change(DATABASE, mode=0o644)
    finding = patient.only(STORE)
    assert finding.status == "fail"
    assert finding.do == f"chmod o= {DATABASE}"


@pytest.mark.parametrize("folder", [DATA, DATA.parent])
def test_it_is_not_when_nobody_gets_into_a_folder_above_it(folder: Path) -> None:
    patient = Patient()
    patient.change(DATA, mode=0o755)
    patient.change(folder, mode=0o750)
    patient.change(DATABASE, mode=0o644)
    assert patient.only(STORE).status == "ok"


@pytest.mark.parametrize("tail", ["", "-wal", "-shm", ".lock"])
@pytest.mark.parametrize("pid", [0, 4711])
def test_a_file_that_root_made_beside_chatd_is_a_failure(tail: str, pid: int) -> None:
    patient = Patient(pid=pid)
    patient.change(Path(f"{DATABASE}{tail}"), uid=ROOT, gid=ROOT)
    finding = patient.only(STORE)
    assert finding.status == "fail"
    assert f"{DATABASE}{tail}: 0600 root:root" in finding.seen
    assert finding.do.startswith(f"chown chatd {DATABASE}{tail};")


def test_a_folder_that_chatd_may_not_write_is_a_failure() -> None:
    patient = Patient()
    patient.change(DATA, uid=ROOT, mode=0o750)
    finding = patient.only(STORE)
    assert finding.status == "fail"
    assert "may not write in" in finding.seen


def test_a_folder_of_root_that_chatds_group_may_write_is_fine() -> None:
    for pid in (0, 4711):
        patient = Patient(pid=pid)
        patient.change(DATA, uid=ROOT, mode=0o770)
        assert patient.only(STORE).status == "ok"


def test_a_folder_in_which_all_may_replace_the_store_is_a_failure() -> None:
    patient = Patient()
    patient.change(DATA, mode=0o707)
    finding = patient.only(STORE)
    assert finding.status == "fail"
    assert "replace the store" in finding.seen


def test_all_may_be_open_to_a_chatd_that_runs_as_root() -> None:
    patient = Patient(uid=ROOT)
    assert patient.only(STORE).status == "ok"


def test_of_a_store_that_is_not_there_nothing_is_said() -> None:
    patient = Patient()
    patient.remove(*[path for path in patient.entries if "sqlite3" in path.name])
    assert patient.findings(STORE) == []
    patient.remove(DATA)
    assert patient.findings(STORE) == []


# --- sockets ---


def test_the_sockets_of_chatd_and_of_systemd_are_looked_at() -> None:
    found = Patient().findings(SOCKETS)
    assert [(each.status, each.seen) for each in found] == [
        ("ok", f"{PUBLIC.path} is 0660"),
        ("ok", f"{HANDED.path} is 0660"),
    ]


@pytest.mark.parametrize("path", [Path(PUBLIC.path), Path(HANDED.path)])
def test_a_socket_behind_which_anybody_is_believed_must_not_be_open_to_all(path: Path) -> None:
    patient = Patient()
    patient.change(path, mode=0o666)
    [finding] = [each for each in patient.findings(SOCKETS) if each.status != "ok"]
    assert finding.status == "warn"
    assert f"claim any client's address: {path} is 0666" in finding.seen


def test_a_socket_behind_which_nobody_is_believed_may_be() -> None:
    patient = Patient()
    patient.change(Path(HANDED.path), mode=0o666)
    config = replace(CONFIG, http=Http(trusted_proxies=Proxies()))
    assert patient.statuses(SOCKETS, replace(EXAM, config=config)) == ["ok", "ok"]


def test_metrics_are_not_for_all() -> None:
    patient = Patient()
    patient.change(Path(HANDED.path), mode=0o666)
    listen = replace(CONFIG.listen, public=(PUBLIC,), operations=CONFIG.listen.public[1:])
    found = patient.findings(SOCKETS, replace(EXAM, config=replace(CONFIG, listen=listen)))
    assert [each.status for each in found] == ["ok", "warn"]
    assert "read the metrics" in found[1].seen


def test_a_mode_that_is_not_the_configured_one_is_a_warning() -> None:
    patient = Patient()
    patient.change(Path(PUBLIC.path), mode=0o600)
    [finding] = [each for each in patient.findings(SOCKETS) if each.status != "ok"]
    assert finding.status == "warn"
    assert finding.seen == f"{PUBLIC.path} is 0600, and listen.unix_mode says 0660"


def test_a_socket_that_somebody_removed_is_a_failure() -> None:
    patient = Patient()
    patient.remove(Path(PUBLIC.path))
    assert patient.statuses(SOCKETS) == ["fail", "ok"]
    patient.put(Path(PUBLIC.path))
    assert patient.statuses(SOCKETS) == ["fail", "ok"]


def test_one_that_systemd_opened_comes_back_with_its_unit_only() -> None:
    patient = Patient()
    patient.remove(Path(PUBLIC.path), Path(HANDED.path))
    own, handed = (each.do for each in patient.findings(SOCKETS))
    assert own.startswith("`systemctl restart chatd`;")
    assert handed.startswith("`systemctl stop chatd.socket`")


def test_without_a_daemon_there_need_be_no_sockets() -> None:
    patient = Patient(pid=0)
    patient.remove(Path(PUBLIC.path), Path(HANDED.path))
    assert patient.findings(SOCKETS) == []
