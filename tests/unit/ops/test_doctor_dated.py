"""Certificates and backups, young and old."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.unit.ops.patient import BACKUPS, CERTIFICATE, DAY, EXAM, NOW, Patient, entry, made_at

NAMED = replace(EXAM, certificates=(CERTIFICATE,))
KEPT = replace(EXAM, backups=(BACKUPS,))
KEY = Ed25519PrivateKey.generate()


def certificate(name: str, begins: float, ends: float) -> bytes:
    """In PEM, valid for these days from now."""
    now = datetime.fromtimestamp(NOW, UTC)
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(
        issuer_name=whose,
        subject_name=whose,
        public_key=KEY.public_key(),
        serial_number=1,
        not_valid_before=now + timedelta(days=begins),
        not_valid_after=now + timedelta(days=ends),
    )
    return made.sign(KEY, None).public_bytes(Encoding.PEM)


# --- certificates ---


@pytest.mark.parametrize(
    ("ends", "status"), [(22, "ok"), (20, "warn"), (4, "warn"), (2, "fail"), (-1, "fail")]
)
def test_a_certificate_is_judged_by_its_end(ends: float, status: str) -> None:
    patient = Patient()
    patient.put(CERTIFICATE, certificate("chat.example.org", -30, ends))
    finding = patient.only("certificate", NAMED)
    assert finding.status == status
    assert f"CN=chat.example.org in {CERTIFICATE}" in finding.seen


def test_a_certificate_of_tomorrow_is_a_failure() -> None:
    patient = Patient()
    patient.put(CERTIFICATE, certificate("chat.example.org", 1, 90))
    finding = patient.only("certificate", NAMED)
    assert finding.status == "fail"
    assert "only from 2026-12-02 on" in finding.seen


def test_every_link_of_a_chain_counts_and_a_key_in_the_file_does_not() -> None:
    key = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = key + certificate("leaf", -1, 90) + certificate("authority", -1000, 10)
    patient = Patient()
    patient.put(CERTIFICATE, chain)
    assert patient.statuses("certificate", NAMED) == ["ok", "warn"]


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nnonsense\n"])
def test_a_file_without_a_certificate_is_a_failure(content: bytes) -> None:
    patient = Patient()
    patient.put(CERTIFICATE, content)
    finding = patient.only("certificate", NAMED)
    assert finding.status == "fail"
    assert "holds no certificate in PEM" in finding.seen


def test_a_missing_file_is_a_failure() -> None:
    finding = Patient().only("certificate", NAMED)
    assert finding.status == "fail"
    assert "there is no certificate file" in finding.seen


def test_a_named_pipe_is_not_waited_for() -> None:
    patient = Patient()
    patient.entries[CERTIFICATE] = entry(CERTIFICATE, "other", 0o644, 0, 0)
    finding = patient.only("certificate", NAMED)
    assert (finding.status, finding.seen) == ("fail", f"{CERTIFICATE} is no file")


# --- backups ---


def manifest(age: float) -> bytes:
    """That of a backup that was made so many days ago."""
    return made_at(datetime.fromtimestamp(NOW - age * DAY, UTC))


def with_backups(**ages: float) -> Patient:
    """One in each of these folders. They were copied here a moment ago."""
    patient = Patient()
    for name, age in ages.items():
        patient.put(BACKUPS / name / "manifest.json", manifest(age), age=60)
    return patient


@pytest.mark.parametrize(
    ("age", "status", "says"),
    [(0.5, "ok", "12 hours"), (1.9, "ok", "46 hours"), (2.1, "warn", "2 days"), (8, "fail", "8 d")],
)
def test_a_backup_is_judged_by_its_age(age: float, status: str, says: str) -> None:
    finding = with_backups(monday=age).only("backup", KEPT)
    assert finding.status == status
    assert says in finding.seen


def test_the_folder_of_one_backup_may_be_named_itself() -> None:
    exam = replace(EXAM, backups=(BACKUPS / "monday", BACKUPS / "tuesday"))
    assert with_backups(monday=1, tuesday=8).statuses("backup", exam) == ["ok", "fail"]


def test_the_newest_backup_counts() -> None:
    finding = with_backups(a=8, b=1, c=9).only("backup", KEPT)
    assert f"{BACKUPS}/b, is 24 hours old" in finding.seen


def test_one_from_the_future_is_told_of_and_is_not_the_newest() -> None:
    ahead, newest = with_backups(a=3, b=-2).findings("backup", KEPT)
    assert (ahead.status, newest.status) == ("warn", "warn")
    assert f"{BACKUPS}/b is from the future: it says 2026-12-03 00:00 UTC" in ahead.seen
    assert f"{BACKUPS}/a, is 3 days old" in newest.seen
    assert with_backups(b=-2).statuses("backup", KEPT) == ["warn"]


def test_no_backup_is_a_failure() -> None:
    patient = Patient()
    patient.put(BACKUPS / "2026-11-30" / "chatd.sqlite3")
    patient.put(BACKUPS / ".2026-12-01.partial" / "manifest.json", manifest(0))
    finding = patient.only("backup", KEPT)
    assert (finding.status, finding.do) == ("fail", f"`chatd backup {BACKUPS}` makes one")


@pytest.mark.parametrize("text", [b"", b"\xff", b"[]", manifest(0)[:-9], manifest(0) + b" "])
def test_a_damaged_manifest_is_a_failure_beside_a_good_one(text: bytes) -> None:
    patient = with_backups(good=1)
    patient.put(BACKUPS / "bad" / "manifest.json", text)
    bad, good = patient.findings("backup", KEPT)
    assert (bad.status, good.status) == ("fail", "ok")
    assert f"the backup {BACKUPS}/bad cannot be used" in bad.seen


def test_without_a_folder_nothing_is_said_of_backups() -> None:
    assert Patient().findings("backup") == []
