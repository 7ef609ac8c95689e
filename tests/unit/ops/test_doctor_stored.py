"""The store, good and bad."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chatd.ops.doctor.host import Header, Unreadable
from chatd.store.sqlite.schema import APPLICATION_ID
from tests.unit.ops.patient import CHATD, DATA, DATABASE, EXAM, Patient, entry


def without_store(pid: int) -> Patient:
    patient = Patient(pid=pid)
    patient.remove(*[path for path in patient.entries if "sqlite3" in path.name])
    return patient


def test_the_newest_schema_is_fine() -> None:
    finding = Patient().only("store")
    assert (finding.status, finding.seen) == ("ok", f"{DATABASE} has schema 2, the newest")


def test_an_older_schema_is_fine_and_will_be_the_newest() -> None:
    finding = Patient(pid=0, head=Header(APPLICATION_ID, 1, 12)).only("store")
    assert finding.status == "ok"
    assert "brings it to 2" in finding.seen


def test_a_newer_schema_is_a_failure() -> None:
    finding = Patient(head=Header(APPLICATION_ID, 3, 12)).only("store")
    assert finding.status == "fail"
    assert "schema 3, and this chatd knows schemas up to 2" in finding.seen


@pytest.mark.parametrize("head", [Header(0, 0, 5), Header(7, 0, 0), Header(0, 4, 0)])
def test_another_programs_database_is_a_failure_and_is_not_read_through(head: Header) -> None:
    patient = Patient(head=head)
    assert patient.only("store").status == "fail"
    assert patient.findings("integrity") == []
    assert patient.asked_for_full == []


def test_a_database_whose_making_was_cut_short_is_ours() -> None:
    assert Patient(head=Header(0, 0, 0)).only("store").status == "ok"


def test_no_database_is_a_warning_before_the_first_start() -> None:
    patient = without_store(pid=0)
    assert patient.only("store").status == "warn"
    assert patient.findings("integrity") == []


def test_no_folder_for_it_is_a_failure() -> None:
    patient = without_store(pid=0)
    patient.remove(DATA)
    finding = patient.only("store")
    assert (finding.status, finding.seen) == ("fail", f"there is no folder {DATA} for the store")


def test_a_database_that_went_away_under_the_daemon_is_a_failure_and_can_be_saved() -> None:
    finding = without_store(pid=4711).only("store")
    assert finding.status == "fail"
    assert "/proc/4711/fd" in finding.do


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (Unreadable("file is not a database", "damaged"), "fail", "restore"),
        (Unreadable("database is locked", "other"), "fail", "locks"),
        (Unreadable("disk I/O error", "no_room"), "warn", "free some space"),
    ],
)
def test_a_database_that_cannot_be_read_says_why(error: Unreadable, status: str, word: str) -> None:
    unreadable = Patient(head=error)
    finding = unreadable.only("store")
    assert finding.status == status
    assert str(error) in finding.seen
    assert word in finding.do
    assert unreadable.findings("integrity") == []
    assert Patient(damages=error).only("integrity").status == status


def test_each_damage_is_a_failure() -> None:
    found = Patient(damages=("page 3: never used", "row 7 is missing")).findings("integrity")
    assert [each.status for each in found] == ["fail", "fail"]
    assert "page 3: never used" in found[0].seen
    assert "restore the newest backup" in found[0].do


@pytest.mark.parametrize("full", [False, True])
def test_a_sound_database_is_fine_however_thoroughly_it_is_read(full: bool) -> None:
    patient = Patient()
    finding = patient.only("integrity", replace(EXAM, full=full))
    assert finding.status == "ok"
    assert ("--full" in finding.seen) is not full
    assert patient.asked_for_full == [full]


def test_what_a_killed_restore_left_is_a_warning() -> None:
    assert Patient().only("restore").status == "ok"
    left = Path(f"{DATABASE}.restoring")
    patient = Patient()
    patient.entries[left] = entry(left, "file", 0o600, CHATD, CHATD)
    finding = patient.only("restore")
    assert finding.status == "warn"
    assert f"left {left}" in finding.seen
    assert "restore again" in finding.do
