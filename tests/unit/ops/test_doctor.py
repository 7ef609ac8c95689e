"""The doctor as a whole: a host that is well, checks that break, and how findings are shown."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from chatd import __version__
from chatd.ops.doctor import doctor
from chatd.ops.doctor.exam import Exam
from chatd.ops.doctor.findings import Finding, Verdicts, ok, warn
from chatd.ops.doctor.host import Host
from chatd.ops.doctor.report import WIDTH, worst, write_json, write_lines
from chatd.ops.doctor.table import CHECKS, Check, examine
from tests.unit.ops.patient import BACKUPS, BROKEN, EXAM, NOW, Patient, made_at

NAMES = [check.name for check in CHECKS]

FINE = Finding("clock", "ok", "synchronised, to 20 ms", "")
BAD = Finding("disk", "warn", "2.0 MiB of 1.0 GiB are free", "free some space")
WORSE = Finding("store", "fail", "it is damaged", "restore a backup")


# --- carrying checks out ---


def test_a_host_that_is_well_gets_no_warning_and_no_failure() -> None:
    patient = Patient()
    patient.put(BACKUPS / "monday" / "manifest.json", made_at(datetime(2026, 11, 30, tzinfo=UTC)))
    findings = list(examine(replace(EXAM, backups=(BACKUPS,)), patient))
    assert [each for each in findings if each.status != "ok"] == []
    silent = set(NAMES) - {each.check for each in findings}
    assert silent == {"certificate"}  # none was named


def test_every_check_has_a_name_of_its_own_that_fits_its_column() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert max(map(len, NAMES)) < WIDTH


def test_whatever_is_not_well_comes_with_what_to_do() -> None:
    patient = Patient(pid=0, somaxconn=128)
    patient.remove(*[path for path in patient.entries if "sqlite3" in path.name])
    findings = list(examine(EXAM, patient))
    assert {each.status for each in findings} > {"ok"}
    assert all(bool(each.do) == (each.status != "ok") for each in findings)


def test_errors_of_the_configuration_leave_out_what_depends_on_it() -> None:
    names = {each.check for each in examine(BROKEN, Patient())}
    assert names == {"interpreter", "sqlite", "fips", "configuration", "leftovers", "clock"}


def breaks(_exam: Exam, _host: Host) -> Verdicts:
    yield ok("the first half")
    raise LookupError("nobody thought of this")


def forbidden(_exam: Exam, _host: Host) -> Verdicts:
    raise PermissionError(13, "Permission denied", "/var/lib/chatd/chatd.sqlite3.lock")
    yield ok("never")  # type: ignore[unreachable]  # this makes it a generator


def last(_exam: Exam, _host: Host) -> Verdicts:
    yield warn("still here", "go on")


def test_a_check_that_breaks_is_a_finding_and_the_next_is_carried_out() -> None:
    checks = (Check("breaking", breaks), Check("last", last))
    half, broken, after = examine(EXAM, Patient(), checks)
    assert half == Finding("breaking", "ok", "the first half", "")
    assert (broken.check, broken.status) == ("breaking", "fail")
    assert "LookupError: nobody thought of this" in broken.seen
    assert after == Finding("last", "warn", "still here", "go on")


def test_what_may_not_be_looked_at_is_a_warning_that_says_as_whom_to_look() -> None:
    [finding] = examine(EXAM, Patient(), (Check("lock", forbidden),))
    assert finding.status == "warn"
    assert "chatd.sqlite3.lock" in finding.seen
    assert "as root" in finding.do


# --- showing findings ---


@pytest.mark.parametrize(
    ("findings", "status"),
    [([], "ok"), ([FINE, FINE], "ok"), ([BAD, FINE], "warn"), ([WORSE, BAD, FINE], "fail")],
)
def test_the_worst_finding_counts(findings: list[Finding], status: str) -> None:
    assert worst(findings) == status
    assert write_lines(findings, StringIO()) == status
    assert write_json(findings, NOW, StringIO()) == status


def test_people_get_a_line_each_what_to_do_below_and_a_sum() -> None:
    out = StringIO()
    write_lines([FINE, BAD], out)
    assert out.getvalue().splitlines() == [
        "ok    clock                     synchronised, to 20 ms",
        "warn  disk                      2.0 MiB of 1.0 GiB are free",
        "                                -> free some space",
        "",
        "1 ok, 1 warn, 0 fail",
    ]


def test_a_name_on_the_disk_cannot_play_with_the_screen() -> None:
    out = StringIO()
    write_lines([Finding("leftovers", "warn", "an\x1b[2J\nöd \udcff", "rm \u202e")], out)
    assert "an\\x1b[2J\\nöd \\udcff\n" in out.getvalue()
    assert "rm \\u202e\n" in out.getvalue()


def test_programs_get_one_object_of_a_promised_shape() -> None:
    out = StringIO()
    write_json([FINE, WORSE], NOW, out)
    assert json.loads(out.getvalue()) == {
        "format": 1,
        "chatd": __version__,
        "at": "2026-12-01T00:00:00Z",
        "status": "fail",
        "findings": [
            {"check": "clock", "status": "ok", "seen": "synchronised, to 20 ms", "do": ""},
            {
                "check": "store",
                "status": "fail",
                "seen": "it is damaged",
                "do": "restore a backup",
            },
        ],
    }


def test_json_survives_a_name_that_is_no_text() -> None:
    out = StringIO()
    write_json([Finding("leftovers", "warn", "an upgrade left \udcff", "")], NOW, out)
    assert out.getvalue().isascii()


# --- the verb ---


def run(file: Path, out: StringIO, *, json: bool = True) -> int:
    return doctor(
        file,
        Namespace(
            json=json,
            full=False,
            withhold=False,
            dev=None,
            certificate=[],
            backups=[str(file.parent)],
        ),
        out,
    )


def test_a_file_with_errors_has_each_of_them_among_the_findings(tmp_path: Path) -> None:
    file = tmp_path / "chatd.toml"
    file.write_text("[limits]\nrate = 0\nburts = 1\n")
    out = StringIO()
    assert run(file, out) == 2
    findings = json.loads(out.getvalue())["findings"]
    problems = [each["seen"] for each in findings if each["check"] == "configuration"]
    assert [problem.split(": ")[0] for problem in problems] == [f"{file}:2", f"{file}:3"]


def test_a_missing_file_is_a_failure_and_is_not_made(tmp_path: Path) -> None:
    out = StringIO()
    assert run(tmp_path / "chatd.toml", out, json=False) == 2
    assert "chatd.toml: cannot be read: No such file or directory" in out.getvalue()
    assert list(tmp_path.iterdir()) == []
