"""The daemon and its listeners, good and bad."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatd.ops.config import Tcp
from chatd.ops.doctor.host import Answer
from tests.unit.ops.patient import CONFIG, CONTROL, EXAM, HANDED, OPERATIONS, PUBLIC, Patient

REFUSED = ConnectionRefusedError(111, "Connection refused")


def test_a_daemon_that_runs_is_named() -> None:
    assert Patient().only("daemon").seen == "chatd runs as process 4711, user chatd"


def test_one_that_does_not_run_is_a_warning_and_its_listeners_are_not_asked() -> None:
    patient = Patient(pid=0)
    patient.answers.clear()
    finding = patient.only("daemon")
    assert finding.status == "warn"
    assert finding.seen.startswith("chatd is not running")
    assert patient.findings("listeners") == []


def test_every_listener_is_asked_as_its_clients_ask() -> None:
    found = Patient().findings("listeners")
    assert [(each.status, each.seen) for each in found] == [
        ("ok", "unix:/run/chatd/public.sock answers /"),
        ("ok", "systemd:chat (unix:/run/chatd/chat.sock) answers /"),
        ("ok", "tcp:127.0.0.1:8766 answers /healthz"),
        ("ok", "tcp:127.0.0.1:8766 answers /readyz"),
    ]


@pytest.mark.parametrize(
    ("address", "path"), [(PUBLIC, "/"), (HANDED, "/"), (OPERATIONS, "/healthz")]
)
def test_one_that_does_not_answer_is_a_failure_and_the_rest_are_asked(
    address: Tcp, path: str
) -> None:
    patient = Patient()
    patient.answers[address, path] = REFUSED
    found = patient.findings("listeners")
    assert sorted(each.status for each in found) == ["fail", "ok", "ok", "ok"]
    assert [each.seen for each in found if "Connection refused" in each.seen] != []


def test_of_one_whose_socket_is_gone_another_finding_says_what_to_do() -> None:
    patient = Patient()
    patient.answers[PUBLIC, "/"] = FileNotFoundError(2, "No such file or directory")
    [finding] = [each for each in patient.findings("listeners") if each.status != "ok"]
    assert finding.status == "fail"
    assert "socket-permissions" in finding.do


def test_what_is_not_ready_says_why() -> None:
    patient = Patient()
    patient.answers[OPERATIONS, "/readyz"] = Answer(503, "store: no room\n")
    finding = patient.findings("listeners")[-1]
    assert finding.status == "fail"
    assert finding.seen == "tcp:127.0.0.1:8766 answers /readyz with 503: store: no room"


def test_a_daemon_that_drains_is_a_warning() -> None:
    patient = Patient()
    patient.answers[OPERATIONS, "/readyz"] = Answer(503, "draining: the process is stopping\n")
    assert patient.findings("listeners")[-1].status == "warn"


def test_something_else_behind_the_address_is_a_failure() -> None:
    patient = Patient()
    patient.answers[OPERATIONS, "/healthz"] = Answer(404, "no such page")
    assert patient.findings("listeners")[-2].status == "fail"


def test_a_control_socket_that_is_gone_is_a_warning_while_chatd_runs() -> None:
    patient = Patient()
    assert patient.statuses("control") == ["ok"]
    patient.remove(CONTROL)
    finding = patient.only("control")
    assert finding.status == "warn"
    assert f"{CONTROL} is not there" in finding.seen
    patient.pid = 0
    assert patient.findings("control") == []


@pytest.mark.parametrize("listener", [Tcp("127.0.0.1", 0), CONFIG.listen.public[1]])
def test_a_listener_whose_address_cannot_be_known_is_a_warning(listener: Tcp) -> None:
    patient = Patient(sockets={})
    listen = replace(CONFIG.listen, public=(listener,), operations=())
    finding = patient.only("listeners", replace(EXAM, config=replace(CONFIG, listen=listen)))
    assert finding.status == "warn"
    assert str(listener) in finding.seen
