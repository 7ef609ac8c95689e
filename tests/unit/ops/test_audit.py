"""`chatd audit` as it is typed, and what the other verbs record."""

from __future__ import annotations

import json
import sqlite3
from argparse import ArgumentTypeError
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatd import __version__, cli
from chatd.core.audit import Deed
from chatd.ops.audit import person
from chatd.ops.audit_arguments import moment
from chatd.ops.config import Invalid, changes, parse
from chatd.ops.diary import Diary
from chatd.store.sqlite import opened, schema
from chatd.store.sqlite.backup import back_up, backups

Run = Callable[..., str]
PASSWORD = "correct horse battery"


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("chatd.ops.users.asking", lambda _: lambda _name: PASSWORD)
    monkeypatch.setenv("SUDO_USER", "")
    folder = tmp_path / "dev"
    folder.mkdir()
    return folder


@pytest.fixture
def does(capsys: pytest.CaptureFixture[str], dev: Path) -> Run:
    """Runs a verb on the folder, checks its exit code, and gives what it wrote."""

    def run(*verb: object, code: int = 0) -> str:
        assert cli.main([*(str(word) for word in verb), "--dev", str(dev)]) == code
        told = capsys.readouterr()
        return told.err if code else told.out

    return run


def read(does: Run, *more: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in does("audit", "--json", *more).splitlines()]


def test_every_verb_about_accounts_and_tokens_is_recorded(does: Run) -> None:
    does("user", "add", "ann", "--operator")
    does("user", "passwd", "ann")
    token = does("token", "add", "ann", "--label", "bot").strip()
    does("token", "revoke", token)
    does("user", "disable", "ann")
    does("user", "enable", "ann")
    does("room", "add", "garden", "--owner", "ann")
    records = read(does)
    assert [each["verb"] for each in records] == [
        *("user_add", "user_passwd", "token_add", "token_revoke", "user_disable", "user_enable"),
        "room_add",
    ]
    assert {(each["by"], each["address"]) for each in records} == {(person(), "host")}
    assert records[0]["facts"] == {"user": "ann", "operator": "yes"}
    assert records[2]["facts"]["label"] == "bot"
    assert records[3]["facts"] == {"token": records[2]["facts"]["token"]}
    told = str(records)
    assert PASSWORD not in told
    assert token not in told


def test_backups_exports_and_restores_are_recorded(does: Run, dev: Path, tmp_path: Path) -> None:
    does("user", "add", "ann")
    does("backup", tmp_path / "b")
    does("user", "add", "bob")
    last = read(does)[-1]
    does("restore", "--replace", tmp_path / "b")
    records = read(does)
    assert [each["verb"] for each in records] == ["user_add", "restore"]
    facts = records[-1]["facts"]
    (backup,) = backups(tmp_path / "b")
    assert facts["backup"] == str(backup)
    assert (facts["replaced_records"], facts["replaced_head"]) == ("3", last["hash"])
    assert "is whole" in does("audit", "verify")
    assert "is whole: 1 record," in does("audit", "verify", "--backup", backup)


def test_of_a_folder_of_backups_the_log_in_the_newest_is_read(
    does: Run, dev: Path, tmp_path: Path
) -> None:
    does("user", "add", "ann")
    back_up(dev / "chatd.sqlite3", tmp_path / "b", version="1.0.0", now=1)
    does("backup", tmp_path / "b")
    newest = backups(tmp_path / "b")[-1]
    told = does("audit", "verify", "--backup", tmp_path / "b")
    assert told.startswith(f"the audit log in {newest} is whole: 1 record,")
    assert [each["verb"] for each in read(does, "--backup", tmp_path / "b")] == ["user_add"]


def test_a_backup_that_is_none_is_named(does: Run, tmp_path: Path) -> None:
    assert f"there is no backup in {tmp_path}" in does("audit", "--backup", tmp_path, code=1)
    (tmp_path / "chatd.sqlite3").write_bytes(b"spoilt" * 1000)
    assert f"cannot read {tmp_path}/chatd" in does("audit", "verify", "--backup", tmp_path, code=1)


def test_a_restore_of_a_database_that_cannot_be_read_says_so(
    does: Run, dev: Path, tmp_path: Path
) -> None:
    does("user", "add", "ann")
    does("backup", tmp_path / "b")
    (dev / "chatd.sqlite3").write_bytes(b"spoilt" * 1000)
    does("restore", "--replace", tmp_path / "b")
    assert read(does)[-1]["facts"]["replaced_head"] == "could not be read"


def test_an_erasure_is_recorded_without_the_name(does: Run) -> None:
    does("user", "add", "zebulon")
    does("user", "erase", "zebulon", "--yes")
    records = read(does)
    assert [each["verb"] for each in records] == ["user_add", "user_erase"]
    assert records[0]["facts"] == {"user": f"erased user {records[0]['user_id']}"}
    assert [each["by"] for each in records] == [person(), person()]
    assert "zebulon" not in str(records)
    assert "is whole" in does("audit", "verify")


