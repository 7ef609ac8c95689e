"""`chatd backup`, `verify`, `restore` and `migrate` as they are typed: words and exit codes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from chatd import cli
from chatd.store.sqlite import opened, schema
from chatd.store.sqlite.backup import back_up, backups
from tests.unit.store.sample import write_sample

Run = Callable[..., str]
NOBODY = 65534
NEXT_CENTURY = 4_102_444_800_000


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    folder = tmp_path / "dev"
    folder.mkdir()
    with opened(folder / "chatd.sqlite3") as (store, run):
        run(write_sample(store))
    return folder


@pytest.fixture
def does(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a verb, checks its exit code, and gives what it wrote: output, or else complaints."""

    def run(*verb: object, code: int = 0) -> str:
        assert cli.main([str(word) for word in verb]) == code
        told = capsys.readouterr()
        return told.err if code else told.out

    return run


def test_a_backup_says_where_and_how_much(does: Run, dev: Path, tmp_path: Path) -> None:
    told = does("backup", tmp_path / "b", "--dev", dev)
    (made,) = backups(tmp_path / "b")
    assert told.startswith(f"made and verified {made}: 6 messages in 4 rooms, 0.2 MiB")


def test_keep_says_what_went(does: Run, dev: Path, tmp_path: Path) -> None:
    does("backup", tmp_path / "b", "--dev", dev)
    (first,) = backups(tmp_path / "b")
    assert f"removed {first}\n" in does("backup", tmp_path / "b", "--keep", 1, "--dev", dev)


