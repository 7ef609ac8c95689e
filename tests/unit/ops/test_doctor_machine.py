"""Disks, the clock, files and connections, good and bad."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from chatd.ops.doctor.host import Clock, Disk, Files
from tests.unit.ops.patient import DATA, DATABASE, FILE, GIB, LOGS, MIB, NOW, Patient

ROOMY = Disk(1, 100 * GIB, 50 * GIB, 1_000_000, 900_000, read_only=False)


def with_disk(folder: Path, disk: Disk) -> Patient:
    patient = Patient()
    patient.disks[folder] = disk
    return patient


# --- disks ---


@pytest.mark.parametrize(
    ("free", "status"),
    [(0, "fail"), (64 * MIB - 1, "fail"), (64 * MIB, "warn"), (GIB - 1, "warn"), (GIB, "ok")],
)
def test_a_disk_needs_room(free: int, status: str) -> None:
    finding = with_disk(DATA, replace(ROOMY, free=free)).only("disk")
    assert finding.status == status
    assert f"of 100.0 GiB are free for {DATA}" in finding.seen


def test_a_large_store_needs_room_for_a_copy_of_it() -> None:
    patient = with_disk(DATA, replace(ROOMY, free=5 * GIB))
    patient.change(DATABASE, size=6 * GIB)
    finding = patient.only("disk")
    assert finding.status == "warn"
    assert finding.seen.endswith("the store is to have 6.0 GiB")


def test_a_disk_that_cannot_be_written_is_a_failure() -> None:
    finding = with_disk(DATA, replace(ROOMY, read_only=True)).only("disk")
    assert finding.status == "fail"
    assert "read-only" in finding.seen


@pytest.mark.parametrize(("free", "status"), [(99, "fail"), (100, "warn"), (999, "warn")])
@pytest.mark.parametrize(("folder", "check"), [(DATA, "disk"), (LOGS, "log-disk")])
def test_a_disk_needs_inodes(folder: Path, check: str, free: int, status: str) -> None:
    disk = replace(ROOMY, device=3, free_inodes=free)
    room, inodes = with_disk(folder, disk).findings(check)
    assert (room.status, inodes.status) == ("ok", status)
    assert inodes.seen == f"{free} of 1000000 inodes are free for {folder}"


def test_a_file_system_that_makes_inodes_as_it_needs_them_has_enough() -> None:
    disk = replace(ROOMY, inodes=0, free_inodes=0)
    assert with_disk(DATA, disk).statuses("disk") == ["ok"]


def test_the_disk_of_logs_is_judged_when_it_is_another() -> None:
    little = replace(ROOMY, device=2, free=MIB)
    assert with_disk(LOGS, little).only("log-disk").status == "warn"
    assert with_disk(LOGS, replace(little, device=1)).findings("log-disk") == []


def test_what_is_not_there_has_no_disk() -> None:
    patient = Patient()
    patient.remove(DATA, LOGS)
    assert patient.findings("disk") + patient.findings("log-disk") == []


# --- the clock ---


@pytest.mark.parametrize(
    ("clock", "status"),
    [
        (Clock(synchronised=True, error=0.02), "ok"),
        (Clock(synchronised=True, error=1.5), "warn"),
        (Clock(synchronised=False, error=16.0), "warn"),
    ],
)
def test_the_clock_must_be_kept_right(clock: Clock, status: str) -> None:
    assert Patient(kernel_clock=clock).only("clock").status == status


@pytest.mark.parametrize("path", [FILE, DATABASE, Path(f"{DATABASE}-wal")])
def test_a_file_from_the_future_says_that_the_clock_went_back(path: Path) -> None:
    patient = Patient()
    patient.change(path, modified=NOW + 3600)
    finding = patient.only("clock-jump")
    assert finding.status == "warn"
    assert f"{path} was written 3600 s from now" in finding.seen
    patient.change(path, modified=NOW + 1)
    assert patient.only("clock-jump").status == "ok"


# --- limits ---


@pytest.mark.parametrize(("limit", "status"), [(10099, "fail"), (10100, "ok"), (math.inf, "ok")])
def test_a_daemon_that_runs_needs_a_file_for_each_session(limit: float, status: str) -> None:
    finding = Patient(descriptors=Files(limit, 40)).only("file-limit")
    assert finding.status == status
    assert "10100" in finding.seen


def test_what_a_shell_may_open_is_worth_a_warning_only() -> None:
    finding = Patient(pid=0, descriptors=Files(1024, 4)).only("file-limit")
    assert finding.status == "warn"
    assert "LimitNOFILE=10100" in finding.do


def test_the_kernel_must_let_as_many_connections_wait_as_are_configured() -> None:
    assert Patient(somaxconn=1024).only("backlog").status == "ok"
    finding = Patient(somaxconn=128).only("backlog")
    assert finding.status == "warn"
    assert "net.core.somaxconn=1024" in finding.do