def test_records_are_chosen_by_what_one_asks_for(does: Run, dev: Path) -> None:
    with opened(dev / "chatd.sqlite3") as (store, run):
        deeds = [Deed(ts=day * 86_400_000, verb="start", actor="chatd") for day in range(3)]
        run(store.record(*deeds, Deed(ts=5, verb="kick", actor="olga", facts={"user": "bob"})))
    assert [each["number"] for each in read(does)] == [1, 2, 3, 4]
    assert [each["number"] for each in read(does, "--limit", 2)] == [3, 4]
    assert [each["number"] for each in read(does, "--verb", "kick")] == [4]
    assert [each["number"] for each in read(does, "--by", "OLGA", "--user", "bob")] == [4]
    since, until = "1970-01-02", "1970-01-03T00:00Z"
    assert [each["number"] for each in read(does, "--since", since, "--until", until)] == [2]
    assert does("audit", "--verb", "ban") == ""


def test_a_record_is_one_line_and_cannot_forge_another(does: Run, dev: Path) -> None:
    with opened(dev / "chatd.sqlite3") as (store, run):
        facts = {"user": "bob", "reason": "a\n2 1970-01-01T00:00:00Z ban by=olga \x1b[2J"}
        run(store.record(Deed(ts=0, verb="kick", actor="olga", address="192.0.2.1", facts=facts)))
    (line,) = does("audit").splitlines()
    assert line.startswith("1 1970-01-01T00:00:00Z kick by olga from 192.0.2.1 user=bob reason=")
    assert "\x1b" not in line


def test_a_log_that_is_not_whole_is_told_with_an_exit_code(does: Run, dev: Path) -> None:
    does("user", "add", "ann")
    does("user", "add", "bob")
    with closing(sqlite3.connect(dev / "chatd.sqlite3", isolation_level=None)) as intruder:
        intruder.execute("DROP TRIGGER audit_stays")
        intruder.execute("DELETE FROM audit WHERE number = 1")
    assert "record 1 is missing" in does("audit", "verify", code=1)
    cli_told = does("audit", "verify", code=1)
    assert "not whole" in cli_told


def test_a_verdict_for_programs(does: Run) -> None:
    does("user", "add", "ann")
    told = json.loads(does("audit", "verify", "--json"))
    assert (told["whole"], told["records"], told["flaws"]) == (True, 1, [])
    assert told["head"]["hash"] == read(does)[0]["hash"]


def test_a_hash_that_was_seen_must_be_there(does: Run) -> None:
    does("user", "add", "ann")
    seen = read(does)[0]["hash"]
    assert "record 1 has the hash you gave" in does("audit", "verify", "--head", seen[:12])
    assert "none has the hash" in does("audit", "verify", "--head", "0" * 12, code=1)


def test_what_has_no_audit_log_is_told(does: Run, dev: Path, tmp_path: Path) -> None:
    assert "there is no database" in does("audit", code=1)
    folder = tmp_path / "schema"
    folder.mkdir()
    for file in sorted(schema.FOLDER.glob("*.sql"))[:2]:
        (folder / file.name).write_text(file.read_text())
    schema.prepare(dev / "chatd.sqlite3", folder, exclusive=True).release()
    assert "has schema 2" in does("audit", code=1)


@pytest.mark.parametrize("wrong", [["--head", "abc"], ["--since", "soon"], ["--limit", "0"]])
def test_what_is_no_argument_is_said(does: Run, wrong: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        does("audit", *wrong)


def test_times_are_utc_unless_they_say_otherwise() -> None:
    assert moment("1970-01-01") == 0
    assert moment("1970-01-01T01:00+01:00") == 0
    with pytest.raises(ArgumentTypeError, match="write 2026"):
        moment("yesterday")


def test_behind_sudo_the_one_who_asked_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 0)
    assert person({"SUDO_USER": "alice"}) == "alice"
    assert person({}) == "root"
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    assert person({"SUDO_USER": "alice"}) == "uid 4000000"


# --- the daemon's own ---


def told(work: Callable[[Diary], Any]) -> Deed:
    deeds: list[Deed] = []

    async def note(deed: Deed) -> None:
        deeds.append(deed)

    with pytest.raises(StopIteration):
        work(Diary(note, lambda: 7)).send(None)
    (deed,) = deeds
    return deed


def test_a_beginning_tells_the_version_and_what_is_not_the_default() -> None:
    config = parse("[limits]\nrate = 5\n", "x", Path("/etc")).config
    deed = told(lambda diary: diary.began(config, 3))
    assert (deed.ts, deed.verb, deed.actor) == (7, "start", "chatd")
    assert deed.facts == {"version": __version__, "schema": "3", "limits.rate": "5"}
    assert told(lambda diary: diary.ended()).verb == "stop"


def test_a_reload_tells_each_change_and_which_needs_a_restart() -> None:
    old = parse("", "x", Path("/etc")).config
    new = parse("[limits]\nrate = 5\n[auth]\nthreads = 4\n", "x", Path("/etc")).config
    deed = told(lambda diary: diary.reloaded(old, changes(old, new), new))
    assert deed.facts == {"limits.rate": "20 -> 5", "auth.threads": "2 -> 4 (restart)"}


def test_long_values_are_cut() -> None:
    new = parse(f'[server]\nmotd = "{"x" * 1000}"\n', "x", Path("/etc")).config
    deed = told(lambda diary: diary.began(new, 3))
    assert len(deed.facts["server.motd"]) == 200


def test_a_reload_that_failed_tells_some_of_what_is_wrong() -> None:
    with pytest.raises(Invalid) as invalid:
        parse("\n".join(f"[s{n}]" for n in range(9)), "x", Path("/etc"))
    deed = told(lambda diary: diary.refused(invalid.value.problems))
    assert (deed.verb, deed.facts["problems"], len(deed.facts)) == ("reload_failed", "9", 6)