def test_backups_from_the_future_are_told_of_and_the_one_just_made_stays(
    dev: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "b"
    back_up(dev / "chatd.sqlite3", into, version="1.0.0", now=NEXT_CENTURY)
    [ahead] = backups(into)
    for _ in range(2):
        assert cli.main(["backup", str(into), "--keep", "1", "--dev", str(dev)]) == 0
        assert f"dated in the future in {into} are {ahead.name}; " in capsys.readouterr().err
    [made, there] = backups(into)
    assert there == ahead
    for verb in (["verify"], ["restore", "--replace", "--dry-run", "--dev", str(dev)]):
        assert cli.main([*verb, str(into)]) == 0
        told = capsys.readouterr()
        assert str(made) in told.out
        assert f"passed over for {made};" in told.err
    assert cli.main(["verify", str(ahead)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
def test_keeping_none_is_no_number(dev: Path, tmp_path: Path, number: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["backup", str(tmp_path / "b"), f"--keep={number}", "--dev", str(dev)])
    assert not (tmp_path / "b").exists()


def test_a_backup_of_nothing_is_refused(does: Run, tmp_path: Path) -> None:
    told = does("backup", tmp_path / "b", "--dev", tmp_path / "empty", code=1)
    assert told.startswith("chatd: there is no database")


def test_metrics_that_cannot_be_written_are_told_though_the_backup_is_good(
    does: Run, dev: Path, tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere" / "chatd.prom"
    told = does("backup", tmp_path / "b", "--metrics", nowhere, "--dev", dev, code=1)
    assert "the backup is good, but its metrics could not be written" in told
    assert len(backups(tmp_path / "b")) == 1


def test_a_good_backup_is_called_good(does: Run, dev: Path, tmp_path: Path) -> None:
    does("backup", tmp_path / "b", "--dev", dev)
    (made,) = backups(tmp_path / "b")
    assert does("verify", tmp_path / "b").startswith(f"{made} is good: 6 messages in 4 rooms")
    told = json.loads(does("verify", made, "--json"))
    assert (told["backup"], told["good"], told["problems"]) == (str(made), True, [])
    assert told["manifest"]["rows"]["messages"] == 6


def test_a_bad_backup_is_called_bad_and_why(
    does: Run, dev: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    does("backup", tmp_path / "b", "--dev", dev)
    (made,) = backups(tmp_path / "b")
    with (made / "chatd.sqlite3").open("ab") as file:
        file.write(b"x")
    assert f"{made} is not good: chatd.sqlite3 has" in does("verify", made, code=1)
    assert cli.main(["verify", str(made), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["good"] is False
    (made / "manifest.json").write_text("not json")
    assert "its manifest cannot be read" in does("verify", made, code=1)


def test_no_backup_is_told_as_such(does: Run, tmp_path: Path) -> None:
    assert "there is no backup in" in does("verify", tmp_path, code=1)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that everybody may look into; tmp_path is its owner's."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_files_that_one_may_not_use_are_named_in_one_sentence(
    does: Run, dev: Path, tmp_path: Path, open_to_all: Path
) -> None:
    does("backup", open_to_all / "kept", "--dev", dev)
    for file in open_to_all.rglob("*"):
        os.chown(file, NOBODY, NOBODY)
    config, state = open_to_all / "chatd.toml", open_to_all / "state"
    config.write_text('[store]\npath = "state/chatd.sqlite3"\n')
    state.mkdir(mode=0o755)
    restore = ("restore", "--replace", "--config", config)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        for verb in (("verify",), restore, ("audit", "--config", config, "--backup")):
            told = does(*verb, tmp_path / "b", code=1)
            assert told.startswith(f"chatd: user {NOBODY} may not use {tmp_path}/b/")
        no = f"chatd: user {NOBODY} may not write in {state}, or its disk is read-only\n"
        assert does(*restore, open_to_all / "kept", code=1) == no
        assert does(*restore, "--dry-run", open_to_all / "kept", code=1) == no
    finally:
        os.setresuid(0, 0, 0)


def test_a_restore_says_what_it_did_and_a_dry_run_what_it_would(
    does: Run, dev: Path, tmp_path: Path
) -> None:
    does("backup", tmp_path / "b", "--dev", dev)
    assert "--replace moves it aside" in does("restore", tmp_path / "b", "--dev", dev, code=1)
    dry = does("restore", "--dry-run", "--replace", tmp_path / "b", "--dev", dev)
    assert "would be restored from" in dry
    assert "would be kept as" in dry
    assert dry.endswith("nothing was changed\n")
    assert not list(dev.glob("*before-restore*"))
    told = does("restore", "--replace", tmp_path / "b", "--dev", dev)
    (aside,) = dev.glob("*before-restore*")
    assert f"the database that was there is kept as {aside}\n" in told
    assert "told recovered: false" in told


def test_a_restore_into_an_empty_place_moves_nothing(does: Run, dev: Path, tmp_path: Path) -> None:
    does("backup", tmp_path / "b", "--dev", dev)
    assert "is kept as" not in does("restore", tmp_path / "b", "--dev", tmp_path / "other")
    assert "ann" in does("user", "list", "--dev", tmp_path / "other")


def test_migrate_tells_its_plan(does: Run, dev: Path, tmp_path: Path) -> None:
    assert "the first start makes it" in does("migrate", "--plan", "--dev", tmp_path / "empty")
    assert "the newest: nothing to do" in does("migrate", "--plan", "--dev", dev)
    assert "the newest: nothing to do" in does("migrate", "--dev", dev)


def test_migrate_applies_what_its_plan_says(
    does: Run, dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = tmp_path / "schema"
    later.mkdir()
    for file in schema.FOLDER.glob("*.sql"):
        (later / file.name).write_text(file.read_text())
    number = len(list(later.iterdir())) + 1
    (later / f"{number:04d}_flags.sql").write_text("CREATE TABLE flags (x);")
    for name in ("plan", "migrate", "newest"):
        monkeypatch.setattr(schema, name, partial(getattr(schema, name), folder=later))
    plan = does("migrate", "--plan", "--dev", dev)
    assert f"would apply {number:04d}_flags.sql" in plan
    assert "a copy goes to" in plan
    did = does("migrate", "--dev", dev)
    assert f"applied {number:04d}_flags.sql" in did
    assert list(dev.glob("chatd.sqlite3.before-*"))


def test_a_configuration_that_is_wrong_is_the_first_to_be_told(does: Run, tmp_path: Path) -> None:
    config = tmp_path / "chatd.toml"
    config.write_text("[store]\nfolder = 1\n")
    for verb in (("backup", tmp_path), ("restore", tmp_path), ("migrate",), ("export", "lobby")):
        assert "folder" in does(*verb, "--config", config, code=78)
